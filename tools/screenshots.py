"""Pictures of real pages for the README, and for looking at a page in every form.

python tools/screenshots.py                      docs/*.png, as the README shows them
python tools/screenshots.py --page NAME --to DIR  every view and size of one page
"""

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # so that it runs as a file, too

from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from dgmlib.ui import catalogue, spec  # noqa: E402
from tools.chromium import REMEDY, find  # noqa: E402
from tools.server import serving  # noqa: E402

LARGEST = 300_000  # bytes of a picture in the repository


class Shot(NamedTuple):
    name: str
    path: str
    size: tuple[int, int] = (1440, 900)
    dark: bool = False


README = [
    Shot("gaussian_mixture", "gaussian_mixture?frame=6"),
    Shot("kl_asymmetry", "kl_asymmetry"),
    Shot("kl_asymmetry-dark", "kl_asymmetry", dark=True),
    Shot("gaussian_mixture-phone", "gaussian_mixture?frame=6", size=(390, 844)),
    Shot("curse_of_dimensionality", "curse_of_dimensionality?view=digits"),
    Shot("sampling", "sampling?view=rejection"),
    Shot("mcmc", "mcmc?frame=120"),
    Shot("markov_chains", "markov_chains?frame=3"),
]


def every(name: str) -> list[Shot]:
    """All the forms of a page in which something can look wrong."""
    shots = []
    for view in spec.of(name).views:
        at = f"{name}?view={view}"
        shots += [
            Shot(f"{name}-{view}", at),
            Shot(f"{name}-{view}-dark", at, dark=True),
            Shot(f"{name}-{view}-phone", at, size=(390, 844)),
            Shot(f"{name}-{view}-embed", f"{at}&embed=true", size=(900, 640)),
        ]
    return shots


def take(browser: Browser, url: str, shot: Shot, to: Path) -> Path:
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if shot.dark else "light",
        is_mobile=width < 600,
    )
    page = context.new_page()
    page.goto(f"{url}/{shot.path}")
    page.locator(".dgm canvas").first.wait_for(timeout=60_000)
    page.wait_for_timeout(2500)  # fonts, the sidebar's slide, the last drawing
    path = to / f"{shot.name}.png"
    page.screenshot(path=path)
    context.close()
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", choices=catalogue.PAGES)
    parser.add_argument("--to", type=Path, default=ROOT / "docs")
    a = parser.parse_args()
    a.to.mkdir(parents=True, exist_ok=True)
    chromium = find()
    if chromium is None:
        raise SystemExit(REMEDY)
    with serving("app.py") as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for shot in every(a.page) if a.page else README:
            path = take(browser, server.url, shot, a.to)
            size = path.stat().st_size
            print(f"{path.name}: {size / 1000:.0f} kB{'' if size < LARGEST else '  TOO LARGE'}")
        browser.close()


if __name__ == "__main__":
    main()
