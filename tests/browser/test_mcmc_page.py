"""The MCMC page under a reader's hands: a dragged start, a growing run, a hidden bug."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from dgmlib.experiments import arena, suspects
from tests.browser.conftest import (
    caption,
    drag,
    handle,
    idle,
    link,
    pixels,
    query,
)

Open = Callable[..., Page]
MCMC = "mcmc"
PICTURE = f"{MCMC}?hide=theory"  # the words below are no part of these tests


def test_a_dragged_start_restarts_both_chains(open_page: Open) -> None:
    """Mutants: only the first chain follows; the link forgets the start or the frame."""
    page = open_page(f"{PICTURE}&frame=0")
    assert "(−2.00, −2.00)" in caption(page)
    drag(page, handle(page, "start"), 90, -70)
    start = arena.parse_start(query(page)["start"])
    assert start is not None
    assert (start > -1.9).all()
    x, y = (f"{v:.2f}".replace("-", "−") for v in start)
    expect(page.locator(".dgm-caption").first).to_contain_text(f"Both start at ({x}, {y})")
    handle(page, "start").focus()
    page.keyboard.press("Shift+ArrowLeft")
    idle(page)
    moved = arena.parse_start(query(page)["start"])
    assert moved is not None
    assert moved[0] < start[0]
    again = open_page(link(page))
    assert caption(again) == caption(page)


def test_a_step_is_accepted_or_refused_in_words(open_page: Open) -> None:
    """Scrubbing with the keys: every frame says what became of both proposals."""
    page = open_page(f"{PICTURE}&frame=10")
    page.locator(".dgm-slider").focus()
    seen = set()
    for step in range(11, 19):
        page.keyboard.press("ArrowRight")
        expect(page.locator(".dgm-caption").first).to_contain_text(f"Step {step}.")
        seen |= set(re.findall(r"random walk (moves|refuses)", caption(page)))
    assert seen == {"moves", "refuses"}


def test_chains_started_together_fool_r_hat(open_page: Open) -> None:
    """Preset and control lead to the same two pictures. Mutant: the control without effect."""
    page = open_page(PICTURE)
    page.get_by_role("radio", name="Stuck between modes").click()
    idle(page)
    apart = caption(page)
    assert float(apart.split("R-hat ")[1].split()[0]) > 1.5
    page.locator(f".st-key-{MCMC}-begin").get_by_text("together").click()
    idle(page)
    together = caption(page)
    assert float(together.split("R-hat ")[1].split()[0]) < 1.01
    assert query(page)["begin"] == "together"
    expect(page.get_by_role("radio", name="R-hat fooled")).to_be_checked()
    expect(page.get_by_role("table")).to_contain_text("R-hat, rank-normalised")


def test_the_bug_is_told_only_when_it_is_revealed(open_page: Open) -> None:
    page = open_page(f"{PICTURE}&view=bug&tool=known%20answers")
    case = suspects.case(3)
    table = page.get_by_role("table")
    expect(table).to_contain_text("covariance")
    expect(page.get_by_text(case.bug.name)).to_have_count(0)
    hidden = pixels(page.locator(".dgm canvas").first)
    page.locator(f".st-key-{MCMC}-reveal label").click()
    idle(page)
    expect(table).to_contain_text(case.bug.name)
    expect(table).to_contain_text(case.bug.wrong)
    assert f"It is {suspects.LETTERS[case.wrong]}: {case.kinds[case.wrong]}" in caption(page)
    assert pixels(page.locator(".dgm canvas").first) != hidden
