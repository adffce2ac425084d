"""The page of Markov chains under a reader's hands: clicks on the matrix, own rows, presets."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from dgmlib.markov import named
from tests.browser.conftest import caption, idle, link, pixels, query

Open = Callable[..., Page]
MARKOV = "markov_chains"
PICTURE = f"{MARKOV}?hide=theory"  # the words below are no part of these tests


def click_cell(page: Page, n: int, i: int, j: int, height: float) -> None:
    """Clicks cell (i, j) of the matrix at a share of its height, from below."""
    surface = page.locator(".dgm-surface").first
    box = surface.bounding_box()
    assert box is not None
    x, y = box["width"] * (j + 0.5) / n, box["height"] * (i + 1 - height) / n
    surface.click(position={"x": x, "y": y})
    idle(page)


@pytest.mark.parametrize("view", ["", "flows"])
def test_a_click_on_the_matrix_changes_the_chain(open_page: Open, view: str) -> None:
    """And the link brings it back. Mutants: rows for columns; the click read upside down; the
    second click starts from the named chain again."""
    page = open_page(f"{PICTURE}&view={view}&chain=ring%20of%206" if view
                     else f"{PICTURE}&chain=ring%20of%206")  # fmt: skip
    before = caption(page)
    click_cell(page, 6, 0, 3, 0.5)
    page.wait_for_function("new URLSearchParams(location.search).get('chain') === 'own rows'")
    P = named.load(**rows(page)).P
    chosen = P[0, 3]
    assert chosen == pytest.approx(0.5, abs=0.11)  # a step of 0.05 is a pixel here
    assert P[0].tolist() == pytest.approx([0, (1 - chosen) / 2, 0, chosen, 0, (1 - chosen) / 2])
    assert (P[1:] == named.CHAINS["ring of 6"].P[1:]).all()
    assert caption(page) != before
    click_cell(page, 6, 5, 5, 0.92)
    page.wait_for_function("new URLSearchParams(location.search).get('rows').endsWith(' 0 1')")
    P = named.load(**rows(page)).P
    assert P[5].tolist() == [0, 0, 0, 0, 0, 1]
    assert P[0, 3] == chosen
    again = open_page(link(page))
    assert caption(again) == caption(page)


def rows(page: Page) -> dict[str, str]:
    asked = query(page)
    return {"name": asked["chain"], "rows": asked["rows"]}


def test_the_matrix_can_be_changed_without_a_mouse(open_page: Open) -> None:
    """Mutant: a surface that only listens to clicks."""
    page = open_page(f"{PICTURE}&chain=weather")
    surface = page.locator(".dgm-surface").first
    surface.focus()
    for _ in range(5):
        page.keyboard.press("Shift+ArrowUp")  # from the middle to a quarter from the top
    for _ in range(5):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    idle(page)
    page.wait_for_function("new URLSearchParams(location.search).get('chain') === 'own rows'")
    P = named.load(**rows(page)).P
    assert P[0, 1] == pytest.approx(0.5, abs=0.051)
    assert P[1].tolist() == [0.5, 0.5]


def test_typed_rows_are_drawn_or_refused_by_name(open_page: Open) -> None:
    """Mutants: a row that is silently repaired; the rows before kept without a word."""
    page = open_page(f"{PICTURE}&view=classes&chain=own%20rows")
    field = page.locator(f".st-key-{MARKOV}-rows input")
    field.fill("0 1, 1 0")
    field.press("Enter")
    idle(page)
    expect(page.locator(".dgm-caption").first).to_contain_text("gcd of the times so far: A 2, B 2")
    field.fill("0 1, 0 0")
    field.press("Enter")
    idle(page)
    expect(page.get_by_text("row B has no weight").first).to_be_visible()
    assert query(page)["rows"] == "0 1, 1 0"


def test_a_periodic_chain_never_settles_and_laziness_cures_it(open_page: Open) -> None:
    """From preset to preset, and along the frames."""
    page = open_page(PICTURE)
    page.get_by_role("radio", name="Periodic: never settles").click()
    idle(page)
    page.locator(".dgm-slider").first.focus()
    page.keyboard.press("End")
    expect(page.locator(".dgm-caption").first).to_contain_text("it has a period")
    page.get_by_role("radio", name="Laziness cures it").click()
    idle(page)
    page.locator(".dgm-slider").first.focus()
    page.keyboard.press("Home")
    expect(page.locator(".dgm-caption").first).to_contain_text("never falls to ¼")
    before = pixels(page.locator(".dgm canvas").first)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".dgm-caption").first).to_contain_text("d(t) ≤ ¼ from t = 14")
    assert pixels(page.locator(".dgm canvas").first) != before
