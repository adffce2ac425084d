r"""Does the noise end where sampling begins? KL(q(x_T) || N(0, I)) between two closed forms.

    KL(N(m_T, C_T) || N(0, I))  <=  KL(q(x_T) || N(0, I))  <=  E KL(q(x_T | x_0) || N(0, I))

with m_T and C_T the mean and the covariance of x_T. Left is what the moments alone give: what is
missing is KL(q(x_T) || N(m_T, C_T)). Right is the prior term of the bound on log p; KL is convex.
Both depend on the data through mean and covariance only.

References:
    Common diffusion noise schedules and sample steps are flawed (Lin, Liu, Li & Yang, 2024)
    https://arxiv.org/abs/2305.08891
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.diffusion.schedule import Schedule

FAR = 0.01  # nats a dimension: with more, samples are seen to miss the data


class Health(NamedTuple):
    alpha_bar: float  # alpha_bar_T
    snr: float  # alpha_bar_T / (1 - alpha_bar_T)
    signal: float  # sqrt(alpha_bar_T): the share of x_0 that is left
    least: float  # nats, KL(q(x_T) || N(0, I)) is at least this
    most: float  # nats, and at most this

    dimension: int

    @property
    def well(self) -> bool:
        """The bound on log p pays at most FAR nats a dimension for a start at N(0, I).

        A small KL alone would not do: data whose mean and variance are 0 and 1 keep them at any
        noise, so q(x_T) looks like N(0, I) long before it has forgotten x_0.
        """
        return self.most <= FAR * self.dimension


def check(schedule: Schedule, mean: ArrayLike, cov: ArrayLike) -> Health:
    """Of data with this mean (d,) and covariance (d, d).

    Example:
        >>> from dgmlib.diffusion.schedule import linear
        >>> check(linear(200), [0.0], [[1.0]]).well, check(linear(1000), [0.0], [[1.0]]).well
        (False, True)
    """
    m, c = np.asarray(mean, dtype=float), np.asarray(cov, dtype=float)
    if m.ndim != 1 or c.shape != (len(m), len(m)):
        raise ValueError(f"mean (d,) and cov (d, d) expected, got {m.shape} and {c.shape}")
    a, d = float(schedule.alpha_bar[-1]), len(m)
    second = float(m @ m + np.trace(c))  # E |x_0|^2
    # eigenvalues of C_T less 1; log1p keeps the digits of a small difference
    off = a * (np.linalg.eigvalsh(c) - 1)
    least = 0.5 * (a * float(m @ m) + float((off - np.log1p(off)).sum()))
    most = 0.5 * (a * second - d * (a + float(np.log1p(-a))))
    return Health(a, a / (1 - a), float(np.sqrt(a)), least, most, d)
