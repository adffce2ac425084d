"""The scores of all checkpoints beside the published figures."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.rate_plane import missing_words
from dgmlib.figures.scene import Axis, Layer, Panel, Path, Points, Scene
from dgmlib.figures.table import Table
from dgmlib.vae.scoreboard import Board, File, Row

LIKELIHOOD = "test log-likelihood"


def scores_scene(r: Board) -> list[Scene | Table]:
    """Log-likelihoods on one axis, then every score, then every file."""
    shown = sorted((one for one in r.rows if one.score == LIKELIHOOD and one.unit == "nats"),
                   key=lambda one: one.value)  # fmt: skip
    items: list[Scene | Table] = [] if not shown else [_scene(r, shown)]
    return [*items, scores_table(r), files_table(r)]


def gap_words(row: Row) -> str:
    """Ours less the published one."""
    if np.isnan(row.published):
        return ""
    gap = row.value - row.published
    return ("+" if gap >= 0 else "") + said(row, gap)


def said(row: Row, value: float) -> str:
    """A count without decimals, anything else with two."""
    return num(value, 0 if row.unit.startswith("of ") else 2)


def caption(r: Board, shown: list[Row]) -> str:
    beside = [one for one in shown if np.isfinite(one.published)]
    each = [
        f"{one.checkpoint} {num(one.value)} ± {num(one.error)}, published {num(one.published)}"
        for one in beside
    ]
    behind = f" Published beside ours: {'; '.join(each)}." if each else ""
    return (
        f"Test log-likelihood of {len(shown)} checkpoints, in nats, higher is better. Compare "
        "those of one kind of data: static and dynamic bits are different images, and a "
        f"conditional model is told the class.{behind}{missing_words([], '; '.join(r.refused))}"
    )


def _scene(r: Board, shown: list[Row]) -> Scene:
    n = len(shown)
    y = np.arange(n, dtype=float)
    value = np.array([one.value for one in shown])
    error = 2 * np.nan_to_num([one.error for one in shown])
    published = np.array([one.published for one in shown])
    known = np.isfinite(published)
    both = np.concatenate([value - error, value + error, published[known]])
    air = max(0.06 * float(np.ptp(both)), 0.5)
    low, high = float(both.min() - air), float(both.max() + air)
    bars = np.stack([np.stack([value - error, y], 1), np.stack([value + error, y], 1),
                     np.full((n, 2), np.nan)], axis=1).reshape(-1, 2)  # fmt: skip
    layers: list[Layer] = []
    if known.any():
        gaps = np.stack([np.stack([value, y], 1), np.stack([published, y], 1),
                         np.full((n, 2), np.nan)], axis=1)[known]  # fmt: skip
        layers.append(Path(xy=gaps.reshape(-1, 2), color="muted", width=1.5, dash=True))
    layers += [Path(xy=bars, color="ink", width=2.0),
               Points(xy=np.stack([value, y], 1), color=0, size=6.0, opacity=1.0,
                      name="ours, ± 2 s.e.")]  # fmt: skip
    if known.any():
        at = np.stack([published, y], 1)[known]
        layers.append(Points(xy=at, color="accent", symbol="star", size=8.0, opacity=1.0,
                             name="published"))  # fmt: skip
    return Scene(
        panels=[Panel(
            layers=layers, title="Test log-likelihood",
            x=Axis(label="nats per image", range=(low, high)),
            y=Axis(range=(-0.7, n - 0.3),
                   ticks=[(float(i), one.checkpoint) for i, one in enumerate(shown)]),
        )],
        alt=f"Dots for the held-out log-likelihood of each checkpoint, stars for published ones. "
        f"{caption(r, shown)}",
        captions=[caption(r, shown)], aspect=1.9,
    )  # fmt: skip


def scores_table(r: Board) -> Table:
    rows = [
        [one.checkpoint, one.score,
         f"{said(one, one.value)}"
         f"{'' if np.isnan(one.error) else f' ± {num(one.error)}'} {one.unit}",
         "" if np.isnan(one.published) else said(one, one.published), gap_words(one), one.reference,
         one.protocol]
        for one in r.rows
    ]  # fmt: skip
    return Table(
        ["checkpoint", "score", "ours ± s.e.", "published", "ours − published", "published in",
         "protocol"],
        rows, "Read from the cards in the folder checkpoints. The error is the standard error over "
        "test images; it does not say how much another training would differ.",
    )  # fmt: skip


def files_table(r: Board) -> Table:
    return Table(
        ["checkpoint", "what it is", "data", "training", "parameters", "kB", "sha256"],
        [_file(one) for one in r.files],
        f"All together {sum(one.kilobytes for one in r.files) / 1000:.1f} MB. The first twelve "
        "digits of the checksums; the loader compares all 64.",
    )  # fmt: skip


def _file(one: File) -> list[str]:
    return [
        one.name, one.about, f"{one.data}, {one.train:,} images",
        f"{one.steps:,} steps, {one.minutes:g} minutes on {one.device}", f"{one.parameters:,}",
        f"{one.kilobytes:,.0f}", one.sha256[:12],
    ]  # fmt: skip
