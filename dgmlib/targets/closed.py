r"""Targets with known normaliser, moments and exact draws.

    gaussian   N(m, S)
    mixture    sum_k w_k N(m_k, s_k^2 I)
    banana     x_1 ~ N(0, a^2),  x_2 = b (x_1^2 - a^2) + N(0, 1)
    funnel     v ~ N(0, s^2),  x_2, ..., x_d | v ~ N(0, e^v)
    ring       p(x) ~ exp(-(|x| - R)^2 / (2 w^2)) in the plane
    box        height h inside |x_i| < 1, height 1 in the rest of |x_i| < 2, 0 outside

References:
    Adaptive proposal distribution for random walk Metropolis algorithm
    (Haario, Saksman & Tamminen, 1999) https://doi.org/10.1007/s001800050022
    Slice sampling (Neal, 2003): the funnel, https://doi.org/10.1214/aos/1056562461
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf

from dgmlib.targets.target import Target

LOG_2PI = float(np.log(2 * np.pi))


def gaussian(mean: ArrayLike = (0.0, 0.0), cov: ArrayLike = ((1.0, 0.0), (0.0, 1.0))) -> Target:
    """N(mean, cov) in d dimensions, normalised."""
    m, s = np.asarray(mean, dtype=float), np.asarray(cov, dtype=float)
    if m.ndim != 1 or s.shape != (len(m), len(m)) or not np.allclose(s, s.T):
        raise ValueError(f"a mean (d,) and a symmetric covariance (d, d), got {m.shape}, {s.shape}")
    try:
        root = np.linalg.cholesky(s)
    except np.linalg.LinAlgError:
        raise ValueError(f"the covariance must be positive definite, got {s.tolist()}") from None
    d, precision, far = len(m), np.linalg.inv(s), 4 * np.sqrt(np.diag(s))
    constant = -0.5 * d * LOG_2PI - float(np.log(np.diagonal(root)).sum())

    def log_prob(x: np.ndarray) -> np.ndarray:
        away = x - m
        return constant - 0.5 * ((away @ precision) * away).sum(-1)

    return Target(
        "gaussian", d, log_prob, lambda x: (m - x) @ precision, 0.0, m, s,
        lambda n, rng: m + rng.standard_normal((n, d)) @ root.T,
        tuple((float(a - b), float(a + b)) for a, b in zip(m, far, strict=True)),
    )  # fmt: skip


def mixture(weight: ArrayLike, mean: ArrayLike, std: ArrayLike) -> Target:
    """Round Gaussians: weights (K,), means (K, d), standard deviations (K,); normalised."""
    w, m, s = (np.asarray(a, dtype=float) for a in (weight, mean, std))
    if m.ndim != 2 or w.shape != m.shape[:1] or s.shape != m.shape[:1]:
        raise ValueError(f"weights (K,), means (K, d), stds (K,), got {w.shape, m.shape, s.shape}")
    if (w < 0).any() or not w.sum() > 0 or (s <= 0).any():
        raise ValueError(f"weights >= 0 (not all 0) and stds > 0, got {w.tolist()}, {s.tolist()}")
    w = w / w.sum()
    d = m.shape[1]
    with np.errstate(divide="ignore"):
        constant = np.log(w) - d * np.log(s) - 0.5 * d * LOG_2PI

    def parts(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        away = x[..., None, :] - m  # (..., K, d)
        log_j = constant - 0.5 * (away * away).sum(-1) / s**2  # (..., K)
        return away, log_j, log_j.max(-1, keepdims=True)

    def log_prob(x: np.ndarray) -> np.ndarray:
        _, log_j, top = parts(x)
        return top[..., 0] + np.log(np.exp(log_j - top).sum(-1))

    def grad(x: np.ndarray) -> np.ndarray:
        away, log_j, top = parts(x)
        r = np.exp(log_j - top)
        r /= r.sum(-1, keepdims=True)
        return -((r / s**2)[..., None] * away).sum(-2)

    def sample(n: int, rng: np.random.Generator) -> np.ndarray:
        k = rng.choice(len(w), size=n, p=w)
        return m[k] + s[k, None] * rng.standard_normal((n, d))

    centre = w @ m
    cov = (w * s**2).sum() * np.eye(d) + (w[:, None] * (m - centre)).T @ (m - centre)
    extent = tuple(
        (float((m[:, j] - 4 * s).min()), float((m[:, j] + 4 * s).max())) for j in range(d)
    )
    return Target("mixture", d, log_prob, grad, 0.0, centre, cov, sample, extent)


def banana(a: float = 2.0, b: float = 0.25) -> Target:
    """A Gaussian bent along a parabola; normalised, mean 0."""
    if not a > 0:
        raise ValueError(f"the width a must be positive, got {a}")

    def log_prob(x: np.ndarray) -> np.ndarray:
        u, v = x[..., 0] / a, x[..., 1] - b * (x[..., 0] ** 2 - a**2)
        return -0.5 * (u * u + v * v) - LOG_2PI - np.log(a)

    def grad(x: np.ndarray) -> np.ndarray:
        v = x[..., 1] - b * (x[..., 0] ** 2 - a**2)
        return np.stack([-x[..., 0] / a**2 + 2 * b * x[..., 0] * v, -v], -1)

    def sample(n: int, rng: np.random.Generator) -> np.ndarray:
        x = a * rng.standard_normal(n)
        return np.stack([x, b * (x**2 - a**2) + rng.standard_normal(n)], -1)

    cov = np.diag([a**2, 1 + 2 * b**2 * a**4])
    top = b * ((3.5 * a) ** 2 - a**2)
    low, high = sorted((-b * a**2, top))
    extent = ((-4 * a, 4 * a), (float(low - 3), float(high + 3)))
    return Target("banana", 2, log_prob, grad, 0.0, np.zeros(2), cov, sample, extent)


def funnel(scale: float = 1.5, dim: int = 2) -> Target:
    """Neal's funnel: the first coordinate is the log-variance of the others; normalised."""
    if not scale > 0 or dim < 2:
        raise ValueError(f"scale > 0 and at least 2 dimensions, got {scale} and {dim}")
    d = dim - 1

    def log_prob(x: np.ndarray) -> np.ndarray:
        v, rest = x[..., 0], x[..., 1:]
        square = (rest * rest).sum(-1)
        own = -0.5 * (v / scale) ** 2 - np.log(scale)
        return own - 0.5 * square * np.exp(-v) - 0.5 * d * v - 0.5 * dim * LOG_2PI

    def grad(x: np.ndarray) -> np.ndarray:
        v, rest = x[..., :1], x[..., 1:]
        precision = np.exp(-v)
        by_v = -v / scale**2 + 0.5 * (rest * rest).sum(-1, keepdims=True) * precision - 0.5 * d
        return np.concatenate([by_v, -rest * precision], -1)

    def sample(n: int, rng: np.random.Generator) -> np.ndarray:
        v = scale * rng.standard_normal((n, 1))
        return np.concatenate([v, np.exp(v / 2) * rng.standard_normal((n, d))], -1)

    cov = np.diag([scale**2, *[float(np.exp(scale**2 / 2))] * d])
    wide = 4 * float(np.exp(scale**2 / 4))
    extent = ((-4 * scale, 4 * scale), *[(-wide, wide)] * d)
    return Target("funnel", dim, log_prob, grad, 0.0, np.zeros(dim), cov, sample, extent)


def ring(radius: float = 2.0, width: float = 0.3) -> Target:
    """A ring around 0, not normalised; its integrals over r follow by parts from erf."""
    if not (radius >= 0 and width > 0):
        raise ValueError(f"radius >= 0 and width > 0, got {radius} and {width}")
    # I_n = int_0^inf r^n exp(-(r - R)^2 / 2 w^2) dr;  I_{n+1} = R I_n + n w^2 I_{n-1} (+ edge)
    i0 = width * np.sqrt(np.pi / 2) * (1 + erf(radius / (width * np.sqrt(2))))
    i1 = radius * i0 + width**2 * np.exp(-0.5 * (radius / width) ** 2)
    i3 = radius * (radius * i1 + width**2 * i0) + 2 * width**2 * i1

    def log_prob(x: np.ndarray) -> np.ndarray:
        return -0.5 * ((np.sqrt((x * x).sum(-1)) - radius) / width) ** 2

    def grad(x: np.ndarray) -> np.ndarray:
        r = np.sqrt((x * x).sum(-1, keepdims=True))
        return -(r - radius) / width**2 * x / np.maximum(r, np.finfo(float).tiny)

    def sample(n: int, rng: np.random.Generator) -> np.ndarray:
        # |x| has density r exp(...) / I_1: from N(R, w^2) thinned in proportion to r.
        kept: list[np.ndarray] = []
        far = radius + 9 * width
        while sum(map(len, kept)) < n:
            r = radius + width * rng.standard_normal(2 * n + 16)
            kept.append(r[rng.random(len(r)) * far < r])
        r, angle = np.concatenate(kept)[:n], rng.uniform(0, 2 * np.pi, n)
        return np.stack([r * np.cos(angle), r * np.sin(angle)], -1)

    far = radius + 4 * width
    return Target(
        "ring", 2, log_prob, grad, float(np.log(2 * np.pi * i1)), np.zeros(2),
        float(i3 / i1 / 2) * np.eye(2), sample, ((-far, far),) * 2,
    )  # fmt: skip


def box(height: float = 4.0, dim: int = 2) -> Target:
    """Two flat levels with cliffs between them, not normalised; it has no useful gradient."""
    if not height > 0 or dim < 1:
        raise ValueError(f"height > 0 and at least 1 dimension, got {height} and {dim}")
    outer, inner = 4.0**dim, 2.0**dim
    share = height * inner / (height * inner + outer - inner)  # of the inner box

    def log_prob(x: np.ndarray) -> np.ndarray:
        far = np.abs(x).max(-1)
        return np.where(far < 1, np.log(height), np.where(far < 2, 0.0, -np.inf))

    def sample(n: int, rng: np.random.Generator) -> np.ndarray:
        x = rng.uniform(-1, 1, (n, dim))
        out = np.flatnonzero(rng.random(n) >= share)
        while len(out):  # until they are all in the shell
            x[out] = rng.uniform(-2, 2, (len(out), dim))
            out = out[np.abs(x[out]).max(-1) < 1]
        return x

    # E x^2: 1/3 in the inner box; in the shell from the difference of two boxes.
    shell = (outer * 4 / 3 - inner / 3) / (outer - inner)
    variance = share / 3 + (1 - share) * shell
    return Target(
        "box", dim, log_prob, None, float(np.log(height * inner + outer - inner)), np.zeros(dim),
        variance * np.eye(dim), sample, ((-2.5, 2.5),) * dim,
    )  # fmt: skip
