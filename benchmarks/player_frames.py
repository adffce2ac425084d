"""How fast pictures move: our player beside Plotly's own frames, in the same headless Chromium.

    python -m benchmarks.player_frames [--repeats 5]

200 frames of 2,000 points, four ellipses and a 64 x 64 heat map. A frame's time is the interval
between two calls of requestAnimationFrame while playing. "First picture" runs from the moment the
data are in the page's hands to the first animation frame after they are drawn; "scrub" is the
time from the event of the slider to the end of drawing. Each figure is the median over the repeats,
as many for one as for the other.
"""

import argparse
import base64
import json
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
import plotly
import plotly.graph_objects as go
from playwright.sync_api import Page, sync_playwright

from dgmlib.figures.scene import Axis, Ellipses, HeatMap, Panel, Points, Scene
from tools.chromium import find

FRAMES, POINTS, GRID, COMPONENTS = 200, 2000, 64, 4
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
SIDE = (-4.0, 4.0)

STATISTICS = """
const sorted = (a) => [...a].sort((p, q) => p - q);
const at = (a, part) => sorted(a)[Math.min(a.length - 1, Math.floor(part * a.length))];
const intervals = (n) => new Promise((done) => { const out = []; let last;
  const look = (now) => { if (last) out.push(now - last); last = now;
    if (out.length < n) requestAnimationFrame(look); else done(out); };
  requestAnimationFrame(look); });
const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
"""

OURS = f"""async (packed) => {{ {STATISTICS}
  const {{ player }} = window.dgmPlayer;
  const root = player.root, make = player.constructor;
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  window.dgmPlayer.destroy();
  await painted();
  const begin = performance.now();
  const next = new make(root, bytes, {{ theme: "light" }});
  await painted();
  const first = performance.now() - begin;
  next.setLoop(true);
  next.play();
  const times = await intervals({FRAMES});
  next.pause();
  const scrub = [];
  for (let k = 0; k < 60; k++) {{
    next.slider.value = (k * 37) % {FRAMES};
    const start = performance.now();
    next.slider.dispatchEvent(new Event("input"));
    scrub.push(performance.now() - start);
    await painted();
  }}
  window.dgmPlayer = {{ player: next, destroy: () => next.destroy() }};
  return {{ median: at(times, 0.5), p95: at(times, 0.95), first, scrub: at(scrub, 0.5) }};
}}"""

PLOTLY = f"""async (text) => {{ {STATISTICS}
  const node = document.getElementById("plot");
  Plotly.purge(node);
  await painted();
  const begin = performance.now();
  const figure = JSON.parse(text);
  await Plotly.newPlot(node, figure.data, figure.layout);
  await Plotly.addFrames(node, figure.frames);
  await painted();
  const first = performance.now() - begin;
  const frame = {{ duration: 0, redraw: true }};
  const options = {{ frame, transition: {{ duration: 0 }}, mode: "immediate" }};
  const frames = figure.frames.slice(0, 60).map((f) => f.name);
  const steps = [];
  for (const name of frames) {{
    const start = performance.now();
    await Plotly.animate(node, [name], options);
    steps.push(performance.now() - start);
    await painted();
  }}
  Plotly.animate(node, null, options);
  const times = await intervals(60);
  return {{ median: at(times, 0.5), p95: at(times, 0.95), first, scrub: at(steps, 0.5) }};
}}"""


class Data:
    """One walk of points, ellipses and their density."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        start = rng.normal(size=(POINTS, 2)) * 1.5
        self.xy = start + np.cumsum(0.03 * rng.normal(size=(FRAMES, POINTS, 2)), axis=0)
        drift = np.cumsum(0.05 * rng.normal(size=(FRAMES, COMPONENTS, 2)), axis=0)
        self.mean = drift + rng.normal(size=(COMPONENTS, 2))
        self.cov = np.tile(0.4 * np.eye(2), (FRAMES, COMPONENTS, 1, 1))
        self.group = rng.integers(0, COMPONENTS, POINTS)
        axis = np.linspace(*SIDE, GRID)
        grid = np.stack(np.meshgrid(axis, axis), axis=-1)[None, :, :, None]
        self.heat = np.exp(-((grid - self.mean[:, None, None]) ** 2).sum(-1)).sum(-1)


def scene(d: Data) -> Scene:
    layers = [
        HeatMap(value=d.heat, extent=(*SIDE, *SIDE)),
        Points(xy=d.xy, group=d.group, name="points"),
        Ellipses(mean=d.mean, cov=d.cov),
    ]
    panel = Panel(layers=layers, x=Axis(range=SIDE), y=Axis(range=SIDE))
    return Scene(alt="A benchmark.", frame_values=np.arange(FRAMES), fps=60.0, panels=[panel])


def figure(d: Data) -> str:
    """The same picture as Plotly frames, as its documentation shows it."""
    axis = np.linspace(*SIDE, GRID)
    angle = np.linspace(0, 2 * np.pi, 64)
    circle = np.sqrt(0.4) * np.stack([np.cos(angle), np.sin(angle)], axis=-1)

    def traces(k: int) -> list:
        heat = go.Heatmap(x=axis, y=axis, z=d.heat[k].astype("f4"), showscale=False)
        xy = d.xy[k].astype("f4")
        points = go.Scattergl(x=xy[:, 0], y=xy[:, 1], mode="markers", marker={"color": d.group})
        rings = [
            go.Scatter(x=c[:, 0], y=c[:, 1], mode="lines")
            for m in d.mean[k]
            for c in (m + circle, m + 2 * circle)
        ]
        return [heat, points, *rings]

    frames = [go.Frame(data=traces(k), name=str(k)) for k in range(FRAMES)]
    layout = {"xaxis": {"range": SIDE}, "yaxis": {"range": SIDE}, "width": 1000, "height": 625}
    text = go.Figure(data=traces(0), frames=frames, layout=layout).to_json()
    assert text is not None
    return text


def typical(page: Page, script: str, argument: str, repeats: int) -> dict[str, float]:
    """The median over the runs of each figure."""
    runs = [page.evaluate(script, argument) for _ in range(repeats)]
    return {name: median(run[name] for run in runs) for name in runs[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    data = Data()
    packed, text = scene(data).pack(), figure(data)
    script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1024, "height": 768})
        page.set_default_timeout(120_000)
        ours = Path(folder) / "ours.html"
        ours.write_text(scene(data).to_html(theme="light"), encoding="utf-8")
        page.goto(ours.as_uri())
        page.wait_for_function("window.dgmPlayer?.player.g")
        mine = typical(page, OURS, base64.b64encode(packed).decode(), repeats)
        theirs_page = Path(folder) / "plotly.html"
        theirs_page.write_text(f'<script src="{script.as_uri()}"></script><div id="plot"></div>')
        page.goto(theirs_page.as_uri())
        page.wait_for_function("window.Plotly")
        theirs = typical(page, PLOTLY, text, repeats)
        browser.close()

    mine["bytes"], theirs["bytes"] = len(packed) / 1e6, len(text.encode()) / 1e6
    print(f"{FRAMES} frames of {POINTS:,} points, {COMPONENTS} ellipses x 2, heat map {GRID}²\n")
    print(f"{'':28}{'player':>10}{'Plotly':>10}{'ratio':>8}")
    for name, words in {
        "median": "frame, median (ms)",
        "p95": "frame, 95th percentile (ms)",
        "first": "first picture (ms)",
        "scrub": "scrub to a frame (ms)",
        "bytes": "data (MB)",
    }.items():
        ratio = theirs[name] / mine[name]
        print(f"{words:28}{mine[name]:10.1f}{theirs[name]:10.1f}{ratio:8.1f}")
    print(json.dumps({"player": mine, "plotly": theirs}))


if __name__ == "__main__":
    main()
