r"""Eight schools: how much coaching helps, a posterior in ten dimensions with exact moments.

    y_j ~ N(theta_j, sigma_j^2),  theta_j ~ N(mu, tau^2),  mu ~ N(0, 5^2),  tau ~ HalfCauchy(0, 5)
    centred:      x = (mu, log tau, theta_1, ..., theta_8)
    non-centred:  x = (mu, log tau, eta_1, ..., eta_8),    theta_j = mu + tau eta_j

Given tau everything is Gaussian, so every moment is one integral over log tau. Centred, tau -> 0
squeezes all theta together: a funnel. Non-centred there is none.

References:
    Estimation in Parallel Randomized Experiments (Rubin, 1981)
    https://doi.org/10.3102/10769986006004377
    Hamiltonian Monte Carlo for Hierarchical Models (Betancourt & Girolami, 2015)
    https://arxiv.org/abs/1312.0906
"""

from typing import NamedTuple

import numpy as np

from dgmlib.targets.target import Target

Y = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
SIGMA = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])
WIDTH = 5.0  # of both priors
LOG_2PI = float(np.log(2 * np.pi))


class Exact(NamedTuple):
    """Posterior moments by quadrature; order mu, tau, theta_1 to theta_8."""

    mean: np.ndarray  # (10,)
    std: np.ndarray  # (10,)
    log_evidence: float


def centred() -> Target:
    """log p(x, y) of x = (mu, log tau, theta)."""

    def log_prob(x: np.ndarray) -> np.ndarray:
        mu, t, theta = x[..., 0], x[..., 1], x[..., 2:]
        z = (theta - mu[..., None]) * np.exp(-t)[..., None]
        prior = -0.5 * (z * z).sum(-1) - 8 * t - 4 * LOG_2PI
        return _hyper(mu, t) + prior + _likelihood(theta)

    def grad(x: np.ndarray) -> np.ndarray:
        mu, t, theta = x[..., 0], x[..., 1], x[..., 2:]
        precision = np.exp(-2 * t)
        away = theta - mu[..., None]
        by_mu = -mu / WIDTH**2 + away.sum(-1) * precision
        by_t = _hyper_slope(t) + (away * away).sum(-1) * precision - 8
        by_theta = -away * precision[..., None] + (Y - theta) / SIGMA**2
        return np.concatenate([by_mu[..., None], by_t[..., None], by_theta], -1)

    return _target("eight schools, centred", log_prob, grad)


def non_centred() -> Target:
    """log p(x, y) of x = (mu, log tau, eta)."""

    def log_prob(x: np.ndarray) -> np.ndarray:
        mu, t, eta = x[..., 0], x[..., 1], x[..., 2:]
        prior = -0.5 * (eta * eta).sum(-1) - 4 * LOG_2PI
        return _hyper(mu, t) + prior + _likelihood(mu[..., None] + np.exp(t)[..., None] * eta)

    def grad(x: np.ndarray) -> np.ndarray:
        mu, t, eta = x[..., 0], x[..., 1], x[..., 2:]
        tau = np.exp(t)[..., None]
        pull = (Y - mu[..., None] - tau * eta) / SIGMA**2
        by_mu = -mu / WIDTH**2 + pull.sum(-1)
        by_t = _hyper_slope(t) + (pull * eta * tau).sum(-1)
        return np.concatenate([by_mu[..., None], by_t[..., None], -eta + pull * tau], -1)

    return _target("eight schools, non-centred", log_prob, grad)


def parameters(x: np.ndarray, *, is_centred: bool) -> np.ndarray:
    """(mu, tau, theta) of draws x (..., 10), in the order of ``Exact``."""
    tau = np.exp(x[..., 1:2])
    theta = x[..., 2:] if is_centred else x[..., :1] + tau * x[..., 2:]
    return np.concatenate([x[..., :1], tau, theta], -1)


def exact(n: int = 4000) -> Exact:
    """The trapezoid rule over log tau from -16 to 12: accurate to rounding for this integrand."""
    t = np.linspace(-16.0, 12.0, n)
    tau2 = np.exp(2 * t)[:, None]  # (n, 1)
    share = 1 / (SIGMA**2 + tau2)  # (n, 8): precision of y_j about mu
    precision = 1 / WIDTH**2 + share.sum(1)
    mean = (share * Y).sum(1) / precision  # of mu given tau and y
    # log p(y | tau) = log p(y, mu = 0) - log p(mu = 0 | y), both given tau
    joint = 0.5 * (np.log(share) - LOG_2PI - share * Y**2).sum(1) - 0.5 * np.log(WIDTH**2)
    log_p = joint - 0.5 * np.log(precision) + 0.5 * precision * mean**2
    log_p = log_p + _log_prior_tau(t)
    top = log_p.max()
    weight = np.exp(log_p - top)
    total = weight.sum() * (t[1] - t[0])
    weight /= weight.sum()

    kept = SIGMA**2 * share  # how much theta_j is drawn to mu
    of_theta = kept * mean[:, None] + (1 - kept) * Y
    var_theta = kept * tau2 + kept**2 / precision[:, None]
    first = np.concatenate([mean[:, None], np.exp(t)[:, None], of_theta], 1)  # (n, 10)
    inner = np.concatenate([1 / precision[:, None], np.zeros((n, 1)), var_theta], 1)
    centre = weight @ first
    std = np.sqrt(weight @ (inner + (first - centre) ** 2))
    return Exact(centre, std, float(top + np.log(total)))


def _hyper(mu: np.ndarray, t: np.ndarray) -> np.ndarray:
    own = -0.5 * (mu / WIDTH) ** 2 - np.log(WIDTH) - 0.5 * LOG_2PI
    return own + _log_prior_tau(t)


def _log_prior_tau(t: np.ndarray) -> np.ndarray:
    """log density of t = log tau: the half-Cauchy's, and t for the change of variable."""
    return np.log(2 / (np.pi * WIDTH)) - np.logaddexp(0.0, 2 * (t - np.log(WIDTH))) + t


def _hyper_slope(t: np.ndarray) -> np.ndarray:
    return 1 - 2 / (1 + np.exp(-2 * (t - np.log(WIDTH))))


def _likelihood(theta: np.ndarray) -> np.ndarray:
    z = (Y - theta) / SIGMA
    return -0.5 * (z * z).sum(-1) - float(np.log(SIGMA).sum()) - 4 * LOG_2PI


def _target(name: str, log_prob, grad) -> Target:
    found = exact()
    unknown = np.full(10, np.nan)  # of log tau and eta; compare parameters() with exact()
    spans = ((-15.0, 20.0), (-4.0, 4.0), *[(-25.0, 35.0)] * 8)
    cov = np.full((10, 10), np.nan)
    return Target(name, 10, log_prob, grad, found.log_evidence, unknown, cov, None, spans)
