r"""Clouds of gradients of the ELBO by the mean and the log deviation of q = N(m, s^2).

Three estimators of :mod:`dgmlib.vae.gradients` on the same draws: the score function, the same with
the constant baseline b = ELBO(q), and reparameterisation. Each has its exact mean and variance by
Gauss quadrature between the jumps of the decoder. Where the decoder jumps, reparameterisation sees
only the slope between jumps: its mean is not the gradient, however many draws are averaged.

References:
    Monte Carlo gradient estimation in machine learning (Mohamed, Rosca, Figurnov & Mnih, 2020)
    https://arxiv.org/abs/1906.10652
    Reparameterization gradient for non-differentiable models (Lee, Yu & Yang, 2018)
    https://arxiv.org/abs/1806.00176
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from dgmlib.data import pair_text
from dgmlib.divergences import quadrature
from dgmlib.evidence import curves
from dgmlib.vae import gradients

ESTIMATORS = ("score function", "with baseline", "reparameterised")
DRAWS = 2000  # estimates of each kind
AT = np.unique(np.geomspace(3, DRAWS, 34).round().astype(int))  # the frames
MEAN, STD = (-3.0, 3.0), (0.05, 1.5)  # of q
GRIP = 2.0  # deviations from its mean, where the grip of its width hangs


class Clouds(NamedTuple):
    """N estimates, F frames; estimators in the order of ``ESTIMATORS``; columns by m, by log s."""

    curve: str
    x: float
    sigma: float
    q: tuple[float, float]  # m, s
    draws: int  # that an estimate averages
    log_p: float
    elbo: float
    at: np.ndarray  # (F,) estimates so far
    gradient: np.ndarray  # (3, N, 2)
    mean: np.ndarray  # (F, 3, 2)
    cov: np.ndarray  # (F, 3, 2, 2) of the mean, from the estimates themselves
    exact: np.ndarray  # (2,) the gradient of the ELBO
    expected: np.ndarray  # (3, 2) what the estimator tends to
    variance: np.ndarray  # (3, 2) of one estimate, exact
    shown: np.ndarray  # (M,) z
    posterior: np.ndarray  # (M,)
    density: np.ndarray  # (M,) of q


def clouds(
    name: str,
    x: float,
    sigma: float,
    q: tuple[float, float],
    *,
    draws: int = 1,
    rng: np.random.Generator,
) -> Clouds:
    """``DRAWS`` estimates of each kind, each the mean over as many ``draws`` of q, and the running
    means and standard errors of these."""
    if draws < 1:
        raise ValueError(f"an estimate needs at least 1 draw, got {draws}")
    one, (m, s) = curves.curve(name), q
    log_p = float(curves.evidence(one, np.array([x]), sigma)[0])
    e, weight = rule(one, m, s)
    log_w, slope = weigh(one, x, sigma, q, e)
    elbo = float(weight @ log_w)
    known = estimates(log_w, slope, e, s, elbo)  # (3, Q, 2)
    expected = np.einsum("q,eqi->ei", weight, known)
    square = np.einsum("q,eqi->ei", weight, known**2)
    noise = rng.standard_normal(DRAWS * draws)
    found = estimates(*weigh(one, x, sigma, q, noise), noise, s, elbo)  # (3, N draws, 2)
    found = found.reshape(3, DRAWS, draws, 2).mean(2)
    n = np.arange(1, DRAWS + 1)[AT - 1]
    mean = np.cumsum(found, 1)[:, AT - 1] / n[:, None]  # (3, F, 2)
    products = np.cumsum(found[..., :, None] * found[..., None, :], 1)[:, AT - 1]
    cov = products / n[:, None, None] - mean[..., :, None] * mean[..., None, :]
    cov /= (n - 1)[:, None, None]
    z = np.linspace(-3.6, 3.6, 721)
    return Clouds(
        name, x, sigma, q, draws, log_p, elbo, AT, found, mean.swapaxes(0, 1), cov.swapaxes(0, 1),
        expected[0], expected, np.maximum(square - expected**2, 0.0) / draws, z,
        np.exp(curves.log_joint(one, x, z, sigma) - log_p),
        np.exp(-0.5 * ((z - m) / s) ** 2) / (s * np.sqrt(2 * np.pi)),
    )  # fmt: skip


def estimates(
    log_w: np.ndarray, slope: np.ndarray, noise: np.ndarray, std: float, baseline: float
) -> np.ndarray:
    """The three gradients of each draw (n,), (3, n, 2)."""
    e = noise[:, None]
    each = (
        gradients.score_function(log_w, e, std),
        gradients.score_function(log_w, e, std, baseline=baseline),
        gradients.reparameterised(slope[:, None], e, std),
    )
    return np.stack([np.concatenate([g.mean, g.log_std], -1) for g in each])


def weigh(
    one: curves.Curve, x: float, sigma: float, q: tuple[float, float], e: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """log w and d log p(x, z) / dz at z = m + s e, (n,) each."""
    z = q[0] + q[1] * e
    log_q = -0.5 * (e * e + curves.LOG_2PI) - np.log(q[1])
    return curves.log_joint(one, x, z, sigma) - log_q, curves.slope(one, x, z, sigma)


def rule(one: curves.Curve, mean: float, std: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes e and weights of E over N(0, 1), with panels that end at the decoder's jumps."""
    jumps = (one.jumps - mean) / std
    edges = np.unique(np.r_[np.linspace(-9, 9, 73), jumps[np.abs(jumps) < 9]])
    e, w = quadrature.nodes(edges, 16)
    return e, w * np.exp(-0.5 * e * e) / np.sqrt(2 * np.pi)


def parse(text: str) -> tuple[float, float]:
    """Mean and deviation of q."""
    return pair_text.parse(text, ("mean", "deviation"), (MEAN, STD), like="0.2 0.5")


def of_handle(edit: Mapping[str, Any]) -> str:
    """A dragged q to text; the width that comes is ``GRIP`` deviations."""
    return pair_text.write((edit["xy"][0][0], edit["width"][0] / GRIP), (MEAN, STD))
