"""Points from outside: a compact text for links, and CSV read without mercy.

In a link each axis is cut into 65,536 levels between its own smallest and largest value,

    q = round(65535 (x - low) / (high - low)),    |x - decoded x| <= (high - low) / 131070,

the high bytes are stored apart from the low bytes (they repeat, so zlib finds them), and the
whole is written in the 64 characters a URL leaves alone: at most about five and a half
characters a point, fewer where values repeat.
CSV is either taken exactly as it stands or refused with the row and the column to mend.
"""

import base64
import csv
import io
import re
import zlib
from collections.abc import Iterator, Sequence

import numpy as np

AT_MOST = 1_000  # points in a link
LARGEST = 1e12  # in size; squares and products of larger numbers lose their digits
CSV_CHARACTERS = 1_000_000
CSV_ROWS = (4, 5_000)  # fewest, most
CSV_COLUMNS = (2, 64)

_LEVELS = 65_535
_BOUNDS = 32  # bytes: low x, low y, high x, high y as float64
_RAW = _BOUNDS + 4 * AT_MOST
_CHARACTERS = 4 * (_RAW + 64) // 3  # zlib adds a few bytes to what it cannot shorten
_LINK = "the link is damaged: draw the points again, or load them from a file"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)


def encode(xy: np.ndarray) -> str:
    """Text of at most 1,000 points in the plane, safe in a URL; no points give ``""``."""
    xy = np.asarray(xy, dtype=np.float64)  # (n, 2)
    if xy.size == 0:
        return ""
    if xy.ndim != 2 or xy.shape[1] != 2:
        raise ValueError(f"points have shape {xy.shape}; give an array of shape (n, 2)")
    if len(xy) > AT_MOST:
        raise ValueError(f"{len(xy)} points do not fit in a link; keep at most {AT_MOST}")
    if not np.all(np.abs(xy) <= LARGEST):  # NaN fails too
        raise ValueError(
            f"points must be finite and at most {LARGEST:g} in size; remove or rescale the others"
        )
    xy = xy + 0.0  # -0.0 becomes 0.0: the sign of zero would make two texts of one cloud
    low, high = xy.min(axis=0), xy.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    q = np.rint(_LEVELS * (xy - low) / span).astype("<u2")  # (n, 2)
    planes = (
        np.ascontiguousarray(q.T).view(np.uint8).reshape(2, len(q), 2).transpose(0, 2, 1)
    )  # (axis, byte, n)
    raw = np.concatenate([low, high]).astype("<f8").tobytes() + planes.tobytes()
    return base64.urlsafe_b64encode(zlib.compress(raw, 9)).decode().rstrip("=")


def decode(text: str) -> np.ndarray:
    """The (n, 2) points of :func:`encode`. Foreign text: bounded work, ValueError."""
    if text == "":
        return np.empty((0, 2))
    if len(text) > _CHARACTERS:
        raise ValueError(
            f"the points take {len(text)} characters, at most {_CHARACTERS} fit; {_LINK}"
        )
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text) or len(text) % 4 == 1:
        raise ValueError(f"{text[:20]!r}... is not a list of points; {_LINK}")
    unpack = zlib.decompressobj()
    try:
        raw = unpack.decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), _RAW + 1)
    except (zlib.error, ValueError) as error:
        raise ValueError(f"{text[:20]!r}... is not a list of points; {_LINK}") from error
    n, rest = divmod(len(raw) - _BOUNDS, 4)
    if not unpack.eof or unpack.unused_data or rest or not 1 <= n <= AT_MOST:
        raise ValueError(f"the points in the link are cut short or too many; {_LINK}")
    low, high = np.frombuffer(raw[:_BOUNDS], "<f8").reshape(2, 2)
    if not (np.all(np.abs([low, high]) <= LARGEST) and np.all(low <= high)):
        raise ValueError(f"the points in the link lie between {low} and {high}; {_LINK}")
    planes = np.frombuffer(raw[_BOUNDS:], np.uint8).reshape(2, 2, n).transpose(0, 2, 1)
    t = np.ascontiguousarray(planes).view("<u2")[..., 0].T / _LEVELS  # (n, 2)
    return np.clip((1 - t) * low + t * high, low, high)  # exact at both ends


def from_csv(text: str) -> tuple[list[str], np.ndarray]:
    """Column names and (n, d) values of a table of numbers, or ValueError with the place to mend.

    Commas, semicolons or tabs; with or without a row of names; cells may be quoted. Rows are
    counted as a spreadsheet counts them: the first row of the file is row 1, names or not.
    """
    if len(text) > CSV_CHARACTERS:
        raise ValueError(
            f"{len(text):,} characters, at most {CSV_CHARACTERS:,} are read; shorten the file"
        )
    text = text.removeprefix("\ufeff").rstrip()
    if not text:
        raise ValueError("the file is empty; give one row of numbers per point")
    rows = _rows(text)
    first = next(rows)
    if not CSV_COLUMNS[0] <= len(first) <= CSV_COLUMNS[1]:
        raise ValueError(
            f"row 1 has {len(first)} column(s), {CSV_COLUMNS[0]} to {CSV_COLUMNS[1]} are read; "
            "separate the columns by commas, semicolons or tabs"
        )
    names = _names(first)
    values = [] if names else [_numbers(first, 1, [f"column {j + 1}" for j in range(len(first))])]
    names = names or [f"column {j + 1}" for j in range(len(first))]
    for i, row in enumerate(rows, start=2):
        if len(row) != len(names):
            found = "is blank" if not row else f"has {len(row)} cell(s)"
            raise ValueError(
                f"row {i} {found}, row 1 has {len(names)}; every row needs the same number"
            )
        values.append(_numbers(row, i, names))
        if len(values) > CSV_ROWS[1]:
            raise ValueError(
                f"row {i} is one too many: at most {CSV_ROWS[1]:,} rows are read; keep fewer"
            )
    if len(values) < CSV_ROWS[0]:
        raise ValueError(
            f"the file has {len(values)} row(s) of numbers; at least {CSV_ROWS[0]} are needed"
        )
    x = np.array(values)  # (n, d)
    for j, name in enumerate(names):
        if np.all(x[:, j] == x[0, j]):
            raise ValueError(
                f"column {name!r} is constant: {x[0, j]:g} in all {len(x)} rows; "
                "it has no spread to fit: remove it"
            )
    return names, x


def _rows(text: str) -> Iterator[list[str]]:
    line = re.sub(r'"[^"]*"', "", text.split("\n", 1)[0])
    delimiter = next((d for d in "\t;" if d in line), ",")
    try:
        for row in csv.reader(
            io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
        ):
            yield [cell.strip() for cell in row]
    except csv.Error as error:
        raise ValueError(
            f"the file is not CSV ({error}); save it again as CSV with plain quotes"
        ) from error


def _names(row: Sequence[str]) -> list[str]:
    """The names in a first row; none when it holds numbers."""
    if any(_NUMBER.fullmatch(cell) or _NOT_FINITE.fullmatch(cell) for cell in row):
        return []  # a mixture of names and numbers is then refused cell by cell
    names = [cell[:60] or f"column {j + 1}" for j, cell in enumerate(row)]
    for j, name in enumerate(names):
        if name in names[:j]:
            raise ValueError(f"row 1: two columns are called {name!r}; give each its own name")
    return names


def _numbers(row: Sequence[str], i: int, names: Sequence[str]) -> list[float]:
    for cell, name in zip(row, names, strict=True):
        where = f"row {i}, column {name!r}:"
        if not cell:
            raise ValueError(f"{where} the cell is blank; fill it or remove the row")
        if _NOT_FINITE.fullmatch(cell):
            raise ValueError(f"{where} {cell!r} is not a finite number; fill it or remove the row")
        if not _NUMBER.fullmatch(cell):
            hint = (
                "write decimals with a point"
                if re.fullmatch(r"[+-]?\d*,\d+", cell)
                else "write a plain number"
            )
            raise ValueError(f"{where} {cell[:40]!r} is not a number; {hint}")
        if not abs(float(cell)) <= LARGEST:
            raise ValueError(f"{where} {cell[:40]!r} is larger than {LARGEST:g}; use a larger unit")
    return [float(cell) for cell in row]
