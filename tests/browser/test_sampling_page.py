"""The sampling page under a reader's hands: a density drawn, a proposal moved, runs scrubbed."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from dgmlib.experiments.line_proposal import parse
from dgmlib.targets.choose import KNOTS, choose, parse_heights
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
NAME = "sampling"
PICTURE = f"{NAME}?hide=theory"  # the words below are no part of these tests


def test_a_dragged_height_paints_the_target(open_page: Open) -> None:
    """The other heights stay where they were drawn; the link carries the painting.

    Mutants: x and y of a grip exchanged; the painting of before; the choice left at two modes."""
    page = open_page(PICTURE)
    said, drawn = caption(page), pixels(page.locator("canvas").first)
    drag(page, handle(page, "height 7"), 25, -40)
    asked = query(page)
    assert asked["target"] == "painted"
    heights = parse_heights(asked["heights"])
    before = choose("two modes").shape(KNOTS)
    others = [i for i in range(9) if i != 6]
    assert abs(heights[others] - before[others]).max() < 0.006  # two decimals
    assert heights[6] > before[6] + 0.1
    assert caption(page) != said
    assert pixels(page.locator("canvas").first) != drawn
    handle(page, "height 1").focus()
    page.keyboard.press("Shift+ArrowUp")
    idle(page)
    assert parse_heights(query(page)["heights"])[0] > heights[0]
    again = open_page(link(page))
    assert caption(again) == caption(page)


def test_a_held_proposal_moves_the_picture_alone(open_page: Open) -> None:
    """Mutants: nothing follows while it is held; the text stays behind on release; the grip of the
    width moves the centre."""
    page = open_page(f"{PICTURE}&view=importance")
    text = page.locator(f".st-key-{NAME}-proposal input")
    said = caption(page)
    take(page, handle(page, "proposal"), 60, 0)
    expect(page.locator(".dgm-caption").first).not_to_have_text(said, use_inner_text=True)
    assert "proposal" not in query(page)
    assert text.input_value() == "0 2"
    page.mouse.up()
    idle(page)
    expect(text).not_to_have_value("0 2")
    centre, width = parse(text.input_value())
    assert centre > 0.5
    assert width == 2
    assert query(page)["proposal"] == text.input_value()
    drag(page, handle(page, "width of proposal"), -40, 0)
    again = parse(query(page)["proposal"])
    assert again[0] == centre
    assert again[1] < 1.9


def test_runs_are_scrubbed_in_the_browser(open_page: Open) -> None:
    """Both ends of a run, without a word to the server."""
    page = open_page(f"{PICTURE}&view=rejection")
    sent: list[str] = []
    slider = page.get_by_role("slider", name="proposals")
    slider.focus()
    page.on("request", lambda request: sent.append(request.url))
    page.keyboard.press("Home")
    words = page.locator(".dgm-caption").first
    expect(words).to_contain_text("1 proposal:")
    idle(page)
    drawn = pixels(page.locator("canvas").first)
    page.keyboard.press("End")
    expect(words).to_contain_text("500 proposals:")
    idle(page)
    assert pixels(page.locator("canvas").first) != drawn
    assert not sent


def test_the_refusal_of_the_sampler_is_shown(open_page: Open) -> None:
    """Mutants: an alert in place of the picture; the error left out of the table."""
    page = open_page(PICTURE)
    page.get_by_role("radio", name="Envelope too low").click()
    idle(page)
    expect(page.get_by_role("table").first).to_contain_text("EnvelopeError: the target exceeds")
    expect(page.locator(".dgm-caption").first).to_contain_text("and 19.0% of p is cut off")
    assert page.locator("[data-testid=stAlert]").count() == 0


def test_a_hopeless_proposal_is_explained_and_can_be_mended(open_page: Open) -> None:
    """Mutant: a traceback, or a page without a way back."""
    page = open_page(
        f"{PICTURE}&view=importance&target=skewed&proposal=-4%200.2&tail=0.0", wait=False
    )
    expect(page.get_by_text("move the proposal, widen it")).to_be_visible()
    text = page.locator(f".st-key-{NAME}-proposal input")
    text.fill("-2 1")
    text.press("Enter")
    expect(page.locator(".dgm-caption").first).to_contain_text("1,024 draws")
    idle(page)
