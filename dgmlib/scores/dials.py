r"""What objectives say of a linear score of a Gaussian: mean and variance in closed form, any d.

    x ~ N(0, S),  s(x) = -A x,  T = A S A the covariance of s,  P = S^-1
    explicit    mean 1/2 tr R, variance 1/2 tr R^2,    R = (A - P) S (A - P)
    implicit    mean 1/2 tr T - tr A, variance 1/2 tr T^2;  explicit - implicit is C = 1/2 tr P
    Hutchinson  and per probe 2 |A|^2;  Rademacher's 2 sum_{i != j} A_ij^2
    sliced      and per probe 2 E|B|^2, B = 1/2 s s^T - A;  Rademacher's 2 sum_{i != j} E B_ij^2
    denoising   mean 1/2 tr W, variance 1/2 tr W^2,    W = T + (I / sigma - sigma A)^2

|.| is Frobenius'. By Isserlis E|B|^2 = |A|^2 - tr AT + ((tr T)^2 + 2 tr T^2) / 4. Variances are of
one example. :mod:`.variance` has them by quadrature for any mixture, and measures them.

References:
    A stochastic estimator of the trace of the influence matrix for Laplacian smoothing splines
    (Hutchinson, 1990) https://doi.org/10.1080/03610919008812866
    Sliced score matching: a scalable approach to density and score estimation
    (Song, Garg, Shi & Ermon, 2019) https://arxiv.org/abs/1905.07088
"""

from typing import NamedTuple

import numpy as np

from dgmlib.divergences.quadrature import Estimate
from dgmlib.mixtures import gmm
from dgmlib.scores import variance
from dgmlib.scores.exact import Slopes, check_sigma
from dgmlib.scores.matching import Probe
from dgmlib.scores.variance import Objective

PROBES = np.array([1, 2, 4, 8, 16, 32])
SIGMAS = 0.05 * 2 ** (0.5 * np.arange(11))  # 0.05 to 1.6
MOST = 32  # dimensions
EXAMPLES = 400
NEXT = 0.6  # correlation of neighbours
EXTRA = 0.2  # variance that the model has too much
SLICES: tuple[tuple[Objective, Probe], ...] = (
    ("hutchinson", "rademacher"), ("hutchinson", "gaussian"), ("sliced", "rademacher"),
)  # fmt: skip


class Dial(NamedTuple):
    """An objective for one example, exact; ``m`` probes leave ``fixed`` + ``per_probe`` / m."""

    mean: float
    fixed: float  # variance that more probes do not change
    per_probe: float


class Measured(NamedTuple):
    mean: Estimate  # with its standard error
    std: Estimate  # of one example, with its standard error


class Dials(NamedTuple):
    d: int
    sigma: np.ndarray  # (L,) for denoising
    constant: float  # C: explicit less implicit
    explicit: Dial
    implicit: Dial
    sliced: list[Dial]  # as SLICES
    denoising: list[Dial]  # as sigma
    shift: np.ndarray  # (L,) denoising's mean less the Fisher divergence from the noisy density
    measured_explicit: Measured
    measured_implicit: Measured
    measured_sliced: list[list[Measured]]  # as SLICES, as PROBES
    measured_denoising: list[Measured]  # as sigma


def dials(d: int, *, seed: int) -> Dials:
    """All objectives of one score in d dimensions, exact and from ``EXAMPLES`` examples."""
    cov, a = problem(d)
    p = gmm.Params(np.ones(1), np.zeros((1, d)), cov[None])

    def seen(objective: Objective, *key: int, m: int = 1, kind: Probe = "rademacher",
             sigma: float = 1.0) -> Measured:  # fmt: skip
        rng = np.random.default_rng([seed, d, variance.OBJECTIVES.index(objective), *key])
        return measured(variance.draw(objective, p, lambda x: linear(a, x), n=EXAMPLES, rng=rng,
                                      m=m, kind=kind, sigma=sigma))  # fmt: skip

    levels = SIGMAS.tolist()
    denoising = [exact("denoising", cov, a, sigma=s) for s in levels]
    noisy = [exact("explicit", cov + s * s * np.eye(d), a).mean for s in levels]
    return Dials(
        d, SIGMAS, constant(cov), exact("explicit", cov, a), exact("implicit", cov, a),
        [exact(o, cov, a, kind=kind) for o, kind in SLICES], denoising,
        np.array([dial.mean for dial in denoising]) - noisy, seen("explicit"), seen("implicit"),
        [[seen(o, m, len(kind), m=m, kind=kind) for m in PROBES.tolist()] for o, kind in SLICES],
        [seen("denoising", i, sigma=s) for i, s in enumerate(levels)],
    )  # fmt: skip


def problem(d: int) -> tuple[np.ndarray, np.ndarray]:
    """Covariance S of the data, NEXT^|i - j|, and the A of a model that is a little too wide."""
    if not 1 <= d <= MOST:
        raise ValueError(f"between 1 and {MOST} dimensions, got {d}")
    i = np.arange(d)
    cov = NEXT ** np.abs(i[:, None] - i)
    return cov, np.linalg.inv(cov + EXTRA * np.eye(d))


def exact(
    objective: Objective, cov: np.ndarray, a: np.ndarray, *, kind: Probe = "rademacher",
    sigma: float = 1.0,
) -> Dial:  # fmt: skip
    """Mean and variance of one objective of s(x) = -A x for x from N(0, S), (d, d) both."""
    if objective == "explicit":
        away = a - np.linalg.inv(cov)
        return _half_square(away @ cov @ away)
    t = a @ cov @ a
    if objective == "denoising":
        noise = np.eye(len(a)) / check_sigma(sigma) - sigma * a
        return _half_square(t + noise @ noise)
    score = _half_square(t)
    score = score._replace(mean=score.mean - float(np.trace(a)))
    if objective == "implicit":
        return score
    square, diagonal = (a * a).sum(), np.diag(a) ** 2
    if objective == "sliced":
        square += -(a * t).sum() + 0.25 * np.trace(t) ** 2 + 0.5 * (t * t).sum()
        diagonal = diagonal - np.diag(a) * np.diag(t) + 0.75 * np.diag(t) ** 2
    rest = square - diagonal.sum() if kind == "rademacher" else square
    return score._replace(per_probe=float(2 * max(rest, 0.0)))


def constant(cov: np.ndarray) -> float:
    """C = 1/2 E |grad log p|^2 of N(0, S)."""
    return 0.5 * float(np.trace(np.linalg.inv(cov)))


def linear(a: np.ndarray, x: np.ndarray) -> Slopes:
    """s(x) = -A x and its Jacobian at x (n, d)."""
    return Slopes(-x @ a, np.broadcast_to(-a, (len(x), *a.shape)))


def measured(each: np.ndarray) -> Measured:
    """Mean and standard deviation of the values (n,)."""
    n, var = len(each), each.var(ddof=1)
    fourth = ((each - each.mean()) ** 4).mean()
    spread = (max(fourth - var**2, 0.0) / n) ** 0.5
    std = var**0.5
    return Measured(
        Estimate(float(each.mean()), float((var / n) ** 0.5)),
        Estimate(float(std), float(spread / (2 * std)) if std > 0 else 0.0),
    )


def std(dial: Dial, m: int | np.ndarray = 1) -> np.ndarray:
    """Standard deviation of one example with m probes."""
    return np.sqrt(dial.fixed + dial.per_probe / np.asarray(m))


def _half_square(cov: np.ndarray) -> Dial:
    """1/2 |z|^2 of z from N(0, cov)."""
    return Dial(0.5 * float(np.trace(cov)), 0.5 * float((cov * cov).sum()), 0.0)
