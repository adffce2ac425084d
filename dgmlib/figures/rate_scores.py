"""The scores of all checkpoints beside the published figures."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.rate_plane import missing_words
from dgmlib.figures.scene import Axis, Layer, Panel, Path, Points, Scene
from dgmlib.figures.table import Table
from dgmlib.vae.scoreboard import Board, File, Row

LIKELIHOOD = "test log-likelihood"


def scores_scene(r: Board) -> list[Scene | Table]:
    """Log-likelihoods by kind of data, then every score, then every file."""
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
        f"conditional model is told the class.{behind}{missing_words({}, '; '.join(r.refused))}"
    )


def _scene(r: Board, shown: list[Row]) -> Scene:
    """A panel for each kind of data with a published figure, on one scale; one for the others."""
    beside = [one for one in shown if np.isfinite(one.published)]
    kinds = sorted({one.data for one in beside})
    groups = [[one for one in beside if one.data == kind] for kind in kinds]
    others = [one for one in shown if np.isnan(one.published)]
    n = max(1, len(groups))
    panels = [
        _panel(rows, rows[0].data, _reach(beside), (g, 0, 1, 2)) for g, rows in enumerate(groups)
    ]
    if others:
        title = "The others, ± 2 s.e." if groups else "Test log-likelihood"
        panels.append(_panel(others, title, _reach(others), (0, 2 if groups else 0, n, 3)))
    return Scene(
        panels=panels,
        alt="Dots for the held-out log-likelihood of each checkpoint, stars for published ones. "
        f"{caption(r, shown)}",
        captions=[caption(r, shown)], columns=n, aspect=1.75,
    )  # fmt: skip


def _reach(rows: list[Row]) -> tuple[float, float]:
    """Of an axis that holds every dot with its bar, and every star."""
    ends = [one.value + side * 2 * np.nan_to_num(one.error) for one in rows for side in (-1, 1)]
    ends += [one.published for one in rows if np.isfinite(one.published)]
    air = max(0.06 * (max(ends) - min(ends)), 0.5)
    return float(min(ends) - air), float(max(ends) + air)


def _panel(
    rows: list[Row], title: str, reach: tuple[float, float], area: tuple[int, int, int, int]
) -> Panel:
    n = len(rows)
    y = np.arange(n, dtype=float)
    value = np.array([one.value for one in rows])
    error = 2 * np.nan_to_num([one.error for one in rows])
    published = np.array([one.published for one in rows])
    known = np.isfinite(published)

    def lines(start: np.ndarray, end: np.ndarray) -> np.ndarray:
        ends = [np.stack([start, y], 1), np.stack([end, y], 1), np.full((n, 2), np.nan)]
        return np.stack(ends, axis=1)  # (n, 3, 2)

    layers: list[Layer] = []
    if known.any():
        gaps = lines(value, published)[known].reshape(-1, 2)
        layers.append(Path(xy=gaps, color="muted", width=1.5, dash=True))
    layers += [Path(xy=lines(value - error, value + error).reshape(-1, 2), color="ink", width=2.0),
               Points(xy=np.stack([value, y], 1), color=0, size=6.0, opacity=1.0,
                      name="ours, ± 2 s.e.")]  # fmt: skip
    if known.any():
        layers.append(Points(xy=np.stack([published, y], 1)[known], color="accent", symbol="star",
                             size=8.0, opacity=1.0, name="published"))  # fmt: skip
    return Panel(
        layers=layers, title=title, x=Axis(label="nats per image", range=reach),
        y=Axis(range=(-0.7, n - 0.3), ticks=[(float(i), one.checkpoint)
                                             for i, one in enumerate(rows)]),
        area=area, legend=known.any().item(),
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
        ["checkpoint", "what it is", "data: how many", "training", "parameters", "kB", "sha256"],
        [_file(one) for one in r.files],
        f"All together {sum(one.kilobytes for one in r.files) / 1000:.1f} MB. The first twelve "
        "digits of the checksums; the loader compares all 64.",
    )  # fmt: skip


def _file(one: File) -> list[str]:
    minutes = "minute" if one.minutes == 1 else "minutes"
    return [
        one.name, one.about, f"{one.data}: {one.train:,}",
        f"{one.steps:,} steps, {one.minutes:g} {minutes} on {one.device}", f"{one.parameters:,}",
        f"{one.kilobytes:,.0f}", one.sha256[:12],
    ]  # fmt: skip
