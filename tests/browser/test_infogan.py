"""InfoGAN under a reader's hands: a picture clicked, codes scrubbed, a digit drawn."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from dgmlib.data import own_digit
from tests.browser.conftest import PHONE, caption, idle, link, query

Open = Callable[..., Page]
PICTURE = "infogan?hide=theory,prediction"  # the words below are no part of these tests


def click(page: Page, surface: int, x: float, y: float) -> None:
    """On the ``surface``-th sheet, at these shares of its width and height."""
    sheet = page.locator(".dgm-surface[data-kind=Pick]").nth(surface)
    box = sheet.bounding_box()
    assert box is not None
    sheet.click(position={"x": x * box["width"], "y": y * box["height"]})
    idle(page)


def test_a_clicked_picture_is_the_one_that_is_read(open_page: Open) -> None:
    """And found again by its link. Mutants: rows from below; another sheet answers; the click in
    pixels; the link forgets it."""
    page = open_page(PICTURE)
    click(page, 0, 0.95, 0.75)  # the last column, the last row
    assert query(page)["image"] == "3 10"
    assert "row 3, category 9" in caption(page)
    again = open_page(link(page))
    assert caption(again) == caption(page)
    page = open_page(f"{PICTURE}&view=three")
    click(page, 1, 0.9, 0.1)
    assert query(page)["spot"] == "wgan-gp 1 4"
    assert caption(page).startswith("WGAN-GP, row 1, column 4")


def test_codes_and_temperatures_are_scrubbed_in_the_browser(open_page: Open) -> None:
    """Both ends by keyboard. Mutant: a frame asks the server."""
    for view, first, last in (
        ("codes", "u₁ = −2.0, where it was never trained", "u₁ = 2.0"),
        ("information", "T = 0.0625", "T = 16"),
    ):
        page = open_page(f"{PICTURE}&view={view}")
        sent: list[str] = []
        page.on("request", lambda request, sent=sent: sent.append(request.url))
        page.locator(".dgm-slider").first.focus()
        page.keyboard.press("Home")
        expect(page.locator(".dgm-caption").first).to_contain_text(first)
        page.keyboard.press("End")
        expect(page.locator(".dgm-caption").first).to_contain_text(last)
        page.wait_for_timeout(150)  # a word to the server would be on its way
        assert not sent


def test_a_finger_draws_a_digit_that_is_read(open_page: Open) -> None:
    """On a phone. Mutants: the stroke is not in the link; the digit of before is read."""
    page = open_page(f"{PICTURE}&view=digit", viewport=PHONE, touch=True)
    before = caption(page)
    box = page.locator(".dgm-surface[data-kind=Pad]").first.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    idle(page)
    bits = own_digit.parse(query(page)["digit"]).bits.reshape(28, 28)
    assert bits[4:8, 4:8].any()
    assert caption(page).startswith("Your own")
    assert caption(page) != before
