r"""From noise to data, as a stream that shows x_0-hat, the guess of where it ends, at every step.

With x0 and e taken apart from x_t, and s the time before t on any grid:

    ddpm    x_s = posterior mean(x_t, x0) + sigma z,   sigma^2 = (1 - a)(1 - abar_s) / (1 - abar_t)
    ddpm+   the same with the larger sigma^2 = 1 - a,   a = abar_t / abar_s
    ddim    x_s = sqrt(abar_s) x0 + sqrt(1 - abar_s - sigma^2) e + sigma z,   sigma = eta ddpm's
    euler   dy/dk = e   with   y = x / sqrt(abar),  k = sqrt(1 / abar - 1)   (the probability flow)
    heun    the same, with the mean of the slopes at both ends

The last step, to s = 0, adds no noise. ddim with eta = 1 is ddpm, with eta = 0 it is euler. heun's
last step is euler's, as there is no noise left to be named at s = 0.

References:
    Denoising diffusion probabilistic models (Ho, Jain & Abbeel, 2020)
    https://arxiv.org/abs/2006.11239
    Denoising diffusion implicit models (Song, Meng & Ermon, 2021) https://arxiv.org/abs/2010.02502
    Score-based generative modeling through stochastic differential equations
    (Song et al., 2021) https://arxiv.org/abs/2011.13456
    Elucidating the design space of diffusion-based generative models
    (Karras, Aittala, Aila & Laine, 2022) https://arxiv.org/abs/2206.00364 (heun)
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.diffusion.exact import Eps
from dgmlib.diffusion.process import parts, posterior

Rule = Literal["ddpm", "ddpm+", "ddim", "euler", "heun"]
RULES: tuple[Rule, ...] = ("ddpm", "ddpm+", "ddim", "euler", "heun")


class State(NamedTuple):
    x: np.ndarray  # (n, d)
    at: int  # place in the list of noise levels: S at first, 0 at the end


class Info(NamedTuple):
    x0: np.ndarray  # (n, d) the guess of x_0 that the step was made with
    sigma: float  # of the noise that was added
    clipped: float  # share of the numbers of x0 that were cut off
    calls: int  # of the network


class Path(NamedTuple):
    """A finished run, time first: S steps."""

    alpha_bar: np.ndarray  # (S + 1,) at each x, rising
    x: np.ndarray  # (S + 1, n, d) from noise to data
    x0: np.ndarray  # (S, n, d) seen from x[:-1]
    sigma: np.ndarray  # (S,)
    clipped: np.ndarray  # (S,)
    calls: int  # of the network, all steps together


def step(
    eps: Eps, x: np.ndarray, alpha_bar: float, before: float, *, rule: Rule = "ddpm",
    eta: float = 0.0, clip: float | None = None, rng: np.random.Generator | None = None,
) -> tuple[np.ndarray, Info]:  # fmt: skip
    """x_t -> x_s, from noise level ``alpha_bar`` to ``before``, the larger; (n, d) -> (n, d).

    ``clip``: x_0-hat is cut off at plus and minus so much, as pixels may be; the Info says how much
    that changed.
    """
    check_rule(rule, eta)
    found = parts("eps", eps(x, alpha_bar), x, alpha_bar)
    x0, e, share = found.x0, found.eps, 0.0
    if clip is not None:
        share = float((np.abs(x0) > clip).mean())
        x0 = np.clip(x0, -clip, clip)
        e = parts("x0", x0, x, alpha_bar).eps
    if rule in ("euler", "heun"):
        new, calls = _flow(eps, x, e, alpha_bar, before, heun=rule == "heun")
        return new, Info(x0, 0.0, share, calls)
    var = posterior(x, x0, alpha_bar, before).var
    if rule == "ddim":
        var = eta * eta * var
        new = before**0.5 * x0 + max(1 - before - var, 0.0) ** 0.5 * e
    else:
        new = posterior(x, x0, alpha_bar, before).mean
        if rule == "ddpm+":
            var = 1 - alpha_bar / before
    sigma = var**0.5 if before < 1 else 0.0
    if sigma > 0:
        if rng is None:
            raise ValueError(f"{rule} adds noise: give it rng")
        new = new + sigma * rng.standard_normal(x.shape).astype(x.dtype, copy=False)
    return new, Info(x0, float(sigma), share, 1)


def stream(
    eps: Eps, alpha_bar: ArrayLike, x: np.ndarray, *, rule: Rule = "ddpm", eta: float = 0.0,
    clip: float | None = None, rng: np.random.Generator | None = None,
) -> Iterator[tuple[State, Info]]:  # fmt: skip
    """Yields after every step. ``x`` (n, d) is at the last of the noise levels ``alpha_bar``.

    To go on from the middle, or with a schedule made coarser, give those levels alone.

    Raises:
        ValueError: levels that do not fall from 1.
        FloatingPointError: the network left the numbers; the message says where.
    """
    levels = check_levels(alpha_bar)
    check_rule(rule, eta)
    for s in reversed(range(len(levels) - 1)):
        x, info = step(eps, x, float(levels[s + 1]), float(levels[s]), rule=rule, eta=eta,
                       clip=clip, rng=rng)  # fmt: skip
        if not np.isfinite(x).all():
            raise FloatingPointError(f"x is no number after noise level {levels[s + 1]:.3g}")
        yield State(x, s), info


def sample(
    eps: Eps, alpha_bar: ArrayLike, x: np.ndarray, *, rule: Rule = "ddpm", eta: float = 0.0,
    clip: float | None = None, rng: np.random.Generator | None = None,
) -> Path:  # fmt: skip
    """All of a stream.

    Example:
        >>> from dgmlib.diffusion import exact, schedule
        >>> two = exact.of_points([[-1.0], [1.0]])
        >>> start = np.random.default_rng(0).standard_normal((4, 1))
        >>> abs(sample(two, schedule.cosine(20).alpha_bar, start, rule="ddim").x[-1].T).round(9)
        array([[1., 1., 1., 1.]])
    """
    states, infos = zip(
        *stream(eps, alpha_bar, x, rule=rule, eta=eta, clip=clip, rng=rng), strict=True
    )
    return Path(
        np.asarray(alpha_bar, dtype=float)[::-1],
        np.stack([x, *(s.x for s in states)]),
        np.stack([i.x0 for i in infos]),
        np.array([i.sigma for i in infos]),
        np.array([i.clipped for i in infos]),
        sum(i.calls for i in infos),
    )


def guided(named: Eps, unnamed: Eps, weight: float) -> Eps:
    """Classifier-free guidance: (1 + w) e(x, class) - w e(x); w = 0 asks for the class alone.

    References:
        Classifier-free diffusion guidance (Ho & Salimans, 2022) https://arxiv.org/abs/2207.12598
    """
    if not np.isfinite(weight):
        raise ValueError(f"the weight of the guidance must be finite, got {weight}")

    def eps(x: np.ndarray, alpha_bar: float) -> np.ndarray:
        if weight == 0:
            return named(x, alpha_bar)
        return (1 + weight) * named(x, alpha_bar) - weight * unnamed(x, alpha_bar)

    return eps


def check_levels(alpha_bar: ArrayLike) -> np.ndarray:
    """Noise levels (S + 1,) as floats, falling from 1 and above 0."""
    a = np.asarray(alpha_bar, dtype=float)
    if a.ndim != 1 or len(a) < 2 or a[0] != 1 or a[-1] <= 0 or not (np.diff(a) < 0).all():
        raise ValueError("noise levels alpha_bar must begin with 1, fall and stay above 0")
    return a


def check_rule(rule: str, eta: float) -> None:
    if rule not in RULES:
        raise ValueError(f"there is no sampler {rule!r}; there are {', '.join(RULES)}")
    if not 0 <= eta <= 1:
        raise ValueError(f"eta must lie between 0 and 1, got {eta}")


def _flow(
    eps: Eps, x: np.ndarray, slope: np.ndarray, alpha_bar: float, before: float, *, heun: bool
) -> tuple[np.ndarray, int]:
    """One step of dy/dk = e, and how often the network was asked."""
    y = x / alpha_bar**0.5
    dk = (1 / before - 1) ** 0.5 - (1 / alpha_bar - 1) ** 0.5
    new = before**0.5 * (y + dk * slope)
    if not heun or before == 1:
        return new, 1
    return before**0.5 * (y + dk * 0.5 * (slope + eps(new, before))), 2
