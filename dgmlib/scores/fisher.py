r"""The Fisher divergence, and the constant between explicit and implicit score matching.

    F(p || s)  = 1/2 E_p |s - grad log p|^2
    F(p || s)  = E_p [1/2 |s|^2 + tr ds/dx] + C,    C = 1/2 E_p |grad log p|^2
    Gaussians: F(p || q) = 1/2 tr[(Q - P) S (Q - P)] + 1/2 |Q (m_p - m_q)|^2,  P = S^-1, Q = S_q^-1

E_p of a mixture is a sum over its components of integrals over z, x = m_k + L_k z, S_k = L_k L_k^T:
a product rule of Gauss and Legendre on panels, made twice as fine until it stands still. The error
is the last change, which is that of the coarser rule, and a bound on rounding.

References:
    Estimation of non-normalized statistical models by score matching (Hyvarinen, 2005)
    https://jmlr.org/papers/v6/hyvarinen05a.html
    Methods of Numerical Integration, chapters 5 and 6 (Davis, Rabinowitz, 1984)
    https://doi.org/10.1016/C2013-0-10566-1
"""

from collections.abc import Callable

import numpy as np

from dgmlib.divergences.quadrature import EPS, Estimate, nodes
from dgmlib.mixtures import gmm
from dgmlib.scores import exact, matching
from dgmlib.scores.exact import Score

REACH = 9.0  # standard deviations of each component; outside is mass 1e-18
ORDER = 16  # nodes on a panel
FIRST = 3  # panels along each axis
MOST = {1: 3072, 2: 24}


def expect(
    p: gmm.Params,
    f: Callable[[np.ndarray], np.ndarray],
    *,
    rtol: float = 1e-9,
    atol: float = 1e-13,
) -> Estimate:
    """E_p f on the line or in the plane; f takes (n, d) to (n,), or to (m, n) for m of them.

    Error below ``rtol`` |E f| or ``atol``, unless the finest rule misses it: the error says so.
    """
    d = p.mean.shape[-1]
    if d not in MOST:
        raise ValueError(f"quadrature is for the line and the plane, not for {d} dimensions")
    gmm.check_params(p)
    panels = FIRST
    coarse, _ = _rule(p, f, panels)
    while True:
        panels *= 2
        fine, size = _rule(p, f, panels)
        gap, rounding = np.abs(fine - coarse), 64 * EPS * size
        if panels >= MOST[d] or (gap <= np.maximum(rtol * np.abs(fine), atol)).all():
            error = gap + rounding
            if fine.ndim == 0:
                return Estimate(float(fine), float(error))
            return Estimate(fine, error)  # type: ignore[arg-type]
        coarse = fine


def fisher(p: gmm.Params, s: Score, *, rtol: float = 1e-9, atol: float = 1e-13) -> Estimate:
    """F(p || s) of a mixture p and any score s."""
    of = lambda x: matching.explicit(s(x), exact.score(p, x))  # noqa: E731
    return expect(p, of, rtol=rtol, atol=atol)


def between(p: gmm.Params, q: gmm.Params, *, rtol: float = 1e-9, atol: float = 1e-300) -> Estimate:
    """F(p || q) of two mixtures; digits are relative, as F between far modes is tiny."""
    return fisher(p, lambda x: exact.score(q, x), rtol=rtol, atol=atol)


def constant(p: gmm.Params, *, rtol: float = 1e-9) -> Estimate:
    """C = 1/2 E_p |grad log p|^2: what the explicit objective has more than the implicit."""
    return fisher(p, np.zeros_like, rtol=rtol)


def denoising_constant(p: gmm.Params, sigma: float, *, rtol: float = 1e-9) -> Estimate:
    """E denoising - F(p_sigma || s) = d / (2 sigma^2) - C(p_sigma), whatever s is."""
    exact.check_sigma(sigma)
    c = constant(exact.smoothed(p, sigma), rtol=rtol)
    return Estimate(0.5 * p.mean.shape[-1] / sigma**2 - c.value, c.error)


def gaussians(
    mean: np.ndarray, cov: np.ndarray, other_mean: np.ndarray, other_cov: np.ndarray
) -> float:
    """F(p || q) of two Gaussians in closed form, any d: means (d,), covariances (d, d)."""
    back = np.linalg.inv(other_cov)
    turn, shift = back - np.linalg.inv(cov), back @ (mean - other_mean)
    return float(0.5 * np.trace(turn @ cov @ turn) + 0.5 * shift @ shift)


def _rule(
    p: gmm.Params, f: Callable[[np.ndarray], np.ndarray], panels: int
) -> tuple[np.ndarray, np.ndarray]:
    """The sums of f and of |f| over every component, () or (m,) each."""
    d = p.mean.shape[-1]
    z, w = nodes(np.linspace(-REACH, REACH, panels + 1), ORDER)
    w = w * np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
    if d == 2:
        z, w = np.stack(np.meshgrid(z, z, indexing="ij"), -1).reshape(-1, 2), np.outer(w, w).ravel()
        near = (z * z).sum(1) < REACH**2
        z, w = z[near], w[near]
    z = z.reshape(-1, d)
    total, size = np.zeros(()), np.zeros(())
    for share, mean, cov in zip(*p, strict=True):
        y = f(mean + z @ np.linalg.cholesky(cov).T)
        total, size = total + share * (y @ w), size + share * (np.abs(y) @ w)
    return total, size
