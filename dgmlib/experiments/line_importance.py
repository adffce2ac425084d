r"""Importance sampling on the line, watched: the weights, the mean and what it says of itself.

    w_i = p~(x_i) / q(x_i),    m_n = sum_i^n w_i x_i / sum_i^n w_i

The claimed standard error is computed from the same weights as the mean. When the tail that
matters has not been drawn yet, both are wrong together, and only the largest weights can tell.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.experiments.line_proposal import Proposal
from dgmlib.experiments.line_race import SHOWN, Picture, picture
from dgmlib.experiments.line_rejection import EDGES, histogram
from dgmlib.experiments.line_variance import Spread, spread
from dgmlib.samplers import importance
from dgmlib.targets.line import Line

DECADES = np.linspace(-4.0, 3.0, 36)  # edges of the histogram of log10 weights


class Watched(NamedTuple):
    """N draws, F frames, B bins; weights are relative: their exact mean is 1."""

    picture: Picture
    x: np.ndarray  # (N,)
    log_w: np.ndarray  # (N,) log p - log q of the normalised p
    at: np.ndarray  # (F,) draws so far
    own: np.ndarray  # (F,) self-normalised mean
    own_error: np.ndarray  # (F,) the standard error it claims
    plain: np.ndarray  # (F,) mean of w x, with Z known
    plain_error: np.ndarray  # (F,)
    total: np.ndarray  # (F,) mean weight: estimate of Z / exact Z
    ess: np.ndarray  # (F,)
    pareto: np.ndarray  # (F,) k; inf while there are too few large weights
    largest: np.ndarray  # (F,) the share of the largest weight
    heaviest: np.ndarray  # (F,) where it was drawn
    spread: Spread  # exact
    target: np.ndarray  # (m,) p
    density: np.ndarray  # (F, B) of the weighted draws
    decades: np.ndarray  # (F, D) draws with a weight in each part of a decade
    zeros: np.ndarray  # (F,) draws with weight 0


def watch(p: Line, q: Proposal, *, n: int, rng: np.random.Generator) -> Watched:
    """``n`` weighted draws of q and the estimates from the first 10, ..., n of them."""
    if n < 20:
        raise ValueError(f"watching weights needs at least 20 draws, got {n}")
    found = importance.sample(
        n, lambda x: p.log_shape(x[..., 0]) - p.log_z, lambda x: q.log_q(x[..., 0]),
        lambda m, g: q.draw((m, 1), g), rng=rng,
    )  # fmt: skip
    x, log_w = found.x[:, 0], found.log_w
    if not np.isfinite(log_w).any():
        raise ValueError(f"none of {n} draws of the proposal fell where the target is positive; "
                         "move the proposal, widen it or give it heavier tails")  # fmt: skip
    first = max(10, int(np.argmax(np.isfinite(log_w))) + 1)  # all weights before are 0
    at = np.unique(np.geomspace(first, n, 44).round().astype(int))
    own = [importance.self_normalised(x[:m], log_w[:m]) for m in at]
    plain = [importance.plain(x[:m], log_w[:m], log_z=0.0) for m in at]
    w = np.exp(log_w)
    top = np.maximum.accumulate(w)[at - 1]
    place = np.array([int(np.argmax(w[:m])) for m in at])
    sums = np.cumsum(w)[at - 1]
    with np.errstate(divide="ignore"):
        decade = np.clip(log_w / np.log(10), DECADES[0] + 1e-9, DECADES[-1] - 1e-9)
    real = (w > 0).astype(float)
    step = float(np.diff(DECADES)[0])
    counts = histogram(decade, real, at, DECADES) * step * np.cumsum(real)[at - 1, None]
    return Watched(
        picture(p, q), x, log_w, at, np.array([e.value for e in own]),
        np.array([e.error for e in own]), np.array([e.value for e in plain]),
        np.array([e.error for e in plain]), sums / at,
        np.array([importance.ess(log_w[:m]) for m in at]),
        np.array([importance.pareto_k(log_w[:m]) for m in at]), top / sums, x[place],
        spread(p, q), p.pdf(SHOWN), histogram(x, w, at, EDGES), counts,
        at - np.cumsum(real)[at - 1],
    )  # fmt: skip
