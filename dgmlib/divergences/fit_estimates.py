r"""Runs estimates of both directions of KL, one of them infinite, beside the exact values.

    KL(p||q) ~ 1/n sum_i log p(x_i) - log q(x_i),    x_i ~ p

    "hole"    p = N(1/2, 1), q = N(0, 1) cut to |x| < 4: KL(p||q) is infinite
    "tail v"  p = Student's t with v degrees of freedom, q = N(0, 2^2): infinite for v <= 2

An average of n numbers is finite as long as no draw meets the reason. It can only know the part
of the integral within the range of n draws, |x| < T with P(|x| > T) = 1 / n; for the tails that
part is computed too. KL(q||p) is finite in every case.

References:
    Monte Carlo theory, methods and examples, chapter 2 (Owen, 2013)
    https://artowen.su.domains/mc/
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import log_ndtr, ndtri, stdtrit

from dgmlib.divergences import infinite, monte_carlo, quadrature
from dgmlib.divergences.infinite import student_log_prob

CASES = ("hole", "tail 1.5", "tail 2", "tail 5")
CUT, SHIFT = 4.0, 0.5  # of the hole
STD = 2.0  # of q beside the tails
COUNTS = np.unique(np.round(np.geomspace(10, 20_000, 61)).astype(int))
REPEATS = 6


class Runs(NamedTuple):
    """Estimates after ``n`` draws; the first of R independent repetitions is the main one."""

    n: np.ndarray  # (F,)
    mean: np.ndarray  # (R, F) nats, inf once a draw fell where q is 0
    error: np.ndarray  # (R, F) estimated standard error
    exact: float  # nats, or inf
    reach: np.ndarray  # (F,) where n draws seem to settle; nan if that is not computed


class Estimates(NamedTuple):
    case: str
    prob_finite: np.ndarray  # (F,) that the forward estimate is still finite
    forward: Runs  # KL(p||q), draws of p
    reverse: Runs  # KL(q||p), draws of q


def estimates(case: str, *, rng: np.random.Generator) -> Estimates:
    """Both running estimates of one of ``CASES``."""
    if case not in CASES:
        raise ValueError(f"case is one of {', '.join(CASES)}, got {case!r}")
    return _hole(rng) if case == "hole" else _tail(float(case.split()[1]), case, rng)


def _hole(rng: np.random.Generator) -> Estimates:
    n = int(COUNTS[-1])
    found = infinite.hole(n, mean=SHIFT, cut=CUT, n_rep=REPEATS, at=COUNTS, rng=rng)
    log_mass = float(np.log1p(-2 * np.exp(log_ndtr(-CUT))))
    y = _cut_normal((REPEATS, n), rng)
    # log q - log p = -log(mass that q keeps) - SHIFT x + SHIFT^2 / 2, and E_q[x] = 0.
    run = monte_carlo.running(0.5 * SHIFT**2 - SHIFT * y - log_mass, COUNTS)
    unknown = np.full(len(COUNTS), np.nan)
    return Estimates(
        "hole", found.prob_finite,
        Runs(COUNTS, found.running.estimate, found.running.error, np.inf,
                np.full(len(COUNTS), found.looks_like)),
        Runs(COUNTS, run.estimate, run.error, 0.5 * SHIFT**2 - log_mass, unknown),
    )  # fmt: skip


def _cut_normal(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draws of N(0, 1) given |x| < CUT, by the inverse distribution function."""
    edge = np.exp(log_ndtr(-CUT))
    return ndtri(edge + (1 - 2 * edge) * rng.random(shape))


def _tail(nu: float, case: str, rng: np.random.Generator) -> Estimates:
    n = int(COUNTS[-1])
    x, y = rng.standard_t(nu, (REPEATS, n)), STD * rng.standard_normal((REPEATS, n))
    there = monte_carlo.running(student_log_prob(x, nu) - _log_q(x), COUNTS)
    back = monte_carlo.running(_log_q(y) - student_log_prob(y, nu), COUNTS)

    def forward(v: np.ndarray) -> np.ndarray:
        log_p = student_log_prob(v, nu)
        return np.exp(log_p) * (log_p - _log_q(v))

    unknown = np.full(len(COUNTS), np.nan)
    reach = within(forward, stdtrit(nu, 1 - 0.5 / COUNTS))
    return Estimates(
        case, np.ones(len(COUNTS)),
        Runs(COUNTS, there.estimate, there.error, exact_forward(nu), reach),
        Runs(COUNTS, back.estimate, back.error, exact_reverse(nu), unknown),
    )  # fmt: skip


def exact_forward(nu: float) -> float:
    """``KL(t_nu||N(0, STD^2))``; inf for ``nu <= 2``."""
    if nu <= 2:
        return np.inf
    # Only log q differs from the case of a unit Gaussian: by log STD and by the scale of x^2.
    change = np.log(STD) + 0.5 * nu / (nu - 2) * (1 / STD**2 - 1)
    return float(infinite.student_kl(nu) + change)


def exact_reverse(nu: float) -> float:
    """``KL(N(0, STD^2)||t_nu)`` by quadrature, finite for every ``nu``."""

    def f(y: np.ndarray) -> np.ndarray:
        return np.exp(_log_q(y)) * (_log_q(y) - student_log_prob(y, nu))

    return 2 * quadrature.integrate(f, STD * np.linspace(0, 14, 15)).value


def within(f: Callable[[np.ndarray], np.ndarray], far: np.ndarray) -> np.ndarray:
    """Integral of an even ``f`` over ``|x| < far``, for increasing ``far``. (F,)"""
    edges = np.concatenate([np.linspace(0, far[0], 9), far[1:]])
    x, dx = quadrature.nodes(edges, 8)
    return 2 * np.cumsum((f(x) * dx).reshape(-1, 8).sum(1))[7:]


def _log_q(x: np.ndarray) -> np.ndarray:
    return -0.5 * (x / STD) ** 2 - np.log(STD * np.sqrt(2 * np.pi))
