r"""Jensen's inequality, the step that makes the bound a bound.

    w(z) = p(x, z) / q(z),    E_q[w] = p(x)
    log p(x) = log E_q[w] >= E_q[log w] = ELBO

The logarithm bends down, so the log of a mean is at least the mean of the logs; the difference
is KL(q || p(z | x)). It is zero only when w does not vary: q is the posterior.

References:
    Sur les fonctions convexes et les inégalités entre les valeurs moyennes (Jensen, 1906)
    https://doi.org/10.1007/BF02418571
"""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from dgmlib.latent.line import LOG_2PI, Model, log_joint

DOTS = 60
QUANTILES = ndtri((np.arange(DOTS) + 0.5) / DOTS)  # equally likely u


class Jensen(NamedTuple):
    """Equally likely z of each q, by their weights in units of p(x): E_q[w / p(x)] = 1."""

    log_w: np.ndarray  # (F, DOTS): log w - log p(x)


def jensen(m: Model, x: float, log_p: float, centre: np.ndarray, width: np.ndarray) -> Jensen:
    """The weights of ``DOTS`` quantiles of N(centre, width^2)."""
    z = centre[:, None] + width[:, None] * QUANTILES
    log_q = -0.5 * (QUANTILES**2 + LOG_2PI) - np.log(width)[:, None]
    return Jensen(log_joint(m, x, z) - log_q - log_p)
