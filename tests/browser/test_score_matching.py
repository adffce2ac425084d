"""The page on score matching in a reader's hands: noise, painted points, a network that learns."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from dgmlib.data.points import decode
from tests.browser.conftest import caption, idle, pixels, query

Open = Callable[..., Page]
PAGE = "score_matching?hide=theory"


def test_noise_is_scrubbed_and_layers_go(open_page: Open) -> None:
    """Mutants: frames that stand; a curve without a name; the caption of the first level."""
    page = open_page(PAGE)
    assert caption(page).startswith("σ = 0.2:")
    canvas = page.locator(".dgm canvas").first
    before = pixels(canvas)
    page.locator(".dgm-slider").first.focus()
    page.keyboard.press("End")
    expect(page.locator(".dgm-caption").first).to_contain_text("σ = 3.2:")
    expect(page.locator(".dgm-caption").first).to_contain_text("which at this noise is everywhere")
    page.wait_for_timeout(150)
    assert pixels(canvas) != before
    before = pixels(canvas)
    page.get_by_role("button", name="Show without data", exact=True).first.click()
    page.wait_for_timeout(150)
    assert pixels(canvas) != before


def test_points_are_painted_into_the_link(open_page: Open) -> None:
    """Mutants: the points miss the link; the plane loses the focus after the first; the checkpoint
    of the chosen set stays beside them."""
    page = open_page(PAGE)
    area = page.get_by_role("application", name="Painting area")
    area.focus()
    for more, count in ((1, 1), (2, 3)):
        for _ in range(more):
            page.keyboard.press("Enter")
            page.keyboard.press("Shift+ArrowRight")
        idle(page)
        assert len(decode(query(page)["points"])) == count
    assert "Of your" in caption(page)
    page.get_by_role("button", name="Clear", exact=True).first.click()
    idle(page)
    assert "points" not in query(page)
    assert "learned − exact" in caption(page)


def test_a_network_has_learned_and_another_waits(open_page: Open) -> None:
    """Mutants: the first visitor meets a button; another seed shows the recording."""
    page = open_page(f"{PAGE}&view=learn")
    assert caption(page).startswith("2,000 of 2,000 steps.")
    other = open_page(f"{PAGE}&view=learn&seed=3", wait=False)
    expect(other.get_by_role("button", name="Run (about")).to_be_visible(timeout=120_000)
    expect(other.locator(".dgm canvas")).to_have_count(0)
