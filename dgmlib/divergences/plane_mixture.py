r"""Divergences between Gaussian mixtures in the plane by adaptive quadrature, each with its error.

    D = int f(log p(x), log q(x)) dx,    x in R^2

The plane is cut into squares until none that matters is wider than the narrowest direction of a
component near it, so no ridge can hide between nodes. Then each square is compared with its
quarters: their sum is the value, the difference the error (of the coarser rule: it overstates);
squares that miss the tolerance are cut again. Total variation has a kink along the curve p = q,
where cutting helps slowly: it is asked for fewer digits. Outside lies mass 1e-17 of either mixture.

References:
    Methods of Numerical Integration, chapters 5 and 6 (Davis, Rabinowitz, 1984)
    https://doi.org/10.1016/C2013-0-10566-1
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dgmlib.divergences import f_divergence
from dgmlib.divergences.quadrature import EPS, Estimate, nodes
from dgmlib.mixtures import gmm
from dgmlib.mixtures.gmm import Params

REACH = 9.0  # standard deviations of each component
ORDER = 8  # nodes along each side of a square
BATCH = 2000  # squares evaluated at once
_Z, _W = nodes(np.array([-1.0, 1.0]), ORDER)
NODES = np.stack(np.meshgrid(_Z, _Z), -1).reshape(-1, 2)  # (64, 2)
WEIGHTS = np.outer(_W, _W).ravel()  # (64,), sum to 4
QUARTERS = 0.5 * np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])


class PlaneDivergences(NamedTuple):
    """In nats, but tv in [0, 1]."""

    forward: Estimate  # KL(p||q)
    reverse: Estimate  # KL(q||p)
    js: Estimate
    tv: Estimate


class Squares(NamedTuple):
    """Where the integrand is looked at, in coordinates in which the pair is about round."""

    centre: np.ndarray  # (s, 2)
    half: np.ndarray  # (s,) half of a side
    origin: np.ndarray  # (2,)
    axes: np.ndarray  # (2, 2): x = origin + axes z


def divergences(
    p: Params, q: Params, *, rtol: float = 1e-9, tv_tol: float = 1e-6, max_squares: int = 60_000
) -> PlaneDivergences:
    """All four. ``rtol`` is relative to each value, ``tv_tol`` absolute; the errors say what was
    reached with ``max_squares``.
    """
    start = _squares(_checked(p, "p"), _checked(q, "q"), max_squares)
    far = [0.0]

    def logs(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        log_p, log_q = gmm.log_prob(p, x), gmm.log_prob(q, x)
        far[0] = max(far[0], float(np.max(np.abs(log_p - log_q))))
        return log_p, log_q

    def smooth(x: np.ndarray) -> np.ndarray:
        log_p, log_q = logs(x)
        of = f_divergence.kl(log_p, log_q), f_divergence.kl(log_q, log_p)
        return np.stack([*of, f_divergence.js(log_p, log_q)])

    value, error = _integrate(smooth, start, rtol=rtol, atol=1e-15, most=max_squares)
    tv, tv_error = _integrate(
        lambda x: f_divergence.tv(*logs(x))[None], start, rtol=0.0, atol=tv_tol, most=max_squares
    )
    outside = 2 * np.exp(-0.5 * REACH**2) * (1 + far[0])
    d = 100 * EPS  # rounding of a log-density: see adaptive.divergence
    error = error + outside + d * np.sqrt(2 * value) + d * d
    forward, reverse, js = (Estimate(float(v), float(e)) for v, e in zip(value, error, strict=True))
    tv = Estimate(float(tv[0]), float(tv_error[0] + outside + d))
    return PlaneDivergences(forward, reverse, js, tv)


def _integrate(
    f: Callable[[np.ndarray], np.ndarray], s: Squares, *, rtol: float, atol: float, most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Integrals of ``f``, ``(n, 2) -> (k, n)`` and nowhere negative, with errors: ``(k,)`` each."""
    coarse = _sums(f, s)  # (k, s)
    value, error = np.zeros(len(coarse)), np.zeros(len(coarse))
    n = len(s.half)
    while len(s.half):
        quarters = _cut(s)
        fine = _sums(f, quarters)
        total = fine.reshape(len(fine), -1, 4).sum(-1)
        gap = np.abs(total - coarse)
        allowed = np.maximum(rtol * (value + total.sum(1)), atol)[:, None] / n
        done = np.all(gap <= np.maximum(allowed, 16 * EPS * total), axis=0)
        n += 3 * int(np.sum(~done))
        if n > most:  # the error says what is left
            done = np.ones(len(done), dtype=bool)
        value = value + total[:, done].sum(1)
        error = error + (gap + 16 * EPS * total)[:, done].sum(1)
        live = np.repeat(~done, 4)
        s = s._replace(centre=quarters.centre[live], half=quarters.half[live])
        coarse = fine[:, live]
    return value, error


def _sums(f: Callable[[np.ndarray], np.ndarray], s: Squares) -> np.ndarray:
    """The rule on every square, ``(k, s)``."""
    area = s.half**2 * abs(np.linalg.det(s.axes))
    parts = []
    for i in range(0, len(area), BATCH):
        at = slice(i, i + BATCH)
        z = s.centre[at, None] + s.half[at, None, None] * NODES  # (s, 64, 2)
        y = f((s.origin + z @ s.axes.T).reshape(-1, 2))
        parts.append(y.reshape(len(y), -1, len(NODES)) @ WEIGHTS * area[at])
    return np.concatenate(parts, axis=1)


def _cut(s: Squares) -> Squares:
    """Four quarters of each, one after the other."""
    centre = s.centre[:, None] + s.half[:, None, None] * QUARTERS
    return s._replace(centre=centre.reshape(-1, 2), half=np.repeat(0.5 * s.half, 4))


def _squares(p: Params, q: Params, most: int) -> Squares:
    """Squares no wider than twice the narrowest direction of any component near them."""
    weight = 0.5 * np.concatenate([p.weight, q.weight])
    mean, cov = np.concatenate([p.mean, q.mean]), np.concatenate([p.cov, q.cov])
    origin = weight @ mean
    away = mean - origin
    axes = np.linalg.cholesky(np.einsum("k,kij->ij", weight, cov) + (weight * away.T) @ away)
    back = np.linalg.inv(axes)
    mean, cov = away @ back.T, back @ cov @ back.T
    white = np.linalg.inv(np.linalg.cholesky(cov))
    narrow = np.sqrt(np.linalg.eigvalsh(cov)[:, 0])  # (K,)
    wide = np.sqrt(np.linalg.eigvalsh(cov)[:, 1])
    side = float(np.max(np.abs(mean).max(1) + REACH * wide))
    s = Squares(np.zeros((1, 2)), np.array([side]), origin, axes)
    kept: list[Squares] = []
    while len(s.half):
        z = np.einsum("kij,skj->ski", white, s.centre[:, None] - mean)
        nearest = np.linalg.norm(z, axis=-1) - np.sqrt(2) * s.half[:, None] / narrow  # (s, K)
        near = nearest < REACH
        cut = np.any(near & (s.half[:, None] > narrow), axis=1)
        stay = near.any(1) & ~cut
        kept.append(s._replace(centre=s.centre[stay], half=s.half[stay]))
        if sum(len(k.half) for k in kept) + 4 * cut.sum() > most:
            raise ValueError(
                f"components this narrow ({narrow.min():.1e} of the whole) need more than "
                f"{most} squares; raise max_squares or widen them"
            )
        s = _cut(s._replace(centre=s.centre[cut], half=s.half[cut]))
    return Squares(
        np.concatenate([k.centre for k in kept]),
        np.concatenate([k.half for k in kept]),
        origin,
        axes,
    )


def _checked(p: Params, name: str) -> Params:
    weight, mean, cov = (np.asarray(a, dtype=float) for a in p)
    k = len(weight) if weight.ndim == 1 else -1
    if mean.shape != (k, 2) or cov.shape != (k, 2, 2):
        raise ValueError(
            f"{name} is one mixture in the plane: (K,), (K, 2) and (K, 2, 2) expected, "
            f"got {weight.shape}, {mean.shape} and {cov.shape}"
        )
    if np.any(weight < 0) or not abs(weight.sum() - 1) <= 1e-9:
        raise ValueError(f"the weights of {name} must be >= 0 and sum to 1, got {weight.tolist()}")
    if not np.all(np.linalg.eigvalsh(cov) > 0) or not np.allclose(cov, np.swapaxes(cov, 1, 2)):
        raise ValueError(f"the covariances of {name} must be symmetric and positive definite")
    return Params(weight, mean, cov)
