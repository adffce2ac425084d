r"""Binary images as trees of pixels.

    p(x) = prod_i p(x_i | x_parent(i)),    2 numbers a pixel, 1 for a root

No arrows at all are independent pixels, a chain is the Markov assumption along the rows, and the
best tree of all is the maximum spanning tree of the mutual information between pixels:

    log-likelihood of a tree / n = sum over edges of I(x_i; x_parent) - sum_i H(x_i)

References:
    Approximating discrete probability distributions with dependence trees (Chow & Liu, 1968)
    https://doi.org/10.1109/TIT.1968.1054142
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree
from scipy.special import xlogy


class Tree(NamedTuple):
    """A forest over d binary variables."""

    parent: np.ndarray  # (d,), int; -1 for a root
    order: np.ndarray  # (d,), int: parents first
    p_one: np.ndarray  # (d, 2): p(x_i = 1 | parent = 0 or 1); a root has it twice


def independent(d: int) -> np.ndarray:
    """Parents of pixels that know nothing of one another (d,)."""
    return np.full(d, -1)


def chain(d: int) -> np.ndarray:
    """Every pixel depends on the one before it (d,)."""
    return np.arange(d) - 1


def chow_liu(x: np.ndarray, *, pseudo: float = 1.0, root: int = 0) -> np.ndarray:
    """Parents of the maximum spanning tree of the mutual information of binary x (n, d)."""
    information = mutual_information(x, pseudo=pseudo)
    d = len(information)
    # The smallest tree of positive weights: 0 would count as a missing edge.
    tree = minimum_spanning_tree(np.triu(information.max() + 1 - information, 1))
    _, before = breadth_first_order(tree, root, directed=False)
    return np.where(before < 0, -1, before)[:d]


def mutual_information(x: np.ndarray, *, pseudo: float = 1.0) -> np.ndarray:
    """I(x_i; x_j) in nats of every pair (d, d), ``pseudo`` counts in each of the four cells."""
    x = check_binary(x)
    n = len(x) + 4 * pseudo
    count = x.astype(np.float32)  # exact up to 2^24 images
    both = ((count.T @ count).astype(float) + pseudo) / n
    one = (x.sum(0) + 2 * pseudo) / n
    p, q = one[:, None], one[None, :]
    # I = H(x_i) + H(x_j) - H(x_i, x_j); the pseudo-counts of the cells add up to those of the ones
    total = sum(xlogy(c, c) for c in (both, p - both, q - both, np.maximum(1 - p - q + both, 0)))
    alone = -xlogy(one, one) - xlogy(1 - one, 1 - one)
    return np.maximum(total + alone[:, None] + alone, 0.0)


def fit(x: np.ndarray, parent: np.ndarray, *, pseudo: float = 1.0) -> Tree:
    """Conditional tables from binary x (n, d), with ``pseudo`` counts of each state in each row."""
    x = check_binary(x)
    n, d = x.shape
    parent = np.asarray(parent)
    if parent.shape != (d,):
        raise ValueError(f"{d} pixels need {d} parents, got shape {parent.shape}")
    order = _order(parent)
    above = np.where((parent >= 0)[None, :], x[:, np.maximum(parent, 0)], 0)  # (n, d)
    p_one = np.empty((d, 2))
    for state in (0, 1):
        here = above == state
        seen = here.sum(0) + 2 * pseudo
        ones = (x & here).sum(0) + pseudo
        p_one[:, state] = np.where(seen > 0, ones / np.maximum(seen, 1e-300), 0.5)
    roots = parent < 0
    p_one[roots] = ((x[:, roots].sum(0) + pseudo) / (n + 2 * pseudo))[:, None]
    return Tree(parent, order, p_one)


def log_prob(tree: Tree, x: np.ndarray) -> np.ndarray:
    """Nats for each image of x (n, d): (n,)."""
    x = check_binary(x)
    above = np.where((tree.parent >= 0)[None, :], x[:, np.maximum(tree.parent, 0)], 0)
    with np.errstate(divide="ignore"):  # without pseudo-counts an image may be impossible
        log_p = np.stack([np.log1p(-tree.p_one), np.log(tree.p_one)], axis=-1)
    return log_p[np.arange(x.shape[1]), above, x].sum(1)  # by the parent's state and its own


def bits_per_pixel(tree: Tree, x: np.ndarray) -> tuple[float, float]:
    """Mean over images and its standard error."""
    bits = -log_prob(tree, x) / (np.log(2) * x.shape[1])
    return float(bits.mean()), float(bits.std(ddof=1) / np.sqrt(len(bits)))


def sample(tree: Tree, n: int, *, rng: np.random.Generator) -> np.ndarray:
    """Draws of images (n, d), 0 or 1, by ancestral sampling."""
    u, x = rng.random((n, len(tree.parent))), np.zeros((n, len(tree.parent)), dtype=np.uint8)
    for i in tree.order:
        above = x[:, tree.parent[i]] if tree.parent[i] >= 0 else 0
        x[:, i] = u[:, i] < tree.p_one[i, above]
    return x


def n_parameters(tree: Tree) -> int:
    return int(np.where(tree.parent < 0, 1, 2).sum())


def check_binary(x: np.ndarray) -> np.ndarray:
    """(n, d) of 0 and 1 as small integers, or what is wrong with it."""
    x = np.asarray(x)
    if x.ndim != 2 or len(x) < 1 or not ((x == 0) | (x == 1)).all():
        raise ValueError(f"binary images need shape (n, d) and values 0 or 1, got {x.shape}; "
                         "threshold or draw the pixels first")  # fmt: skip
    return x.astype(np.uint8)


def _order(parent: np.ndarray) -> np.ndarray:
    """Parents first. ValueError when a pixel is its own ancestor."""
    if ((parent < -1) | (parent >= len(parent))).any():
        raise ValueError(f"parents are pixels from 0 to {len(parent) - 1}, or -1 for none")
    depth = np.where(parent < 0, 0, -1)
    for level in range(len(parent)):
        if (depth >= 0).all():
            return np.argsort(depth, kind="stable")
        ready = (depth < 0) & (depth[np.maximum(parent, 0)] == level)
        depth[ready] = level + 1
        if not ready.any():
            break
    if (depth >= 0).all():
        return np.argsort(depth, kind="stable")
    raise ValueError(f"pixel {int(np.flatnonzero(depth < 0)[0])} is its own ancestor: a cycle")
