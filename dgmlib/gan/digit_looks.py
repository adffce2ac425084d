r"""What the eye names first of a digit: how much ink, how far it leans, how wide it is.

    ink     mean grey value
    lean    the angle with tan(angle) = cov(x, y) / var(y), y upwards: positive to the right
    width   standard deviation of the ink across, in pixels, once it stands upright:
            var(x) - cov(x, y)^2 / var(y)

with means weighted by the grey values. In deviations of real digits the three can be compared.

References:
    Visual pattern recognition by moment invariants (Hu, 1962) https://doi.org/10.1109/TIT.1962.1057692
"""

from functools import lru_cache

import numpy as np

from dgmlib.data import digits

NAMES = ("ink", "lean", "width")
SIDE = 28


def looks(x: np.ndarray) -> np.ndarray:
    """(..., 784) grey values -> (..., 3); an empty image neither leans nor is it wide."""
    x = np.asarray(x, float)
    i = np.arange(SIDE * SIDE)
    across, up = (i % SIDE).astype(float), -(i // SIDE).astype(float)
    moments = x @ np.stack([np.ones_like(up), across, up, across * up, across**2, up**2], -1)
    ink = moments[..., 0]
    m_x, m_y, m_xy, m_xx, m_yy = np.moveaxis(
        moments[..., 1:] / np.where(ink > 0, ink, 1)[..., None], -1, 0
    )
    cov, var_y = m_xy - m_x * m_y, np.maximum(m_yy - m_y**2, 1e-9)
    lean = np.degrees(np.arctan2(cov, var_y))
    width = np.sqrt(np.maximum(m_xx - m_x**2 - cov**2 / var_y, 0))
    return np.stack([ink / (SIDE * SIDE), lean, width], -1)


def in_deviations(x: np.ndarray) -> np.ndarray:
    """The same, from the mean of the bundled digits in their standard deviations."""
    mean, std = _real()
    return (looks(x) - mean) / std


@lru_cache(maxsize=1)
def grey() -> np.ndarray:
    """(5000, 784) the bundled digits as grey values from 0 to 1, in ``own_digit``'s order."""
    found = digits.load("28 x 28")
    x = np.concatenate([found.train, found.test]) / np.float32(found.levels - 1)
    x.flags.writeable = False
    return x


@lru_cache(maxsize=1)
def _real() -> tuple[np.ndarray, np.ndarray]:
    seen = looks(grey())
    return seen.mean(0), seen.std(0)
