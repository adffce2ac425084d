"""What is wrong with each wrong sampler, in words and in one line of code."""

from typing import NamedTuple


class Bug(NamedTuple):
    name: str
    kind: str  # the sampler that it is in, a name of ``spot_the_bug.KINDS``
    right: str  # a line of the right sampler
    wrong: str  # what stands in its place
    effect: str


BUGS = (
    Bug("the root of the ratio", "random walk",
        "accept(log_p - state.log_p, rng=rng)",
        "accept(0.5 * (log_p - state.log_p), rng=rng)",
        "It samples √p, normalised: for a Gaussian, twice the variance. It mixes well, even "
        "faster than the right one."),
    Bug("a stale log-density", "random walk",
        "np.where(accepted, log_p, state.log_p)",
        "State(x, log_p)",
        "After a refusal the state is compared with the density of a point where it is not. The "
        "density there was low, so the next proposal is taken too easily: too wide."),
    Bug("refusals are dropped", "random walk",
        "x = np.where(accepted[:, None], proposal, state.x)",
        "while waiting.any():",
        "A chain that tries again until it moves spends too little time where refusals are "
        "common, at the top of the hill: too wide."),
    Bug("Hastings' factor is missing", "drift",
        "log_ratio = log_p - state.log_p + proposal.log_q(state.x, to) "
        "- proposal.log_q(to, state.x)",
        "log_ratio = log_p - state.log_p",
        "The proposal prefers one direction and nothing corrects for it: the mean is off."),
    Bug("the proposal's density is missing", "MALA",
        "log_p - state.log_p + _log_q(state.x, to, grad, step_size) "
        "- _log_q(to, state.x, state.grad, step_size)",
        "log_ratio = log_p - state.log_p",
        "The pull uphill acts twice, in the proposal and in the acceptance: too narrow."),
    Bug("no half steps", "HMC",
        "half = v + 0.5 * step_size * grad",
        "v = v + step_size * grad",
        "The path is not reversible, which the acceptance takes for granted. Position and velocity "
        "are half a step apart, and the energy is taken at two different times."),
    Bug("no kinetic energy", "HMC",
        "error = _energy(log_p, v) - before",
        "error = state.log_p - log_p",
        "A path that loses in log p loses speed, and H hardly changes: nearly all should be "
        "taken. Comparing the densities alone refuses the way down the hill: too narrow."),
    Bug("all coordinates at once", "Gibbs",
        "x[:, j] = conditional(x, rng)",
        "x[:, j] = conditional(state.x, rng)",
        "Given the old others, every coordinate alone is right, mean and variance too. Only their "
        "covariance is wrong: the two halves of the chain no longer talk to each other."),
    Bug("the variance for the deviation", "Gibbs",
        "std = precision[j, j] ** -0.5",
        "std = precision[j, j] ** -1.0",
        "Here the conditional variance is below 1, so it is smaller than its root: too narrow."),
)  # fmt: skip
