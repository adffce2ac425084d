"""A table of numbers to stand beside a picture."""

from collections.abc import Sequence
from typing import NamedTuple


class Table(NamedTuple):
    """Rows of words and numbers. Floats are shown with four significant digits."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str | float]]
    caption: str = ""
