"""What may be wrong with a scene, found before it travels.

Every message says where (panel, layer, field), the shape that came, the shape wanted, and what to
do. The number of axes decides whether an array moves; where two readings fit, the flags named in
the dataclasses decide.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from dgmlib.figures import scene as sc

MAX_POINTS = 20_000  # markers of one layer in one frame
COLORS = ("ink", "muted", "accent", "target", "good", "bad")


class Rule(NamedTuple):
    """What an array field must look like."""

    dims: str  # "N 2": names are bound by the first array that has them, digits are fixed
    kind: str  # how it travels: "xy", "x", "y" (of the axes), "real", "unit", "code", "exact"
    moves: bool = True  # may have the frame axis in front
    nan: bool = False  # NaN breaks a line


RULES: dict[type, dict[str, Rule]] = {
    sc.Points: {
        "xy": Rule("N 2", "xy"),
        "group": Rule("N", "code"),
        "weights": Rule("N K", "unit"),
        "value": Rule("N", "real"),
    },
    sc.Path: {"xy": Rule("N 2", "xy", nan=True)},
    sc.Lines: {"x": Rule("N", "exact", moves=False), "y": Rule("L N", "y", nan=True)},
    sc.Band: {
        "x": Rule("N", "exact", moves=False),
        "low": Rule("N", "y", nan=True),
        "high": Rule("N", "y", nan=True),
    },
    sc.Arrows: {"start": Rule("N 2", "xy"), "end": Rule("N 2", "xy")},
    sc.Ellipses: {
        "mean": Rule("K 2", "xy"),
        "cov": Rule("K 2 2", "exact"),
        "weight": Rule("K", "unit"),
    },
    sc.Bars: {
        "x": Rule("N", "exact", moves=False),
        "height": Rule("N", "y"),
        "error": Rule("N", "exact"),
    },
    sc.HeatMap: {"value": Rule("H W", "real")},
    sc.Images: {"value": Rule("N h w", "unit")},
    sc.Rules: {"at": Rule("N", "exact")},
    sc.Text: {"xy": Rule("N 2", "xy")},
    sc.Handles: {
        "xy": Rule("K 2", "exact", moves=False),
        "width": Rule("K", "exact", moves=False),
    },
    sc.Brush: {"xy": Rule("N 2", "exact", moves=False)},
    sc.Pick: {},
    sc.Pad: {"pixels": Rule("size size", "code", moves=False)},
}
OPTIONAL = {"group", "weights", "value", "weight", "error", "width", "pixels"}
EDITS = (sc.Handles, sc.Brush, sc.Pick, sc.Pad)


class Checked(NamedTuple):
    """A layer whose arrays have been looked at, and where it stands."""

    layer: Any
    where: str
    arrays: dict[str, np.ndarray]
    moving: set[str]  # the names of the arrays with a frame axis
    dims: dict[str, int]


def check_layer(layer: Any, where: str, frames: int) -> Checked:
    """Looks at every array of a layer. Raises ValueError with the remedy."""
    if type(layer) not in RULES:
        raise ValueError(f"{where}: {type(layer).__name__} is not a layer; use one of scene.Layer")
    dims: dict[str, int] = {"size": layer.size} if isinstance(layer, sc.Pad) else {}
    arrays, moving = {}, set()
    for name, rule in RULES[type(layer)].items():
        raw = getattr(layer, name)
        if raw is None and name in OPTIONAL:
            continue
        try:
            a = np.asarray(raw, dtype=float)
        except (TypeError, ValueError):
            kind = type(raw).__name__
            raise ValueError(f"{where}: {name} is a {kind}; pass an array of numbers") from None
        a, rule, moves = _frame_axis(layer, name, rule, a, frames)
        _check_shape(where, name, rule, a, moves, frames, dims)
        _check_numbers(where, name, rule, a)
        arrays[name] = a
        if moves:
            moving.add(name)
    checked = Checked(layer, where, arrays, moving, dims)
    _check_fields(checked, frames)
    return checked


def _frame_axis(
    layer: Any, name: str, rule: Rule, a: np.ndarray, frames: int
) -> tuple[np.ndarray, Rule, bool]:
    """Which of the documented shapes this is, and whether it moves."""
    if isinstance(layer, sc.Path) and layer.trail:
        a = a[None] if a.ndim == 2 else a
        return a, rule._replace(dims="L F 2"), False
    if isinstance(layer, sc.Path) and layer.many:
        return a, rule._replace(dims="L N 2"), False
    if isinstance(layer, sc.Lines) and name == "y":
        if a.ndim == 1:
            return a[None], rule, False
        if a.ndim == 2 and lines_move(layer, a.shape[0], frames):
            return a[:, None], rule, True
    moves = rule.moves and a.ndim == len(rule.dims.split()) + 1
    return a, rule, moves


def lines_move(layer: sc.Lines, rows: int, frames: int) -> bool:
    """Is a 2-d ``y`` one moving curve (F, N), not L still ones (L, N)?"""
    several = max(len(layer.names), len(layer.colors), len(layer.dashes)) > 1
    return not (several or layer.cursor) and frames > 1 and rows == frames


def _check_shape(
    where: str, name: str, rule: Rule, a: np.ndarray, moves: bool, frames: int, dims: dict[str, int]
) -> None:
    wanted = rule.dims.split()
    known = {**dims, "F": frames}
    text = ", ".join(f"{known[d]} ({d})" if d in known else d for d in wanted)
    both = f"({text})" + (f" or, moving, ({frames} (F), {text})" if rule.moves else "")
    shape = a.shape[1:] if moves else a.shape
    if len(shape) != len(wanted):
        if a.ndim and a.shape[0] == frames and rule.moves is False and rule.dims[0] != "F":
            both += "; this array cannot move"
        raise ValueError(f"{where}: {name} has shape {a.shape}, wanted {both}")
    if moves and a.shape[0] != frames:
        raise ValueError(
            f"{where}: {name} has {a.shape[0]} frames (shape {a.shape}), the scene has {frames}; "
            + (
                "give the scene frame_values=np.arange(F)"
                if frames == 1
                else "record the same frames in every layer, or drop the axis of what stands still"
            )
        )
    for got, d in zip(shape, wanted, strict=True):
        need = int(d) if d.isdigit() else known.setdefault(d, got)
        if got != need:
            raise ValueError(f"{where}: {name} has shape {a.shape}, wanted {both}; {d} is {need}")
        if not d.isdigit() and d != "F":
            dims[d] = got


def _check_numbers(where: str, name: str, rule: Rule, a: np.ndarray) -> None:
    bad = ~np.isfinite(a)
    if rule.nan:
        bad = np.isinf(a)
    if bad.any():
        at = tuple(int(i) for i in np.argwhere(bad)[0])
        remedy = (
            "use NaN where the line should break"
            if rule.nan
            else "leave those entries out (only Path.xy, Lines.y and Band take NaN)"
        )
        raise ValueError(f"{where}: {name}{list(at)} is {a[at]}; {remedy}")
    if rule.kind == "code" and not np.array_equal(a, np.round(a)):
        raise ValueError(f"{where}: {name} must hold integers; use .astype(int), or Points.value")
    if rule.kind == "code" and a.size and (a.min() < 0 or a.max() > 255):
        raise ValueError(f"{where}: {name} must lie in 0..255, got {a.min():g}..{a.max():g}")


def _check_fields(c: Checked, frames: int) -> None:
    layer, where, dims = c.layer, c.where, c.dims

    def count(field: str, d: str, *, exactly: bool = False) -> None:
        n, want = len(getattr(layer, field)), dims.get(d, 0)
        if n and (n != want if exactly else n < want):
            raise ValueError(f"{where}: {field} has {n} entries for {want} ({d}); one each")

    if isinstance(layer, sc.Points):
        if dims["N"] > MAX_POINTS:
            raise ValueError(
                f"{where}: {dims['N']:,} points a frame; draw at most {MAX_POINTS:,} of them"
            )
        if layer.weights is not None and c.arrays["weights"].min(initial=0.0) < -1e-6:
            raise ValueError(f"{where}: weights must not be negative; pass responsibilities")
    if isinstance(layer, sc.Path) and layer.trail and layer.many:
        raise ValueError(f"{where}: trail already takes (L, F, 2); drop many=True")
    if isinstance(layer, sc.Lines):
        for field in ("names", "colors", "dashes"):
            count(field, "L", exactly=field == "names")
        if layer.cursor and "y" in c.moving:
            raise ValueError(f"{where}: cursor marks the frame on still curves; y must be (L, N)")
    if isinstance(layer, sc.Ellipses):
        count("colors", "K")
        cov = c.arrays["cov"]
        det = cov[..., 0, 0] * cov[..., 1, 1] - cov[..., 0, 1] * cov[..., 1, 0]
        tiny = -1e-9 * (1.0 + np.abs(cov[..., 0, 0] * cov[..., 1, 1]))
        if (cov[..., 0, 0] < 0).any() or (cov[..., 1, 1] < 0).any() or (det < tiny).any():
            raise ValueError(f"{where}: cov has a negative eigenvalue; pass covariances (d x d)")
    if isinstance(layer, sc.Bars):
        count("colors", "N")
    if isinstance(layer, sc.HeatMap) and not (
        layer.extent[0] < layer.extent[1] and layer.extent[2] < layer.extent[3]
    ):
        raise ValueError(f"{where}: extent {layer.extent} must be (x_min, x_max, y_min, y_max)")
    if isinstance(layer, sc.Images) and layer.columns < 1:
        raise ValueError(f"{where}: columns is {layer.columns}; at least one image in a row")
    if isinstance(layer, sc.Text):
        rows: Sequence[Any] = layer.text
        if rows and not isinstance(rows[0], str):
            if len(rows) != frames:
                raise ValueError(f"{where}: text has {len(rows)} frames, the scene has {frames}")
        else:
            rows = [rows]
        if any(len(row) != dims["N"] for row in rows):
            raise ValueError(f"{where}: text needs {dims['N']} strings (N), one for each xy")
    if isinstance(layer, sc.Handles):
        count("labels", "K", exactly=True)
        count("colors", "K")
    for color in [getattr(layer, "color", 0), *getattr(layer, "colors", ())]:
        if not isinstance(color, (int, str, np.integer)) or isinstance(color, bool):
            raise ValueError(f"{where}: color {color!r}; use 0..7, one of {COLORS} or a CSS colour")


def frame_count(scene: sc.Scene) -> int:
    if scene.frame_values is None:
        return 1
    values = np.asarray(scene.frame_values, dtype=float)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise ValueError(
            f"frame_values has shape {values.shape}, wanted (F,) finite numbers: one for each frame"
        )
    if len(values) == 0:
        raise ValueError("the scene has no frames; record one state, or leave frame_values out")
    return len(values)


def check_scene(scene: sc.Scene) -> list[list[Checked]]:
    """Every layer of every panel, checked. Raises ValueError that says where and what to do."""
    frames = frame_count(scene)
    if not scene.panels:
        raise ValueError("the scene has no panels; give at least one")
    if not scene.alt.strip():
        raise ValueError("the scene has no alt; say in one sentence what the picture is")
    if len(scene.captions) not in (0, frames):
        raise ValueError(f"{len(scene.captions)} captions for {frames} frames; one each, or none")
    if not 0 <= scene.start < frames:
        raise ValueError(f"start is {scene.start}; the frames are 0 to {frames - 1}")
    for name in ("fps", "aspect", "columns"):
        if not getattr(scene, name) > 0:
            raise ValueError(f"{name} is {getattr(scene, name)}; it must be positive")
    checked = []
    for i, panel in enumerate(scene.panels):
        where = f"panel {i}" + (f" '{panel.title}'" if panel.title else "")
        if panel.aspect is not None and not 0 < panel.aspect < np.inf:
            raise ValueError(f"{where}: aspect is {panel.aspect}; it must be positive and finite")
        if panel.area is not None:
            column, row, wide, high = panel.area
            if column < 0 or row < 0 or wide < 1 or high < 1 or column + wide > scene.columns:
                raise ValueError(
                    f"{where}: area {panel.area} (column, row, columns, rows) does not fit "
                    f"a grid of {scene.columns} columns; raise Scene.columns"
                )
        checked.append([])
        for j, layer in enumerate(panel.layers):
            label = f"{where}, layer {j} {type(layer).__name__}"
            label += f" '{layer.name}'" if getattr(layer, "name", "") else ""
            checked[-1].append(check_layer(layer, label, frames))
    return checked
