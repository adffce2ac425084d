r"""A scene as bytes: what the player reads.

    uint32 header length | JSON header, padded to 8 bytes | typed arrays, each aligned to 8

A real x of an axis between lo and hi travels as a 16-bit code, ``round((x - lo) / step)`` with
``step = (hi - lo) / 65534``; code 65535 is NaN. On a plot 1,000 pixels wide a step is 1/65 of a
pixel. Where an axis shows only a small part of the data a step would be seen: there the
array stays float32. Heat maps are codes of their colours (8 or 16 bits), images are 8-bit.

``checks`` refuses what cannot be drawn.
"""

import json
import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from dgmlib.figures import scene as sc
from dgmlib.figures.checks import EDITS, RULES, Checked, Rule, check_scene, frame_count

MAX_BYTES = 64 * 2**20  # of one packed scene
FINE = 16_000  # steps across the visible axis that no eye can see
HEADER = (
    *("alt", "title", "captions", "frame_label", "start", "fps", "loop", "autoplay"),
    *("columns", "aspect", "interpolate"),
)


# ---------------------------------------------------------------- how far the axes reach


def axis_range(axis: sc.Axis, layers: Sequence[Checked], which: int, where: str) -> list[float]:
    """The stated range, or that of the data over all frames, with air around it."""
    name = "xy"[which]
    if axis.range is not None:
        lo, hi = (float(v) for v in axis.range)
        if not (math.isfinite(lo) and math.isfinite(hi) and lo != hi):
            raise ValueError(f"{where}: {name}.range {axis.range} must be two different numbers")
        if axis.log and min(lo, hi) <= 0:
            raise ValueError(f"{where}: {name}.range {axis.range} on a log axis must be positive")
        return [lo, hi]
    soft, hard = [], []  # hard bounds get no air: the edge of a heat map, the foot of a bar
    for c in layers:
        s, h = _reach(c, which)
        soft += [np.nanmin(v) for v in s if v.size and not np.isnan(v).all()]
        soft += [np.nanmax(v) for v in s if v.size and not np.isnan(v).all()]
        hard += [float(v) for part in h for v in (np.min(part), np.max(part)) if np.size(part)]
    if not soft and not hard:
        return [1.0, 10.0] if axis.log else [0.0, 1.0]
    lo, hi = float(min(soft + hard)), float(max(soft + hard))
    if axis.log and lo <= 0:
        raise ValueError(f"{where}: {name} is a log axis, the data reach {lo:g}; give a range")
    if lo == hi:
        return [lo / 2, hi * 2] if axis.log else [lo - 0.5, hi + 0.5]
    f, back = (math.log, math.exp) if axis.log else (float, float)
    air = 0.05 * (f(hi) - f(lo))
    pad_lo = not hard or lo < min(hard)
    pad_hi = not hard or hi > max(hard)
    return [back(f(lo) - air) if pad_lo else lo, back(f(hi) + air) if pad_hi else hi]


def _reach(c: Checked, which: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """(soft, hard) values of one layer along x (0) or y (1)."""
    layer, a = c.layer, c.arrays
    if isinstance(layer, (sc.Points, sc.Path, sc.Text, sc.Handles, sc.Brush)):
        return [a["xy"][..., which]], []
    if isinstance(layer, sc.Arrows):
        return [a["start"][..., which], a["end"][..., which]], []
    if isinstance(layer, (sc.Lines, sc.Band)):
        if which == 0:
            return [], [a["x"]]
        values = [a["y"]] if isinstance(layer, sc.Lines) else [a["low"], a["high"]]
        return values, [np.zeros(1)] if getattr(layer, "fill", False) else []
    if isinstance(layer, sc.Ellipses):
        sd = np.sqrt(np.maximum(a["cov"][..., which, which], 0.0)) * max(layer.sd, default=0.0)
        mean = a["mean"][..., which]
        if sd.shape[: sd.ndim - mean.ndim] or mean.shape[: mean.ndim - sd.ndim]:
            sd, mean = np.broadcast_arrays(sd, mean)
        return [mean - sd, mean + sd], []
    if isinstance(layer, sc.Bars):
        if which == 0:
            return [a["x"] - layer.width / 2, a["x"] + layer.width / 2], []
        e = a.get("error", np.zeros(1))
        return [a["height"] - e, a["height"] + e], [np.array([layer.base])]
    if isinstance(layer, sc.HeatMap):
        return [], [np.array(layer.extent[2 * which : 2 * which + 2])]
    if isinstance(layer, sc.Images):
        rows = -(-c.dims["N"] // layer.columns)
        return [], [np.array([0.0, layer.columns if which == 0 else rows])]
    if isinstance(layer, sc.Pad):
        return [], [np.array([0.0, layer.size])]
    if isinstance(layer, sc.Rules) and layer.axis == "xy"[which]:
        return [a["at"]], []
    return [], []


# ---------------------------------------------------------------- arrays to bytes


class Body:
    """The typed arrays, one after the other, each aligned to 8 bytes."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.index: list[dict[str, Any]] = []
        self.size = 0

    def put(self, a: np.ndarray, **meta: Any) -> dict[str, int]:
        raw = np.ascontiguousarray(a).tobytes()
        kind = a.dtype.str[1:]
        self.index.append({"type": kind, "shape": list(a.shape), "at": self.size, **meta})
        self.parts.append(raw + b"\0" * (-len(raw) % 8))
        self.size += len(self.parts[-1])
        if self.size > MAX_BYTES:
            raise ValueError(
                f"the scene is larger than {MAX_BYTES // 2**20} MB packed; "
                "record fewer frames, or draw fewer points"
            )
        return {"array": len(self.index) - 1}

    def put_real(self, a: np.ndarray, spans: Sequence[float], *, coarse: bool = False) -> Any:
        """As 16-bit codes (8-bit when ``coarse``) where a step is invisible, else float32.

        ``spans`` are the visible lengths, one for each last-axis column, or one for all.
        """
        columns = len(spans) if len(spans) > 1 else 1
        flat = a.reshape(-1, columns)
        if a.size <= 64 or np.isnan(flat).all(axis=0).any():
            return self.put(a.astype("<f4"))
        lo, hi = np.nanmin(flat, axis=0), np.nanmax(flat, axis=0)
        top, dtype = (254, "u1") if coarse else (65534, "<u2")
        step = np.where(hi > lo, (hi - lo) / top, 1.0)
        if (step * (127 if coarse else FINE) > np.asarray(spans)).any() and (hi > lo).any():
            return self.put_real(a, spans) if coarse else self.put(a.astype("<f4"))
        code = (flat - lo) / step
        code += 0.5
        np.nan_to_num(code, copy=False, nan=top + 1.5)
        return self.put(code.astype(dtype).reshape(a.shape), lo=lo.tolist(), step=step.tolist())


def pack_array(body: Body, c: Checked, name: str, rule: Rule, spans: list[float]) -> Any:
    layer, a = c.layer, c.arrays[name]
    if isinstance(layer, EDITS):
        return a.tolist()
    if rule.kind == "code":
        return body.put(a.astype("u1"))
    if rule.kind == "unit":
        lo, hi = layer.range if isinstance(layer, sc.Images) else (0.0, 1.0)
        code = np.clip((a - lo) / (hi - lo), 0.0, 1.0) * 255.0 + 0.5
        return body.put(code.astype("u1"), lo=[lo], step=[(hi - lo) / 255.0], full=True)
    if rule.kind == "exact" or spans[0] == 0 or spans[1] == 0:
        if name == "cov":
            a = np.stack([a[..., 0, 0], a[..., 0, 1], a[..., 1, 1]], axis=-1)
        return body.put(a.astype("<f4"))
    if rule.kind == "real":
        lo, hi = value_range(c)
        big = isinstance(layer, sc.HeatMap) and a.size > 2**17
        return body.put_real(a, [hi - lo], coarse=big)
    return body.put_real(a, spans if rule.kind == "xy" else [spans[1]])


def value_range(c: Checked) -> list[float]:
    """Where the colour map of a heat map, or of valued points, begins and ends."""
    if getattr(c.layer, "range", None) is not None:
        lo, hi = c.layer.range
    else:
        a = c.arrays["value"]
        lo, hi = (float(a.min()), float(a.max())) if a.size else (0.0, 1.0)
        if getattr(c.layer, "colormap", "") == "diverging":
            hi = max(abs(lo), abs(hi))
            lo = -hi
    return [float(lo), float(hi)] if lo < hi else [float(lo), float(lo) + 1.0]


def _plain(value: Any) -> Any:
    """A field that is not an array, as JSON."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def pack_layer(body: Body, c: Checked, spans: list[float]) -> dict[str, Any]:
    rules = RULES[type(c.layer)]
    out: dict[str, Any] = {"type": type(c.layer).__name__}
    for f in fields(c.layer):
        if f.name in rules:
            if f.name in c.arrays:
                out[f.name] = pack_array(body, c, f.name, rules[f.name], spans)
        else:
            value = _plain(getattr(c.layer, f.name))
            if value is not None and value != [] and value != "":
                out[f.name] = value
    out["moving"] = sorted(c.moving)
    if "value" in c.arrays and not isinstance(c.layer, sc.Images):
        out["range"] = value_range(c)
    return out


# ---------------------------------------------------------------- the whole scene


def pack(scene: sc.Scene) -> bytes:
    """Checks a scene and packs it. The same scene always gives the same bytes."""
    checked, body = check_scene(scene), Body()
    panels = []
    for i, (panel, layers) in enumerate(zip(scene.panels, checked, strict=True)):
        axes, spans = {}, []
        for k, axis in enumerate((panel.x, panel.y)):
            bounds = axis_range(axis, layers, k, f"panel {i}")
            spans.append(0.0 if axis.log else abs(bounds[1] - bounds[0]))
            axes["xy"[k]] = {
                "label": axis.label,
                "range": bounds,
                "ticks": _plain(axis.ticks),
                "log": axis.log,
                "hidden": axis.hidden,
            }
        panels.append(
            {
                "title": panel.title,
                **axes,
                "equal": panel.equal,
                "area": panel.area,
                "aspect": panel.aspect,
                "legend": panel.legend,
                "layers": [pack_layer(body, c, spans) for c in layers],
            }
        )
    header = {name: _plain(getattr(scene, name)) for name in HEADER}
    header["frames"] = frame_count(scene)
    if scene.frame_values is not None:
        header["frame_values"] = body.put(np.asarray(scene.frame_values, "<f8"))
    header["panels"] = panels
    header["arrays"] = body.index
    return envelope(header, b"".join(body.parts))


def envelope(header: dict[str, Any], body: bytes) -> bytes:
    """uint32 length | JSON padded so that the body starts at a multiple of 8 | body."""
    text = json.dumps(header, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 4) % 8)
    return struct.pack("<I", len(text)) + text + body


def unpack(packed: bytes) -> tuple[dict[str, Any], Callable[[dict[str, int]], np.ndarray]]:
    """The header, and a function that decodes one of its array references (for tests and tools)."""
    (n,) = struct.unpack_from("<I", packed)
    header = json.loads(packed[4 : 4 + n])

    def read(ref: dict[str, int]) -> np.ndarray:
        meta = header["arrays"][ref["array"]]
        size = int(np.prod(meta["shape"], dtype=int))
        a = np.frombuffer(packed, "<" + meta["type"], size, 4 + n + meta["at"])
        a = a.reshape(meta["shape"])
        if "lo" not in meta:
            return a.astype(float)
        lo, step = np.array(meta["lo"]), np.array(meta["step"])
        columns = a.reshape(-1, len(lo))
        real = lo + columns * step
        return np.where(columns == missing_code(meta), np.nan, real).reshape(meta["shape"])

    return header, read


def missing_code(meta: dict[str, Any]) -> int:
    """The code that means NaN. Unit arrays use all of their 8 bits and have none."""
    if meta["type"] == "u2":
        return 65535
    return -1 if meta.get("full") else 255
