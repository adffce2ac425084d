"""Markov chains with finitely many states: everything about them exactly.

chain      classes, period, stationary distribution, reversibility, spectral gap, pi_t, distance
walkers    simulated paths to compare with
"""
