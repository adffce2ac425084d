r"""The best critic of two known densities, what it is worth, and what it tells a generator.

    D*(x) = p / (p + q),    logit f*(x) = log p - log q
    V(D)  = E_p[log D] + E_q[log(1 - D)]  <=  V(D*) = -log 4 + 2 JS(p, q)

A sample x of G is pushed along -d loss / dx. With f the logit, s the sigmoid:

    saturating      s(f) f'          far from the data s(f) = q-belief 0: no push
    non-saturating  (1 - s(f)) f'    the mean push is the slope of KL(q||p) - 2 JS
    least-squares   (1 - D) D'       D = s(f): the same D* is best
    wasserstein     f' = +-1         f' = sign(F_q - F_p), on the line

References:
    Generative adversarial nets (Goodfellow et al., 2014) https://arxiv.org/abs/1406.2661
    Towards principled methods for training generative adversarial networks
    (Arjovsky & Bottou, 2017) https://arxiv.org/abs/1701.04862
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.divergences import adaptive, crossings
from dgmlib.divergences.mixture1d import Mixture1D, log_prob, score
from dgmlib.divergences.quadrature import Estimate, integrate, nodes
from dgmlib.gan.losses import KINDS, Kind
from dgmlib.vae.arrays import sigmoid, softplus

LOG_4 = float(np.log(4))
Logit = Callable[[np.ndarray], np.ndarray]  # (n,) -> (n,)
Density = Callable[[np.ndarray], np.ndarray]  # log-density, (n, 2) -> (n,)


def logit(p: Mixture1D, q: Mixture1D, x: ArrayLike) -> np.ndarray:
    """f*(x) = log p - log q: what a critic of the first two losses should answer."""
    return log_prob(p, x) - log_prob(q, x)


def critic(p: Mixture1D, q: Mixture1D, x: ArrayLike) -> np.ndarray:
    """D*(x) = p / (p + q), 1/2 wherever the two agree."""
    return sigmoid(logit(p, q, x))


def value(p: Mixture1D, q: Mixture1D, f: Logit, *, rtol: float = 1e-10) -> Estimate:
    """V of the critic with logit ``f``, any function; nats, at most :func:`best_value`."""
    edges = adaptive.breaks(p, q)

    def paid(x: np.ndarray) -> np.ndarray:
        t = f(x)
        return np.exp(log_prob(p, x)) * softplus(-t) + np.exp(log_prob(q, x)) * softplus(t)

    cost, error = integrate(paid, edges, rtol=rtol, max_panels=4000)
    return Estimate(-cost, error)


def best_value(p: Mixture1D, q: Mixture1D) -> Estimate:
    """V(D*) = -log 4 + 2 JS: from -log 4 where q = p to 0 where they do not meet."""
    js = adaptive.js(p, q)
    return Estimate(2 * js.value - LOG_4, 2 * js.error)


def push(kind: Kind, p: Mixture1D, q: Mixture1D, x: ArrayLike) -> np.ndarray:
    """Where the best critic of each loss sends a sample at ``x``: minus the slope of G's loss."""
    if kind not in KINDS:
        raise ValueError(f"there is no loss {kind!r}; there are {', '.join(KINDS)}")
    if kind == "wasserstein":
        return np.sign(-crossings.cdf_gap(p, q, np.asarray(x, dtype=float)))
    f, slope = logit(p, q, x), score(p, x) - score(q, x)
    if kind == "saturating":
        return sigmoid(f) * slope
    if kind == "non-saturating":
        return sigmoid(-f) * slope
    return sigmoid(-f) * sigmoid(f) * sigmoid(-f) * slope  # (1 - D) D', D' = D (1 - D) f'


def pull(kind: Kind, p: Mixture1D, q: Mixture1D) -> Estimate:
    """E_q[push]: along it moves a G that can only shift q; minus its gradient in that shift.

    For the saturating loss the slope of -2 JS, for the Wasserstein loss that of -W1.
    """
    edges = adaptive.breaks(p, q)
    if kind == "wasserstein":
        edges = adaptive.with_kinks(lambda x: crossings.cdf_gap(p, q, x), edges)
    return integrate(lambda x: np.exp(log_prob(q, x)) * push(kind, p, q, x), edges, atol=1e-14)


def strength(kind: Kind, p: Mixture1D, q: Mixture1D) -> Estimate:
    """E_q[push^2]: its root is the usual length of a push, and does not cancel as the mean does."""
    edges = adaptive.breaks(p, q)
    return integrate(
        lambda x: np.exp(log_prob(q, x)) * push(kind, p, q, x) ** 2, edges, atol=1e-300
    )


def value_in_plane(
    log_p: Density,
    log_q: Density,
    f: Callable[[np.ndarray], np.ndarray] | None = None,
    *,
    extent: tuple[tuple[float, float], tuple[float, float]] = ((-6, 6), (-6, 6)),
    panels: int = 24,
) -> Estimate:
    """V in the plane of the critic ``f`` (n, 2) -> (n,); without one, of the best critic.

    Gauss-Legendre on squares with 8 points a side; the error is how much 6 points differ, and what
    of p and q lies outside ``extent`` is not in it.
    """
    results = []
    for order in (6, 8):
        xy = [nodes(np.linspace(*side, panels + 1), order) for side in extent]
        x = np.stack(np.meshgrid(xy[0][0], xy[1][0], indexing="ij"), -1).reshape(-1, 2)
        dx = np.outer(xy[0][1], xy[1][1]).ravel()
        p, q = log_p(x), log_q(x)
        t = p - q if f is None else f(x)
        results.append(-float(dx @ (np.exp(p) * softplus(-t) + np.exp(q) * softplus(t))))
    return Estimate(results[1], abs(results[1] - results[0]))
