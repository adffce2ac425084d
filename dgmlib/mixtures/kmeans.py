r"""k-means: Lloyd's two half-steps, and the ++ seeding.

    assign:  a_n = argmin_k |x_n - c_k|^2
    move:    c_k = mean of {x_n : a_n = k}
    inertia = sum_n |x_n - c_{a_n}|^2, which neither half-step can raise

It is EM at temperature 0 on equal balls: no widths, no weights, every point to one centre.

References:
    Least Squares Quantization in PCM (Lloyd, 1982) https://doi.org/10.1109/TIT.1982.1056489
    k-means++: The Advantages of Careful Seeding (Arthur & Vassilvitskii, 2007)
    https://theory.stanford.edu/~sergei/papers/kMeansPP-soda.pdf
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from dgmlib.mixtures.gmm import check_points


class State(NamedTuple):
    centre: np.ndarray  # (K, d)
    label: np.ndarray  # (n,), int; -1 before the first assignment
    kind: str  # the half-step that led here: start, assign or move


class Info(NamedTuple):
    """``moved`` points changed label (assign); ``refilled`` clusters were empty (move)."""

    kind: str
    inertia: float
    moved: int
    refilled: int


class Trace(NamedTuple):
    """A finished run, time first: start, assign, move, assign, ..."""

    centre: np.ndarray  # (T, K, d)
    label: np.ndarray  # (T, n), int; -1 at the start
    inertia: np.ndarray  # (T,); at the start that of the nearest centres
    kind: np.ndarray  # (T,), str
    converged: bool


def squared_distance(x: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """(n, d), (..., K, d) -> (..., n, K)."""
    away = x[:, None, :] - centre[..., None, :, :]
    return np.einsum("...i,...i->...", away, away)


def plus_plus(
    x: np.ndarray, K: int, *, size: int | None = None, rng: np.random.Generator
) -> np.ndarray:
    """Data points spread out as centres (K, d): each next one is drawn with probability
    proportional to its squared distance from the nearest so far. With ``size``, (size, K, d)."""
    x = check_points(x, K)
    S = 1 if size is None else size
    chosen = x[rng.integers(len(x), size=S)][:, None]  # (S, 1, d)
    nearest = squared_distance(x, chosen)[..., 0]  # (S, n)
    for _ in range(1, K):
        if (nearest.sum(1) == 0).any():
            raise ValueError(f"x has fewer than K = {K} different points: lower K")
        cumulative = nearest.cumsum(1)
        u = rng.random((S, 1)) * cumulative[:, -1:]
        pick = (cumulative <= u).sum(1)  # (S,)
        chosen = np.concatenate([chosen, x[pick][:, None]], axis=1)
        nearest = np.minimum(nearest, squared_distance(x, chosen[:, -1:])[..., 0])
    return chosen[0] if size is None else chosen


def init(x: np.ndarray, centre: np.ndarray) -> tuple[State, Info]:
    """Starts from given centres (K, d)."""
    centre = np.asarray(centre, dtype=float)
    x = check_points(x, len(centre))
    if centre.ndim != 2 or centre.shape[1] != x.shape[1] or not np.isfinite(centre).all():
        raise ValueError(f"centres must be finite, of shape (K, {x.shape[1]}), got {centre.shape}")
    inertia = squared_distance(x, centre).min(1).sum()
    return State(centre, np.full(len(x), -1), "start"), Info("start", float(inertia), 0, 0)


def step(state: State, x: np.ndarray) -> tuple[State, Info]:
    """The next half-step: assign after a start or a move, move after an assignment.

    A cluster left empty takes the point farthest from its own centre (as scikit-learn does),
    from a cluster that keeps at least one other; that lowers the inertia.
    """
    if state.kind != "assign":
        square = squared_distance(x, state.centre)
        label = square.argmin(1)
        inertia = float(square[np.arange(len(x)), label].sum())
        return State(state.centre, label, "assign"), Info(
            "assign", inertia, int((label != state.label).sum()), 0
        )
    K = len(state.centre)
    label = state.label
    count = np.bincount(label, minlength=K)
    empty = np.flatnonzero(count == 0)
    if len(empty):
        label = label.copy()
        away = ((x - state.centre[label]) ** 2).sum(1)
        for k in empty:
            far = int(np.where(count[label] > 1, away, -1.0).argmax())
            count[label[far]] -= 1
            label[far], count[k], away[far] = k, 1, 0.0
    one_hot = (label == np.arange(K)[:, None]).astype(float)  # (K, n)
    centre = one_hot @ x / count[:, None]
    inertia = float(((x - centre[label]) ** 2).sum())
    return State(centre, label, "move"), Info("move", inertia, 0, len(empty))


def stream(x: np.ndarray, centre: np.ndarray) -> Iterator[tuple[State, Info]]:
    """Half-steps for ever, the start first."""
    state, info = init(x, centre)
    while True:
        yield state, info
        state, info = step(state, x)


def fit(x: np.ndarray, centre: np.ndarray, *, n_steps: int = 100) -> Trace:
    """Half-steps until no label changes, or ``n_steps`` of them.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=(50, 2))
        >>> fit(x, plus_plus(x, 3, rng=rng)).converged
        True
    """
    if n_steps < 1:
        raise ValueError(f"n_steps must be at least 1, got {n_steps}")
    x = check_points(x, len(centre))
    rows, converged = [], False
    for i, (state, info) in enumerate(stream(x, centre)):
        rows.append((state.centre, state.label, info.inertia, info.kind))
        converged = info.kind == "assign" and info.moved == 0
        if converged or i == n_steps:
            break
    centres, labels, inertia, kind = zip(*rows, strict=True)
    return Trace(np.stack(centres), np.stack(labels), np.array(inertia), np.array(kind), converged)
