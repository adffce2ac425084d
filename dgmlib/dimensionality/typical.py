r"""Where the mass is, where the mode is, and how many samples a grid needs.

    x in {0, 1}^d with ones of probability p:    -log2 p(x) = -k log2 p - (d - k) log2 (1 - p)

depends on the number k of ones alone, and k is binomial. The typical set holds the x whose
-log2 p(x) / d is within e of the entropy H(p). As d grows it holds all the probability and about
2^(d H) of the 2^d states. The single most probable x, all zeros for p < 1/2, is not in it.

A grid with b cells a side has b^d of them. To have each expected to be hit m times, n = m b^d;
n uniform draws hit an expected b^d (1 - (1 - b^-d)^n) different ones.

References:
    Elements of Information Theory, chapter 3 (Cover & Thomas, 2006)
    https://doi.org/10.1002/047174882X
"""

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, logsumexp
from scipy.stats import binom


class TypicalSet(NamedTuple):
    entropy: float  # bits a variable
    probability: float  # of the set
    log2_size: float  # of the set, -inf when it is empty
    mode: float  # probability of the most probable state
    mode_inside: bool


def bernoulli(d: int, p: float, within: float) -> TypicalSet:
    """The typical set of d independent coins, by adding up the binomial."""
    if d < 1 or not 0 < p < 1 or not within > 0:
        raise ValueError(f"needs d >= 1, 0 < p < 1, within > 0; got {d}, {p} and {within}")
    k = np.arange(d + 1)
    entropy = float(-p * np.log2(p) - (1 - p) * np.log2(1 - p))
    information = -(k * np.log2(p) + (d - k) * np.log2(1 - p)) / d  # bits a variable
    inside = np.abs(information - entropy) <= within
    choose = gammaln(d + 1) - gammaln(k + 1) - gammaln(d - k + 1)
    size = logsumexp(choose[inside]) / np.log(2) if inside.any() else -np.inf
    top = k.argmin() if p <= 0.5 else k.argmax()
    return TypicalSet(
        entropy,
        float(binom.pmf(k[inside], d, p).sum()),
        float(size),
        max(p, 1 - p) ** d,
        bool(inside[top]),
    )


def cells(d: int, bins: int) -> int:
    """Cells of a grid, exactly."""
    if d < 1 or bins < 2:
        raise ValueError(f"a grid needs d >= 1 and at least 2 bins a side, got {d} and {bins}")
    return bins**d


def share_hit(d: int, bins: int, n: int) -> float:
    """The expected share of a grid's cells that n uniform draws hit."""
    return float(-np.expm1(n * np.log1p(-1 / cells(d, bins))))
