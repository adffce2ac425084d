"""Scenes of EM: half-steps over the points, and the staircase they climb."""

import numpy as np

from dgmlib.data.sets import Shown
from dgmlib.figures.kmeans import kmeans_scene
from dgmlib.figures.mixture_plane import (
    brush,
    data_panel,
    mean_layers,
    paint_scene,
    start_handles,
    truth_layers,
)
from dgmlib.figures.mixture_words import collapse_table, em_captions, value_name
from dgmlib.figures.scene import Axis, Band, Ellipses, Layer, Lines, Panel, Points, Scene
from dgmlib.figures.table import Table
from dgmlib.mixtures import kmeans

FLOOR = 1e-3  # nats below the end that are still drawn


def steps_scene(shown: Shown) -> list[Scene | Table]:
    """Half-steps of EM (or k-means) with the staircase; a plane to paint on when it is empty."""
    if shown.found is None:
        return [paint_scene(shown.data)]
    if isinstance(shown.found, kmeans.Trace):
        return [kmeans_scene(shown)]
    scene = _em_scene(shown)
    return [scene, collapse_table(shown.found)] if shown.found.collapse else [scene]


def _em_scene(shown: Shown) -> Scene:
    data, run = shown.data, shown.found
    t = run.trace
    T, K = t.weight.shape
    frames = np.arange(T)
    layers: list[Layer] = [
        *brush(data),
        *truth_layers(data),
        Points(xy=data.x, weights=t.responsibilities, size=4.5, name="points, by responsibility"),
        Ellipses(mean=t.mean, cov=t.cov, weight=t.weight, name="components, 1 and 2 sd"),
        *mean_layers(t.mean),
        start_handles(t.mean[0]),
    ]
    top, low = t.free_energy + t.log_prior, t.bound + t.log_prior  # (T,)
    low = np.where(t.kind == "start", np.nan, low)  # before the first E-step there is no bound
    value = value_name(run)
    return Scene(
        panels=[data_panel(data, layers), *_staircase(frames, top, low, value)],
        alt=f"{K} Gaussian components fitted to {len(data.x)} points by EM, beside the {value} "
        "and its lower bound after every half-step.",
        frame_values=frames,
        frame_label="half-step",
        captions=em_captions(run, shown.agreement),
        start=min(1, T - 1),
        fps=4.0,
        columns=5,
        aspect=1.75,
    )


def _staircase(frames: np.ndarray, top: np.ndarray, low: np.ndarray, value: str) -> list[Panel]:
    """The climb as it is, and once more as the distance that is left, on a log axis."""

    def curves(y: np.ndarray) -> Lines:
        return Lines(x=frames, y=y, names=[value, "bound"], colors=["ink", "accent"], cursor=True)

    both = np.stack([top, low])  # (2, T)
    floor = np.where(np.isnan(low), top, low)
    gap = Band(x=frames, low=floor, high=top, color="accent", opacity=0.25, name="gap")
    up = Panel(
        layers=[gap, curves(both)],
        title="The staircase, nats",
        x=Axis(hidden=True),
        y=Axis(),
        area=(3, 0, 2, 1),
    )  # fmt: skip
    end = float(top[-1])
    left = end - both
    left = np.where(left > FLOOR, left, np.nan)  # (2, T)
    most = float(np.nanmax(left)) if np.isfinite(left).any() else 1.0
    rest = np.isfinite(left).all(axis=0)  # T
    open_ = Band(
        x=frames, low=np.where(rest, left[0], np.nan), high=np.where(rest, left[1], np.nan),
        color="accent", opacity=0.25,
    )  # fmt: skip
    close = Panel(
        layers=[open_, curves(left)],
        title="Close up: nats below the end",
        x=Axis(label="half-step"),
        y=Axis(log=True, range=(max(2 * most, 4 * FLOOR), FLOOR)),  # upside down: up is better
        area=(3, 1, 2, 1),
        legend=False,
    )
    return [up, close]
