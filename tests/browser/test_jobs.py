"""A picture that takes seconds, in a browser: run, watch, cancel, leave, share.

The toy page of ``jobs_app.py`` on a server with one place. Each test names the mutant it kills.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import DESKTOP, new_context, settled, violations, watched
from tools.server import ROOT, serving

PATIENT = 60_000  # ms; a busy machine is no failure
Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the computations write down in their processes."""
    return tmp_path_factory.mktemp("jobs") / "log"


@pytest.fixture(scope="module")
def toy(log: Path) -> Iterator[str]:
    env = {"PYTHONPATH": str(ROOT), "TOY_JOBS_LOG": str(log)}
    with serving("tests/browser/jobs_app.py", env=env) as server:
        yield server.url
        assert "Traceback" not in server.log.read_text(), server.log.read_text()


@pytest.fixture(scope="module")
def context(toy: str, browser: Browser) -> Iterator[BrowserContext]:
    """Kept for the next test; it closes before its server does."""
    size = {"width": DESKTOP[0], "height": DESKTOP[1]}
    with closing(new_context(browser, {"viewport": size})) as opened:
        yield opened


@pytest.fixture
def visit(toy: str, context: BrowserContext) -> Iterator[Visit]:
    """``visit(n=30, pause=0.1)``: a window of its own, which must end without a complaint."""
    with ExitStack() as stack:

        def opened(**query: object) -> Page:
            page = stack.enter_context(watched(context, None))
            words = "&".join(f"{k}={v}" for k, v in query.items())
            page.goto(f"{toy}/?hide=nav,theory&{words}")
            button(page, "Run").wait_for(timeout=PATIENT)
            return page

        yield opened


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name)


def bar(page: Page) -> Locator:
    return page.get_by_role("progressbar")


def says(page: Page, words: str) -> None:
    """Streamlit writes the words beside the bar."""
    expect(page.locator("[data-testid=stProgress]")).to_contain_text(words, timeout=PATIENT)


def begun(log: Path) -> int:
    """How many runs came to their first step; before the first of them there is no log."""
    return log.read_text().count("step 1\n") if log.exists() else 0


def square(page: Page) -> str:
    return page.locator("[data-testid=stProgress]").inner_text()


def test_run_and_watch(visit: Visit, log: Path) -> None:
    """Mutants: the link starts it; the bar stands still until the end; the picture waits for a
    click; the bar remains."""
    before = begun(log)
    page = visit(n=40, pause=0.2)
    expect(page.locator(".dgm canvas")).to_have_count(0)
    assert begun(log) == before
    button(page, "Run").click()
    says(page, "square")
    first = square(page)
    while square(page) == first:
        page.wait_for_timeout(50)
    canvas = page.locator(".dgm canvas").first
    canvas.wait_for(timeout=PATIENT)
    settled(page, canvas)
    expect(bar(page)).to_have_count(0)
    expect(button(page, "Run")).to_have_count(0)
    assert log.read_text().split()[-1] == "finished"


def test_cancel_stops_the_work(visit: Visit, log: Path) -> None:
    """Mutants: only the bar is taken away; nothing can be run afterwards; a bar that a screen
    reader cannot name."""
    page = visit(n=49, pause=0.5)
    button(page, "Run").click()
    says(page, "square")
    assert violations(page) == []
    button(page, "Cancel").click()
    expect(button(page, "Run")).to_be_visible(timeout=PATIENT)
    expect(bar(page)).to_have_count(0)
    page.wait_for_timeout(700)
    steps = log.read_text()
    page.wait_for_timeout(700)
    assert log.read_text() == steps


def test_a_changed_control_takes_the_bar_away(visit: Visit) -> None:
    """Streamlit keeps what a timer drew inside a fragment (its issue 16708).

    Mutants: the bar of one picture over the controls of another; a timer that goes on.
    """
    page = visit(n=48, pause=0.5)
    button(page, "Run").click()
    says(page, "square")
    slider = page.locator(".st-key-toy-n input[type=range]")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(button(page, "Run")).to_be_visible(timeout=PATIENT)
    expect(bar(page)).to_have_count(0, timeout=PATIENT)
    page.wait_for_timeout(1000)
    expect(bar(page)).to_have_count(0)
    expect(button(page, "Cancel")).to_have_count(0)


def test_a_closed_window_gives_its_place_to_the_next(visit: Visit) -> None:
    """Mutants: the run of nobody holds the place; the place in line is not told."""
    first, second = visit(n=50, pause=1.0), visit(n=46, pause=0.2)
    button(first, "Run").click()
    says(first, "square")
    button(second, "Run").click()
    says(second, "Place 1 in line")
    begin = time.monotonic()
    first.goto("about:blank")
    says(second, "square")
    assert time.monotonic() - begin < 40  # it had nearly 50 s to go


def test_two_windows_share_one_run(visit: Visit, log: Path) -> None:
    """Mutants: each computes it; Cancel in one stops the other; the other never sees it."""
    first, second = visit(n=45, pause=0.15), visit(n=45, pause=0.15)
    before = begun(log)
    for page in (first, second):
        button(page, "Run").click()
        says(page, "square")
    button(first, "Cancel").click()
    expect(button(first, "Run")).to_be_visible(timeout=PATIENT)
    second.locator(".dgm canvas").first.wait_for(timeout=PATIENT)
    assert begun(log) == before + 1
