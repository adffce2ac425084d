r"""A schedule drawn by hand: the share sqrt(alpha_bar) of x_0 at four times, joined monotonically.

References:
    Monotone piecewise cubic interpolation (Fritsch & Carlson, 1980)
    https://doi.org/10.1137/0717021
"""

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import PchipInterpolator

from dgmlib.diffusion import schedule
from dgmlib.diffusion.schedule import Schedule

OWN = "your own"  # in a list of schedules
KNOTS = (0.25, 0.5, 0.75, 1.0)  # t / T
LEAST, MOST = 0.001, 0.998  # a share
FALL = 0.001  # from one knot to the next, at least


def chosen(name: str, own: str) -> str:
    """What :func:`.line.plan` is asked for: a schedule by name, or the shares of one's own."""
    return own if name == OWN else name


def parse(text: str) -> tuple[float, ...]:
    """Four shares, each at least ``FALL`` below the one before.

    Example:
        >>> parse("0.9 0.6 0.3 0.01")
        (0.9, 0.6, 0.3, 0.01)
    """
    try:
        shares = tuple(map(float, text.split()))
    except ValueError:
        shares = ()
    if len(shares) != len(KNOTS) or not np.isfinite(shares).all():
        raise ValueError(f"{len(KNOTS)} numbers expected, as in “0.9 0.6 0.3 0.01”, not {text!r}")
    if not all(LEAST <= s <= MOST for s in shares):
        raise ValueError(f"a share lies between {LEAST} and {MOST}, unlike in {text!r}")
    if (np.diff(shares) > -FALL + 1e-9).any():
        raise ValueError(f"each share must be {FALL} below the one before, unlike in {text!r}")
    return shares


def through(shares: Sequence[float], T: int) -> Schedule:
    """T steps whose sqrt(alpha_bar) runs through the shares, and falls all the way."""
    curve = PchipInterpolator((0.0, *KNOTS), (1.0, *shares))
    return schedule.of_alpha_bar(curve(np.arange(T + 1) / T) ** 2)


def of_handles(done: dict) -> str:
    """The text of four handles; one that was lifted above the one before it is put below it."""
    below, shares = MOST, []
    for k, (_, share) in enumerate(done["xy"]):
        least = LEAST + FALL * (len(KNOTS) - 1 - k)
        shares.append(max(least, min(round(float(share), 3), below)))
        below = round(shares[-1] - FALL, 3)
    return " ".join(f"{s:g}" for s in shares)
