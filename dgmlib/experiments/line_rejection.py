r"""Rejection on the line, with its envelope right or too low.

    x ~ q,  u ~ U(0, 1);   keep x if u k q(x) <= p~(x)
    what is kept has the density  min(p~, k q) / A,    A = int min(p~, k q);    kept share A / k

With k q >= p~ everywhere that is p and Z / k. With a smaller k the top is cut off p, silently:
the sampler here checks every draw and stops with the worst one, unless it is told not to look.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.experiments.line_proposal import MOST, Proposal, constant, smallest_log_k
from dgmlib.experiments.line_race import SHOWN, Picture, picture
from dgmlib.experiments.line_variance import panels
from dgmlib.samplers import rejection
from dgmlib.targets.line import Line

PROPOSALS = 500
EDGES = np.linspace(-5.0, 5.0, 41)


class Kept(NamedTuple):
    """N proposals, F frames, B bins, m points of the line."""

    picture: Picture
    smallest: float  # k*, inf if no constant covers p~
    k: float  # the constant that is used, at most 10^300
    envelope: np.ndarray  # (m,) k q, taken in logarithms
    fitted_here: bool  # k* is infinite, and k was fitted on the window alone
    x: np.ndarray  # (N,)
    y: np.ndarray  # (N,) the height u k q(x)
    accepted: np.ndarray  # (N,) bool
    at: np.ndarray  # (F,) proposals so far
    share: np.ndarray  # (F,) accepted share
    share_error: np.ndarray  # (F,)
    share_range: np.ndarray  # (2, F) Wilson's 95 % interval
    exact_share: float  # A / k
    density: np.ndarray  # (F, B) of the accepted
    target: np.ndarray  # (m,) p
    outcome: np.ndarray  # (m,) min(p~, k q) / A
    outcome_mean: float
    cut: float  # share of p that lies above the envelope
    worst: tuple[float, float]  # where p~ / (k q) is largest, and that ratio
    raised: str  # what the sampler says when it is asked to check; "" if it has no objection


def frames(n: int, count: int, first: int = 12) -> np.ndarray:
    """1, 2, 3, ..., then further and further apart, up to n."""
    return np.unique(np.concatenate([
        np.arange(1, min(first, n) + 1), np.geomspace(first, n, count - first).round(),
    ]).astype(int))  # fmt: skip


def histogram(
    x: np.ndarray, weight: np.ndarray, at: np.ndarray, edges: np.ndarray = EDGES
) -> np.ndarray:
    """Density of the first n draws for each n of ``at``: (F, B). Draws outside count in the sum."""
    cell = np.searchsorted(edges, x, side="right") - 1
    inside = (cell >= 0) & (cell < len(edges) - 1)
    held = np.zeros((len(x), len(edges) - 1))
    held[np.flatnonzero(inside), cell[inside]] = weight[inside]
    total = np.cumsum(weight)[at - 1, None]
    mass = np.cumsum(held, 0)[at - 1]
    share = np.divide(mass, total, out=np.zeros_like(mass), where=total > 0)
    return share / np.diff(edges)


def reject(
    p: Line, q: Proposal, *, multiple: float = 1.0, n: int = PROPOSALS, rng: np.random.Generator
) -> Kept:
    """``n`` proposals under the envelope ``multiple`` k* q."""
    if not multiple > 0:
        raise ValueError(f"the multiple of the smallest constant must be positive, got {multiple}")
    log_best, worst = smallest_log_k(p, q)

    def log_p(x: np.ndarray) -> np.ndarray:  # (n, 1) -> (n,), as the sampler wants it
        return p.log_shape(x[..., 0])

    def log_q(x: np.ndarray) -> np.ndarray:
        return q.log_q(x[..., 0])

    base = log_best
    if log_best == np.inf:
        base = rejection.fit_log_k(log_p, log_q, SHOWN[:, None])
    log_k = base + float(np.log(multiple))
    seed = int(rng.integers(2**63))

    def ask(check: bool) -> rejection.Draws:
        return rejection.sample(
            n, log_p, log_q, lambda m, g: q.draw((m, 1), g), log_k=log_k, check=check,
            rng=np.random.default_rng(seed),
        )  # fmt: skip

    raised = ""
    try:
        found = ask(True)
    except rejection.EnvelopeError as error:
        raised, found = str(error), ask(False)
    x = found.x[:, 0]
    k = constant(log_k)
    at = frames(n, 52)
    total = np.cumsum(found.accepted)[at - 1]
    share = total / at
    area, mean = _under(p, q, log_k)
    lower = np.minimum(p.log_shape(SHOWN), q.log_q(SHOWN) + log_k)
    return Kept(
        picture(p, q), constant(log_best), k, np.exp(np.minimum(log_k + q.log_q(SHOWN), MOST)),
        log_best == np.inf, x,
        found.height * k * np.exp(q.log_q(x)), found.accepted, at, share,
        np.sqrt(share * (1 - share) / at), wilson(share, at), area / k,
        histogram(x, found.accepted.astype(float), at), p.pdf(SHOWN), np.exp(lower) / area, mean,
        max(1 - area / float(np.exp(p.log_z)), 0.0),
        (worst, constant(log_best - log_k)), raised,
    )  # fmt: skip


def wilson(share: np.ndarray, n: np.ndarray, z: float = 1.96) -> np.ndarray:
    """Wilson's interval for a probability of which ``share`` was seen in n trials: (2, ...)."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2) / (1 + z * z / n)
    return np.stack([middle - half, middle + half])


def _under(p: Line, q: Proposal, log_k: float) -> tuple[float, float]:
    """The area A under min(p~, k q) and the mean of what lies under it."""
    edges = np.linspace(*p.extent, 641)
    gap = p.log_shape(edges) - q.log_q(edges) - log_k
    turn = np.flatnonzero(np.isfinite(gap[1:] + gap[:-1]) & (gap[1:] * gap[:-1] < 0))
    left, right = edges[turn], edges[turn + 1]
    for _ in range(50):  # bisection: a panel must not hold the kink where the two cross
        middle = 0.5 * (left + right)
        same = (p.log_shape(middle) - q.log_q(middle) - log_k) * gap[turn] > 0
        left, right = np.where(same, middle, left), np.where(same, right, middle)
    inside = [b for b in p.breaks if edges[0] < b < edges[-1]]
    x, weight = panels(np.sort(np.concatenate([edges, left, inside])))
    mass = weight * np.exp(np.minimum(p.log_shape(x), q.log_q(x) + log_k))
    area = float(mass.sum())
    return area, float((mass * x).sum()) / area
