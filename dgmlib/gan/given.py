"""The data of a game before it begins: as they were given, and as both players see them."""

from typing import NamedTuple

import numpy as np

from dgmlib.data.points import decode
from dgmlib.gan import watched
from dgmlib.gan.plane import Plane


class Given(NamedTuple):
    own: bool  # painted or read from a file
    raw: np.ndarray  # (n, 2) the reader's points, before they are moved and scaled
    data: Plane | None  # None while there are too few points


def given(name: str, points: str = "") -> Given:
    """What the players will get; a plane to paint on where that is nothing yet."""
    raw = decode(points)
    own = name == watched.OWN or len(raw) > 0
    if own and len(raw) < watched.FEWEST:
        return Given(True, raw, None)
    return Given(own, raw, watched.data(name, points))
