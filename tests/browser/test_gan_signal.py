"""The signal of a far generator under a reader's hands: theta slid, a family chosen, a phone."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, caption, hangs_over, idle, pixels, query, show_view

Open = Callable[..., Page]
PICTURE = "gan_signal?hide=theory"  # the words below are no part of these tests


def test_theta_is_slid_in_the_browser(open_page: Open) -> None:
    """q passes through p: one value jumps, another falls. Mutants: a word to the server for every
    theta; a frame that does not stand at its theta."""
    page = open_page(PICTURE)
    sent: list[str] = []
    assert "θ = −5.0: KL(p‖q) is ∞ with no slope, JS is 0.6931 with slope 0" in caption(page)
    first = pixels(page.locator("canvas").first)
    slider = page.get_by_role("slider", name="θ, where q stands")
    slider.focus()
    page.on("request", lambda request: sent.append(request.url))
    for _ in range(25):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".dgm-caption").first).to_contain_text("θ = 0.0: KL(p‖q) is 0")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".dgm-caption").first).to_contain_text("JS is 0.6931")
    assert "W₁ is 0.2000 with slope 1.000" in caption(page)
    assert pixels(page.locator("canvas").first) != first
    assert not sent


def test_a_preset_opens_its_family_on_a_phone(open_page: Open) -> None:
    """Mutants: a preset of another view; a picture wider than the phone."""
    page = open_page(PICTURE, viewport=PHONE, touch=True)
    page.get_by_role("radio", name="False minimum").or_(
        page.get_by_role("button", name="False minimum")
    ).first.click()
    idle(page)
    assert query(page)["view"] == "mixtures"
    assert re.match(r"θ = −4\.0: .* JS is 0\.346\d ", caption(page))  # half of log 2
    show_view(page, "Two Gaussians")
    assert "θ = −5.0: KL(p‖q) is 12.50" in caption(page)
    assert hangs_over(page) <= 0
