r"""Langevin dynamics on any score: the exact one of a mixture, or one that was learned.

    ULA   needs the score alone, and settles beside the density by an amount that its step decides
    MALA  needs the density, too; with it the answer is exact, even if the drift was learned badly

A score network is in general the gradient of nothing, so it has no density and MALA cannot use it
by itself. :mod:`dgmlib.samplers.langevin` has the steps.

References:
    Exponential convergence of Langevin distributions and their discrete approximations
    (Roberts & Tweedie, 1996) https://doi.org/10.2307/3318418
"""

from collections.abc import Callable
from functools import partial
from typing import Literal, get_args

import numpy as np

from dgmlib.mixtures import gmm
from dgmlib.samplers import chain, langevin
from dgmlib.scores import exact
from dgmlib.scores.exact import Score
from dgmlib.targets.target import Target

Rule = Literal["ula", "mala"]
RULES: tuple[Rule, ...] = get_args(Rule)
Step = Callable[..., tuple[langevin.State, langevin.Info]]


def of_score(
    score: Score, dim: int, *, log_prob: Callable[[np.ndarray], np.ndarray] | None = None
) -> Target:
    """A target that moves by this score. Without ``log_prob`` it is for ULA only: log Z is nan."""
    flat = lambda x: np.zeros(x.shape[:-1])  # noqa: E731 (ULA carries a density and never uses it)
    unknown = np.full(dim, np.nan)
    return Target("score", dim, log_prob or flat, score, 0.0 if log_prob else np.nan, unknown,
                  np.full((dim, dim), np.nan), None, ((-np.inf, np.inf),) * dim)  # fmt: skip


def of_mixture(p: gmm.Params) -> Target:
    """A mixture with its exact score."""
    gmm.check_params(p)
    return of_score(
        lambda x: exact.score(p, x), p.mean.shape[-1], log_prob=lambda x: gmm.log_prob(p, x)
    )


def stepper(rule: Rule, target: Target) -> Step:
    """``langevin.ula`` or ``langevin.mala``, if the target has what it needs."""
    if rule not in RULES:
        raise ValueError(f"the rule is {' or '.join(RULES)}, not {rule!r}")
    if rule == "mala" and np.isnan(target.log_z):
        raise ValueError("MALA needs a density: give of_score its log_prob, or use ula")
    return langevin.ula if rule == "ula" else langevin.mala


def run(
    rule: Rule, target: Target, x: np.ndarray, *, step_size: float, n_steps: int,
    rng: np.random.Generator,
) -> chain.Chain:  # fmt: skip
    """A chain from every row of x (C, d), kept from its start: ``x`` (n_steps + 1, C, d)."""
    move = partial(stepper(rule, target), target=target, step_size=step_size, rng=rng)
    return chain.run(move, langevin.init(x, target), n_steps)
