"""Scenes: what is refused, what is packed, and that nothing visible is lost on the way.

Each test names the mutant it kills: the wrong packing or checking that it would catch.
"""

import html
import json
import re
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgmlib.figures.checks import MAX_POINTS
from dgmlib.figures.html import page, player_source
from dgmlib.figures.pack import MAX_BYTES, Body, unpack
from dgmlib.figures.scene import (
    Arrows,
    Axis,
    Band,
    Bars,
    Brush,
    Ellipses,
    Handles,
    HeatMap,
    Images,
    Layer,
    Lines,
    Pad,
    Panel,
    Path,
    Pick,
    Points,
    Rules,
    Scene,
    Text,
)

F, N = 7, 40


def scene(*layers: Layer, frames: int | None = F, **panel) -> Scene:
    values = None if frames is None else np.arange(frames)
    return Scene(alt="A test.", frame_values=values, panels=[Panel(layers=layers, **panel)])


def packed(*layers: Layer, frames: int | None = F, **panel):
    header, read = unpack(scene(*layers, frames=frames, **panel).pack())
    return header["panels"][0], read


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


# ---------------------------------------------------------------- bytes


def test_layout_of_the_bytes(rng):
    """Mutant: a header that is not padded (typed arrays in the browser need aligned starts)."""
    raw = scene(Points(xy=rng.normal(size=(F, N, 2))), Lines(x=np.arange(3), y=np.arange(3))).pack()
    length = int.from_bytes(raw[:4], "little")
    header = json.loads(raw[4 : 4 + length])
    assert (4 + length) % 8 == 0
    assert all(meta["at"] % 8 == 0 for meta in header["arrays"])
    last = header["arrays"][-1]
    width = {"u1": 1, "u2": 2, "f4": 4, "f8": 8}[last["type"]]
    end = last["at"] + width * int(np.prod(last["shape"]))
    assert len(raw) - (4 + length) == -(-end // 8) * 8


def test_same_scene_same_bytes(rng):
    """Mutant: anything random or dated in the header (the app would send each rerun anew)."""
    xy = rng.normal(size=(F, N, 2))
    assert scene(Points(xy=xy)).pack() == scene(Points(xy=xy.copy())).pack()


def test_payload_is_the_arrays(rng):
    """Mutants: still arrays repeated for each frame; JSON numbers; float64 coordinates."""
    frames, points = 200, 2000
    layers = (
        HeatMap(value=rng.random((frames, 64, 64)), extent=(-3, 3, -3, 3)),
        Points(xy=rng.normal(size=(frames, points, 2)), group=rng.integers(0, 4, points)),
        Ellipses(mean=rng.normal(size=(frames, 4, 2)), cov=np.tile(np.eye(2), (frames, 4, 1, 1))),
    )
    heat, xy, group = frames * 64 * 64, frames * points * 2 * 2, points
    ellipses = frames * 4 * (2 * 2 + 3 * 4)
    captions = [f"iteration {i}" for i in range(frames)]
    whole = Scene(
        alt="x", frame_values=np.arange(frames), captions=captions, panels=[Panel(layers=layers)]
    )
    assert len(whole.pack()) <= 1.10 * (heat + xy + group + ellipses + frames * 8)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(0, 2**32 - 1))
def test_codes_are_finer_than_a_pixel(middle, spread, seed):
    """Mutants: 8-bit codes, rounding down, one scale for both axes (x in 1e6, y in 1e-3)."""
    rng = np.random.default_rng(seed)
    xy = np.stack([rng.normal(size=N) * 1e-3, middle + spread * rng.normal(size=N)], axis=-1)
    panel, read = packed(Points(xy=xy), frames=None)
    back = read(panel["layers"][0]["xy"])
    for axis, column in (("x", 0), ("y", 1)):
        lo, hi = panel[axis]["range"]
        pixel = (hi - lo) / 2000  # of a very wide picture
        error = np.abs(back[:, column] - xy[:, column]).max()
        assert error < max(pixel / 60, 1e-6 * abs(middle))


def test_a_zoomed_axis_keeps_its_precision(rng):
    """Mutant: codes spread over the data's range where the axis shows a thousandth of it."""
    xy = rng.uniform(-1, 1, size=(500, 2))
    xy[0] = 1e5  # one wild point
    panel, read = packed(Points(xy=xy), frames=None, x=Axis(range=(0, 1)), y=Axis(range=(0, 1)))
    back = read(panel["layers"][0]["xy"])
    np.testing.assert_allclose(back[1:], xy[1:], atol=1e-6)


def test_nan_survives_where_it_breaks_a_line(rng):
    """Mutant: NaN coded as an ordinary number (a line to nowhere)."""
    y = rng.normal(size=(2, 100))
    y[1, 40] = np.nan
    xy = rng.normal(size=(200, 2))
    xy[7] = np.nan
    panel, read = packed(Lines(x=np.arange(100), y=y), Path(xy=xy), frames=None)
    lines, path = (layer for layer in panel["layers"])
    np.testing.assert_array_equal(np.isnan(read(lines["y"])), np.isnan(y))
    np.testing.assert_array_equal(np.isnan(read(path["xy"])), np.isnan(xy))


def test_small_covariances_keep_their_digits():
    """Mutant: covariances in linear 16-bit codes (a collapsing component would jump)."""
    size = np.geomspace(1.0, 1e-7, 40)
    cov = size[:, None, None, None] * np.eye(2)
    panel, read = packed(Ellipses(mean=np.zeros((40, 1, 2)), cov=cov), frames=40)
    np.testing.assert_allclose(read(panel["layers"][0]["cov"])[:, 0, 0], size, rtol=1e-6)


def test_heat_map_beyond_its_colour_range_is_not_clipped(rng):
    """Mutant: clipping values to the colour range (the read-out would show a false number)."""
    value = rng.uniform(0, 10, size=(F, 30, 30))
    layer = HeatMap(value=value, extent=(0, 1, 0, 1), range=(0.0, 1.0))
    panel, read = packed(layer)
    np.testing.assert_allclose(read(panel["layers"][0]["value"]), value, atol=1e-3)


# ---------------------------------------------------------------- what moves, how far it reaches


@pytest.mark.parametrize(
    ("layer", "moving"),
    [
        (Points(xy=np.zeros((N, 2)), weights=np.full((F, N, 2), 0.5)), ["weights"]),
        (Points(xy=np.zeros((F, N, 2)), group=np.zeros(N, int)), ["xy"]),
        (Path(xy=np.zeros((F, 5, 2))), ["xy"]),
        (Path(xy=np.zeros((F, 5, 2)), many=True), []),  # F lines of 5
        (Path(xy=np.zeros((F, 2)), trail=True), []),
        (Path(xy=np.zeros((3, F, 2)), trail=True), []),
        (Lines(x=np.arange(5), y=np.zeros((F, 3, 5))), ["y"]),
        (Lines(x=np.arange(5), y=np.zeros((F, 5))), ["y"]),
        (Lines(x=np.arange(5), y=np.zeros((3, 5))), []),
        (Lines(x=np.arange(5), y=np.zeros((F, 5)), names=list("abcdefg")), []),
        (Lines(x=np.arange(F), y=np.zeros((F, F)), cursor=True), []),
        (Lines(x=np.arange(5), y=np.zeros(5)), []),
        (Band(x=np.arange(5), low=np.zeros((F, 5)), high=np.ones(5)), ["low"]),
        (Ellipses(mean=np.zeros((3, 2)), cov=np.tile(np.eye(2), (F, 3, 1, 1))), ["cov"]),
        (Bars(x=np.arange(4), height=np.zeros((F, 4)), error=np.zeros(4)), ["height"]),
        (HeatMap(value=np.zeros((F, 3, 4)), extent=(0, 1, 0, 1)), ["value"]),
        (Images(value=np.zeros((F, 3, 4, 4)), columns=2), ["value"]),
        (Rules(at=np.zeros((F, 1))), ["at"]),
        (Text(xy=np.zeros((F, 1, 2)), text=["a"]), ["xy"]),
        (Arrows(start=np.zeros((2, 2)), end=np.ones((F, 2, 2))), ["end"]),
    ],
)
def test_frame_axis_is_recognised(layer, moving):
    """Mutants: shape[0] == F taken for the frame axis whatever the flags say; ndim off by one."""
    panel, _ = packed(layer)
    assert panel["layers"][0]["moving"] == moving


def test_axes_hold_every_frame():
    """Mutants: the range of the first frame only; ellipses by their centres; no air."""
    xy = np.zeros((F, 1, 2))
    xy[-1, 0] = (10.0, -4.0)
    panel, _ = packed(Points(xy=xy))
    assert panel["x"]["range"] == pytest.approx([-0.5, 10.5])
    assert panel["y"]["range"] == pytest.approx([-4.2, 0.2])
    ellipse = Ellipses(mean=np.zeros((1, 2)), cov=np.diag([4.0, 1.0])[None], sd=(1.0, 3.0))
    panel, _ = packed(ellipse)
    assert panel["x"]["range"] == pytest.approx([-6.6, 6.6])
    panel, _ = packed(HeatMap(value=np.ones((2, 2)), extent=(-1, 2, 0, 5)))
    assert panel["x"]["range"] == [-1, 2]
    assert panel["y"]["range"] == [0, 5]
    panel, _ = packed(Bars(x=np.arange(2), height=np.array([1.0, 4.0])))
    assert panel["y"]["range"] == pytest.approx([0, 4.2])


def test_log_axes_get_air_by_factors():
    """Mutant: linear air around a log axis (below zero)."""
    panel, _ = packed(Points(xy=np.array([[1.0, 1e-4], [2.0, 1.0]])), frames=None, y=Axis(log=True))
    assert panel["y"]["range"] == pytest.approx([1e-4 * 10**-0.2, 10**0.2])


# ---------------------------------------------------------------- what is refused

BAD = {
    "a third coordinate": (
        Points(xy=np.zeros((N, 3)), name="data"),
        r"panel 0, layer 0 Points 'data': xy has shape \(40, 3\), wanted \(N, 2\)",
    ),
    "other frames": (Points(xy=np.zeros((5, N, 2))), r"xy has 5 frames .* the scene has 7"),
    "NaN points": (Points(xy=np.full((N, 2), np.nan)), r"xy\[0, 0\] is nan; leave those"),
    "infinite line": (Lines(x=np.arange(3), y=np.array([0, np.inf, 1])), r"is inf; use NaN where"),
    "half groups": (Points(xy=np.zeros((2, 2)), group=np.array([0.5, 1])), "must hold integers"),
    "negative group": (Points(xy=np.zeros((2, 2)), group=np.array([-1, 1])), r"0\.\.255"),
    "short group": (
        Points(xy=np.zeros((4, 2)), group=np.zeros(3, int)),
        r"group has shape \(3,\), wanted \(4 \(N\)\)",
    ),
    "words": (Points(xy=cast(Any, "nothing")), "xy is a str; pass an array"),
    "too many": (Points(xy=np.zeros((MAX_POINTS + 1, 2))), "draw at most 20,000"),
    "curve and x": (Lines(x=np.arange(4), y=np.zeros((2, 5))), r"wanted \(L, 4 \(N\)\)"),
    "names": (Lines(x=np.arange(4), y=np.zeros((2, 4)), names=["a"]), "names has 1 entries for 2"),
    "moving cursor": (
        Lines(x=np.arange(4), y=np.zeros((F, 2, 4)), cursor=True),
        "cursor marks the frame on still curves",
    ),
    "trail": (Path(xy=np.zeros((5, 2)), trail=True), r"xy has shape .* wanted \(L, 7 \(F\), 2\)"),
    "covariance": (
        Ellipses(mean=np.zeros((1, 2)), cov=np.array([[[1.0, 2.0], [2.0, 1.0]]])),
        "negative eigenvalue",
    ),
    "extent": (HeatMap(value=np.zeros((2, 2)), extent=(1, 0, 0, 1)), "x_min, x_max"),
    "strings": (Text(xy=np.zeros((2, 2)), text=["one"]), "2 strings"),
    "strings of frames": (Text(xy=np.zeros((1, 2)), text=[["a"]] * 3), "text has 3 frames"),
    "colour": (Rules(at=np.zeros(1), color=cast(Any, 1.5)), "color 1.5; use 0..7"),
    "handles move": (Handles(xy=np.zeros((F, 2, 2))), "this array cannot move"),
    "labels": (Handles(xy=np.zeros((2, 2)), labels=["a"]), "labels has 1 entries for 2"),
    "pad": (Pad(pixels=np.zeros((8, 8))), r"wanted \(28 \(size\), 28 \(size\)\)"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_layers_are_refused(name):
    """Mutant: any check left out. The message says where, what came, and what to do."""
    layer, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        scene(layer).pack()


def test_bad_scenes_are_refused(rng):
    """Mutant: a scene check left out."""
    points = Points(xy=np.zeros((1, 2)))

    def refuse(message: str, **fields) -> None:
        base = {"alt": "x", "panels": [Panel(layers=[points])], "frame_values": np.arange(3)}
        with pytest.raises(ValueError, match=message):
            Scene(**(base | fields)).pack()

    refuse("no frames", frame_values=np.zeros(0))
    refuse("2 captions for 3 frames", captions=["a", "b"])
    refuse("no alt", alt=" ")
    refuse("no panels", panels=[])
    refuse("start is 3", start=3)
    refuse("fps is 0", fps=0)
    refuse(r"does not fit a grid of 1", panels=[Panel(layers=[points], area=(1, 0, 1, 1))])
    for aspect in (0, -1, np.inf, np.nan):
        refuse("aspect is", panels=[Panel(layers=[points], aspect=aspect)])
    refuse("log axis", panels=[Panel(layers=[points], x=Axis(log=True))])
    refuse("two different numbers", panels=[Panel(layers=[points], x=Axis(range=(1, 1)))])
    refuse("not a layer", panels=[Panel(layers=cast(Any, ["dots"]))])
    with pytest.raises(ValueError, match=r"give the scene frame_values"):
        scene(Points(xy=np.zeros((5, N, 2))), frames=None).pack()


def test_too_large_is_refused():
    """Mutant: no bound on the bytes. (Zeros take no memory until they are written.)"""
    body = Body()
    body.put(np.zeros(MAX_BYTES // 2, "u1"))
    body.put(np.zeros(MAX_BYTES // 2, "u1"))
    with pytest.raises(ValueError, match="larger than 64 MB packed"):
        body.put(np.zeros(1, "u1"))


# ---------------------------------------------------------------- pages


def every_layer() -> Scene:
    rng = np.random.default_rng(1)
    layers: list[Layer] = [
        HeatMap(value=rng.random((F, 8, 9)), extent=(0, 1, 0, 1), legend=True),
        Points(xy=rng.random((F, N, 2)), value=rng.random(N)),
        Path(xy=rng.random((F, 2)), trail=True),
        Lines(x=np.linspace(0, 1, 9), y=rng.random((2, 9))),
        Band(x=np.linspace(0, 1, 9), low=np.zeros(9), high=np.ones(9)),
        Arrows(start=rng.random((3, 2)), end=rng.random((3, 2))),
        Ellipses(mean=rng.random((2, 2)), cov=np.tile(np.eye(2), (2, 1, 1))),
        Bars(x=np.arange(3), height=rng.random(3)),
        Rules(at=np.array([0.5])),
        Text(xy=rng.random((1, 2)), text=["</script><b>&"]),
        Handles(xy=rng.random((2, 2)), width=np.ones(2)),
        Brush(xy=rng.random((3, 2))),
        Pick(),
    ]
    panels = [
        Panel(layers=layers),
        Panel(layers=[Images(value=rng.random((4, 5, 5)), columns=2)]),
        Panel(layers=[Pad()]),
    ]
    return Scene(alt='All & "every" <layer>', frame_values=np.arange(F), panels=panels)


def test_page_is_complete_and_escaped():
    """Mutants: an address in the page; text that ends the script; a template out of step."""
    text = every_layer().to_html()
    without_module = text.replace(player_source().replace("</script", "<\\/script"), "")
    assert "<title>All &amp; &quot;every&quot; &lt;layer&gt;</title>" in text
    assert not re.findall(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", without_module)
    assert len(re.findall(r"</script>", text)) == 3
    assert "{{" not in without_module
    assert 'data-theme="dark"' in page(every_layer(), theme="dark")
    with pytest.raises(ValueError, match="use 'auto', 'light' or 'dark'"):
        page(every_layer(), theme="blue")


def test_notebook_frame_holds_the_page():
    """Mutant: unescaped quotes that end srcdoc early."""
    frame = every_layer()._repr_html_()
    inner = re.search(r'srcdoc="([^"]*)"', frame)
    assert inner is not None
    assert html.unescape(inner[1]) == every_layer().to_html()
