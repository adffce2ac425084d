r"""Binary images as Bayesian networks: each pixel knows a few of its neighbours.

    p(x) = prod_i p(x_i | x_j for j in parents(i)),    2^m rows of one number for m parents

Trees have one parent a pixel; with the neighbours above and to the left the network follows
strokes. All tables are counted at once: the parents' bits make a row number r_i, and

    p(x_i = 1 | r) = (ones seen in row r + c) / (seen in row r + 2 c)

with c made-up counts of each state.

References:
    Probabilistic Graphical Models, section 17.2 (Koller & Friedman, 2009)
    https://mitpress.mit.edu/9780262013192
"""

from typing import NamedTuple

import numpy as np

from dgmlib.dimensionality.trees import check_binary

OFFSETS = {  # (rows up, columns left) of each parent
    "left": ((0, 1),),
    "left, above": ((0, 1), (1, 0)),
    "left, above, corner": ((0, 1), (1, 0), (1, 1)),
    "four before": ((0, 1), (1, 1), (1, 0), (1, -1)),
    "six before": ((0, 1), (0, 2), (1, 1), (1, 0), (1, -1), (2, 0)),
}
MOST = 10  # parents of a pixel


class PixelNetwork(NamedTuple):
    """A network over d binary pixels, in an order in which parents come first."""

    parents: np.ndarray  # (d, m) int; -1 where there are fewer
    p_one: np.ndarray  # (d, 2^m): p(x_i = 1 | row)


def neighbours(side: int, kind: str) -> np.ndarray:
    """Parents of every pixel of a square image, by rows; -1 beyond the edge (side^2, m)."""
    if kind not in OFFSETS:
        raise ValueError(f"no neighbours are called {kind!r}; choose one of {', '.join(OFFSETS)}")
    row, column = np.divmod(np.arange(side * side), side)
    found = []
    for up, left in OFFSETS[kind]:
        r, c = row - up, column - left
        inside = (r >= 0) & (c >= 0) & (c < side)
        found.append(np.where(inside, r * side + c, -1))
    return np.stack(found, axis=1)


def fit(x: np.ndarray, parents: np.ndarray, *, pseudo: float = 1.0) -> PixelNetwork:
    """Tables from binary x (n, d); parents (d, m) come earlier in the row order."""
    x, parents = check_binary(x), check_parents(parents, x.shape[1])
    if not pseudo > 0:
        raise ValueError(f"pseudo-counts must be positive, got {pseudo}")
    rows, d = 2 ** parents.shape[1], x.shape[1]
    at = code(x, parents) + rows * np.arange(d)  # (n, d)
    seen = np.bincount(at.ravel(), minlength=d * rows).reshape(d, rows)
    ones = np.bincount(at[x == 1], minlength=d * rows).reshape(d, rows)
    return PixelNetwork(parents, (ones + pseudo) / (seen + 2 * pseudo))


def code(x: np.ndarray, parents: np.ndarray) -> np.ndarray:
    """The row of each pixel's table: its parents' bits, the first lowest; absent ones are 0."""
    row = np.zeros(x.shape, dtype=np.int32)
    for j, above in enumerate(parents.T):
        row += np.where(above >= 0, x[:, above], 0).astype(np.int32) << j
    return row


def log_prob(net: PixelNetwork, x: np.ndarray) -> np.ndarray:
    """Nats of each image of x (n, d): (n,)."""
    x = check_binary(x)
    log_p = np.stack([np.log1p(-net.p_one), np.log(net.p_one)], axis=-1)  # (d, rows, 2)
    return log_p[np.arange(x.shape[1]), code(x, net.parents), x].sum(1)


def bits_per_pixel(net: PixelNetwork, x: np.ndarray) -> tuple[float, float]:
    """Mean over images and its standard error."""
    bits = -log_prob(net, x) / (np.log(2) * x.shape[1])
    return float(bits.mean()), float(bits.std(ddof=1) / np.sqrt(len(bits)))


def sample(net: PixelNetwork, n: int, *, rng: np.random.Generator) -> np.ndarray:
    """Draws (n, d), 0 or 1: pixel after pixel, each from the row its parents choose."""
    d = len(net.parents)
    u, x = rng.random((n, d)), np.zeros((n, d), dtype=np.uint8)
    for i in range(d):
        row = np.zeros(n, dtype=np.int64)
        for j, above in enumerate(net.parents[i]):
            if above >= 0:
                row += x[:, above].astype(np.int64) << j
        x[:, i] = u[:, i] < net.p_one[i, row]
    return x


def n_parameters(net: PixelNetwork) -> int:
    """Rows that can occur: 2 to the number of parents that are there."""
    return int((2 ** (net.parents >= 0).sum(1)).sum())


def check_parents(parents: np.ndarray, d: int) -> np.ndarray:
    parents = np.asarray(parents)
    if parents.ndim != 2 or len(parents) != d or parents.shape[1] > MOST:
        raise ValueError(f"{d} pixels need parents of shape ({d}, m) with m at most {MOST}, "
                         f"got {parents.shape}")  # fmt: skip
    if (parents < -1).any() or (parents >= np.arange(d)[:, None]).any():
        raise ValueError("a parent must come before its pixel; number the pixels parents first")
    return parents
