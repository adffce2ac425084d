"""The critic page under a reader's hands: q dragged, a recording scrubbed, a secant moved."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from dgmlib.divergences.fit_text import parse_normal
from dgmlib.gan.secants import parse_pair
from tests.browser.conftest import caption, drag, handle, idle, link, query

Open = Callable[..., Page]
PICTURE = "gan_critic?hide=theory,prediction"


def test_q_is_dragged_and_the_critic_follows(open_page: Open) -> None:
    """Mutants: the width grip moves the mean; the link forgets the place."""
    page = open_page(PICTURE)
    said = caption(page)
    drag(page, handle(page, "q"), -80, 0)
    q = parse_normal(query(page)["q"])
    assert -7 <= q.mean < 3.5
    assert q.std == 1
    assert caption(page) != said
    drag(page, handle(page, "width of q"), 40, 0)
    wide = parse_normal(query(page)["q"])
    assert wide.mean == q.mean
    assert wide.std > 1.2
    assert caption(open_page(link(page))) == caption(page)


def test_recordings_play_without_a_run(open_page: Open) -> None:
    """Mutants: a button instead of the picture; a recording that does not say so."""
    for view, first, last in (("learn", "Step 0:", "Step 600:"), ("steep", "Step 0,", "Step 400,")):
        page = open_page(f"{PICTURE}&view={view}")
        expect(page.get_by_text("Recorded: this program ran before")).to_be_visible()
        page.get_by_role("slider", name="steps").first.focus()
        page.keyboard.press("Home")
        expect(page.locator(".dgm-caption").first).to_contain_text(first)
        page.keyboard.press("End")
        expect(page.locator(".dgm-caption").first).to_contain_text(last)


def test_a_secant_moves_by_keyboard(open_page: Open) -> None:
    """Mutant: a and b exchanged by the edit."""
    page = open_page(f"{PICTURE}&view=secants")
    handle(page, "b").focus()
    page.keyboard.press("Shift+ArrowRight")
    idle(page)
    a, b = parse_pair(query(page)["pair"])
    assert a == 0.5
    assert b > 2
