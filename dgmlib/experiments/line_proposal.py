r"""A proposal on the line whose tails can be chosen: Student's t, from Gaussian to Cauchy.

    q(x) = t_nu((x - c) / s) / s,    1 / nu = tail:  0 is the Gaussian, 1 the Cauchy density

The smallest constant of an envelope is k* = sup p~ / q. It is infinite when the tails of q are
lighter than those of p: then no constant makes k q an envelope.

References:
    Non-Uniform Random Variate Generation, sections II.3 and IX.5 (Devroye, 1986)
    https://doi.org/10.1007/978-1-4613-8643-8
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from dgmlib.data import pair_text
from dgmlib.targets.line import LOG_2PI, Line

CENTRE = (-4.0, 4.0)
WIDTH = (0.2, 4.0)
MOST = 300 * float(np.log(10))  # of log k as a number


class Proposal(NamedTuple):
    centre: float
    width: float
    tail: float  # 1 / nu, 0 to 1

    def log_q(self, x: np.ndarray) -> np.ndarray:
        z = (x - self.centre) / self.width
        if self.tail == 0:
            return -0.5 * z * z - np.log(self.width) - 0.5 * LOG_2PI
        nu = 1 / self.tail
        constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(nu * np.pi)
        return constant - np.log(self.width) - (nu + 1) / 2 * np.log1p(z * z / nu)

    def draw(self, size: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        z = rng.standard_normal(size)
        if self.tail > 0:  # t = z / sqrt(chi^2_nu / nu)
            z /= np.sqrt(2 * self.tail * rng.standard_gamma(0.5 / self.tail, size))
        return self.centre + self.width * z


def proposal(text: str, tail: float) -> Proposal:
    """From a centre and a width as text, and the weight of the tails.

    Example:
        >>> proposal("0 2", 0.2)
        Proposal(centre=0.0, width=2.0, tail=0.2)
    """
    if not 0 <= tail <= 1:
        raise ValueError(f"the tails lie between 0 (Gaussian) and 1 (Cauchy), got {tail}")
    return Proposal(*parse(text), tail)


def parse(text: str) -> tuple[float, float]:
    """Centre and width."""
    return pair_text.parse(text, ("centre", "width"), (CENTRE, WIDTH), like="0 2")


def of_handle(edit: Mapping[str, Any]) -> str:
    """A dragged proposal to text."""
    return pair_text.write((edit["xy"][0][0], edit["width"][0]), (CENTRE, WIDTH))


def constant(log_k: float) -> float:
    """k as a number: inf only where no constant covers, 10^300 where it would be larger still."""
    return float(np.exp(min(log_k, MOST))) if log_k < np.inf else np.inf


def smallest_log_k(p: Line, q: Proposal) -> tuple[float, float]:
    """log k* = sup log p~ - log q, and where it is reached; infinite when q's tails are lighter."""

    def log_ratio(x: np.ndarray) -> np.ndarray:
        return p.log_shape(x) - q.log_q(x)

    middle, half = 0.5 * sum(p.extent), 0.5 * (p.extent[1] - p.extent[0])
    out = half * np.geomspace(1.0, 1e3, 300)
    x = np.sort(np.concatenate([
        np.linspace(*p.extent, 1601), p.breaks, middle - out, middle + out,
    ]))  # fmt: skip
    ratio = log_ratio(x)
    i = int(np.argmax(ratio))
    if x[i] in (x[0], x[-1]):  # it still rises where nothing is left of either
        return np.inf, float(x[i])
    ends = x[i - 1], x[i + 1]
    found = minimize_scalar(lambda x: -float(log_ratio(np.asarray(x))), bounds=ends,
                            method="bounded", options={"xatol": 1e-10})  # fmt: skip
    if -found.fun > ratio[i]:
        return -float(found.fun), float(found.x)
    return float(ratio[i]), float(x[i])
