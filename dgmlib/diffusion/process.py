r"""Noise in one step, in one leap, and taken back when x_0 is known.

    step        x_t = sqrt(alpha_t) x_{t-1} + sqrt(1 - alpha_t) e
    leap        x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) e
    posterior   q(x_s | x_t, x_0) = N(m, v I),  s < t,  a = abar_t / abar_s
                m = [sqrt(a) (1 - abar_s) x_t + sqrt(abar_s) (1 - a) x_0] / (1 - abar_t)
                v = (1 - a) (1 - abar_s) / (1 - abar_t),    abar = alpha_bar

A network may name any of four things, for one gives the others at a known noise level:

    e = (x_t - sqrt(alpha_bar_t) x_0) / sqrt(1 - alpha_bar_t),    score = -e / sqrt(1 - alpha_bar_t)
    v = sqrt(alpha_bar_t) e - sqrt(1 - alpha_bar_t) x_0

Functions take NumPy arrays and torch tensors; ``alpha_bar`` is a number or broadcasts against x.

References:
    Denoising diffusion probabilistic models (Ho, Jain & Abbeel, 2020)
    https://arxiv.org/abs/2006.11239
    Progressive distillation for fast sampling of diffusion models (Salimans & Ho, 2022)
    https://arxiv.org/abs/2202.00512 (v)
"""

from typing import Literal, NamedTuple

from dgmlib.vae.arrays import Array

Kind = Literal["eps", "x0", "v"]
KINDS: tuple[Kind, ...] = ("eps", "x0", "v")


class Posterior(NamedTuple):
    mean: Array  # like x_t
    var: Array  # like alpha_bar


class Parts(NamedTuple):
    """x_t taken apart: x_t = sqrt(alpha_bar) x0 + sqrt(1 - alpha_bar) eps."""

    x0: Array
    eps: Array


def step(x: Array, alpha: Array, eps: Array) -> Array:
    """x_{t-1} -> x_t with ``alpha`` = 1 - beta_t; the square root is of alpha, not alpha_bar."""
    return alpha**0.5 * x + (1 - alpha) ** 0.5 * eps


def leap(x0: Array, alpha_bar: Array, eps: Array) -> Array:
    """x_0 -> x_t."""
    return alpha_bar**0.5 * x0 + (1 - alpha_bar) ** 0.5 * eps


def posterior(x: Array, x0: Array, alpha_bar: Array, before: Array) -> Posterior:
    """q(x_s | x_t, x_0) for x = x_t, with ``alpha_bar`` at t and ``before`` at s, the larger."""
    a = alpha_bar / before
    away = 1 - alpha_bar
    mean = (a**0.5 * (1 - before) * x + before**0.5 * (1 - a) * x0) / away
    return Posterior(mean, (1 - a) * (1 - before) / away)


def target(kind: Kind, x0: Array, eps: Array, alpha_bar: Array) -> Array:
    """What a network of this kind has to say."""
    if kind == "v":
        return alpha_bar**0.5 * eps - (1 - alpha_bar) ** 0.5 * x0
    return {"eps": eps, "x0": x0}[_checked(kind)]


def parts(kind: Kind, said: Array, x: Array, alpha_bar: Array) -> Parts:
    """x_t taken apart by what a network of this kind said."""
    signal, noise = alpha_bar**0.5, (1 - alpha_bar) ** 0.5
    if _checked(kind) == "eps":
        return Parts((x - noise * said) / signal, said)
    if kind == "x0":
        return Parts(said, (x - signal * said) / noise)
    return Parts(signal * x - noise * said, noise * x + signal * said)


def score(eps: Array, alpha_bar: Array) -> Array:
    """grad log q(x_t), if eps = E[e | x_t]."""
    return -eps / (1 - alpha_bar) ** 0.5


def _checked(kind: Kind) -> Kind:
    if kind not in KINDS:
        raise ValueError(f"a network says one of {', '.join(KINDS)}, not {kind!r}")
    return kind
