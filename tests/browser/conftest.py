"""A real browser against a real server: ``streamlit run`` from the root of this repository.

``open_page`` gives a page that has to end its test without an error in the console, an
uncaught exception or a failed request. ``ready(page)`` waits until nothing is running and
every picture is drawn; ``pixels``, ``violations`` and ``above_the_fold`` look at the result.
"""

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    FrameLocator,
    Locator,
    Page,
    Response,
    expect,
    sync_playwright,
)
from playwright.sync_api import TimeoutError as TooLate

from tools.chromium import REMEDY, find
from tools.server import Server, free_port, serving

DESKTOP, PHONE = (1440, 900), (390, 844)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip

# Whether a canvas holds a picture: not one colour all over. A grid of samples is enough.
DRAWN = """canvas => {
  if (!canvas.width || !canvas.height) return false
  const small = new OffscreenCanvas(64, 64), g = small.getContext("2d")
  g.drawImage(canvas, 0, 0, 64, 64)
  const p = new Uint32Array(g.getImageData(0, 0, 64, 64).data.buffer)
  return new Set(p).size > 3
}"""
# On a deep link Streamlit looks for its server below the page's own path first, and is told 404.
PROBE = re.compile(r"/\w+/_stcore/(health|host-config)$")
IDLE = (
    "[data-testid=stApp][data-test-connection-state=CONNECTED][data-test-script-state=notRunning]"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> str:
    """A Chromium that starts. Its absence is a failure: a page nobody looked at is not tested."""
    path = find()
    if path is None:
        pytest.fail(REMEDY, pytrace=False)
    return path


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def strict_browser(chromium: str, browser: Browser) -> Iterator[Browser]:
    """One that refuses cookies in frames of other sites, as Safari and Firefox do."""
    flags = [*FLAGS, "--test-third-party-cookie-phaseout"]
    opened = browser.browser_type.launch(executable_path=chromium, args=flags)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with serving("app.py") as running:
        yield running
        assert "Traceback" not in running.log.read_text(), running.log.read_text()


@pytest.fixture(scope="session")
def site(server: Server) -> str:
    """The URL of a site that serves all the tests of a session."""
    return server.url


@pytest.fixture
def fresh_site() -> Iterator[Callable[..., Server]]:
    """``fresh_site("app.py", port=...)`` starts a server that nobody has visited."""
    with ExitStack() as stack:
        yield lambda script="app.py", **options: stack.enter_context(serving(script, **options))


@pytest.fixture(scope="session")
def contexts() -> Iterator[dict[Any, BrowserContext]]:
    """Windows that are kept for the next test: loading Streamlit's scripts takes seconds."""
    kept: dict[Any, BrowserContext] = {}
    yield kept
    for context in kept.values():
        context.close()


@pytest.fixture
def open_page(
    site: str,
    browser: Browser,
    contexts: dict[Any, BrowserContext],
    fresh_site: Callable[..., Server],
) -> Iterator[Callable[..., Page]]:
    """``open_page("kl_asymmetry?seed=3", viewport=PHONE, dark=True, embed=True)``.

    With ``wait=False`` it returns before the picture is drawn; ``at`` is another server;
    ``using`` another browser; ``stranger`` a second reader, whose cookies and storage know nothing
    of the first; what goes wrong at a URL that ends in ``despite`` is no failure. It asks for
    ``fresh_site`` so that pages are closed before their server is.
    """
    with ExitStack() as stack:

        def opened(
            path: str = "",
            *,
            viewport: tuple[int, int] = DESKTOP,
            dark: bool = False,
            embed: bool = False,
            touch: bool = False,
            reduced_motion: bool = False,
            at: str = site,
            using: Browser = browser,
            stranger: bool = False,
            wait: bool = True,
            despite: str | None = None,
        ) -> Page:
            options = {
                "viewport": {"width": viewport[0], "height": viewport[1]},
                "color_scheme": "dark" if dark else "light",
                "has_touch": touch,
                "is_mobile": touch,
                "reduced_motion": "reduce" if reduced_motion else "no-preference",
            }
            key = using, stranger, str(options)
            if key not in contexts:
                contexts[key] = new_context(using, options)
            page = stack.enter_context(watched(contexts[key], despite))
            if embed:
                path += ("&" if "?" in path else "?") + "embed=true"
            page.goto(path if path.startswith("http") else f"{at}/{path}")
            if wait:
                ready(page)
            return page

        yield opened


def new_context(browser: Browser, options: Any) -> BrowserContext:
    context = browser.new_context(
        **options, permissions=["clipboard-read", "clipboard-write"], accept_downloads=True
    )
    context.set_default_timeout(60_000)  # a busy machine is no failure
    return context


@contextmanager
def watched(context: BrowserContext, despite: str | None) -> Iterator[Page]:
    """A page that must end without any complaint of the browser, ``despite`` one address."""
    page = context.new_page()
    wrong: list[str] = []

    def note(kind: str, url: str, words: object = "") -> None:
        path = url.split("?")[0]
        if not PROBE.search(path) and not (despite and path.endswith(despite)):
            wrong.append(f"{kind}: {url} {words}")

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            note("console", message.location["url"], message.text)

    def answered(response: Response) -> None:
        if response.status >= 400:
            note(str(response.status), response.url)

    page.on("console", said)
    page.on("pageerror", lambda e: note("exception", page.url, e))
    page.on("requestfailed", lambda r: note("failed", r.url, r.failure))
    page.on("response", answered)
    try:
        yield page
        page.wait_for_timeout(50)  # a late message is still one
        assert not wrong, wrong
    finally:
        page.close()


def ready(page: Page, frame: FrameLocator | None = None) -> None:
    """Waits for the first picture, the answer to every edit, an idle server, a drawn picture."""
    inside = frame or page
    inside.locator(".dgm canvas, .js-plotly-plot").first.wait_for(state="visible")
    inside.locator(".dgm[aria-busy=true]").first.wait_for(state="detached")
    inside.locator(IDLE).wait_for(state="attached")
    for picture in inside.locator(".dgm canvas").all():
        settled(page, picture)


def settled(page: Page, canvas: Locator, patience: float = 15.0) -> None:
    """Waits until a canvas is drawn."""
    canvas.wait_for(state="visible")
    for _ in range(round(patience / 0.05)):
        if canvas.evaluate(DRAWN):
            return
        page.wait_for_timeout(50)
    raise TooLate(f"nothing is drawn after {patience} s on {page.url}")


def idle(page: Page, frame: FrameLocator | None = None) -> None:
    """Waits for the run that the last action began, and for the drawing after it."""
    page.wait_for_timeout(120)
    ready(page, frame)
    page.wait_for_timeout(60)


def pixels(canvas: Locator) -> str:
    """A fingerprint of every pixel of a canvas."""
    return hashlib.sha256(canvas.evaluate("c => c.toDataURL()").encode()).hexdigest()


def violations(page: Page, *rules: str, but: str = "") -> list[str]:
    """What axe-core calls serious or critical, each with its first places; not inside ``but``.

    Without ``rules`` it tries all of them.
    """
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = list(rules)
    if not page.evaluate("'axe' in window"):  # half a megabyte, to be read once
        page.evaluate(AXE_SCRIPT)
    where = {"exclude": [[but]]} if but else None
    found = page.evaluate("([where, o]) => axe.run(where ?? document, o)", [where, options])[
        "violations"
    ]
    return [
        f"{v['id']}: {v['help']}: " + " | ".join(n["html"][:160] for n in v["nodes"][:3])
        for v in found
        if v["impact"] in ("serious", "critical")
    ]


def hangs_over(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    return page.evaluate(
        """() => Math.max(...["html", "body", "[data-testid=stMain]"].map(s =>
             { const e = document.querySelector(s); return e.scrollWidth - e.clientWidth }))"""
    )


@pytest.fixture
def parent_page() -> Iterator[Callable[[str], str]]:
    """``parent_page(src)`` serves a page on another site that holds ``src`` in an iframe."""
    with ExitStack() as stack:

        def serve(src: str) -> str:
            html = (
                "<!doctype html><html lang=en><title>A lecture</title><link rel=icon href=data:,>"
                f'<body><iframe src="{src}" title=picture width=900 height=700></iframe>'
            ).encode()

            class Answer(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    self.send_response(200)
                    self.send_header("Content-Type", "text/html; charset=utf-8")
                    self.end_headers()
                    self.wfile.write(html)

                def log_message(self, format: str, *args: Any) -> None:
                    """Silence."""

            port = free_port()
            other = ThreadingHTTPServer(("127.0.0.1", port), Answer)
            thread = threading.Thread(target=other.serve_forever, daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(other.server_close)
            stack.callback(other.shutdown)
            # "localhost" is another site than the 127.0.0.1 of the server inside the frame
            return f"http://localhost:{port}/"

        yield serve


def link(page: Page) -> str:
    """The page's address once it has come to rest: the player writes its frame a little later."""
    page.wait_for_function(
        """() => { const w = window, now = performance.now()
            if (w.__address !== location.href) [w.__address, w.__since] = [location.href, now]
            return now - w.__since > 700 }""",
        polling=50,
    )
    return page.url


def query(page: Page) -> dict[str, str]:
    """The parameters in a page's address."""
    return {k: v[0] for k, v in parse_qs(urlsplit(page.url).query).items()}


def handle(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


def take(page: Page, grip: Locator, dx: float, dy: float) -> None:
    """Drags a handle and holds it."""
    box = grip.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=6)


def drag(page: Page, grip: Locator, dx: float, dy: float) -> None:
    """Drags a handle, lets go and waits for the page."""
    take(page, grip, dx, dy)
    page.mouse.up()
    idle(page)


def caption(page: Page) -> str:
    return page.locator(".dgm-caption").first.inner_text()


def show_view(page: Page, title: str) -> None:
    """Opens a view by its tab."""
    tab = page.get_by_role("radio", name=title, exact=True)
    tab.click()
    expect(tab).to_be_checked()
    idle(page)
