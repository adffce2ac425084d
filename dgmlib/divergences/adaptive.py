r"""Divergences between Gaussian mixtures on the line by adaptive quadrature, each with its error.

    D = int f(log p(x), log q(x)) dx

The integrands stay in log-space, so far-apart and very narrow modes are no special case. Panels
start at every scale of every component, out to 14 standard deviations (mass 1e-44). Between
Gaussian mixtures all of these are finite; :mod:`.tilted` has the alpha and Renyi divergences,
which need not be.

References:
    On Information and Sufficiency (Kullback, Leibler, 1951)
    https://doi.org/10.1214/aoms/1177729694
    Divergence Measures Based on the Shannon Entropy (Lin, 1991)
    https://doi.org/10.1109/18.61115
"""

from collections.abc import Callable

import numpy as np

from dgmlib.divergences import crossings, f_divergence
from dgmlib.divergences.mixture1d import Mixture1D, log_prob
from dgmlib.divergences.quadrature import EPS, Estimate, integrate

OFFSETS = np.array([-14.0, -7.0, -3.5, 0.0, 3.5, 7.0, 14.0])  # where panels start, in std


def breaks(*mixtures: Mixture1D) -> np.ndarray:
    """Panel edges at every scale of every component of single mixtures, sorted."""
    return np.unique(
        np.concatenate([(m.mean + np.outer(OFFSETS, m.std)).ravel() for m in mixtures])
    )


def with_kinks(g: Callable[[np.ndarray], np.ndarray], edges: np.ndarray) -> np.ndarray:
    """``edges`` and the roots of ``g`` between them, where ``|g|`` has its kinks.

    A kink between the end of a panel and its first node would be invisible to the error.
    """
    at = np.linspace(0, len(edges) - 1, 16 * len(edges))
    return np.union1d(edges, crossings.roots(g, np.interp(at, np.arange(len(edges)), edges)))


def noise(*mixtures: Mixture1D) -> float:
    """Rounding of an integrand, in epsilons: a narrow mode far from 0 cannot be placed better."""
    return 30.0 + max(float(np.max(np.abs(m.mean) / m.std)) for m in mixtures)


def expectation(f: Callable[[np.ndarray], np.ndarray], p: Mixture1D, *more: Mixture1D) -> Estimate:
    """``E_p[f(x)]``, ``f(x)`` of shape ``(n,)`` or ``(m, n)``; ``more``: where else ``f`` bends."""
    edges = breaks(p, *more)
    inside = (edges >= breaks(p)[0]) & (edges <= breaks(p)[-1])
    return integrate(lambda x: np.exp(log_prob(p, x)) * f(x), edges[inside], noise=noise(p, *more))


def divergence(
    integrand: Callable[[np.ndarray, np.ndarray], np.ndarray],
    p: Mixture1D,
    q: Mixture1D,
    *,
    edges: np.ndarray | None = None,
    units: float = 1.0,
) -> Estimate:
    """The integral of one of :mod:`.f_divergence` over the line.

    A divergence D grows with the square of ``log p - log q``, so a rounding error d there moves
    it by about ``d sqrt(2 D) + d^2``: that is added to the error.
    """
    rounding = units * noise(p, q)
    value, error = integrate(
        lambda x: integrand(log_prob(p, x), log_prob(q, x)),
        breaks(p, q) if edges is None else edges,
        atol=1e-16,  # both densities have mass 1: nothing smaller can be asked of a sum
        noise=rounding,
    )
    d = rounding * EPS
    return Estimate(value, error + d * float(np.sqrt(2 * value)) + d * d)


def kl(p: Mixture1D, q: Mixture1D) -> Estimate:
    """``KL(p||q)``: forward when p is the target, reverse with the arguments exchanged.

    Example:
        >>> from dgmlib.divergences.mixture1d import gaussian
        >>> round(kl(gaussian(0, 1), gaussian(1, 1)).value, 12)
        0.5
    """
    return divergence(f_divergence.kl, p, q)


def js(p: Mixture1D, q: Mixture1D) -> Estimate:
    """Jensen-Shannon divergence with weights 1/2, between 0 and log 2."""
    return divergence(f_divergence.js, p, q)


def jeffreys(p: Mixture1D, q: Mixture1D) -> Estimate:
    """``KL(p||q) + KL(q||p)``, the sum, not the mean."""
    return divergence(f_divergence.jeffreys, p, q)


def tv(p: Mixture1D, q: Mixture1D) -> Estimate:
    """Total variation distance, the largest difference in probability of any event."""
    edges = with_kinks(lambda x: crossings.density_gap(p, q, x), breaks(p, q))
    value, error = divergence(f_divergence.tv, p, q, edges=edges)
    return Estimate(value, error + noise(p, q) * EPS)  # linear in log p - log q, not quadratic


def hellinger2(p: Mixture1D, q: Mixture1D) -> Estimate:
    """Squared Hellinger distance in [0, 1]: ``1 - int sqrt(p q)``."""
    return divergence(f_divergence.hellinger2, p, q)


def entropy(p: Mixture1D) -> Estimate:
    """``-E_p[log p]``."""
    return cross_entropy(p, p)


def cross_entropy(p: Mixture1D, q: Mixture1D) -> Estimate:
    """``-E_p[log q] = H(p) + KL(p||q)``: nats paid to code draws of p with the code of q."""
    return expectation(lambda x: -log_prob(q, x), p, q)
