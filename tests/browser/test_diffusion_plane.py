"""The page of denoisers in the plane in a reader's hands: scrubbing, layers, painting, sizes."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from dgmlib.data.points import decode
from tests.browser.conftest import caption, idle, pixels, query

Open = Callable[..., Page]
PAGE = "diffusion_plane?hide=theory"


def test_a_run_is_scrubbed_both_ways_and_its_layers_go(open_page: Open) -> None:
    """Mutants: frames that stand; a layer without a name; x in place of the guess."""
    page = open_page(PAGE)
    assert caption(page).startswith("10 of 20 steps done")
    page.locator(".dgm-slider").first.focus()
    page.keyboard.press("End")
    expect(page.locator(".dgm-caption").first).to_contain_text("20 of 20 steps done")
    page.keyboard.press("Home")
    expect(page.locator(".dgm-caption").first).to_contain_text("0 of 20 steps done")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    canvas = page.locator(".dgm canvas").first
    for name in ("data", "paths", "x̂₀, the guess", "x"):
        before = pixels(canvas)
        page.get_by_role("button", name=f"Show {name}", exact=True).first.click()
        page.wait_for_timeout(150)
        assert pixels(canvas) != before, name


def test_training_points_are_painted_by_keys(open_page: Open) -> None:
    """Mutants: the points miss the link, or are used too soon; an answer takes the focus."""
    page = open_page(f"{PAGE}&view=heart")
    assert "of the samples by heart are within 0.001" in caption(page)
    area = page.get_by_role("application", name="Painting area")
    area.focus()
    for at, count in enumerate((3, 8)):
        for _ in range(count - 3 * at):
            page.keyboard.press("Enter")
            page.keyboard.press("Shift+ArrowRight")
        idle(page)
        assert len(decode(query(page)["points"])) == count
        if count < 8:
            assert "Paint 5 more at least" in caption(page)
    assert caption(page).startswith("N = ")


def test_a_job_without_its_recording_waits_for_the_reader(open_page: Open) -> None:
    """Mutants: the first visitor meets a button; another seed shows the recording."""
    page = open_page(f"{PAGE}&view=learn")
    assert caption(page).startswith("30 of 30 steps done")
    other = open_page(f"{PAGE}&view=learn&seed=3", wait=False)
    expect(other.get_by_role("button", name="Run (about")).to_be_visible(timeout=120_000)
    expect(other.locator(".dgm canvas")).to_have_count(0)
