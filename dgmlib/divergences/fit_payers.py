r"""Who pays: the integrands of KL(p||q), KL(q||p) and JS along x, in bits, as q is swept.

    KL(p||q) = int p log2(p / q) dx

is what a code made for q costs beyond one made for p: the expected extra bits per symbol when the
symbols come from p. KL(q||p) is the same with the roles exchanged.

References:
    Elements of Information Theory, theorem 5.4.3 (Cover & Thomas, 2006)
    https://doi.org/10.1002/047174882X
"""

from typing import NamedTuple

import numpy as np

from dgmlib.divergences import fit, fit_global, grid, mixture1d
from dgmlib.divergences.fit_global import Best
from dgmlib.divergences.mixture1d import Mixture1D

SWEEPS = ("mean", "sd", "fits")
X = np.linspace(-8, 8, 161)


class Payers(NamedTuple):
    """Frames first. ``exact`` in nats (W2: units of x), ``integrand`` in bits per unit of x."""

    target: Mixture1D
    sweep: str
    at: np.ndarray  # (F,) the swept mean or standard deviation; the number of the fit
    start: int  # the frame of the q that was asked for
    q_mean: np.ndarray  # (F,)
    q_std: np.ndarray  # (F,)
    x: np.ndarray  # (N,)
    p: np.ndarray  # (N,)
    q: np.ndarray  # (F, N)
    integrand: np.ndarray  # (F, 3, N) of KL(p||q), KL(q||p), JS
    exact: np.ndarray  # (F, 5) in the order of fit.DIVERGENCES
    alpha: float
    fits: Best  # the five global optima, (5,) each
    table: grid.Table  # (5,) each, of the five fits, with their error bounds


def payers(
    p: Mixture1D, mean: float, std: float, *, sweep: str = "mean", alpha: float = 0.5
) -> Payers:
    """Sweeps q = N(mean, std^2) through its mean or its deviation, or through the five fits."""
    if sweep not in SWEEPS:
        raise ValueError(f"sweep is one of {', '.join(SWEEPS)}, got {sweep!r}")
    problem = fit.problem(p, alpha=alpha)
    fits = best_fits(p, problem)
    if sweep == "fits":
        q_mean, q_std = fits.mean, fits.std
        at = np.arange(len(q_mean), dtype=float)
        start = 0
    else:
        low, high, n = (-7.0, 7.0, 57) if sweep == "mean" else (0.5, 4.0, 57)
        chosen = mean if sweep == "mean" else std
        at = np.linspace(low, high, n)
        start = int(np.argmin(np.abs(at - chosen)))
        at[start] = chosen
        q_mean = at if sweep == "mean" else np.full(n, mean)
        q_std = at if sweep == "sd" else np.full(n, std)
    log_p = mixture1d.log_prob(p, X)
    log_q = mixture1d.log_prob(mixture1d.gaussian(q_mean, q_std), np.tile(X, (len(at), 1)))
    log_m = np.logaddexp(log_p, log_q) - np.log(2)
    dp, dq = np.exp(log_p), np.exp(log_q)
    forward, reverse = dp * (log_p - log_q), dq * (log_q - log_p)
    js = 0.5 * (dp * (log_p - log_m) + dq * (log_q - log_m))
    return Payers(
        p, sweep, at, start, q_mean, q_std, X, dp, dq,
        np.stack([forward, reverse, js], 1) / np.log(2),
        values(p, q_mean, q_std, alpha=alpha), alpha, fits,
        grid.table(p, mixture1d.gaussian(fits.mean, fits.std), alpha=alpha),
    )  # fmt: skip


def best_fits(p: Mixture1D, problem: fit.Problem) -> Best:
    """The five global optima."""
    B = len(problem.kinds)
    start = fit.evaluate(problem, np.full(B, problem.mean), np.full(B, problem.std))
    return fit_global.best(p, problem, start)


def values(p: Mixture1D, mean: np.ndarray, std: np.ndarray, *, alpha: float) -> np.ndarray:
    """All five divergences of many Gaussians q, ``(F, 5)``."""
    F, reach = len(mean), float(np.max(np.abs(mean) + 9 * std)) + float(np.max(np.abs(p.mean)))
    problem = fit.problem(p, alpha=alpha, reach=reach)
    B = len(problem.kinds)
    wide = fit_global.repeat(problem, F)
    return fit.evaluate(wide, np.tile(mean, B), np.tile(std, B)).value.reshape(B, F).T
