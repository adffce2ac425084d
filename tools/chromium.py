"""Prints the path of a Chromium that starts, after getting one if there is none.

Looks at ``$CHROMIUM``, the PATH, the usual places of a Mac and Playwright's own download. If
nothing starts: the Debian package where that is allowed, Playwright's download elsewhere. If
that fails too it says what to install and exits with 1.

The headless shell is the same engine without windows. It opens a page of the site with six tenths
of the processor time, so it comes first, and a build (``$CI``) gets it even beside a whole one.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chrome-headless-shell", "chromium", "chromium-browser",
         "google-chrome", "google-chrome-stable", "chrome")  # fmt: skip
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
REMEDY = """\
No Chromium starts here, and the browser tests need one. Any of these will do:
  Debian           sudo apt-get install chromium-headless-shell (or chromium)
  anywhere         python -m playwright install --with-deps chromium
  already there    CHROMIUM=/path/to/chromium make test"""


def candidates() -> Iterator[str]:
    if named := os.environ.get("CHROMIUM"):
        yield named  # and nothing else: whoever names a browser means that one
        return
    yield from filter(None, map(shutil.which, NAMES))
    yield from MAC
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.executable_path


def starts(path: str) -> bool:
    """Whether the browser draws an empty page; a stub or a missing library does not."""
    if not Path(path).is_file():
        return False
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "about:blank"]
    try:
        run = subprocess.run([path, *flags], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "<html" in run.stdout


def find() -> str | None:
    return next(filter(starts, candidates()), None)


def commands() -> Iterator[list[list[str]]]:
    """Ways to get one, each a list of commands, the likeliest first."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "--no-install-recommends"]
        yield [["apt-get", "update"], [*install, SHELL]]
        yield [[*install, "chromium"]]
    with_libraries = ["--with-deps"] if root and sys.platform == "linux" else []
    yield [[sys.executable, "-m", "playwright", "install", *with_libraries, "chromium"]]


def get() -> str | None:
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for steps in commands():
        for step in steps:
            print("To have a browser:", *step, file=sys.stderr, flush=True)
            subprocess.run(step, stdout=sys.stderr, stdin=subprocess.DEVNULL, env=quiet)
        if path := find():
            return path
    return None


def main() -> int:
    path = find()
    a_build = "CI" in os.environ and not (path and "headless-shell" in path)
    if "CHROMIUM" not in os.environ and (path is None or a_build):
        path = get() or path
    if path is None:
        print(REMEDY, file=sys.stderr)
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
