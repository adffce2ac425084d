"""Chains of ULA and of MALA on the line, the exact laws they follow, and where these settle.

Both rules have the same start and the same noise. What is exact comes from :mod:`.law`.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from dgmlib.mixtures import gmm
from dgmlib.scores import chains, exact, law
from dgmlib.scores.chains import RULES
from dgmlib.scores.settle_law import (
    MOST,
    SPREAD,
    START,
    Sweep,
    accepted,
    apart,
    gaussian,
    grid,
    kernel,
    named,
    narrowest,
    settles,
    sweep,
)

N = 1000  # chains
Y = np.linspace(-5.0, 5.0, 181)  # where densities are told


class Rule(NamedTuple):
    """ULA or MALA; what is not known, because the chains do not settle, has no rows or is nan."""

    x: np.ndarray  # (F, N)
    law: np.ndarray  # (F, len(Y)) density after the steps of the frame
    settled: np.ndarray  # (len(Y),) or (0,)
    tv: np.ndarray  # (F,) of the law from the density
    tv_settled: float
    w1_settled: float
    var_settled: float


class Settled(NamedTuple):
    target: str
    p: gmm.Params
    rate: float
    size: float  # e
    at: np.ndarray  # (F,) steps done
    density: np.ndarray  # (len(Y),)
    ula: Rule
    mala: Rule
    accepted: float  # by settled MALA, exact
    seen: tuple[float, float]  # the share of the moves of the second half, and its standard error
    sweep: Sweep
    closed: tuple[float, float, float]  # variance, TV and W_1 of settled ULA; nan but for N(0, 1)


def settled(target: str, rate: float, *, seed: int) -> Settled:
    """Chains of both rules from the same start and with the same noise, and their laws."""
    p, at = named(target), frames()
    size = rate * narrowest(p)
    rng = np.random.default_rng([seed, 0])
    start = START + SPREAD * rng.standard_normal((N, 1))
    goals = {"ula": chains.of_score(partial(exact.score, p), 1), "mala": chains.of_mixture(p)}
    runs = [
        chains.run(r, goals[r], start, step_size=size, n_steps=MOST,
                   rng=np.random.default_rng([seed, 1])) for r in RULES
    ]  # fmt: skip
    ula, mala = (
        of_rule(r, p, size, at, run.x[at, :, 0]) for r, run in zip(RULES, runs, strict=True)
    )
    moved = (np.diff(runs[1].x[MOST // 2 :, :, 0], axis=0) != 0).mean(0)  # (N,) of each chain
    return Settled(
        target, p, rate, size, at, np.exp(gmm.log_prob(p, Y[:, None])), ula, mala,
        accepted(p, size), (float(moved.mean()), float(moved.std(ddof=1) / N**0.5)),
        sweep(target), gaussian(rate) if target == "Gaussian" else (np.nan, np.nan, np.nan),
    )  # fmt: skip


def frames() -> np.ndarray:
    """The start, every step at first, then fewer."""
    return np.unique(np.append(0, np.geomspace(1, MOST, 48).round().astype(int)))


def of_rule(rule: str, p: gmm.Params, size: float, at: np.ndarray, seen: np.ndarray) -> Rule:
    """The laws of one rule at the steps ``at``, beside chains (F, N)."""
    if rule == "ula" and not settles(p, size):
        none, rest = np.full(len(at), np.nan), (np.nan,) * 3
        return Rule(seen, np.zeros((0, len(Y))), np.zeros(0), none, *rest)
    x = grid(p, size, mala=rule == "mala")
    k, right = kernel(rule, p, x, size), law.cells(lambda y: gmm.log_prob(p, y), x)
    start = np.exp(-0.5 * ((x - START) / SPREAD) ** 2)
    path = law.push(start / start.sum(), k, MOST)[at]
    end, cell = law.settled(k), x[1] - x[0]
    density = np.stack([np.interp(Y, x, m / cell) for m in path])
    mean = end @ x
    return Rule(
        seen, density, np.interp(Y, x, end / cell), 0.5 * np.abs(path - right).sum(1),
        *apart(end, right, cell), float(end @ (x - mean) ** 2),
    )  # fmt: skip
