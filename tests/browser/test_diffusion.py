"""Noise, and the way back, under a reader's hands: time scrubbed, a trap opened, digits played."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, caption, hangs_over, idle, pixels, query, show_view

Open = Callable[..., Page]


def test_time_is_scrubbed_without_the_server(open_page: Open) -> None:
    """From data to noise and back. Mutants: a word to the server for every time; frames that run
    from data to noise on the way back."""
    page = open_page("diffusion_line?hide=theory")
    sent: list[str] = []
    assert "t = 0 of 60: x_t = 1.000 x₀ + 0.000 ε" in caption(page)
    last = pixels(page.locator("canvas").first)
    slider = page.get_by_role("slider", name="time t")
    slider.focus()
    page.on("request", lambda request: sent.append(request.url))
    page.keyboard.press("Home")
    expect(page.locator(".dgm-caption").first).to_contain_text("t = 60 of 60")
    assert pixels(page.locator("canvas").first) != last
    page.keyboard.press("ArrowRight")
    expect(page.locator(".dgm-caption").first).to_contain_text("t = 59 of 60")
    assert not sent


def test_the_trap_is_red_on_a_phone(open_page: Open) -> None:
    """Mutants: a preset of another schedule; a picture wider than the phone."""
    page = open_page("diffusion_line?hide=theory", viewport=PHONE, touch=True)
    page.get_by_role("radio", name=re.compile("The trap")).or_(
        page.get_by_role("button", name=re.compile("The trap"))
    ).first.click()
    idle(page)
    assert query(page)["view"] == "health"
    assert "T = 200: ᾱ_T = 0.132, so 36.4 %" in caption(page)
    assert "not healthy" in caption(page)
    assert hangs_over(page) <= 0
    show_view(page, "The bound, term by term")
    assert re.match(r"T = \d+: the bound is −", caption(page))


def test_digits_play_at_once_and_run_when_asked(open_page: Open) -> None:
    """A recorded way at first; another seed is a button, not a run. Mutants: the recording under
    other parameters; frames from digit to noise."""
    page = open_page("diffusion_digits?hide=theory")
    assert "Step 25 of 25: √ᾱ = 1.000" in caption(page)
    done = pixels(page.locator("canvas").first)
    page.get_by_role("slider", name="step", exact=True).focus()
    page.keyboard.press("Home")
    expect(page.locator(".dgm-caption").first).to_contain_text("Step 0 of 25: √ᾱ = 0.000")
    assert pixels(page.locator("canvas").first) != done
    page.get_by_role("radio", name="No guidance").or_(
        page.get_by_role("button", name="No guidance")
    ).first.click()
    page.get_by_role("button", name=re.compile(r"Run \(about ")).click()
    expect(page.locator(".dgm-caption").first).to_contain_text("15 of 16", timeout=60_000)
