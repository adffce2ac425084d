"""The training behind :mod:`.learned`: steps, and at some of them a frame."""

from collections.abc import Callable
from typing import Any

import numpy as np

from dgmlib.divergences.quadrature import Estimate
from dgmlib.gan import players
from dgmlib.jobs import Job, Progress
from dgmlib.mixtures import gmm
from dgmlib.scores import exact, fisher, learned, matching, mesh, train
from dgmlib.scores.exact import Score
from dgmlib.scores.learned import MASS, Learned, Settings

RTOL = 1e-3  # of the Fisher divergence of a frame, on the line
OFTEN = 50  # steps from one word about progress to the next


def watch(
    truth: gmm.Params, x: np.ndarray, settings: Settings, seed: int, steps: int, frames: int,
    axis: np.ndarray,
) -> Job[Learned]:  # fmt: skip
    """``steps`` steps on the points x, told on a grid of ``axis``; arguments are checked."""
    sigma = np.array(settings.sigmas if learned.noisy(settings) else (0.0,), dtype=float)
    asked = [exact.smoothed(truth, float(s)) for s in sigma]
    distance = [_distance(q) for q in asked]
    place = axis[:, None] if x.shape[1] == 1 else np.stack(np.meshgrid(axis, axis), -1)
    flat, shape = place.reshape(-1, x.shape[1]), place.shape[:-1]
    density = np.stack([np.exp(gmm.log_prob(q, flat)) for q in asked])
    right = np.stack([exact.score(q, flat) for q in asked])
    state = train.init(x, truth, settings, seed=seed)
    at = np.unique(np.linspace(0, steps, min(frames, steps + 1)).round().astype(int))
    rows, since = [], []
    for k in range(steps + 1):
        if k in at:
            seen = [
                learned.score_of(players.arrays(state.player), settings, float(s)) for s in sigma
            ]
            field = np.stack([s(flat) for s in seen])
            apart = [far(s) for far, s in zip(distance, seen, strict=True)]
            halves = [sides(*of) for of in zip(field, right, density, strict=True)]
            shown = field.reshape(-1, *place.shape).astype(np.float32)
            loss = np.mean(since) if since else np.nan
            rows.append((k, loss, shown, *np.array(apart).T, *np.array(halves).T))
            since = []
        if k in at or k % OFTEN == 0:
            yield Progress(k, steps, f"step {k} of {steps}")
        if k < steps:
            state, loss = _step(state, settings, k / steps)
            since.append(loss)
    columns: list[Any] = [np.array(column) for column in zip(*rows, strict=True)]
    return Learned(
        settings, truth, x, sigma, axis, density.reshape(-1, *shape),
        right.reshape(-1, *place.shape), *columns, params=players.arrays(state.player),
    )  # fmt: skip


def _distance(q: gmm.Params) -> Callable[[Score], Estimate]:
    """The Fisher divergence of q from any score; in the plane at nodes whose truth is kept."""
    if q.mean.shape[1] == 1:
        return lambda s: fisher.fisher(q, s, rtol=RTOL)
    nodes = mesh.mesh(q)
    right = mesh.scores(q, nodes)
    return lambda s: mesh.expect(nodes, matching.explicit(s(nodes.x), right))


def _step(state: train.State, settings: Settings, part: float) -> tuple[train.State, float]:
    """A step at the rate of this part of the way, and its loss."""
    rate = 0.5 * settings.lr * (1 + np.cos(np.pi * part))
    state, info = train.step(state, settings, lr=rate)
    if not np.isfinite(info.loss):
        raise FloatingPointError(f"the loss is no number at step {state.player.steps}: lower lr")
    return state, info.loss


def sides(found: np.ndarray, right: np.ndarray, density: np.ndarray) -> tuple[float, float]:
    """The mean of 1/2 |s - truth|^2 inside and outside; nan for a side without points."""
    miss = matching.explicit(found, right)
    order = np.argsort(density)[::-1]
    mass = np.cumsum(density[order]) / density.sum()
    n = int(np.searchsorted(mass, MASS)) + 1
    sides = miss[order[:n]], miss[order[n:]]
    inner, outer = (float(s.mean()) if len(s) else np.nan for s in sides)
    return inner, outer
