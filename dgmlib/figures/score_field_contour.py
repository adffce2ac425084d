"""Level lines of a function on a grid, cell by cell (marching squares), as one broken line.

References:
    Marching cubes: a high resolution 3D surface construction algorithm (Lorensen & Cline, 1987)
    https://doi.org/10.1145/37402.37422 (the same in the plane)
"""

import numpy as np


def contour(axis: np.ndarray, value: np.ndarray, level: float) -> np.ndarray:
    """Where ``value`` (g, g), row = y, crosses ``level``: (3 n, 2), a NaN after each two ends.

    A cell whose four corners alternate gets the two lines that keep the high corners apart.
    """
    above = value > level
    # corners in order around the cell: lower left, lower right, upper right, upper left
    corner = [(slice(None, -1), slice(None, -1)), (slice(None, -1), slice(1, None)),
              (slice(1, None), slice(1, None)), (slice(1, None), slice(None, -1))]  # fmt: skip
    x, y = np.meshgrid(axis, axis)
    v = np.stack([value[c] for c in corner])  # (4, g - 1, g - 1)
    at = np.stack([np.stack([x[c], y[c]], -1) for c in corner])
    high = np.stack([above[c] for c in corner])
    lines = []
    for i in range(4):  # the crossing of an edge out of the high side, joined to the one back in
        j = (i + 1) % 4
        leaves = high[i] & ~high[j]
        if not leaves.any():
            continue
        begin = _cross(v[i], v[j], at[i], at[j], level)[leaves]
        end = np.full_like(begin, np.nan)
        for back in range(1, 4):  # the last corner of this run of high ones
            k, before = (i - back + 1) % 4, (i - back) % 4
            ends = leaves & high[k] & ~high[before]
            for run in range(1, back):
                ends &= high[(i - run) % 4]
            found = _cross(v[k], v[before], at[k], at[before], level)
            end[ends[leaves]] = found[ends]
        lines.append(np.stack([begin, end, np.full_like(begin, np.nan)], 1))
    return np.concatenate(lines).reshape(-1, 2) if lines else np.zeros((0, 2))


def contours(axis: np.ndarray, value: np.ndarray, level: float) -> np.ndarray:
    """One for each frame of ``value`` (F, g, g), filled up with NaN: (F, n, 2)."""
    each = [contour(axis, v, level) for v in value]
    most = max(2, *(len(line) for line in each))
    return np.stack([np.pad(c, ((0, most - len(c)), (0, 0)), constant_values=np.nan) for c in each])


def _cross(
    high: np.ndarray, low: np.ndarray, at_high: np.ndarray, at_low: np.ndarray, level: float
) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        part = (high - level) / (high - low)
        return at_high + part[..., None] * (at_low - at_high)
