"""The bound under a reader's hands: q dragged, EM stepped, points moved, a slip found."""

import re
from collections.abc import Callable
from decimal import Decimal

from playwright.sync_api import Page, expect

from dgmlib.latent import gaussian_text, regression_text
from dgmlib.ui import spec
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
NAME = "evidence_lower_bound"
PICTURE = f"{NAME}?hide=theory"  # the words below are no part of these tests


def adds_up(said: str) -> None:
    """ELBO + KL = log p(x), between the digits on the screen."""
    shown = re.findall(r"−?\d[\d,]*\.\d{4}\b", said)
    elbo, gap, log_p = (Decimal(n.replace("−", "-").replace(",", "")) for n in shown[:3])
    assert elbo + gap == log_p, said


def test_a_held_q_moves_the_picture_alone(open_page: Open) -> None:
    """Mutants: nothing follows while it is held; the text stays behind on release; the grip of the
    width moves the centre; a link that opens another q."""
    page = open_page(PICTURE)
    text = page.locator(f".st-key-{NAME}-q input")
    said = caption(page)
    adds_up(said)
    take(page, handle(page, "q"), -60, 0)
    expect(page.locator(".dgm-caption").first).not_to_have_text(said, use_inner_text=True)
    adds_up(caption(page))
    assert "q" not in query(page)
    assert text.input_value() == "0.4 0.9"
    page.mouse.up()
    idle(page)
    expect(text).not_to_have_value("0.4 0.9")
    centre, width = gaussian_text.parse(text.input_value())
    assert centre < 0
    assert width == 0.9
    assert query(page)["q"] == text.input_value()
    drag(page, handle(page, "width of q"), -25, 0)
    again = gaussian_text.parse(query(page)["q"])
    assert again[0] == centre
    assert again[1] < 0.9
    adds_up(caption(page))
    other = open_page(link(page))
    assert caption(other) == caption(page)


def test_the_climb_is_scrubbed_in_the_browser(open_page: Open) -> None:
    """Mutant: a word to the server for every step."""
    page = open_page(PICTURE)
    sent: list[str] = []
    slider = page.get_by_role("slider", name="step up the bound")
    slider.focus()
    first = pixels(page.locator("canvas").first)
    page.on("request", lambda request: sent.append(request.url))
    page.keyboard.press("End")
    expect(page.locator(".dgm-caption").first).to_contain_text("After 60 steps")
    idle(page)
    adds_up(caption(page))
    assert pixels(page.locator("canvas").first) != first
    assert not sent


def test_em_is_stepped_and_its_start_dragged(open_page: Open) -> None:
    """E closes the gap, M opens it. Mutants: the two exchanged; the start left where it was."""
    page = open_page(f"{PICTURE}&view=em")
    words = page.locator(".dgm-caption").first
    page.get_by_role("slider", name="half-step").focus()
    page.keyboard.press("ArrowRight")
    expect(words).to_contain_text("E step 1: θ = 3.500")
    expect(words).to_contain_text("gap 0.0000")
    page.keyboard.press("ArrowRight")
    expect(words).to_contain_text("M step 1")
    expect(words).not_to_contain_text("gap 0.0000")
    idle(page)
    drag(page, handle(page, "start"), -80, 0)
    assert float(query(page)["start"]) < 3.0


def test_a_dragged_point_changes_every_answer(open_page: Open) -> None:
    """The others stay; + adds one; the points are the reader's own then. Mutants: all points move;
    t and y exchanged; sampled points with the reader's seed."""
    page = open_page(f"{PICTURE}&view=bayes&points=-1+0,0+0.5,1+1")
    said = caption(page)
    drag(page, handle(page, "point 3"), 0, 60)
    after = regression_text.parse(query(page)["points"])
    assert after[:2].tolist() == [[-1, 0], [0, 0.5]]
    assert after[2, 0] == 1
    assert after[2, 1] < 0.5
    assert caption(page) != said
    page.get_by_role("button", name="+ Add").click()
    idle(page)
    assert len(regression_text.parse(query(page)["points"])) == 4


def test_a_slip_is_found(open_page: Open) -> None:
    """Mutants: the answer on the screen before a guess; a wrong guess that is praised."""
    page = open_page(f"{PICTURE}&view=slips")
    table = page.get_by_test_id("stMarkdownContainer").filter(has=page.get_by_role("table"))
    expect(table.first).to_contain_text("Choose the wrong line")
    r = spec.of(NAME).views["slips"].compute(spec.of(NAME).params(view="slips"))
    right = "ABCDE"[r.wrong]
    choose(page, "A" if right != "A" else "B")
    expect(table.first).to_contain_text("That line holds")
    choose(page, right)
    expect(table.first).to_contain_text("That is the one")
    expect(table.first).to_contain_text("the entropy, and it is added")


def choose(page: Page, letter: str) -> None:
    page.locator(f".st-key-{NAME}-guess").get_by_role("combobox").click()
    page.get_by_role("option", name=letter, exact=True).click()
    idle(page)
