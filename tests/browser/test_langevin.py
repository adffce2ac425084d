"""The page of Langevin dynamics in a reader's hands: a schedule that is dragged, frames."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from dgmlib.data.points import decode
from tests.browser.conftest import caption, drag, handle, idle, pixels, query, show_view

Open = Callable[..., Page]
PAGE = "langevin?hide=theory"


def test_the_schedule_is_dragged_and_keyed(open_page: Open) -> None:
    """Mutants: an end that cannot be moved, or moves the other; a picture that does not follow; a
    link that forgets; an answer that takes the focus."""
    page = open_page(f"{PAGE}&levels=4&steps=5")
    assert caption(page).startswith("Step 20 of 20, σ = 0.50")
    drag(page, handle(page, "σ last"), 0, -30)
    idle(page)
    assert 0.6 < float(query(page)["last"]) < 2.0
    assert "first" not in query(page)
    expect(page.locator(".dgm-caption").first).to_contain_text(
        f"σ = {float(query(page)['last']):.2f}"
    )
    first = handle(page, "σ first")
    first.focus()
    page.keyboard.press("ArrowDown")
    idle(page)
    once = float(query(page)["first"])
    assert once < 6.0
    page.keyboard.press("ArrowDown")
    idle(page)
    assert float(query(page)["first"]) < once


def test_frames_are_steps_in_every_view(open_page: Open) -> None:
    """Mutants: frames that stand; a view whose slider asks the server."""
    page = open_page(PAGE)
    for view, first, last in (
        (None, "Step 0 of 144", "Step 144 of 144"),
        ("Where ULA settles", "Step 0, of size", "Step 300, of size"),
        ("Two forces", "Step 0 of learning", "Step 35 of learning"),
    ):
        if view:
            show_view(page, view)
        canvas, said = page.locator(".dgm canvas").first, page.locator(".dgm-caption").first
        page.locator(".dgm-slider").first.focus()
        page.keyboard.press("End")
        expect(said).to_contain_text(last)
        end = pixels(canvas)
        page.keyboard.press("Home")
        expect(said).to_contain_text(first)
        page.wait_for_timeout(100)
        assert pixels(canvas) != end, view


def test_painted_points_are_carried_to_the_diffusion_page(open_page: Open) -> None:
    """Mutants: points that miss the link; a link that forgets them, or leads nowhere."""
    page = open_page(f"{PAGE}&view=plane&levels=3&steps=4")
    assert caption(page).startswith("Step 12 of 12")
    page.get_by_role("application", name="Painting area").focus()
    for _ in range(9):
        page.keyboard.press("Enter")
        page.keyboard.press("Shift+ArrowRight")
    idle(page)
    points = query(page)["points"]
    assert len(decode(points)) == 9
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Carry this state").click()
    other = opened.value
    expect(other.locator(".dgm-caption").first).to_contain_text("of 20 steps done", timeout=30_000)
    assert query(other)["points"] == points
