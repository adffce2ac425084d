"""The page of estimates under a reader's hands: q dragged, x dragged, sweeps scrubbed, a phone."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from dgmlib.evidence.clouds import parse
from tests.browser.conftest import (
    caption,
    drag,
    handle,
    idle,
    link,
    pixels,
    query,
    take,
)

Open = Callable[..., Page]
NAME = "estimating_the_evidence"
PICTURE = f"{NAME}?hide=theory"  # the words below are no part of these tests


def test_a_held_q_moves_the_clouds(open_page: Open) -> None:
    """Mutants: nothing follows while q is held; the width's grip moves the mean; the link keeps the
    old q."""
    page = open_page(f"{PICTURE}&view=gradients")
    said = caption(page)
    take(page, handle(page, "q"), 40, 0)
    expect(page.locator(".dgm-caption").first).not_to_have_text(said, use_inner_text=True)
    assert "q" not in query(page)
    page.mouse.up()
    idle(page)
    text = page.locator(f".st-key-{NAME}-q input")
    expect(text).not_to_have_value("0.4 0.3")
    mean, std = parse(text.input_value())
    assert mean > 0.6
    assert std == 0.3
    drag(page, handle(page, "width of q"), 25, 0)
    again = parse(query(page)["q"])
    assert again[0] == mean
    assert again[1] > 0.35
    twin = open_page(link(page))
    assert caption(twin) == caption(page)


def test_a_dragged_x_moves_the_slice(open_page: Open) -> None:
    """Mutants: the slice stays; the slider stays behind."""
    page = open_page(f"{PICTURE}&view=gaps")
    said = caption(page)
    assert "at x = 1.20" in said
    drag(page, handle(page, "x"), -80, 0)
    value = float(query(page)["x"])
    assert value < 1
    expect(page.locator(".dgm-caption").first).to_contain_text(
        f"at x = {value:.2f}".replace("-", "−")
    )


def test_sweeps_are_scrubbed_in_the_browser(open_page: Open) -> None:
    """From 1 dimension to 20 without a word to the server."""
    page = open_page(PICTURE)
    sent: list[str] = []
    page.get_by_role("slider", name="dimensions d", exact=True).focus()
    page.on("request", lambda request: sent.append(request.url))
    page.keyboard.press("Home")
    words = page.locator(".dgm-caption").first
    expect(words).to_contain_text("d = 1,")
    idle(page)
    drawn = pixels(page.locator("canvas").first)
    page.keyboard.press("End")
    expect(words).to_contain_text("d = 20,")
    idle(page)
    assert pixels(page.locator("canvas").first) != drawn
    assert not sent


def test_a_preset_shows_its_failure(open_page: Open) -> None:
    """Mutant: the view of the preset is not opened."""
    page = open_page(PICTURE)
    page.get_by_role("radio", name="Jumps").click()
    idle(page)
    expect(page.locator(".dgm-caption").first).to_contain_text("the jumps are lost")
    assert query(page)["decoder"] == "steps"
