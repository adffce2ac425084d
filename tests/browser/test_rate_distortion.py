"""What a VAE pays under a reader's hands: a checkpoint clicked, beta scrubbed, a digit drawn."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    PHONE,
    caption,
    hangs_over,
    idle,
    link,
    pixels,
    query,
    violations,
)

Open = Callable[..., Page]
NAME = "vae_rate_distortion"
PICTURE = f"{NAME}?hide=theory"  # the words below are no part of these tests


def test_a_clicked_checkpoint_is_shown(open_page: Open) -> None:
    """The corner of small rate and large distortion is beta = 16; the link carries it.

    Mutants: the click lost; x and y exchanged (beta = 0.1); the caption of before."""
    page = open_page(PICTURE)
    drawn = pixels(page.locator("canvas").first)
    surface = page.locator(".dgm-surface[data-kind=Pick]")
    box = surface.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 4, box["y"] + 0.1 * box["height"])
    idle(page)
    expect(page.locator(".dgm-caption").first).to_contain_text("β = 16 on held-out digits")
    assert query(page)["beta"] == "16"
    assert pixels(page.locator("canvas").first) != drawn
    again = open_page(link(page))
    assert caption(again) == caption(page)


def test_a_checkpoint_is_chosen_by_keyboard(open_page: Open) -> None:
    """Mutant: a surface that only a mouse reaches."""
    page = open_page(PICTURE)
    surface = page.locator(".dgm-surface[data-kind=Pick]")
    surface.focus()
    for _ in range(10):  # five steps of a hundredth each: to the left edge
        page.keyboard.press("Shift+ArrowLeft")
    for _ in range(9):
        page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Enter")
    idle(page)
    expect(page.locator(".dgm-caption").first).to_contain_text("β = 16 on held-out digits")


def test_beta_is_scrubbed_in_the_browser(open_page: Open) -> None:
    """Both ends of the sweep, without a word to the server."""
    page = open_page(f"{PICTURE}&view=collapse")
    sent: list[str] = []
    page.get_by_role("slider", name="β").focus()
    page.on("request", lambda request: sent.append(request.url))
    page.keyboard.press("Home")
    words = page.locator(".dgm-caption").first
    expect(words).to_contain_text("β = 0.1:")
    idle(page)
    drawn = pixels(page.locator("canvas").first)
    page.keyboard.press("End")
    expect(words).to_contain_text("β = 16:")
    idle(page)
    assert pixels(page.locator("canvas").first) != drawn
    assert not sent


def test_a_drawn_digit_is_bounded(open_page: Open) -> None:
    """A stroke on the pad becomes the digit of the link, and is called new.

    Mutants: the pad that forgets; the words of the bundled digit."""
    page = open_page(f"{PICTURE}&view=bound&n=200")
    words = page.locator(".dgm-caption").first
    expect(words).to_contain_text("The networks were trained on it")
    page.get_by_role("button", name="Clear").click()
    idle(page)
    box = page.locator(".dgm-surface[data-kind=Pad]").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"]
    page.mouse.move(x, y + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(x, y + 0.8 * box["height"], steps=8)
    page.mouse.up()
    idle(page)
    expect(words).to_contain_text("No network has seen it")
    assert len(query(page)["digit"]) == 131  # 784 bits
    again = open_page(link(page))
    assert caption(again) == caption(page)


def test_scores_stand_in_a_table(open_page: Open) -> None:
    """Every checkpoint with its protocol, and nothing that a screen reader stumbles over."""
    page = open_page(f"{PICTURE}&view=scores")
    expect(page.get_by_role("table").first).to_contain_text("vae-dynamic")
    expect(page.get_by_role("table").first).to_contain_text("importance weighted bound of")
    expect(page.get_by_role("table").nth(1)).to_contain_text("minutes on")
    assert violations(page) == []


def test_a_long_cell_of_a_table_is_no_tower_of_words_on_a_phone(open_page: Open) -> None:
    """The table scrolls instead, by keyboard too, and the page does not.

    Mutants: columns without a width of their own (rows of ten lines); a width that Streamlit
    leaves out; a table that the page is as wide as."""
    page = open_page(f"{PICTURE}&view=bound", viewport=PHONE, touch=True)
    table = page.get_by_role("table").first
    line = table.evaluate("t => parseFloat(getComputedStyle(t).fontSize) * 1.6")
    rows = [box["height"] for row in table.get_by_role("row").all() if (box := row.bounding_box())]
    assert len(rows) == 5
    assert max(rows) < 6 * line
    assert table.evaluate("t => t.scrollWidth > t.clientWidth")
    expect(table).to_have_attribute("tabindex", "0")
    assert hangs_over(page) <= 0
    assert violations(page) == []
