"""Draws from a density, one algorithm per module.

Every Markov chain sampler is two pure functions over any number of chains at once,

    init(x, target) -> State                            x (C, d)
    step(state, target, *, <its parameters>, rng) -> (State, Info)

and :func:`dgmlib.samplers.chain.run` is the only loop. A refused proposal repeats the state:
dropping it would sample something else.

metropolis    random-walk Metropolis         hastings     any proposal, with the Hastings ratio
gibbs         one coordinate at a time       langevin     ULA and MALA
hmc           Hamiltonian Monte Carlo        tempering    chains at several temperatures that swap
inverse       by the quantile function       ancestral    parents before children
rejection     under an envelope              importance   by weights
calibration   ranks of the truth among draws
compiled      long runs of Metropolis and HMC as machine code (needs Numba)
"""
