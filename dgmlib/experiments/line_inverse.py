r"""Inverse transform on the line, drawn as a picture of F.

    u ~ U(0, 1),    x = F^-1(u)

Equal stripes of u become intervals of x that each hold the same probability: narrow where the
density is high. Three sources of u:

    uniform          independent: the error of a mean is sd / sqrt(n)
    equal stripes    one u in each of n stripes, the stripes in bit-reversed order, so that the
                     first 2, 4, 8, ... draws are spread evenly too: the error falls faster
    normal numbers   a slip: a standard normal is no uniform number. What falls outside 0 to 1 has
                     no quantile; what falls inside leans to 0, and x has density ~ p(x) phi(F(x))
"""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from dgmlib.experiments.line_proposal import Proposal
from dgmlib.experiments.line_race import SHOWN, Picture, picture
from dgmlib.experiments.line_rejection import EDGES, frames, histogram
from dgmlib.experiments.line_variance import panels
from dgmlib.samplers import inverse
from dgmlib.targets.line import LOG_2PI, Line

SOURCES = ("uniform", "equal stripes", "normal numbers")
BITS = 8
STRIPES = 16  # drawn, of u


class Inverted(NamedTuple):
    """N draws, F frames, B bins, m points of the line, S stripes."""

    picture: Picture
    source: str
    cdf: np.ndarray  # (m,) F
    target: np.ndarray  # (m,) p
    outcome: np.ndarray  # (m,) the density that comes out
    limit: float  # its mean
    u: np.ndarray  # (N,)
    x: np.ndarray  # (N,) NaN where u has no quantile
    at: np.ndarray  # (F,) draws so far
    used: np.ndarray  # (F,) of them with a quantile
    mean: np.ndarray  # (F,) NaN while there is none
    error: np.ndarray  # (F,) exact standard error of a mean of as many independent draws
    density: np.ndarray  # (F, B)
    stripe: np.ndarray  # (S + 1,) their edges on the line; the outermost are the window's


def invert(p: Line, *, source: str = "uniform", rng: np.random.Generator) -> Inverted:
    """256 numbers read across to the line."""
    n = 2**BITS
    if source == "uniform":
        u, x = inverse.sample(n, p.quantile, rng=rng)
    elif source == "equal stripes":
        u = stripes(BITS, rng=rng)
        x = p.quantile(u)
    elif source == "normal numbers":
        u = rng.standard_normal(n)
        x = np.where((u > 0) & (u < 1), p.quantile(np.clip(u, 0, 1)), np.nan)
    else:
        raise ValueError(f"{source!r} is not one of {', '.join(SOURCES)}")
    at = frames(n, 44, first=16)
    real = np.isfinite(x)
    used = np.cumsum(real)[at - 1]
    total = np.cumsum(np.where(real, x, 0.0))[at - 1]
    mean = np.divide(total, used, out=np.full(len(at), np.nan), where=used > 0)
    f, density = p.cdf(SHOWN), p.pdf(SHOWN)
    outcome, limit = density, p.mean
    if source == "normal numbers":
        outcome = density * np.exp(-0.5 * f * f - 0.5 * LOG_2PI) / (ndtr(1) - ndtr(0))
        height, weight = panels(np.linspace(0, 1, 201))
        weight = weight * np.exp(-0.5 * height * height)
        limit = float((weight * p.quantile(height)).sum() / weight.sum())
    edges = p.quantile(np.arange(STRIPES + 1) / STRIPES)
    return Inverted(
        picture(p, Proposal(0.0, 1.0, 0.0)), source, f, density, outcome, limit, u, x, at, used,
        mean, np.sqrt(p.variance / np.maximum(used, 1)),
        histogram(np.where(real, x, 1e9), real.astype(float), at, EDGES),
        np.clip(edges, SHOWN[0], SHOWN[-1]),
    )  # fmt: skip


def stripes(bits: int, *, rng: np.random.Generator) -> np.ndarray:
    """One uniform number in each of n = 2^bits equal stripes: the stripes of van der Corput. (n,)

    After 2^j draws every stripe of width 2^-j holds exactly one.
    """
    i = np.arange(2**bits)
    reversed_ = sum((((i >> b) & 1) << (bits - 1 - b) for b in range(bits)), np.zeros_like(i))
    return (reversed_ + rng.random(len(i))) / len(i)
