"""The player in a real browser: every control by mouse, keyboard and touch, judged by its pixels.

Most tests open a stand-alone file; the last ones run a small Streamlit app (player_app.py).
The truth is computed here: where a marker stands at frame 17, which colour a value has.
"""

import ast
import base64
import io
import math
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path as File
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageSequence
from playwright.sync_api import Browser, FloatRect, Page, expect

from dgmlib.figures.scene import (
    Axis,
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
    Scene,
)
from tests.browser.conftest import IDLE

ROOT = File(__file__).parents[2]
BLUE, ORANGE, GREEN = (0x1F, 0x6F, 0xB4), (0xDD, 0x7A, 0x00), (0x0B, 0x8A, 0x66)
F = 41
UNIT = Axis(range=(0.0, 1.0))
XS = np.linspace(0.1, 0.9, F)  # where the marker stands


@pytest.fixture
def tab(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages, and fails the test if any of them complains in the console."""
    contexts, complaints = [], []

    def new(width: int = 1000, height: int = 800, **options) -> Page:
        options = {"permissions": ["clipboard-read", "clipboard-write"], **options}
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.on(
            "console",
            lambda m: complaints.append(m.text) if m.type == "error" else None,
        )
        return page

    yield new
    for context in contexts:
        context.close()
    assert not complaints


def moving_marker(*more: Layer, frames: int = F, **fields) -> Scene:
    """A marker that walks from x = 0.1 to 0.9 at y = 0.5."""
    xs = np.linspace(0.1, 0.9, frames)
    xy = np.stack([xs, np.full(frames, 0.5)], axis=-1)[:, None]
    marker = Points(xy=xy, color=1, size=10, opacity=1.0, name="marker")
    panel = Panel(layers=[*more, marker], x=UNIT, y=UNIT, title="Walk")
    base: dict[str, Any] = {
        "alt": "A marker walks to the right.",
        "frame_values": np.arange(frames),
        "frame_label": "iteration",
        "captions": [f"The marker stands at {x:.2f}." for x in xs],
        "aspect": 2.0,
    }
    whole_scene: dict[str, Any] = {"panels": [panel]} | base | fields
    return Scene(**whole_scene)


def still(*layers: Layer, **panel) -> Scene:
    return Scene(alt="A still picture.", aspect=2.0, panels=[Panel(layers=layers, **panel)])


@pytest.fixture
def show(tab, tmp_path) -> Callable[..., Page]:
    """Writes a scene as a file and opens it from disk. ``send`` mounts it with somebody
    listening."""

    def open_file(scene: Scene, *, send: bool = False, page: Page | None = None, **options) -> Page:
        file = tmp_path / f"scene{len(list(tmp_path.iterdir()))}.html"
        file.write_text(scene.to_html(), encoding="utf-8")
        page = page or tab(**options)
        page.goto(file.as_uri())
        page.wait_for_function("window.dgmPlayer?.player.g")
        if send:
            page.evaluate(LISTEN)
        return page

    return open_file


# Mounts the same bytes again with a listener, as the app does; acknowledging is left to the test.
LISTEN = """() => {
  const { player } = window.dgmPlayer;
  const { bytes, options, constructor } = player;
  const root = player.root;
  window.dgmPlayer.destroy();
  window.sent = [];
  const make = constructor;
  const next = new make(root, bytes, { ...options, send: (edit) => window.sent.push(edit) });
  next.edits.patience = 60000; // a slow machine must not count as a lost message
  window.dgmPlayer = {
    player: next,
    update: (b, o) => next.update(b, o),
    toPixel: (i, x, y) => [next.views[i].X(x), next.views[i].Y(y)],
  };
}"""


def spot(page: Page, x: float, y: float, panel: int = 0) -> tuple[float, float]:
    """Data -> pixels of the browser window."""
    px, py = page.evaluate("([i, x, y]) => dgmPlayer.toPixel(i, x, y)", [panel, x, y])
    box = page.locator(".dgm canvas").bounding_box()
    assert box is not None
    return box["x"] + px, box["y"] + py


def whole(at: tuple[float, float]) -> tuple[int, int]:
    return int(at[0]), int(at[1])


def pixel(page: Page, x: float, y: float, panel: int = 0) -> tuple[int, int, int]:
    """The colour of the canvas where the data point (x, y) belongs."""
    return tuple(
        page.evaluate(
            """([i, x, y]) => {
              const [px, py] = dgmPlayer.toPixel(i, x, y);
              const { canvas } = dgmPlayer.player;
              const r = canvas.width / canvas.clientWidth;
              const at = canvas.getContext("2d").getImageData(px * r, py * r, 1, 1).data;
              return Array.from(at.slice(0, 3));
            }""",
            [panel, x, y],
        )
    )


def near(a, b, tolerance: int = 6) -> bool:
    return max(abs(int(p) - int(q)) for p, q in zip(a, b, strict=True)) <= tolerance


def frame(page: Page) -> int:
    return int(page.locator(".dgm-slider").input_value())


def shows(page: Page, k: int) -> bool:
    """Is the marker of frame k drawn there, and not where two frames before and after have it?"""
    here = near(pixel(page, XS[k], 0.5), ORANGE)
    others = [j for j in (k - 4, k + 4) if 0 <= j < F]
    return here and not any(near(pixel(page, XS[j], 0.5), ORANGE) for j in others)


# ---------------------------------------------------------------- pixels against the truth


def test_a_point_stands_where_python_says(show):
    """Mutants: y upside down; frame off by one; codes decoded with the other axis' scale."""
    page = show(moving_marker())
    for k in (0, 17, 40):
        page.evaluate("k => dgmPlayer.player.seek(k)", k)
        assert shows(page, k), k
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")  # what the eye gets
    assert near(shot.getpixel(whole(spot(page, XS[40], 0.5))), ORANGE)


def test_pixels_do_not_depend_on_the_player_for_their_place(show):
    """Mutant: toPixel and the drawing wrong in the same way. Distances on screen must be the
    data's."""
    xy = np.stack([XS, np.full(F, 0.2)], axis=-1)[:, None]
    marker = Points(xy=xy, color=1, size=10, opacity=1.0, name="marker")
    page = show(moving_marker(panels=[Panel(layers=[marker], x=UNIT, y=UNIT)]))
    picture = page.locator(".dgm canvas").bounding_box()
    assert picture is not None
    centres = []
    for k in (0, 20, 40):
        page.evaluate("k => dgmPlayer.player.seek(k)", k)
        image = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)
        rows, columns = np.nonzero((np.abs(image - ORANGE) < 8).all(axis=-1))
        wide = rows > 60  # below the legend, whose mark has the same colour
        centres.append((columns[wide].mean(), rows[wide].mean()))
    (x0, y0), (x1, y1), (x2, y2) = centres
    assert abs((x1 - x0) - (x2 - x1)) < 1.0
    assert max(y0, y1, y2) - min(y0, y1, y2) < 0.5
    assert y0 > picture["y"] + 0.6 * picture["height"]  # y = 0.2 lies in the lower part
    assert 0.6 * picture["width"] < x2 - x0 < 0.8 * picture["width"]


def oklch(lightness: float, chroma: float, hue: float) -> tuple[int, ...]:
    """The published formula (Ottosson, 2020), written a second time."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    lms = np.array([[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728],
                    [1, -0.0894841775, -1.291485548]]) @ [lightness, a, b]  # fmt: skip
    linear = np.array([[4.0767416621, -3.3077115913, 0.2309699292],
                       [-1.2684380046, 2.6097574011, -0.3413193965],
                       [-0.0041960863, -0.7034186147, 1.707614701]]) @ lms**3  # fmt: skip
    v = np.clip(linear, 0, 1)
    srgb = np.where(v <= 0.0031308, 12.92 * v, 1.055 * v ** (1 / 2.4) - 0.055)
    return tuple(round(255 * c) for c in srgb)


def test_heat_map_colours_and_read_out(show):
    """Mutants: rows upside down; transposed cells; the colour range off; wrong value read out."""
    value = np.arange(12.0).reshape(3, 4)  # few cells, drawn as cells
    layer = HeatMap(
        value=value, extent=(0, 4, 0, 3), colormap="diverging", unit="nats", range=(-11, 11)
    )
    page = show(still(layer))
    for row in range(3):
        for column in range(4):
            s = value[row, column] / 22  # distance from the middle of the range
            truth = oklch(0.975 - 0.95 * s, 0.32 * s, 35)
            assert near(pixel(page, column + 0.5, row + 0.5), truth, 4), (row, column)
    page.mouse.move(*spot(page, 2.5, 1.5))
    assert "value 6 nats" in page.locator(".dgm-tip").inner_text()


def test_heat_map_moves_and_is_monotone(show):
    """Mutants: a cached picture of the first frame; a colour map that is not monotone in
    lightness."""
    grid = np.tile(np.linspace(0, 1, 80), (60, 1))
    moving = np.stack([grid * k / (F - 1) for k in range(F)])
    page = show(moving_marker(HeatMap(value=moving, extent=(0, 1, 0, 1))))
    page.evaluate("dgmPlayer.player.seek(40)")
    light = [np.mean(pixel(page, x, 0.9)) for x in np.linspace(0.05, 0.95, 10)]
    assert all(np.diff(light) < -3)
    page.evaluate("dgmPlayer.player.seek(0)")
    assert pixel(page, 0.9, 0.9) == pixel(page, 0.1, 0.9)


def test_lines_bars_ellipses_and_images(show):
    """Mutants: variance drawn as deviation; bars from the top; image rows upside down; x unused."""
    page = show(
        still(
            Lines(x=np.array([0.0, 1.0, 3.0]), y=np.array([0.0, 4.0, 0.0]), width=6),
            Bars(x=np.array([5.0]), height=np.array([3.0]), width=1.0, color=2, opacity=1.0),
            Ellipses(
                mean=np.array([[8.0, 2.0]]),
                cov=np.array([[[4.0, 0], [0, 0.25]]]),
                sd=(0.5,),
                width=4,
                colors=[1],
                fill=False,
            ),
            x=Axis(range=(-1, 10)),
            y=Axis(range=(-1, 5)),
        )
    )
    assert near(pixel(page, 0.5, 2.0), BLUE)
    assert near(pixel(page, 2.0, 2.0), BLUE)
    assert near(pixel(page, 5.3, 1.5), GREEN)
    assert near(pixel(page, 5.3, 2.9), GREEN)
    assert not near(pixel(page, 5.3, 3.2), GREEN)
    assert near(pixel(page, 9.0, 2.0), ORANGE, 40)  # half a deviation of 2 to the right
    assert near(pixel(page, 8.0, 2.25), ORANGE, 40)
    assert not near(pixel(page, 8.0, 2.5), ORANGE, 40)

    digits = np.zeros((3, 4, 4))
    digits[0, 0, 3] = 1.0  # first image, top right
    digits[2, 3, 0] = 1.0  # third image (second row), bottom left
    page = show(still(Images(value=digits, columns=2)))
    assert near(pixel(page, 0.87, 1.87), (255, 255, 255))
    assert near(pixel(page, 0.13, 1.13), (0, 0, 0))
    assert near(pixel(page, 0.13, 0.13), (255, 255, 255))


def test_trail_stops_at_the_frame_and_cursor_follows(show):
    """Mutants: the whole path drawn at once; the cursor at the index instead of the frame's
    value."""
    xy = np.stack([XS, np.full(F, 0.2)], axis=-1)
    trail = Path(xy=xy, trail=True, color=2, width=6)
    page = show(moving_marker(trail))
    page.evaluate("dgmPlayer.player.seek(20)")
    assert near(pixel(page, 0.3, 0.2), GREEN)
    assert not near(pixel(page, 0.7, 0.2), GREEN)

    values = np.geomspace(1, 16, F)
    curve = Lines(x=values, y=values / 16, cursor=True, width=2)
    scene = Scene(alt="c", frame_values=values, panels=[Panel(layers=[curve], y=UNIT)])
    page = show(scene)
    page.evaluate("dgmPlayer.player.seek(30)")
    rule = pixel(page, values[30], 0.9)
    assert not near(rule, (255, 255, 255), 30)
    assert near(pixel(page, values[30], values[30] / 16), BLUE, 20)
    assert "frame 8" in page.locator(".dgm-frame").inner_text()


def test_responsibilities_mix_colours_and_choose_shapes(show):
    """Mutants: the first component's colour for all; shape not of the largest; colour alone."""
    xy = np.array([[0.2, 0.5], [0.5, 0.5], [0.8, 0.5]])
    weights = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    page = show(still(Points(xy=xy, weights=weights, size=20, opacity=1.0), x=UNIT, y=UNIT))
    mixed = tuple((a + b) / 2 for a, b in zip(BLUE, ORANGE, strict=True))
    for (x, y), truth in zip(xy, (BLUE, mixed, ORANGE), strict=True):
        assert near(pixel(page, x, y), truth, 5)
    corner, square = page.evaluate(
        """() => [0.2, 0.8].map((x) => {
          const [px, py] = dgmPlayer.toPixel(0, x, 0.5);
          const g = dgmPlayer.player.canvas.getContext("2d");
          return Array.from(g.getImageData(px + 15, py + 15, 1, 1).data.slice(0, 3));
        })"""
    )
    assert near(corner, (255, 255, 255), 30)  # a circle has no corner ...
    assert near(square, ORANGE)  # ... a square does


# ---------------------------------------------------------------- transport


def test_mouse_drives_every_control(show):
    """Mutants: a button wired to its neighbour; no clamping; play that never stops; speed
    ignored."""
    page = show(moving_marker(fps=200.0))
    button = lambda name: page.get_by_role("button", name=name, exact=True)  # noqa: E731
    button("Step forward").click()
    button("Step forward").click()
    assert frame(page) == 2
    assert shows(page, 2)
    button("Step back").click()
    assert frame(page) == 1
    button("Step back").click()
    button("Step back").click()
    assert frame(page) == 0
    button("Loop").click()
    assert button("Loop").get_attribute("aria-pressed") == "true"
    button("Step back").click()
    assert frame(page) == F - 1
    assert shows(page, F - 1)
    button("Loop").click()
    button("Play").click()
    page.wait_for_function("!dgmPlayer.player.playing")  # from the end it starts over, then stops
    assert frame(page) == F - 1
    assert shows(page, F - 1)
    box = page.locator(".dgm-slider").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert abs(frame(page) - 20) <= 1
    assert shows(page, frame(page))
    page.get_by_label("Speed").select_option("0.25")
    assert page.evaluate("dgmPlayer.player.speed") == 0.25


def test_speed_is_kept(show):
    """Mutant: frames counted by animation frames instead of time."""
    page = show(moving_marker(frames=400, captions=(), fps=20.0))
    page.get_by_label("Speed").select_option("4")
    page.get_by_role("button", name="Play").click()
    rate = page.evaluate(
        """() => new Promise(done => {
            const { player } = dgmPlayer, first = player.clock
            let spent = 0, last = null
            const look = now => {
              spent += Math.min(0.1, (now - (last ?? now)) / 1000) // as much is caught up, no more
              last = now
              if (spent > 1) done((player.clock - first) / spent)
              else requestAnimationFrame(look)
            }
            requestAnimationFrame(look)
        })"""
    )
    assert 70 < rate < 90  # 4 x 20


def test_keyboard_drives_the_player(show):
    """Mutants: keys of the slider doubled by the browser's own; keys lost on the canvas or a
    button."""
    page = show(moving_marker(fps=200.0))
    page.locator(".dgm-slider").focus()
    for key, want in [("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), (".", 2), (",", 1),
                      ("End", F - 1), ("ArrowRight", F - 1), ("Home", 0)]:  # fmt: skip
        page.keyboard.press(key)
        assert frame(page) == want, key
        assert shows(page, want), key
    page.keyboard.press("Space")
    page.wait_for_function("dgmPlayer.player.t > 5")
    page.keyboard.press("Space")
    assert not page.evaluate("dgmPlayer.player.playing")
    assert shows(page, frame(page))
    page.get_by_role("button", name="Step forward").focus()
    before = frame(page)
    page.keyboard.press("Space")  # presses the button, does not also play
    assert frame(page) == before + 1
    assert not page.evaluate("dgmPlayer.player.playing")
    page.keyboard.press("ArrowRight")
    assert frame(page) == before + 2


def test_touch_drives_the_player(show):
    """Mutants: mouse events only; a slider that cannot be scrubbed by finger; targets under 44
    px."""
    page = show(moving_marker(), width=390, height=844, has_touch=True, is_mobile=True)
    page.get_by_role("button", name="Step forward").tap()
    assert frame(page) == 1
    assert shows(page, 1)
    box = page.locator(".dgm-slider").bounding_box()
    assert box is not None
    assert box["height"] >= 44
    session = page.context.new_cdp_session(page)
    y = box["y"] + box["height"] / 2
    for kind, part in [("touchStart", 0.1), ("touchMove", 0.4), ("touchMove", 0.75)]:
        points = [{"x": box["x"] + part * box["width"], "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert 28 <= frame(page) <= 32
    assert shows(page, frame(page))
    for node in page.locator(".dgm-button:visible").all():
        size = node.bounding_box()
        assert size is not None
        assert min(size["width"], size["height"]) >= 44


def test_words_for_screen_readers(show):
    """Mutants: caption of the neighbour frame; a live region that talks while playing; no alt."""
    page = show(moving_marker())
    slider = page.locator(".dgm-slider")
    page.get_by_role("button", name="Step forward").click()
    assert (
        slider.get_attribute("aria-valuetext") == f"iteration 1: The marker stands at {XS[1]:.2f}."
    )
    assert page.locator(".dgm-caption").inner_text() == f"The marker stands at {XS[1]:.2f}."
    page.wait_for_function("document.querySelector('[aria-live]').textContent.includes('0.12')")
    assert page.get_by_role("img", name="A marker walks to the right.").count() == 1
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("dgmPlayer.player.t > 4")
    assert "0.12" in page.locator("[aria-live]").inner_text()
    page.get_by_role("button", name="Pause").click()


def test_scrubbing_draws_at_once(show):
    """Mutant: drawing put off to a later animation frame (the answer must come within 17 ms)."""
    page = show(moving_marker())
    colour = page.evaluate(
        """([x]) => {
          const s = document.querySelector(".dgm-slider");
          s.value = 33;
          s.dispatchEvent(new Event("input"));
          const [px, py] = dgmPlayer.toPixel(0, x, 0.5), { canvas } = dgmPlayer.player;
          return Array.from(canvas.getContext("2d").getImageData(px, py, 1, 1).data.slice(0, 3));
        }""",
        [XS[33]],
    )
    assert near(colour, ORANGE)


def test_tween_between_frames_only_while_playing(show):
    """Mutants: no tween; a tween that stays when paused; a tween of what cannot be mixed."""
    scene = moving_marker(fps=1.0)
    page = show(scene)
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("dgmPlayer.player.t % 1 > 0.3 && dgmPlayer.player.t % 1 < 0.7")
    t, drawn = page.evaluate(
        "(p => [p.t, p.views[0].panel.layers.at(-1).xy.out[0]])(dgmPlayer.player)"
    )
    assert abs(drawn - np.interp(t, np.arange(F), XS)) < 1e-3
    page.get_by_role("button", name="Pause").click()
    assert page.evaluate("dgmPlayer.player.t % 1") == 0


def test_one_frame_has_no_transport(show):
    """Mutant: a play button over a still picture."""
    page = show(still(Points(xy=np.array([[0.5, 0.5]]), size=10, opacity=1.0), x=UNIT, y=UNIT))
    assert not page.locator(".dgm-transport").is_visible()
    assert page.get_by_role("button", name="Export").is_visible()
    assert near(pixel(page, 0.5, 0.5), BLUE)


def test_legend_hides_and_shows(show):
    """Mutants: the wrong layer hidden; a cached picture that keeps it; aria-pressed not kept."""
    page = show(
        moving_marker(Lines(x=np.array([0.0, 1.0]), y=np.full((1, 2), 0.8), names=["level"]))
    )
    level = page.get_by_role("button", name="Show level")
    assert near(pixel(page, 0.5, 0.8), BLUE, 30)
    level.click()
    assert level.get_attribute("aria-pressed") == "false"
    assert near(pixel(page, 0.53, 0.8), (255, 255, 255), 25)
    assert shows(page, 0)
    level.press("Enter")
    assert near(pixel(page, 0.5, 0.8), BLUE, 30)


def test_read_out_under_the_pointer(show):
    """Mutants: pixels instead of data; the nearest point of another frame; no touch."""
    page = show(moving_marker(Lines(x=np.array([0.0, 1.0]), y=np.array([0.0, 1.0]), name="slope")))
    page.evaluate("dgmPlayer.player.seek(20)")
    x, y = spot(page, 0.5, 0.5)
    page.mouse.move(x + 3, y - 2)
    text = page.locator(".dgm-tip").inner_text()
    assert "marker 0: (0.5, 0.5)" in text
    assert re.search(r"slope: 0\.50\d", text)
    page.mouse.move(5, 5)
    assert not page.locator(".dgm-tip").is_visible()


# ---------------------------------------------------------------- preferences and sizes


def test_reduced_motion(show):
    """Mutants: autoplay or tweens under reduced motion."""
    page = show(moving_marker(autoplay=True, fps=60.0), reduced_motion="reduce")
    assert not page.evaluate("dgmPlayer.player.playing")
    begin = time.monotonic()
    page.get_by_role("button", name="Play").click()
    seen = [page.evaluate("dgmPlayer.player.t") for _ in range(30)]
    assert all(t == int(t) for t in seen)
    page.wait_for_timeout(600)
    reached = page.evaluate("dgmPlayer.player.t")
    assert 1 <= reached <= 4 * (time.monotonic() - begin)  # four steps a second
    page = show(moving_marker(autoplay=True, fps=60.0))
    page.wait_for_function("dgmPlayer.player.t > 3")


def test_dark_and_light(show):
    """Mutants: the theme read once only; light colours on dark ground."""
    page = show(moving_marker(), color_scheme="dark")
    assert near(pixel(page, 0.55, 0.83), (0x0E, 0x11, 0x17), 2)
    assert near(pixel(page, XS[0], 0.5), (0xF5, 0xA7, 0x42))
    page.emulate_media(color_scheme="light")
    page.wait_for_function("dgmPlayer.player.theme.mode === 'light'")
    assert near(pixel(page, XS[0], 0.5), ORANGE)


def three_panels() -> Scene:
    point = Points(xy=np.array([[0.5, 0.5]]), size=8, opacity=1.0)
    panels = [
        Panel(layers=[point], x=UNIT, y=UNIT, title=title, area=area)
        for title, area in [("A", (0, 0, 2, 2)), ("B", (2, 0, 1, 1)), ("C", (2, 1, 1, 1))]
    ]
    return Scene(alt="Three panels.", panels=panels, columns=3, aspect=2.0)


def test_panels_stack_on_a_phone(show):
    """Mutants: a grid squeezed into 390 px; a page that scrolls sideways; a soft canvas."""
    page = show(three_panels())
    boxes = page.evaluate("dgmPlayer.player.views.map(v => v.box)")
    assert boxes[0]["x"] + boxes[0]["w"] < boxes[1]["x"]
    assert boxes[1]["y"] + boxes[1]["h"] < boxes[2]["y"]
    page = show(three_panels(), width=390, height=844, device_scale_factor=3)
    boxes = page.evaluate("dgmPlayer.player.views.map(v => v.box)")
    assert boxes[0]["y"] < boxes[1]["y"] < boxes[2]["y"]
    assert all(box["w"] > 280 for box in boxes)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("dgmPlayer.player.canvas.width / dgmPlayer.player.canvas.clientWidth") == 2
    for panel in range(3):
        assert near(pixel(page, 0.5, 0.5, panel), BLUE)
    page.set_viewport_size({"width": 900, "height": 800})
    page.wait_for_function("dgmPlayer.player.views[1].box.x > 400")


def test_a_narrow_column_keeps_its_height(show):
    """Titles, legends and axes need as many pixels there. Mutant: the height follows the width."""
    page = show(three_panels(), width=1100)

    def height(width: int) -> float:
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function(f"Math.abs(dgmPlayer.player.width - {width}) < 60")
        return page.evaluate("dgmPlayer.player.canvas.clientHeight")

    assert height(650) == height(700) < height(1000)


def strips(*aspects: float | None, title: str = "Strip") -> Scene:
    """Ten images in a row, once for each aspect."""
    value = np.random.default_rng(0).random((10, 4, 4))
    x, y = Axis(range=(0.0, 10.0), hidden=True), Axis(range=(0.0, 1.0), hidden=True)
    panels = [
        Panel(layers=[Images(value=value, columns=10)], title=title, x=x, y=y, equal=True, aspect=a)
        for a in aspects
    ]
    return Scene(alt="Strips of images.", panels=panels, aspect=2.0)


@pytest.mark.parametrize("title", ["", "Strip"])
def test_a_strip_is_low_on_a_phone(show, title):
    """The plot is as wide as the phone, and its cell as high as plot and title; a panel that asks
    for nothing, and a wide screen, are as they were.

    Mutants: an aspect of the cell, which the title squeezes; the aspect cut at 1.7; its inverse;
    the aspect on a wide screen, too.
    """
    page = show(strips(10.0, 2.0, None, title=title), width=390, height=844)
    views = page.evaluate("dgmPlayer.player.views.map(v => ({ box: v.box, cell: v.cell }))")
    width = views[0]["cell"]["w"] - 18  # 6 to the left, 12 to the right
    above = 32 if title else 10
    for view, aspect in zip(views[:2], (10.0, 2.0), strict=True):
        assert abs(view["box"]["w"] - width) < 1e-6
        assert abs(view["cell"]["h"] - (above + 6 + width / aspect)) < 1e-6
    assert abs(views[2]["cell"]["h"] - views[2]["cell"]["w"] / 1.7) < 1e-6
    assert views[1]["cell"]["y"] == views[0]["cell"]["y"] + views[0]["cell"]["h"] + 18
    on_a_desk = [
        show(strips(*three)).evaluate("dgmPlayer.player.views.map(v => v.cell)")
        for three in ((10.0, 2.0, None), (None, None, None))
    ]
    assert on_a_desk[0] == on_a_desk[1]


def test_equal_axes(show):
    """Mutant: equal aspect ignored, or the range cut instead of widened."""
    page = show(still(Points(xy=np.zeros((1, 2))), x=UNIT, y=UNIT, equal=True))
    (x0, y0), (x1, _), (_, y1) = (spot(page, *at) for at in [(0, 0), (1, 0), (0, 1)])
    assert abs((x1 - x0) - (y0 - y1)) < 0.01


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(show, scheme):
    """Mutants: nameless buttons, faint captions, wrong roles."""
    handles = Handles(xy=np.array([[0.3, 0.8]]), width=np.array([0.1]), editable=True)
    page = show(moving_marker(handles, Brush(xy=np.zeros((0, 2)))), send=True, color_scheme=scheme)
    page.get_by_role("button", name="Export").click()
    found = Axe().run(page).response["violations"]
    bad = [
        (v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("serious", "critical")
    ]
    assert not bad


def test_damaged_bytes_leave_a_message(show):
    """Mutant: an uncaught error, or an empty space."""
    page = show(moving_marker())
    for bad in (
        "new Uint8Array(3)",
        "new Uint8Array(400).fill(255)",
        "dgmPlayer.player.bytes.slice(0, 900)",
    ):
        page.evaluate(f"dgmPlayer.update({bad})")
        assert "cannot be shown" in page.locator(".dgm-message").inner_text()
        assert shows(page, frame(page))  # the last good picture stays
    page.evaluate(
        """async () => {
          dgmPlayer.destroy();
          const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
          const module = await import(url);
          module.mount(document.getElementById("scene"), new Uint8Array(9));
        }"""
    )
    assert "cannot be shown" in page.locator(".dgm-message").inner_text()


def test_update_keeps_the_frame_and_does_not_flash(show):
    """Mutants: back to the first frame; an empty canvas in between; play state lost; fraction
    lost."""
    page = show(moving_marker())
    data = {n: base64.b64encode(moving_marker(frames=n).pack()).decode() for n in (F, 21)}
    page.evaluate("window.unpack = (b) => Uint8Array.from(atob(b), (c) => c.charCodeAt(0))")
    page.evaluate("dgmPlayer.player.seek(20)")
    other = base64.b64encode(moving_marker(start=3).pack()).decode()
    colour = page.evaluate(
        """([b, x]) => {
          dgmPlayer.update(unpack(b));  // read in the same moment, before any paint
          const [px, py] = dgmPlayer.toPixel(0, x, 0.5);
          const g = dgmPlayer.player.canvas.getContext("2d");
          return Array.from(g.getImageData(px, py, 1, 1).data.slice(0, 3));
        }""",
        [other, XS[20]],
    )
    assert near(colour, ORANGE)
    assert frame(page) == 20
    page.evaluate("b => dgmPlayer.update(unpack(b))", data[21])
    assert frame(page) == 10
    assert near(pixel(page, 0.5, 0.5), ORANGE)
    page.get_by_role("button", name="Play").click()
    page.evaluate("b => dgmPlayer.update(unpack(b))", data[F])
    assert page.evaluate("dgmPlayer.player.playing")


def test_draw_cost(show):
    """Mutant: still layers drawn anew at each frame. 2,000 points, ellipses and a heat map must
    leave most of a 17 ms frame free; the best of three stretches, since others use the machine
    too."""
    rng = np.random.default_rng(0)
    frames = 60
    layers = [
        HeatMap(value=rng.random((frames, 64, 64)), extent=(-3, 3, -3, 3)),
        Points(xy=rng.normal(size=(frames, 2000, 2)), group=rng.integers(0, 4, 2000)),
        Ellipses(mean=rng.normal(size=(frames, 4, 2)), cov=np.tile(np.eye(2), (frames, 4, 1, 1))),
    ]
    page = show(Scene(alt="x", frame_values=np.arange(frames), panels=[Panel(layers=layers)]))
    best = page.evaluate(
        """() => Math.min(...[0, 1, 2].map(() => {
          const { player } = dgmPlayer;
          player.cost.length = 0;
          for (let k = 0; k < 40; k++) player.seek(k);
          return [...player.cost].sort((p, q) => p - q)[20];
        }))"""
    )
    assert best < 10
    heavy = Lines(x=np.arange(3000), y=rng.normal(size=(40, 3000)))
    page = show(moving_marker(heavy))
    first, later = page.evaluate(
        """() => {
          const { player } = dgmPlayer;
          player.cost.length = 0;
          player.resize(true);
          const first = player.cost.at(-1);
          player.cost.length = 0;
          for (let k = 1; k < 20; k++) player.seek(k);
          return [first, player.cost.sort((a, b) => a - b)[9]];
        }"""
    )
    assert later < first / 3  # the 40 still curves are not drawn again


# ---------------------------------------------------------------- edits


def edits(page: Page) -> list[dict]:
    return page.evaluate("window.sent")


def acknowledge(page: Page, scene: Scene | None = None, edit: int = -1) -> None:
    """A rerun of the app has seen an edit, the last; with ``scene`` it also sends new bytes."""
    if scene is None:
        page.evaluate("(i) => dgmPlayer.player.edits.acknowledge(sent.at(i).seq)", edit)
        return
    page.evaluate(
        """([b, i]) => dgmPlayer.update(Uint8Array.from(atob(b), (c) => c.charCodeAt(0)),
        { ack: sent.at(i).seq })""",
        [base64.b64encode(scene.pack()).decode(), edit],
    )


def handle_scene(x: float = 0.3, **fields) -> Scene:
    base: dict[str, Any] = {
        "width": np.array([0.1, 0.2]),
        "editable": True,
        "at_most": 3,
        "labels": ("p", "q"),
    }
    given: dict[str, Any] = base | {"xy": np.array([[x, 0.5], [0.7, 0.5]])} | fields
    handles = Handles(**given)
    return still(handles, x=UNIT, y=UNIT)


def test_handles_by_mouse_with_back_pressure(show):
    """Mutants: a message for each move; the first instead of the latest; nothing on release; the
    handle snapping to the pointer; a lost answer that blocks for ever."""
    page = show(handle_scene(), send=True)
    x, y = spot(page, 0.3, 0.5)
    page.mouse.move(x + 4, y + 3)  # beside the centre: the grip keeps its offset
    page.mouse.down()
    for i in range(1, 11):
        page.mouse.move(
            *(v + d for v, d in zip(spot(page, 0.3 + 0.02 * i, 0.5), (4, 3), strict=True))
        )
    assert len(edits(page)) == 1  # one in flight, the rest waits
    first = edits(page)[0]
    assert first["seq"] == 1
    assert first["layer"] == "handles"
    assert first["panel"] == 0
    acknowledge(page)
    assert len(edits(page)) == 2
    assert edits(page)[1]["xy"][0] == pytest.approx([0.5, 0.5], abs=0.005)  # the latest
    assert near(pixel(page, 0.5, 0.5), BLUE)  # drawn under the pointer
    page.mouse.move(*(v + d for v, d in zip(spot(page, 0.6, 0.9), (4, 3), strict=True)))
    page.mouse.up()
    acknowledge(page)
    last = edits(page)[-1]
    assert last["xy"][0] == pytest.approx([0.6, 0.9], abs=0.005)
    assert last["xy"][1] == [0.7, 0.5]
    assert last["width"] == [0.1, 0.2]
    acknowledge(page)
    page.locator(".dgm-handle").first.focus()
    page.evaluate("dgmPlayer.player.edits.patience = 100")
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(400)  # nobody answers: given up
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(400)
    assert edits(page)[-1]["xy"][0][0] == pytest.approx(0.61, abs=0.005)


def test_a_rerun_does_not_take_the_handle_away(show):
    """Mutants: the server's old value under the finger; nodes rebuilt (the drag lost); the others
    not updated."""
    page = show(handle_scene(), send=True)
    page.mouse.move(*spot(page, 0.3, 0.5))
    page.mouse.down()
    page.mouse.move(*spot(page, 0.4, 0.6), steps=3)
    acknowledge(page, handle_scene(0.1, xy=np.array([[0.1, 0.1], [0.9, 0.2]])))
    assert near(pixel(page, 0.4, 0.6), BLUE)
    assert near(pixel(page, 0.9, 0.2), ORANGE)
    page.mouse.move(*spot(page, 0.5, 0.7), steps=3)
    page.mouse.up()
    acknowledge(page, handle_scene(0.5, xy=np.array([[0.5, 0.7], [0.9, 0.2]])))
    assert near(pixel(page, 0.5, 0.7), BLUE)
    acknowledge(page, handle_scene(0.2))  # nothing pending: the server decides
    assert near(pixel(page, 0.2, 0.5), BLUE)


# Questions for a picture are kept here; the test answers them when and as it likes.
ASKING = """() => {
  window.asked = []
  dgmPlayer.player.options.live = { url: "/picture", ask: { page: "p" } }
  window.fetch = (url, { method, body }) => new Promise((resolve, reject) =>
    asked.push({ url, method, body: JSON.parse(body), resolve, reject }))
}"""


def answer(page: Page, i: int, scene: Scene | None = None, status: int = 200, **more: str) -> None:
    """Answers question ``i`` with a picture, or with a status and nothing else."""
    page.evaluate(
        """async ([i, text, status, type]) => {
          const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
          asked[i].resolve(new Response(bytes, { status, headers: { "Content-Type": type } }))
          await new Promise((done) => setTimeout(done, 0)) // the player has read it
        }""",
        [
            i,
            base64.b64encode(scene.pack() if scene else b"<html>").decode(),
            status,
            more.get("type", "application/octet-stream"),
        ],
    )


def questions(page: Page) -> list[dict]:
    return page.evaluate("asked.map((a) => a.body)")


def hold(page: Page, *to: tuple[float, float]) -> None:
    """Takes the first handle and moves it through some places without letting go."""
    page.evaluate(ASKING)
    page.mouse.move(*spot(page, 0.3, 0.5))
    page.mouse.down()
    for x, y in to:
        page.mouse.move(*spot(page, x, y))


def test_a_held_handle_asks_for_its_picture_alone(show):
    """Mutants: every position an edit; a question for each move; the first position asked for
    instead of the latest; the answer's handles put under the finger; the edit lost on release."""
    page = show(handle_scene(), send=True)
    hold(page, (0.4, 0.6), (0.45, 0.6), (0.5, 0.6))
    assert edits(page) == []
    [first] = questions(page)  # one in flight
    assert first["page"] == "p"
    assert first["edit"]["xy"][0] == pytest.approx([0.4, 0.6], abs=0.005)
    answer(page, 0, handle_scene(0.4, xy=np.array([[0.1, 0.1], [0.9, 0.2]])))
    assert near(pixel(page, 0.5, 0.6), BLUE)  # the finger keeps its handle
    assert near(pixel(page, 0.9, 0.2), ORANGE)  # the rest is the answer
    assert len(questions(page)) == 2
    assert questions(page)[1]["edit"]["xy"][0] == pytest.approx([0.5, 0.6], abs=0.005)
    assert edits(page) == []
    page.mouse.up()
    assert edits(page) == []  # the answer comes first
    answer(page, 1, handle_scene(0.1))
    assert near(pixel(page, 0.5, 0.6), BLUE)  # let go, and not yet known to the page
    [last] = edits(page)
    assert last["xy"][0] == pytest.approx([0.5, 0.6], abs=0.005)
    assert last["final"] is True
    acknowledge(page, handle_scene(0.2))
    assert near(pixel(page, 0.2, 0.5), BLUE)  # the page has the last word


def test_a_late_answer_is_not_shown(show):
    """Mutants: an old picture over a newer one; the handles of an old answer; a late answer taken
    for the answer to the question in flight; a player that is gone goes on asking."""
    page = show(handle_scene(), send=True)
    page.evaluate("dgmPlayer.player.edits.patience = 50")
    hold(page, (0.4, 0.6))
    page.mouse.up()
    page.wait_for_function("sent.length === 1")  # the question counts as lost
    acknowledge(page, handle_scene(0.4, xy=np.array([[0.4, 0.6], [0.9, 0.2]])))
    answer(page, 0, handle_scene(0.1))
    assert near(pixel(page, 0.4, 0.6), BLUE)
    assert near(pixel(page, 0.9, 0.2), ORANGE)
    page.evaluate("dgmPlayer.player.edits.patience = 60000")
    page.mouse.move(*spot(page, 0.4, 0.6))
    page.mouse.down()
    page.mouse.move(*spot(page, 0.5, 0.6))
    page.mouse.move(*spot(page, 0.6, 0.6))
    page.evaluate("dgmPlayer.player.destroy()")
    answer(page, 1, handle_scene(0.1))
    assert len(questions(page)) == 2
    assert len(edits(page)) == 1
    page.mouse.up()


def test_a_refused_position_is_passed_over(show):
    """400: the numbers are wrong, not the way. Mutants: no more questions; a damaged picture."""
    page = show(handle_scene(), send=True)
    hold(page, (0.4, 0.6), (0.5, 0.6))
    answer(page, 0, status=400)
    assert len(questions(page)) == 2
    answer(page, 1, handle_scene(0.1))
    assert edits(page) == []
    assert page.locator(".dgm-message").is_hidden()
    page.mouse.up()
    assert len(edits(page)) == 1


@pytest.mark.parametrize("how", ["status", "page", "network"])
def test_where_nobody_answers_edits_go_the_long_way(show, how):
    """Mutants: the position that was asked for is lost; the page's next run brings the questions
    back; the words of a proxy (status 200) shown as a damaged picture."""
    page = show(handle_scene(), send=True)
    hold(page, (0.4, 0.6))
    if how == "status":
        answer(page, 0, status=404)
    elif how == "page":
        answer(page, 0, type="text/html")
    else:
        page.evaluate("async () => { asked[0].reject(new TypeError()); await null; await null }")
    page.wait_for_function("sent.length === 1")
    assert edits(page)[0]["xy"][0] == pytest.approx([0.4, 0.6], abs=0.005)
    assert page.locator(".dgm-message").is_hidden()
    live = "dgmPlayer.player.options.live = { url: '/picture', ask: {} }"
    page.evaluate(live)  # as the page's run states it again
    acknowledge(page, handle_scene(0.4))
    page.mouse.move(*spot(page, 0.5, 0.6))
    assert len(questions(page)) == 1
    assert len(edits(page)) == 2
    page.mouse.up()
    acknowledge(page)
    assert len(edits(page)) == 3


def test_handles_by_keyboard(show):
    """Mutants: bounds ignored; axes="x" ignored; fewer than at_least; width out of its range."""
    page = show(handle_scene(low=(0.0, 0.0), high=(0.35, 1.0), width_range=(0.09, 0.11)), send=True)
    handle = page.get_by_role("slider", name="p", exact=True)
    handle.focus()
    for key in ("ArrowRight", "Shift+ArrowUp", "Shift+ArrowRight", "]", "]", "]"):
        page.keyboard.press(key)
        acknowledge(page)
    assert edits(page)[-1]["xy"][0] == pytest.approx([0.35, 0.55])
    assert edits(page)[-1]["width"] == pytest.approx([0.11, 0.2])
    assert handle.get_attribute("aria-valuetext") == "x 0.35, y 0.55"
    page.get_by_role("slider", name="width of p").focus()
    page.keyboard.press("ArrowLeft")
    acknowledge(page)
    assert edits(page)[-1]["width"][0] == pytest.approx(0.1)
    handle.focus()
    page.keyboard.press("Delete")
    acknowledge(page)
    assert edits(page)[-1]["xy"] == [[0.7, 0.5]]
    page.keyboard.press("Delete")  # the last one stays
    acknowledge(page)
    assert edits(page)[-1]["xy"] == [[0.7, 0.5]]
    page = show(handle_scene(axes="x"), send=True)
    page.get_by_role("slider", name="p", exact=True).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    acknowledge(page)
    assert edits(page)[-1]["xy"][0] == pytest.approx([0.31, 0.5])


def test_handles_are_added_and_removed(show):
    """Mutants: more than at_most; a new handle elsewhere than the double click; no grip for it."""
    page = show(handle_scene(), send=True)
    page.mouse.dblclick(*spot(page, 0.5, 0.8))
    acknowledge(page)
    assert edits(page)[-1]["xy"][2] == pytest.approx([0.5, 0.8], abs=0.005)
    assert len(edits(page)[-1]["width"]) == 3
    assert page.locator(".dgm-handle").count() == 6
    assert near(pixel(page, 0.5, 0.8), GREEN)
    page.get_by_role("button", name="+ Add").click()
    assert page.locator(".dgm-handle").count() == 6
    page.get_by_role("button", name="− Remove").click()
    acknowledge(page)
    assert len(edits(page)[-1]["xy"]) == 2
    page.mouse.move(*spot(page, 0.4, 0.5))  # the grip of the first: mean 0.3, width 0.1
    page.mouse.down()
    page.mouse.move(*spot(page, 0.5, 0.6), steps=3)
    page.mouse.up()
    acknowledge(page)
    assert edits(page)[-1]["width"][0] == pytest.approx(0.2, abs=0.005)
    assert edits(page)[-1]["xy"][0] == [0.3, 0.5]


def touch_drag(page: Page, points: list[tuple[float, float]]) -> None:
    session = page.context.new_cdp_session(page)
    for i, (x, y) in enumerate(points):
        kind = "touchMove" if i else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_handles_by_touch_and_the_page_still_scrolls(show):
    """Mutants: touch-action left to the browser on the handle; none on the whole picture."""
    page = show(handle_scene(), send=True, width=390, height=500, has_touch=True, is_mobile=True)
    page.evaluate("document.body.style.minHeight = '3000px'")
    touch_drag(page, [spot(page, 0.3, 0.5), spot(page, 0.35, 0.6), spot(page, 0.5, 0.8)])
    acknowledge(page)
    assert edits(page)[-1]["xy"][0] == pytest.approx([0.5, 0.8], abs=0.02)
    assert page.evaluate("scrollY") == 0
    x, y = spot(page, 0.1, 0.15)
    touch_drag(page, [(x, y - 10 * i) for i in range(12)])
    page.wait_for_function("scrollY > 30")


def test_brush(show):
    """Mutants: erasing everything; undo of nothing; more than at_most; messages during the
    stroke."""
    page = show(still(Brush(xy=np.array([[0.9, 0.9]]), at_most=12), x=UNIT, y=UNIT), send=True)
    page.mouse.move(*spot(page, 0.2, 0.5))
    page.mouse.down()
    page.mouse.move(*spot(page, 0.4, 0.5), steps=10)
    assert edits(page) == []
    page.mouse.up()
    painted = edits(page)[-1]["xy"]
    assert 8 <= len(painted) <= 12
    assert painted[0] == [0.9, 0.9]
    assert all(0.19 < x < 0.41 and abs(y - 0.5) < 0.005 for x, y in painted[1:])
    assert near(pixel(page, *painted[3]), BLUE, 60)
    acknowledge(page)
    page.get_by_role("button", name="Eraser").click()
    page.mouse.click(*spot(page, 0.9, 0.9))
    acknowledge(page)
    assert [0.9, 0.9] not in edits(page)[-1]["xy"]
    assert len(edits(page)[-1]["xy"]) == len(painted) - 1
    page.get_by_role("button", name="Undo").click()
    acknowledge(page)
    assert edits(page)[-1]["xy"] == painted
    page.get_by_role("button", name="Clear").click()
    acknowledge(page)
    assert edits(page)[-1]["xy"] == []
    page.get_by_role("button", name="Paint").click()
    page.locator(".dgm-surface").focus()
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    acknowledge(page)
    assert edits(page)[-1]["xy"][0] == pytest.approx([0.45, 0.5], abs=0.01)


def test_a_busy_server_loses_no_point(show):
    """Mutants: an answer to the first point, late, takes the second; kept after its own answer."""
    brush = partial(Brush, at_most=12)
    first, second, other = (0.2, 0.5), (0.8, 0.5), (0.5, 0.9)
    page = show(still(brush(xy=np.zeros((0, 2))), x=UNIT, y=UNIT), send=True)
    page.evaluate("dgmPlayer.player.edits.patience = 50")
    page.mouse.click(*spot(page, *first))
    page.mouse.click(*spot(page, *second))
    page.wait_for_function("sent.length === 2 && !dgmPlayer.player.edits.flying")  # given up
    late = base64.b64encode(still(brush(xy=np.array([first])), x=UNIT, y=UNIT).pack()).decode()
    page.evaluate(
        "(b) => dgmPlayer.update(Uint8Array.from(atob(b), (c) => c.charCodeAt(0)), { ack: 1 })",
        late,
    )
    assert near(pixel(page, *second), BLUE, 60)
    page.mouse.click(*spot(page, *other))
    page.wait_for_function("sent.length === 3")
    assert np.array(edits(page)[-1]["xy"]) == pytest.approx(
        np.array([first, second, other]), abs=0.01
    )
    acknowledge(page, still(brush(xy=np.array([first])), x=UNIT, y=UNIT))
    assert not near(pixel(page, *second), BLUE, 60)  # the server has the last word


def test_pick(show):
    """Mutants: pixels instead of data; the keyboard without a crosshair."""
    page = show(still(Pick(), x=Axis(range=(-2, 2)), y=UNIT), send=True)
    page.mouse.click(*spot(page, 1.0, 0.25))
    assert edits(page)[-1]["xy"] == pytest.approx([1.0, 0.25], abs=0.01)
    acknowledge(page)
    assert near(pixel(page, 1.0, 0.25), (0xC2, 0x41, 0x0C), 40)
    page.locator(".dgm-surface").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert edits(page)[-1]["xy"] == pytest.approx([0.0, 0.51], abs=0.01)


def test_pad(show):
    """Mutants: rows and columns exchanged; upside down; a hard pen; values beyond 255; eraser
    adds."""
    page = show(still(Pad()), send=True)
    page.mouse.move(*spot(page, 8, 28 - 5.5))  # 8 cells from the left, row 5
    page.mouse.down()
    page.mouse.move(*spot(page, 20, 28 - 5.5), steps=5)
    page.mouse.up()
    drawn = np.array(edits(page)[-1]["pixels"]).reshape(28, 28)
    assert (drawn[5, 9:19] == 255).all()
    assert drawn[5, 24] == 0
    assert drawn[12].sum() == 0
    soft = drawn[[4, 6]][:, 9:19]
    assert ((soft > 100) & (soft < 255)).all()
    assert near(pixel(page, 14, 22.5), (255, 255, 255))
    assert near(pixel(page, 14, 10), (0, 0, 0))
    acknowledge(page)
    page.get_by_role("button", name="Eraser").click()
    page.mouse.click(*spot(page, 14.5, 22.5))
    acknowledge(page)
    erased = np.array(edits(page)[-1]["pixels"]).reshape(28, 28)
    assert erased[5, 14] == 0
    assert erased[5, 9] == 255
    page.get_by_role("button", name="Clear").click()
    acknowledge(page)
    assert sum(edits(page)[-1]["pixels"]) == 0
    page.get_by_role("button", name="Undo").click()
    acknowledge(page)
    assert edits(page)[-1]["pixels"] == erased.ravel().tolist()


# ---------------------------------------------------------------- exports


def export(page: Page, name: str) -> bytes:
    page.get_by_role("button", name="Export").click()
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("menuitem", name=name).click()
    return File(download.value.path()).read_bytes()


def canvas_spot(page: Page, x: float, y: float) -> tuple[float, float]:
    return tuple(page.evaluate("([x, y]) => dgmPlayer.toPixel(0, x, y)", [x, y]))


def test_png_has_twice_the_pixels(show):
    """Mutants: the first frame; the screen's resolution; a transparent ground."""
    page = show(moving_marker())
    page.evaluate("dgmPlayer.player.seek(30)")
    image = Image.open(io.BytesIO(export(page, "Picture (PNG)"))).convert("RGBA")
    width = page.evaluate("dgmPlayer.player.width")
    assert image.width == 2 * width
    x, y = canvas_spot(page, XS[30], 0.5)
    assert near(image.convert("RGB").getpixel((int(2 * x), int(2 * y))), ORANGE)
    assert image.getpixel((3, 3)) == (255, 255, 255, 255)


def test_svg_is_made_of_vectors(show):
    """Mutants: a bitmap in SVG clothes; clip paths lost; text not escaped."""
    page = show(moving_marker(Lines(x=np.array([0, 1]), y=np.array([0, 1]), names=["a < b & c"])))
    page.evaluate("dgmPlayer.player.seek(30)")
    root = ET.fromstring(export(page, "Vector picture (SVG)"))
    space = "{http://www.w3.org/2000/svg}"
    assert not root.findall(f".//{space}image")
    words = [node.text for node in root.iter(f"{space}text")]
    assert "a < b & c" in words
    assert "Walk" in words
    assert "0.5" in words
    x, y = canvas_spot(page, XS[30], 0.5)
    marks = [p.get("d") for p in root.iter(f"{space}path") if p.get("fill") == "#dd7a00"]
    starts = [tuple(float(v) for v in re.match(r"M([\d.-]+) ([\d.-]+)", d).groups()) for d in marks]  # type: ignore[union-attr, arg-type]
    assert any(abs(px + 10 - x) < 0.01 and abs(py - y) < 0.01 for px, py in starts)
    ids = set(re.findall(r"url\(#(\w+)\)", ET.tostring(root, encoding="unicode")))
    assert ids <= {node.get("id") for node in root.iter(f"{space}clipPath")}


def test_gif_plays_the_frames(show):
    """Mutants: wrong code width at a table boundary; a table never cleared; frames not composed."""
    noise = np.random.default_rng(0).random((60, 80))  # hard for LZW: fills the table many times
    page = show(moving_marker(HeatMap(value=noise, extent=(0, 1, 0, 0.4)), frames=12, fps=10.0))
    data = export(page, "Animation (GIF)")
    image = Image.open(io.BytesIO(data))
    frames = [f.convert("RGB") for f in ImageSequence.Iterator(image)]
    assert len(frames) == 12
    assert image.info["duration"] == 100
    xs = np.linspace(0.1, 0.9, 12)
    for k in (0, 5, 11):
        page.evaluate("k => dgmPlayer.player.seek(k)", k)
        x, y = canvas_spot(page, xs[k], 0.5)
        scale = frames[k].width / page.evaluate("dgmPlayer.player.width")
        assert near(frames[k].getpixel((int(x * scale), int(y * scale))), ORANGE, 12)
        assert near(frames[k].getpixel((2, 2)), (255, 255, 255), 3)
        truth = np.array(pixel(page, 0.52, 0.21)).astype(int)
        x, y = canvas_spot(page, 0.52, 0.21)
        assert near(frames[k].getpixel((int(x * scale), int(y * scale))), truth, 40)


def test_webm_is_a_video(show):
    """Mutant: an empty recording."""
    page = show(moving_marker(frames=12, fps=20.0))
    data = export(page, "Video (WebM)")
    assert data[:4] == b"\x1a\x45\xdf\xa3"
    assert len(data) > 4000


def test_html_opens_again_with_the_same_pixels(show, tab, tmp_path):
    """Mutants: bytes cut by btoa chunks; the module's own source lost; the theme lost."""
    page = show(moving_marker(HeatMap(value=np.eye(70), extent=(0, 1, 0, 1))))
    data = export(page, "Page that works offline (HTML)")
    assert data.decode() == moving_marker(HeatMap(value=np.eye(70), extent=(0, 1, 0, 1))).to_html()
    file = tmp_path / "again.html"
    file.write_bytes(data)
    again = tab()
    again.goto(file.as_uri())
    again.wait_for_function("window.dgmPlayer?.player.g")
    read = "dgmPlayer.player.canvas.toDataURL()"
    page.evaluate("dgmPlayer.player.seek(9)")
    again.evaluate("dgmPlayer.player.seek(9)")
    assert page.evaluate(read) == again.evaluate(read)


def test_export_can_be_cancelled_and_the_menu_obeys_keys(show):
    """Mutants: a frozen page; a file after cancelling; Escape that leaves the focus nowhere."""
    page = show(moving_marker(frames=300, captions=()))
    button = page.get_by_role("button", name="Export")
    button.press("Enter")
    items = page.get_by_role("menuitem")
    assert items.first.evaluate("n => n === document.activeElement")
    page.keyboard.press("ArrowUp")
    assert items.last.evaluate("n => n === document.activeElement")
    page.keyboard.press("Escape")
    assert not page.get_by_role("menu").is_visible()
    assert button.evaluate("n => n === document.activeElement")
    got = []
    page.on("download", lambda d: got.append(d))
    button.click()
    page.get_by_role("menuitem", name="Animation (GIF)").click()
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_function("document.querySelector('.dgm-progress').textContent === 'Cancelled'")
    assert not got
    page.get_by_role("button", name="Step forward").click()
    assert frame(page) == 1


# ---------------------------------------------------------------- in the app


def free_port() -> int:
    for port in range(8610, 8620):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise RuntimeError("no free port between 8610 and 8619")


@pytest.fixture(scope="module", params=["served", "inlined"])
def app(request, tmp_path_factory) -> Iterator[str]:
    """A running app: with the module behind Streamlit's static route, and without that route."""
    folder = tmp_path_factory.mktemp("app")
    shutil.copy(File(__file__).parent / "player_app.py", folder / "player_app.py")
    if request.param == "served":
        (folder / "static").symlink_to(ROOT / "dgmlib/figures/player")
    port = free_port()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [
        *(sys.executable, "-m", "streamlit", "run", "player_app.py", "--server.port", str(port)),
        *("--server.headless", "true", "--browser.gatherUsageStats", "false"),
        *("--server.enableStaticServing", "true", "--server.fileWatcherType", "none"),
        *("--runner.postScriptGC", "false", "--server.address", "127.0.0.1"),
    ]
    server = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.25)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=10)


SENT: dict[Page, list] = {}  # what each page has sent to the server


def open_app(tab, url: str) -> Page:
    page = tab(1200, 1100)
    SENT[page] = []
    page.on("websocket", lambda ws: ws.on("framesent", lambda f: SENT[page].append(f)))
    page.goto(url)
    page.locator(".dgm canvas").nth(1).wait_for()
    page.wait_for_timeout(400)
    return page


def said(page: Page, word: str) -> dict:
    text = page.locator("code", has_text=word).first.inner_text()
    found = re.search(rf"{word} (\{{.*\}})", text)
    assert found, text
    return ast.literal_eval(found[1])


def in_app(page: Page, n: int = 0) -> FloatRect:
    box = page.locator(".dgm canvas").nth(n).bounding_box()
    assert box is not None
    return box


def find_colour(page: Page, colour: tuple[int, int, int], n: int = 0) -> tuple[float, float, int]:
    """The centre of a colour on the picture in window pixels, and how many pixels have it."""
    box = in_app(page, n)
    image = Image.open(io.BytesIO(page.locator(".dgm canvas").nth(n).screenshot())).convert("RGB")
    rows, columns = np.nonzero((np.abs(np.asarray(image).astype(int) - colour) < 8).all(axis=-1))
    return box["x"] + columns.mean(), box["y"] + rows.mean(), len(rows)


# How the module arrives makes no difference once it is there: two of these tests ask both ways.
served = pytest.mark.parametrize("app", ["served"], indirect=True)


@served
def test_scrubbing_sends_nothing(app, tab):
    """Mutant: any call of the server for a frame."""
    page = open_app(tab, app)
    before = len(SENT[page])
    page.locator(".dgm-slider").first.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Play").first.click()
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Pause").first.click()
    assert int(page.locator(".dgm-slider").first.input_value()) > 10
    assert len(SENT[page]) == before


def test_frame_in_the_address_survives_the_widgets(app, tab):
    """Mutants: the address not read; not written; overwritten by Streamlit's copy of it; the frame
    lost in the rerun; the module's text sent again with each rerun."""
    page = open_app(tab, f"{app}/?frame=17")
    slider = page.locator(".dgm-slider").first
    assert slider.input_value() == "17"
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**frame=18**")
    marked = page.evaluate("document.querySelectorAll('canvas').length")
    page.get_by_role("slider", name="shift").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**shift=0.4**")
    page.wait_for_url("**frame=18**")
    page.wait_for_timeout(600)
    assert "frame=18" in page.url
    assert slider.input_value() == "18"
    assert page.evaluate("document.querySelectorAll('canvas').length") == marked
    page.get_by_text("21", exact=True).click()  # half as many frames: the same part of the way
    page.wait_for_function("document.querySelector('code').textContent.includes('runs 3')")
    expect(slider).to_have_value("9")
    page.get_by_role("slider", name="other").focus()  # a control that does not change the picture
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**other=1**")
    page.wait_for_timeout(900)
    assert "frame=9" in page.url
    page.evaluate("history.replaceState(history.state, '', '?frame=3')")  # an old copy of it
    page.wait_for_url("**frame=9**")
    page.wait_for_url("**frame=9**")


@served
def test_rerun_does_not_flash(app, tab):
    """Mutants: the canvas rebuilt or cleared at a rerun."""
    page = open_app(tab, app)
    page.evaluate(
        """() => {
          const all = [...document.querySelectorAll("*")];
          const host = all.find((n) => n.shadowRoot?.querySelector(".dgm"));
          const canvas = (host?.shadowRoot ?? document).querySelector(".dgm canvas");
          const g = canvas.getContext("2d");
          Object.assign(window, { blank: 0, looks: 0, gone: 0 });
          const look = () => {
            const row = g.getImageData(0, canvas.height / 2, canvas.width, 1).data;
            let ink = 0;
            for (let i = 0; i < row.length; i += 4) ink += row[i] + row[i + 1] + row[i + 2] < 720;
            window.looks++;
            if (ink < 10) window.blank++;
            if (!canvas.isConnected) window.gone++;
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    page.get_by_role("slider", name="shift").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(250)
    assert page.evaluate("looks") > 20
    assert page.evaluate("[blank, gone]") == [0, 0]


def test_a_drag_reaches_python_and_never_piles_up(app, tab):
    """Mutants: one message for each move; the last position lost; two messages in flight."""
    page = open_app(tab, app)
    page.get_by_text("slow", exact=True).click()  # each run takes 0.3 s
    page.wait_for_function("document.querySelector('code').textContent.includes('runs 2')")
    page.locator(IDLE).wait_for(state="attached")
    before = len(SENT[page])
    x, y, _ = find_colour(page, BLUE)
    box = page.get_by_role("slider", name="left", exact=True).bounding_box()
    assert box is not None
    x, y = box["x"] + 22, box["y"] + 22
    page.mouse.move(x, y)
    page.mouse.down()
    begin = time.monotonic()
    for i in range(40):
        page.mouse.move(x + 3 * i, y + i)
        page.wait_for_timeout(20)
    took = time.monotonic() - begin
    page.mouse.up()
    sent = len(SENT[page]) - before
    assert 2 <= sent <= took / 0.3 + 3
    handle = page.get_by_role("slider", name="left", exact=True)
    expect(page.locator("code").first).to_contain_text("'final': True")
    page.locator(IDLE).wait_for(state="attached")
    page.wait_for_timeout(400)  # a run more than was needed would begin now
    final = said(page, "edit")
    words = handle.get_attribute("aria-valuetext")
    numbers = [float(v) for v in re.findall(r"[\d.]+", words or "")]
    assert final["layer"] == "handles"
    assert final["xy"][0] == pytest.approx(numbers, abs=1e-3)
    after = handle.bounding_box()
    assert after is not None
    assert abs(after["x"] + 22 - (x + 117)) < 2


@served
def test_pick_and_pad_reach_python(app, tab):
    """Mutants: one player's edit under another's key; pixels not integers."""
    page = open_app(tab, app)
    surface = page.get_by_label(re.compile("click to choose")).first
    box = surface.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
    page.wait_for_function(
        "[...document.querySelectorAll('code')].some(c => c.textContent.includes('pick'))"
    )
    assert said(page, "edit")["xy"] == pytest.approx([0.25, 0.75], abs=0.02)
    pad = page.get_by_label(re.compile("Drawing pad"))
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function(
        "[...document.querySelectorAll('code')].some(c => c.textContent.includes('pixels'))"
    )
    pixels = said(page, "drawn")["pixels"]
    assert len(pixels) == 784
    assert all(isinstance(v, int) for v in pixels)
    assert max(pixels) > 200
    assert pixels[0] == 0
