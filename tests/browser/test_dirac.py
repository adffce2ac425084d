"""The smallest GAN under a reader's hands: a start dragged, a game scrubbed, remedies compared."""

from collections.abc import Callable

import numpy as np
from playwright.sync_api import Page, expect

from dgmlib.gan import dirac_games
from tests.browser.conftest import (
    caption,
    drag,
    handle,
    link,
    pixels,
    query,
    show_view,
    take,
)

Open = Callable[..., Page]
PICTURE = "dirac_gan?hide=theory"  # the words below are no part of these tests


def test_a_dragged_start_plays_another_game(open_page: Open) -> None:
    """Mutants: nothing follows while it is held; theta and psi exchanged; a link that forgets."""
    page = open_page(PICTURE)
    said, before = caption(page), pixels(page.locator("canvas").first)
    take(page, handle(page, "start"), 40, 20)
    expect(page.locator(".dgm-caption").first).not_to_have_text(said, use_inner_text=True)
    assert "start" not in query(page)
    page.mouse.up()
    drag(page, handle(page, "start"), 5, 5)
    start = dirac_games.parse(query(page)["start"])
    assert start.theta > 1
    assert start.psi < 0.5
    assert pixels(page.locator("canvas").first) != before
    page.get_by_role("slider", name="step", exact=True).focus()
    page.keyboard.press("End")
    shown = dirac_games.play(dirac_games.game("saturating", "none", 0.0), start, lr=0.2).steps
    far = np.hypot(*shown)[-1]
    expect(page.locator(".dgm-caption").first).to_contain_text(f"{far:.4f} from the equilibrium")
    again = open_page(link(page))
    assert caption(again) == caption(page)


def test_other_views_take_the_start_along(open_page: Open) -> None:
    """Mutants: each view with a start of its own; a slider that asks the server."""
    page = open_page(f"{PICTURE}&start=-1.5 0.5")
    show_view(page, "Step size")
    sent: list[str] = []
    page.get_by_role("slider", name="step size h").focus()
    page.on("request", lambda request: sent.append(request.url))
    page.keyboard.press("End")
    expect(page.locator(".dgm-caption").first).to_contain_text("h = 5.000")
    assert not sent
    show_view(page, "What helps")
    page.get_by_role("slider", name="step", exact=True).focus()
    page.keyboard.press("Home")
    expect(page.locator(".dgm-caption").first).to_contain_text("Step 0: none 1.5811, R1 1.5811")
