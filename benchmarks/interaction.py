"""How long a reader waits: ours beside the Streamlit page anybody would write, in one run.

    python -m benchmarks.interaction            about eight minutes
    python -m benchmarks.interaction --save     and writes benchmarks/RESULTS.md

Both sites run under plain ``streamlit run``; the bare one (``bare.py``) with Streamlit's
defaults. Browser, servers and load generator share one machine and its loopback, so add the
round trip of the network.
"""

import argparse
import datetime
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import probe
from benchmarks.bare import bare_page
from dgmlib.ui import catalogue, fields, prose, spec
from tools.chromium import REMEDY, find
from tools.server import ROOT, serving

RESULTS = Path(__file__).parent / "RESULTS.md"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


# Whether a canvas holds a picture: not one colour all over.
DRAWN = """c => {
  if (c.width < 100) return false
  const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data
  for (let i = 0; i < d.length; i += 4004) if (d[i] !== d[0]) return true
  return false
}"""


class Row(NamedTuple):
    """A line of the table: what was measured, in milliseconds, and what was promised."""

    what: str
    n: int
    median: float
    p95: float
    target: str
    holds: bool | None  # None: nothing was promised


def row(what: str, times: list[float], target: str = "", most: float | None = None) -> Row:
    ordered = sorted(times)
    median = statistics.median(ordered)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return Row(what, len(ordered), median, p95, target, None if most is None else median <= most)


def slider_of(name: str) -> tuple[str, str, int]:
    """The view and slider of a page with most steps, so that no picture is asked for twice."""
    page = spec.of(name)
    known = fields.controls(page.params)
    found = [
        (round((c.ends[1] - c.ends[0]) / c.options["step"]), view, control)
        for view, v in page.views.items()
        for control in v.controls
        if (c := known[control]).kind == "slider"
    ]
    if not found:
        raise ValueError(f"{name} has no slider")
    steps, view, control = max(found)
    return view, control, steps


@contextmanager
def opened(browser: Browser, url: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script(probe.WATCH)
    page.goto(url)
    page.locator(".dgm canvas, .js-plotly-plot").first.wait_for(timeout=60_000)
    page.wait_for_timeout(1500)
    yield page
    context.close()


def presses(page: Page, slider: str, n: int) -> list[float]:
    """n presses of an arrow key on a slider, 5 more before them to warm up."""
    thumb = page.locator(f"{slider} input[type=range]")
    page.keyboard.press("Tab")
    thumb.evaluate("e => e.focus()")
    times, key = [], "ArrowRight"
    for i in range(n + 5):
        at_end = thumb.evaluate("e => Number(e.value) >= Number(e.max)")
        key = "ArrowLeft" if at_end else key
        took = probe.press(page, key)
        if i >= 5:
            times.append(took)
        page.wait_for_timeout(random.uniform(0, 100))
    return times


def ours(browser: Browser, url: str, name: str, n: int) -> tuple[str, list[float]]:
    view, control, steps = slider_of(name)
    with opened(browser, f"{url}/{name}?view={view}") as page:
        times = presses(page, f".st-key-{name}-{control}", n)
    return f"{name}, slider `{control}` of the view `{view}` ({steps} steps)", times


def bare(browser: Browser, url: str, n: int) -> list[float]:
    with opened(browser, url) as page:
        page.evaluate("__seen.plotly()")
        return presses(page, ".st-key-f", n)


def dragged(browser: Browser, url: str, n: int) -> tuple[list[probe.Trip], float]:
    """Round trips of a handle on the KL page, and pictures a second while it never stops."""
    with opened(browser, f"{url}/kl_asymmetry") as page:
        handle = page.locator(".dgm-handle").first
        probe.drag(page, handle, 5)
        return probe.drag(page, handle, n), probe.stream(page, handle, 4.0)


def scrubbed(browser: Browser, url: str, name: str, n: int) -> list[float]:
    """One frame on and one back, n times; none for a page that opens with a still."""
    with opened(browser, f"{url}/{name}") as page:
        slider = page.locator(".dgm-slider").first
        if not slider.is_visible():
            return []
        slider.focus()
        keys = ["ArrowRight", "ArrowLeft"]
        if slider.evaluate("s => s.value === s.max"):
            keys.reverse()
        return [probe.scrub(page, keys[i % 2]) for i in range(n)]


def first_pictures(browser: Browser, url: str, name: str, n: int) -> list[float]:
    """A new tab: from the navigation to the first drawing, Streamlit's scripts in the cache."""
    times = []
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(probe.WATCH + "window.__seen.start = 1e-6")
    for i in range(n + 1):
        page = context.new_page()
        page.goto(f"{url}/{name}", wait_until="commit")
        page.locator(".dgm canvas").first.wait_for(timeout=60_000)
        page.wait_for_function("window.__seen.first > 0")
        if i:  # the first visit fetches Streamlit's scripts
            times.append(page.evaluate("window.__seen.first"))
        page.close()
    context.close()
    return times


def visited(browser: Browser, url: str, n: int) -> dict[str, list[float]]:
    """A walk through the navigation: from the click on a page to its first picture, drawn."""
    times: dict[str, list[float]] = {name: [] for name in catalogue.PAGES}
    with opened(browser, f"{url}/{catalogue.PAGES[-1]}") as page:
        for _ in range(n):
            for name, found in times.items():
                page.locator(".dgm canvas").first.evaluate("c => { c.dataset.old = 1 }")
                begin = time.perf_counter()
                link = page.locator("[data-testid=stSidebar] a", has_text=prose.read(name).title)
                link.last.click()
                canvas = page.locator(".dgm canvas:not([data-old])").first
                canvas.wait_for()
                while not canvas.evaluate(DRAWN):
                    time.sleep(0.005)
                found.append(1000 * (time.perf_counter() - begin))
                page.wait_for_timeout(300)
    return times


def crowd(url: str, pages: Sequence[str], readers: int, seconds: float) -> dict[str, Any]:
    """The load generator, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.readers", url, "--pages", *pages]
    command += [f"--readers={readers}", f"--seconds={seconds}"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def measure(n: int, readers: int, seconds: float, say: Callable[[str], None]) -> list[Row]:
    path = find()
    if path is None:
        raise SystemExit(REMEDY)
    pages = ["kl_asymmetry", "gaussian_mixture"]
    rows: list[Row] = []
    with serving("app.py") as site, bare_page() as other:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            say("slider, bare page")
            yardstick = row("bare page, one Plotly line", bare(browser, other.url, n))
            rows.append(yardstick)
            for name in pages:
                say(f"slider, {name}")
                what, times = ours(browser, site.url, name, n)
                rows.append(row(what, times, "bare page's median", yardstick.median))
            say("dragged handle")
            trips, rate = dragged(browser, site.url, n)
            what = f"kl_asymmetry, dragged handle ({rate:.0f} pictures a second in one go)"
            rows.append(row(what, [t.drawn for t in trips], "median <= 45", 45.0))
            rows.append(row("  of it before the question leaves", [t.sent for t in trips]))
            rows.append(row("  of it the server's answer", [t.arrived - t.sent for t in trips]))
            rows.append(row("  of it in the browser", [t.drawn - t.arrived for t in trips]))
            for name in catalogue.PAGES:
                say(f"scrub, {name}")
                times = scrubbed(browser, site.url, name, n)
                if times:
                    rows.append(row(f"{name}, scrubbing", times, "median <= 17", 17.0))
            for name in catalogue.PAGES:
                say(f"first picture, {name}")
                times = first_pictures(browser, site.url, name, 8)
                rows.append(row(f"{name}, first picture in a new tab", times))
            say("first picture after a click")
            for name, times in visited(browser, site.url, 4).items():
                rows.append(row(f"{name}, first picture", times, "median <= 1000", 1000.0))
            browser.close()
        say(f"{readers} readers, our pages")
        rows += crowd_rows("our two pages", crowd(site.url, pages, readers, seconds), promised=True)
        _, _, trace = site.log.read_text().partition("Traceback")
        print(trace[:4000], end="", file=sys.stderr)
        say(f"{readers} readers, bare page")
        rows += crowd_rows("bare page", crowd(other.url, [""], readers, seconds), promised=False)
    return rows


def crowd_rows(what: str, found: dict[str, Any], *, promised: bool) -> list[Row]:
    errors = len(found["errors"])
    for words in found["errors"][:3]:
        print("  error:", words, file=sys.stderr)
    holds = found["median"] < 50 and found["p95"] < 250 and not errors
    text = (
        f"{found['readers']} readers on {what}, {errors} errors, {found['kilobytes']} kB an answer"
    )
    target = "median < 50, p95 < 250, no error" if promised else ""
    first = Row(
        text, found["clicks"], found["median"], found["p95"], target, holds if promised else None
    )
    each = [
        Row(f"  of them {page}", of["clicks"], of["median"], of["p95"], "", None)
        for page, of in found["pages"].items()
        if page
    ]
    return [first, *each]


def machine() -> str:
    """What kind of machine, and which versions; no name and no path."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [
            r.split(":")[1].strip() for r in info.read_text().splitlines() if "model name" in r
        ]
        cpu = models[0] if models else cpu
    packages = ("streamlit", "torch", "plotly", "numpy", "uvloop", "playwright")
    versions = ", ".join(f"{p} {version(p)}" for p in packages)
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores of {cpu}, {system}, {versions}, headless Chromium without a GPU"


def table(rows: list[Row]) -> str:
    lines = ["| what | n | median ms | p95 ms | promised | holds |", "|---|--:|--:|--:|---|---|"]
    for r in rows:
        verdict = "" if r.holds is None else "yes" if r.holds else "**no**"
        lines.append(
            f"| {r.what} | {r.n} | {r.median:.1f} | {r.p95:.1f} | {r.target} | {verdict} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=50)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--save", action="store_true", help="write benchmarks/RESULTS.md")
    a = parser.parse_args()
    rows = measure(a.presses, a.readers, a.seconds, lambda words: print("...", words, flush=True))
    text = f"{machine()}\n\n{table(rows)}\n"
    print(f"\n{text}")
    print(json.dumps([r._asdict() for r in rows]))
    if a.save:
        today = datetime.datetime.now(datetime.UTC).date()
        RESULTS.write_text(
            f"# How long a reader waits\n\n`python -m benchmarks.interaction --save`, {today}, "
            f"on {text}\n{NOTES}"
        )
    sys.exit(any(r.holds is False for r in rows))


NOTES = """\
Slider: from the key's press to the last change of the picture. Handle: from the pointer's move to
the last drawing of the answer, the next move following at once. Scrubbing: from the key's press to
the end of the drawing. First picture: from a click in the navigation to the drawing; in a new tab
Streamlit itself is loaded, too. Readers: raw websocket clients in a process of their own, each
choosing a random control and value and then thinking for 2 s on average; from the click to the
last byte of the answer. Browser, servers and readers share the machine.
"""

if __name__ == "__main__":
    main()
