"""Which picture of a sheet a reader has clicked, as the short text of a link.

"2 7"          row 2, column 7 of a sheet, counted from 1
"wgan-gp 2 4"  the same on one of several sheets
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np


def parse(text: str, *, rows: int, columns: int) -> tuple[int, int]:
    """(row, column) from 0. Foreign text: ValueError."""
    words = text.split() if len(text) <= 40 else []
    if len(words) == 2 and all(w.isascii() and w.isdigit() and len(w) <= 3 for w in words):
        row, column = (int(w) for w in words)
        if 1 <= row <= rows and 1 <= column <= columns:
            return row - 1, column - 1
    raise ValueError(
        f"{text[:40]!r} is no picture here: a row from 1 to {rows} and a column from 1 to {columns}"
    )


def parse_sheet(
    text: str, sheets: Sequence[str], *, rows: int, columns: int
) -> tuple[str, int, int]:
    """(sheet, row, column) of "gan 1 1"."""
    sheet, _, rest = text.strip().partition(" ")
    if sheet not in sheets:
        raise ValueError(f"{text[:40]!r} does not begin with one of {', '.join(sheets)}")
    return sheet, *parse(rest, rows=rows, columns=columns)


def of_click(sheet: str = "", *, rows: int, columns: int) -> Callable[[Mapping[str, Any]], str]:
    """From a click at ``[x, y]``, y upwards, on a sheet with one unit a picture, to its text."""

    def encode(edit: Mapping[str, Any]) -> str:
        xy = np.asarray(edit["xy"], float).reshape(-1)
        if xy.shape != (2,) or not np.isfinite(xy).all():
            raise ValueError(f"a click has two numbers, got {edit['xy']!r}")
        column = int(np.clip(np.floor(xy[0]), 0, columns - 1))
        row = rows - 1 - int(np.clip(np.floor(xy[1]), 0, rows - 1))
        return f"{sheet} {row + 1} {column + 1}".strip()

    return encode
