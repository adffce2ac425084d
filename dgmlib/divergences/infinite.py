r"""Two infinite KL divergences whose estimates look finite.

    a hole:  p = N(m, 1), q = N(0, 1) cut to |x| < c.   eps = P_p(|x| >= c) > 0, so KL(p||q) = inf,
             yet n draws all miss the hole with probability (1 - eps)^n, and the estimate is finite
    a tail:  p = Student-t with nu degrees of freedom, q = N(0, 1).   KL is finite iff E_p[x^2] is:
             nu > 2. Below, the estimate climbs for ever; for nu <= 4 its standard error is false

Both truths are exact, so a run can be drawn beside what it should have said.

References:
    Elements of Information Theory, chapters 2 and 8 (Cover, Thomas, 2006)
    https://doi.org/10.1002/047174882X
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, digamma, gammaln, ndtr

from dgmlib.divergences import monte_carlo
from dgmlib.divergences.monte_carlo import Running


class Hole(NamedTuple):
    """A run whose true value is infinite."""

    running: Running  # (n_rep, t): nats, inf once a draw fell into the hole
    eps: float  # probability of the hole under p
    prob_finite: np.ndarray  # (t,): (1 - eps)^n, exact
    looks_like: float  # E_p[r | not in the hole]: what the finite estimates settle on
    truth: float  # inf


class Tail(NamedTuple):
    """A run whose true value depends on the tail of p."""

    running: Running  # (n_rep, t), nats
    truth: float  # inf for nu <= 2
    error_is_finite: bool  # whether log p/q has a variance, nu > 4


def hole(
    n: int,
    *,
    mean: float = 0.5,
    cut: float = 4.0,
    n_rep: int = 1,
    at: ArrayLike | None = None,
    rng: np.random.Generator,
) -> Hole:
    """``n_rep`` runs of ``n`` draws of N(mean, 1) against N(0, 1) cut to ``|x| < cut``."""
    if not (cut > 0 and np.isfinite(mean)):
        raise ValueError(f"cut must be positive and mean finite, got {cut} and {mean}")
    x = mean + rng.standard_normal((n_rep, n))
    # log p - log q = mean x - mean^2 / 2 + log(mass that q keeps), where q is not 0.
    log_mass = np.log1p(-2 * ndtr(-cut))
    log_ratio = np.where(np.abs(x) < cut, mean * x - 0.5 * mean**2 + log_mass, np.inf)
    run = monte_carlo.running(log_ratio, at)
    a, b = -cut - mean, cut - mean
    eps = float(ndtr(a) + ndtr(-b))
    kept = mean + (_phi(a) - _phi(b)) / (1 - eps)  # mean of p cut to the support of q
    looks_like = float(mean * kept - 0.5 * mean**2 + log_mass)
    return Hole(run, eps, np.exp(run.n * np.log1p(-eps)), looks_like, np.inf)


def tail(
    n: int,
    *,
    nu: float = 1.0,
    n_rep: int = 1,
    at: ArrayLike | None = None,
    rng: np.random.Generator,
) -> Tail:
    """``n_rep`` runs of ``n`` draws of Student's t (Cauchy at ``nu`` = 1) against N(0, 1)."""
    if not (nu > 0 and np.isfinite(nu)):
        raise ValueError(f"nu must be positive and finite, got {nu}")
    x = rng.standard_t(nu, (n_rep, n))
    log_q = -0.5 * x**2 - 0.5 * np.log(2 * np.pi)
    run = monte_carlo.running(student_log_prob(x, nu) - log_q, at)
    return Tail(run, student_kl(nu), nu > 4)


def student_log_prob(x: ArrayLike, nu: float) -> np.ndarray:
    """Log-density of Student's t, nats."""
    x = np.asarray(x, dtype=float)
    log_norm = gammaln(0.5 * (nu + 1)) - gammaln(0.5 * nu) - 0.5 * np.log(nu * np.pi)
    return log_norm - 0.5 * (nu + 1) * np.log1p(x**2 / nu)


def student_kl(nu: float) -> float:
    """``KL(t_nu || N(0, 1)) = (log 2 pi + E[x^2]) / 2 - entropy``; inf for ``nu <= 2``."""
    if nu <= 2:
        return np.inf
    half = 0.5 * (nu + 1)
    entropy = half * (digamma(half) - digamma(0.5 * nu)) + 0.5 * np.log(nu) + betaln(0.5 * nu, 0.5)
    return float(0.5 * (np.log(2 * np.pi) + nu / (nu - 2)) - entropy)


def _phi(x: float) -> float:
    return float(np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi))
