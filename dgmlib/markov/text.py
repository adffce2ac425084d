"""A chain as a short text: what a link carries, a reader types, or a click on the matrix changes.

"0.9 0.1, 0.5 0.5"    row by row; the numbers of a row are relative weights
"1 2 1, 0 1 0, 1 1 1" is the same as "0.25 0.5 0.25, 0 1 0, 0.333 0.333 0.333"

The states are called A, B, C, ... in the order of the rows.
"""

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.markov.chain import check

MOST = 6  # states: more do not fit a phone
HEAVIEST = 1e6
LIGHTEST = 1e-9  # of its row; less is as good as no arrow
STEP = 0.05  # of a probability that is chosen by a click
FOOT, FULL = 0.15, 0.7  # of a cell's height: where probability 0 is, and from there to 1
LETTERS = "ABCDEF"


def parse_chain(text: str) -> np.ndarray:
    """The transition matrix (n, n) of a text; every row is divided by its sum.

    Raises:
        ValueError: names the row that is no row of weights, and what to write instead.

    Example:
        >>> parse_chain("3 1, 0 1")
        array([[0.75, 0.25],
               [0.  , 1.  ]])
    """
    rows = text.split(",")
    if not 2 <= len(rows) <= MOST:
        raise ValueError(f"a chain has 2 to {MOST} rows, separated by commas, got {len(rows)}")
    w = np.array([_weights(row, LETTERS[i], len(rows)) for i, row in enumerate(rows)])
    return check(w / w.sum(1, keepdims=True))


def format_chain(P: ArrayLike) -> str:
    """The shortest text of :func:`parse_chain` that gives P back, to rounding."""
    return ", ".join(_shortest(row) for row in check(P))


def set_probability(P: ArrayLike, i: int, j: int, value: float) -> np.ndarray:
    """P with P_ij = value; the rest of row i keeps its proportions.

    Where nothing is left to share the rest in proportion, it stays in i (from i itself: moves on
    to the next state).
    """
    P = check(P).copy()
    if not (0 <= i < len(P) and 0 <= j < len(P) and 0 <= value <= 1):
        raise ValueError(f"P[{i}, {j}] = {value:g} is no entry of a chain of {len(P)} states")
    rest = np.delete(P[i], j)
    others = np.flatnonzero(np.arange(len(P)) != j)
    P[i] = 0.0
    if rest.sum() > 0:
        P[i, others] = rest / rest.sum() * (1 - value)
    elif len(others):
        P[i, i if i != j else (i + 1) % len(P)] = 1 - value
    P[i, j] = value if len(others) else 1.0
    return P


def click(P: ArrayLike, x: float, y: float) -> np.ndarray:
    """P after a click on the picture of the matrix.

    Cell (i, j) is the square from x = j to j + 1 and, row 0 on top, from y = n - 1 - i upwards. The
    height of the click in it is the new P_ij, in steps of 0.05: 0 up to ``FOOT``, then linear.
    """
    P = check(P)
    n = len(P)
    if not (0 <= x <= n and 0 <= y <= n):
        raise ValueError(f"({x:g}, {y:g}) is outside the matrix of {n} states")
    j, up = min(int(x), n - 1), min(int(y), n - 1)
    value = round((y - up - FOOT) / (STEP * FULL)) * STEP
    return set_probability(P, n - 1 - up, j, min(max(round(value, 2), 0.0), 1.0))


def _weights(row: str, name: str, n: int) -> list[float]:
    words = row.split()
    try:
        w = [float(word[:40]) for word in words]
    except ValueError:
        w = []
    if len(w) != n:
        shown = " ".join(words)[:60]
        raise ValueError(f"row {name} must hold {n} numbers like 1 0.5, got {shown!r}")
    if not all(0 <= v <= HEAVIEST for v in w):
        raise ValueError(f"row {name}: weights lie between 0 and {HEAVIEST:g}, got {row[:60]!r}")
    if not sum(w) > 0:
        raise ValueError(f"row {name} has no weight; give at least one number above 0")
    if any(0 < v < LIGHTEST * sum(w) for v in w):
        raise ValueError(
            f"row {name} holds a weight too small beside the others; write 0, or at least a "
            "billionth of the row's sum"
        )
    return w


def _shortest(row: np.ndarray) -> str:
    for digits in range(1, 18):
        words = [f"{v:.{digits}g}" for v in row]
        back = np.array([float(word) for word in words])
        if np.abs(back / back.sum() - row).max() < 1e-13:
            break
    return " ".join(words)
