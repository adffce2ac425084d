r"""InfoGAN's bound: how much of a code can be read from what the generator makes of it.

    I(c; G(z, c)) = H(c) - H(c | G)  >=  H(c) + E[log q(c | G(z, c))]

Tight at the posterior, so Q is a reader and the gap is what it misses. For categories the bound is
at most H(c), log K for equal ones. For continuous codes H(c) is a differential entropy, of any
sign, and the bound has no such ceiling.

References:
    InfoGAN: interpretable representation learning by information maximizing generative adversarial
    nets (Chen et al., 2016) https://arxiv.org/abs/1606.03657
    The IM algorithm: a variational approach to information maximization (Barber & Agakov, 2003)
    https://papers.nips.cc/paper/2410-information-maximization-in-noisy-channels
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.divergences import tables
from dgmlib.vae.arrays import Array, library, logsumexp

LOG_2PI = float(np.log(2 * np.pi))


class Bound(NamedTuple):
    """An estimate from n pairs (code, sample), in nats."""

    value: Array  # a scalar: H(c) + mean log q; of torch tensors, to be maximised
    error: float  # its standard error
    entropy: float  # H(c), exact


def entropy_categorical(p: ArrayLike) -> float:
    """H of a code with these probabilities (K,).

    Example:
        >>> round(entropy_categorical(np.full(10, 0.1)), 6)
        2.302585
    """
    return float(tables.entropy(p))


def entropy_uniform(low: float = -1.0, high: float = 1.0, n: int = 1) -> float:
    """Of ``n`` independent codes U(low, high)."""
    if not low < high:
        raise ValueError(f"a uniform code needs low < high, got {low} and {high}")
    return n * float(np.log(high - low))


def entropy_normal(std: float = 1.0, n: int = 1) -> float:
    """Of ``n`` independent codes N(0, std^2)."""
    if not std > 0:
        raise ValueError(f"a normal code needs std > 0, got {std}")
    return n * float(0.5 * (LOG_2PI + 1) + np.log(std))


def categorical(code: Array, logits: Array, p: ArrayLike | None = None) -> Bound:
    """From codes (n,) in 0 .. K - 1 and Q's logits (n, K); ``p``: of the code, equal by default."""
    n, k = logits.shape
    if code.shape != (n,):
        raise ValueError(f"one code for each row of logits, got {code.shape} and {logits.shape}")
    told = logits[np.arange(n), code] - logsumexp(logits, 1)  # (n,)
    return _bound(told, entropy_categorical(np.full(k, 1 / k) if p is None else p))


def gaussian(code: Array, mean: Array, std: Array | float, entropy: float) -> Bound:
    """From codes (n, d) and q = N(mean, std^2), std fixed or Q's own (n, d)."""
    if code.shape != mean.shape:
        raise ValueError(f"codes and means have one shape, got {code.shape} and {mean.shape}")
    xp = library(mean)
    log_std = float(np.log(std)) if isinstance(std, (int, float)) else xp.log(std)
    each = -0.5 * ((code - mean) / std) ** 2 - log_std - 0.5 * LOG_2PI
    return _bound(each.sum(-1), entropy)


def best_std(code: Array, mean: Array) -> Array:
    """The fixed deviation (d,) that makes the bound largest: the root-mean-square miss."""
    return (((code - mean) ** 2).mean(0)) ** 0.5


def _bound(told: Array, entropy: float) -> Bound:
    plain = told if library(told) is np else told.detach().numpy()
    error = float(np.std(plain, ddof=1) / np.sqrt(len(plain))) if len(plain) > 1 else np.inf
    return Bound(told.mean() + entropy, error, entropy)
