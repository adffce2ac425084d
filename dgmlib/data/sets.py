"""Two-dimensional sets by name, with what is known about them."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.data import iris, toys
from dgmlib.data.points import decode

OWN = "own points"
FEWEST = 4  # points to fit anything to
NAMES = ("iris petals", *toys.TOYS, OWN)


class Data(NamedTuple):
    """Points, the names of their two columns, and the mixture they came from if there is one."""

    x: np.ndarray  # (n, 2)
    columns: tuple[str, str]
    name: str
    truth: toys.Truth | None = None


class Shown(NamedTuple):
    """A set and what was found in it: all a picture needs."""

    data: Data
    found: Any  # a NamedTuple of arrays, or None where there are too few points
    agreement: float = np.nan  # with the truth, see dgmlib.mixtures.agreement; NaN without one


def load(
    name: str,
    *,
    points: str = "",
    n: int = 300,
    fewest: int = FEWEST,
    rng: np.random.Generator,
) -> Data:
    """The set called ``name``. The reader's ``points`` (a text of ``encode``) go first."""
    if points or name == OWN:
        x = decode(points)
        if len(x) < fewest:
            raise ValueError(
                f"there are {len(x)} points of your own; paint at least {fewest} in the first view "
                "or open a CSV file, or choose another set"
            )
        return Data(x, ("x", "y"), OWN)
    if name == "iris petals":
        return Data(iris.petals(), iris.COLUMNS, name)
    if name not in toys.TOYS:
        raise ValueError(f"no data set is called {name!r}; choose one of {', '.join(NAMES)}")
    n = min(n, 60) if name == "lonely" else n  # a small cloud: one point must matter
    return Data(toys.TOYS[name](n, rng=rng), ("x", "y"), name, toys.TRUTH.get(name))


def parse_xy(text: str) -> np.ndarray:
    """``"1 2, 3 4"`` as an (m, 2) array; ``""`` has no rows."""
    rows = [row.split() for row in text.split(",")] if text.strip() else []
    if len(rows) > 8:
        raise ValueError(f"{len(rows)} points are given, at most 8 are used; remove some")
    try:
        xy = np.array([[float(v) for v in row] for row in rows]).reshape(-1, 2)
    except ValueError:
        raise ValueError(f'{text!r} is not a list of points; write "x y, x y"') from None
    if len(xy) != len(rows) or not np.all(np.abs(xy) <= 1e12):
        raise ValueError(f'{text!r} is not a list of finite points; write "x y, x y"')
    return xy


def format_xy(xy: ArrayLike) -> str:
    """The text of :func:`parse_xy`, to four significant digits."""
    rows = np.asarray(xy, dtype=float).reshape(-1, 2)
    return ", ".join(f"{a:.4g} {b:.4g}" for a, b in rows)
