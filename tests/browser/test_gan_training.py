"""The page of games in a reader's hands: layers, fields to go on, painted points, a live run."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from dgmlib.data.points import decode
from tests.browser.conftest import caption, idle, link, pixels, query, settled

Open = Callable[..., Page]
PAGE = "gan_training?hide=theory"
PATIENT = 120_000  # ms; a busy machine is no failure


def test_a_recorded_run_is_scrubbed_and_its_layers_go(open_page: Open) -> None:
    """Mutants: the first visitor meets a button; a layer without a name; frames that stand."""
    page = open_page(PAGE)
    assert caption(page).startswith("Both play; 1,000 moves of D, 1,000 of G.")
    page.locator(".dgm-slider").first.focus()
    page.keyboard.press("Home")
    expect(page.locator(".dgm-caption").first).to_contain_text("Before the first move")
    page.keyboard.press("End")
    canvas = page.locator(".dgm canvas").first
    for name in (
        "D: probability of data, blue 0, red 1",
        "data",
        "samples",
        "G's grid",
        "D's push",
    ):
        before = pixels(canvas)
        page.get_by_role("button", name=f"Show {name}", exact=True).click()
        page.wait_for_timeout(150)
        assert pixels(canvas) != before, name


def test_the_fields_append_to_the_script(open_page: Open) -> None:
    """By keyboard and by click. Mutants: the click runs at once; the second replaces the first."""
    page = open_page(PAGE)
    field = page.get_by_role("application", name="click D, G or both")
    field.focus()
    page.keyboard.press("Enter")  # the crosshair begins in the middle
    idle(page)
    assert query(page)["script"] == "1000 both, 100 generator"
    expect(page.get_by_role("button", name="Run (about")).to_be_visible()
    expect(page.get_by_text("Below, still the picture of")).to_be_visible()
    box = field.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 6, box["y"] + box["height"] / 2)
    idle(page)
    assert query(page)["script"] == "1000 both, 100 generator, 100 critic"


def test_points_are_painted_by_keys_and_by_touch(open_page: Open) -> None:
    """Mutants: the points do not reach the link, or another view."""
    page = open_page(f"{PAGE}&view=data", touch=True)
    area = page.get_by_role("application", name="Painting area")
    area.focus()
    for _ in range(11):
        page.keyboard.press("Enter")
        page.keyboard.press("Shift+ArrowRight")
    idle(page)
    assert len(decode(query(page)["points"])) == 11
    assert "Paint 1 more at least" in caption(page)
    box = area.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] / 3, box["y"] + box["height"] / 3)
    idle(page)
    assert len(decode(query(page)["points"])) == 12
    assert caption(page).startswith("12 points of your own.")
    again = open_page(link(page).replace("view=data", "view=one"), wait=False)
    expect(again.get_by_role("button", name="Run (about")).to_be_visible(timeout=PATIENT)


def test_a_short_game_is_played(open_page: Open) -> None:
    """Mutants: the result cannot travel between processes; the script is not what is played."""
    page = open_page(f"{PAGE}&script=3 both, 4 critic&data=ring", wait=False)
    run = page.get_by_role("button", name="Run (about")
    run.wait_for(timeout=PATIENT)
    expect(page.locator(".dgm canvas")).to_have_count(0)
    run.click()
    canvas = page.locator(".dgm canvas").first
    canvas.wait_for(timeout=PATIENT)
    settled(page, canvas, patience=60)
    assert caption(page).startswith("D alone moves; 7 moves of D, 3 of G.")
