r"""Five ways to say how far a score s is from that of the data, one number for each example.

    explicit    1/2 |s(x) - grad log p(x)|^2                        needs the truth
    implicit    1/2 |s(x)|^2 + tr ds/dx                             E is the same less a constant
    Hutchinson  1/2 |s(x)|^2 + mean_m v.(ds/dx) v                   E over v is the implicit
    sliced      mean_m [v.(ds/dx) v + 1/2 (v.s(x))^2]               the same once more
    denoising   1/2 |s(x~) - (x - x~) / sigma^2|^2, x~ = x + sigma e   for the smoothed density

v are probes with E v v^T = I. Integration by parts turns the first into the second,
E explicit = E implicit + 1/2 E |grad log p|^2, if p s vanishes far out. The "variance-reduced"
form of the sliced objective puts E_v (v.s)^2 = |s|^2 in: that is Hutchinson's.
Functions take NumPy arrays and torch tensors.

References:
    Estimation of non-normalized statistical models by score matching (Hyvarinen, 2005)
    https://jmlr.org/papers/v6/hyvarinen05a.html (implicit)
    A connection between score matching and denoising autoencoders (Vincent, 2011)
    https://doi.org/10.1162/NECO_a_00142 (denoising)
    A stochastic estimator of the trace of the influence matrix for Laplacian smoothing splines
    (Hutchinson, 1990) https://doi.org/10.1080/03610919008812866
    Sliced score matching: a scalable approach to density and score estimation
    (Song, Garg, Shi & Ermon, 2019) https://arxiv.org/abs/1905.07088
"""

from typing import Literal, get_args

import numpy as np

from dgmlib.vae.arrays import Array

Probe = Literal["rademacher", "gaussian"]
PROBES: tuple[Probe, ...] = get_args(Probe)
MOST_PROBES = 1000


def explicit(s: Array, truth: Array) -> Array:
    """(n, d), (n, d) -> (n,)."""
    away = s - truth
    return 0.5 * (away * away).sum(-1)


def implicit(s: Array, trace: Array) -> Array:
    """(n, d) and the trace of ds/dx (n,) -> (n,)."""
    return 0.5 * (s * s).sum(-1) + trace


def along(v: Array, jv: Array) -> Array:
    """v.(ds/dx) v for probes v (m, n, d) and jv = (ds/dx) v: (m, n)."""
    return (v * jv).sum(-1)


def hutchinson(s: Array, v: Array, jv: Array) -> Array:
    """(n, d), (m, n, d), (m, n, d) -> (n,)."""
    return implicit(s, along(v, jv).mean(0))


def sliced(s: Array, v: Array, jv: Array) -> Array:
    """(n, d), (m, n, d), (m, n, d) -> (n,)."""
    slope = (v * s).sum(-1)
    return (along(v, jv) + 0.5 * slope * slope).mean(0)


def denoising(s: Array, x: Array, noisy: Array, sigma: Array) -> Array:
    """The score at ``noisy`` = x + sigma e, against the way back to x: (n, d) each -> (n,)."""
    return explicit(s, (x - noisy) / sigma**2)


def units(n: int, d: int) -> np.ndarray:
    """The unit vectors as probes (d, n, d): the sum of v.(ds/dx) v is the exact trace."""
    return np.tile(np.eye(d)[:, None], (1, n, 1))


def probes(kind: Probe, m: int, n: int, d: int, *, rng: np.random.Generator) -> np.ndarray:
    """m probes for each of n points (m, n, d): signs, or standard normal numbers."""
    if not 1 <= m <= MOST_PROBES:
        raise ValueError(f"between 1 and {MOST_PROBES} probes, got {m}")
    if check_probe(kind) == "gaussian":
        return rng.standard_normal((m, n, d))
    return 2.0 * rng.integers(2, size=(m, n, d)) - 1.0


def check_probe(kind: Probe) -> Probe:
    if kind not in PROBES:
        raise ValueError(f"probes are {' or '.join(PROBES)}, not {kind!r}")
    return kind
