r"""Approximation gap and amortisation gap, exactly.

    log p(x) - ELBO(x) = [log p(x) - ELBO(best q)]  +  [ELBO(best q) - ELBO(encoder's q)]
                             approximation gap              amortisation gap

The encoder is a polynomial of degree k in x for the mean of q and another for its log deviation,
fitted to the average ELBO under p(x) by Newton's method. Each degree starts from the solution of
the last one and from the best q's, and keeps the better: more capacity never makes it worse.

References:
    Inference suboptimality in variational autoencoders (Cremer, Li & Duvenaud, 2018)
    https://arxiv.org/abs/1801.03558
"""

from typing import NamedTuple

import numpy as np
from numpy.polynomial import legendre

from dgmlib.evidence import best_q, curves

DEGREES = np.arange(8)
POINTS = 81  # of x
RARE = 2e-3  # of the largest p(x): where the axis of x ends
STEPS = 14  # of Newton, from each start


class Encoder(NamedTuple):
    """m(x) = basis @ by[:, 0], log s(x) = basis @ by[:, 1]."""

    by: np.ndarray  # (k + 1, 2)
    elbo: np.ndarray  # (n,)
    average: float


class Gaps(NamedTuple):
    """n places of x, the last of them the x looked at, with weight 0; F degrees."""

    curve: str
    sigma: float
    x: np.ndarray  # (n + 1,)
    weight: np.ndarray  # (n + 1,) p(x) dx, sums to 1
    share: float  # of p(x) on this axis
    log_p: np.ndarray  # (n + 1,)
    best: best_q.Gaussians  # (n + 1,) each
    degree: np.ndarray  # (F,)
    mean: np.ndarray  # (F, n + 1) of the encoder's q
    log_std: np.ndarray  # (F, n + 1)
    elbo: np.ndarray  # (F, n + 1)
    posterior: np.ndarray  # (N, n + 1) p(z|x) on ``shown``
    shown: np.ndarray  # (N,) z

    @property
    def approximation(self) -> np.ndarray:
        """(n + 1,) KL(best q || posterior)."""
        return np.maximum(self.log_p - self.best.elbo, 0.0)

    @property
    def amortisation(self) -> np.ndarray:
        """(F, n + 1)."""
        return np.maximum(self.best.elbo - self.elbo, 0.0)


def gaps(name: str, sigma: float, x: float) -> Gaps:
    """Both gaps at every place of the axis and at ``x``."""
    one = curves.curve(name)
    if name not in curves.SMOOTH:
        raise ValueError(f"sums over q need a smooth curve, one of {curves.SMOOTH}, got {name!r}")
    at, share = axis(one, sigma)
    places = np.append(at, np.clip(x, at[0], at[-1]))
    log_p = curves.evidence(one, places, sigma)
    weight = np.append(np.exp(log_p[:-1]) * (at[1] - at[0]), 0.0)
    weight = weight / weight.sum()
    top = best_q.best(one, places, sigma)
    middle, half = 0.5 * (at[0] + at[-1]), 0.5 * (at[-1] - at[0])
    found: list[Encoder] = []
    answers = []
    for k in DEGREES:
        basis = legendre.legvander((places - middle) / half, int(k))  # (n + 1, k + 1)
        found.append(fit(one, places, weight, basis, top, sigma, found[-1] if found else None))
        answers.append(basis @ found[-1].by)
    said = np.stack(answers)  # (F, n + 1, 2)
    z = np.linspace(-3.6, 3.6, 721)
    density = np.exp(curves.log_joint(one, places, z[:, None], sigma) - log_p)
    return Gaps(
        name, sigma, places, weight, share, log_p, top, DEGREES, said[..., 0], said[..., 1],
        np.stack([e.elbo for e in found]), density, z,
    )  # fmt: skip


def axis(one: curves.Curve, sigma: float) -> tuple[np.ndarray, float]:
    """Where p(x) is above ``RARE`` of its largest value (n,), and how much of p(x) that is."""
    reach = one.f(np.linspace(-4.5, 4.5, 901))
    wide = np.linspace(reach.min() - 4 * sigma, reach.max() + 4 * sigma, 251)
    p = np.exp(curves.evidence(one, wide, sigma))
    likely = np.flatnonzero(p > RARE * p.max())
    inside = slice(likely[0], likely[-1] + 1)
    return np.linspace(wide[likely[0]], wide[likely[-1]], POINTS), float(p[inside].sum() / p.sum())


def fit(
    one: curves.Curve,
    x: np.ndarray,
    weight: np.ndarray,
    basis: np.ndarray,
    best: best_q.Gaussians,
    sigma: float,
    before: Encoder | None,
) -> Encoder:
    """The polynomial encoder with the highest average ELBO that two starts lead to."""
    root = np.sqrt(weight)[:, None]
    wanted = np.stack([best.mean, best.log_std], 1)
    starts = [np.linalg.lstsq(root * basis, root * wanted, rcond=None)[0]]
    if before is not None:
        starts.append(np.vstack([before.by, np.zeros((1, 2))]))
    ends = [climb(one, x, weight, basis, by, sigma) for by in starts]
    return max(ends, key=lambda e: e.average)


def climb(
    one: curves.Curve, x: np.ndarray, weight: np.ndarray, basis: np.ndarray, by: np.ndarray,
    sigma: float,
) -> Encoder:  # fmt: skip
    """Damped Newton steps on the average ELBO; none of them lowers it."""
    now, damping = best_q.elbo(one, x, basis @ by, sigma), 1e-3
    average = float(weight @ now.value)
    for _ in range(STEPS):
        slope = np.einsum("n,nk,ni->ki", weight, basis, now.first)
        bend = np.einsum("n,nk,nij,nl->kilj", weight, basis, now.second, basis)
        size = slope.size
        move = best_q.uphill(slope.ravel(), bend.reshape(size, size), np.asarray(damping))
        if move @ slope.ravel() < best_q.NO_GAIN:
            break
        new = best_q.elbo(one, x, basis @ (by + move.reshape(by.shape)), sigma)
        value = float(weight @ new.value)
        gain = value - average
        if gain >= 0:
            by, now, average, damping = by + move.reshape(by.shape), new, value, damping / 5
            if gain < 1e-13:
                break
        else:
            damping *= 10
    return Encoder(by, now.value, average)
