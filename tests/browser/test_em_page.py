"""The EM page under a reader's hands: dragged starts, a clicked map, points of their own."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from dgmlib.data.points import decode
from dgmlib.data.sets import parse_xy
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
EM = "gaussian_mixture"
PICTURE = f"{EM}?hide=theory"  # the words below are no part of these tests


def test_a_dragged_start_restarts_the_run(open_page: Open) -> None:
    """Mutants: the other starts jump back; the link forgets the drag, or the keys."""
    page = open_page(f"{PICTURE}&frame=2")
    before = caption(page)
    drag(page, handle(page, "start 3"), 120, -160)
    asked = query(page)
    assert asked["start"] == "dragged"
    means = parse_xy(asked["means"])
    assert len(means) == 3
    assert means[:2].tolist() == [[4.8, 1.8], [5.8, 1.8]]
    assert means[2][1] > 0.7
    assert caption(page) != before
    assert caption(page).startswith("M-step 1")  # the frame is kept
    handle(page, "start 1").focus()
    page.keyboard.press("Shift+ArrowLeft")
    idle(page)
    assert parse_xy(query(page)["means"])[0][0] < 4.8
    again = open_page(link(page))
    assert caption(again) == caption(page)


def test_an_m_step_by_hand_is_scored(open_page: Open) -> None:
    """From nothing gained, towards the closed form; the arrow keys do it too."""
    page = open_page(f"{PICTURE}&view=you")
    assert "You have 0.0%" in caption(page)
    drag(page, handle(page, "mean 2"), -45, 34)
    gained = float(caption(page).split("You have ")[1].split("%")[0].replace("−", "-"))
    assert 5 < gained <= 100
    assert "mine" in query(page)
    hidden = pixels(page.locator(".dgm canvas").first)
    page.locator(f".st-key-{EM}-reveal label").click()
    idle(page)
    assert query(page)["reveal"] == "1"
    assert pixels(page.locator(".dgm canvas").first) != hidden


def test_a_click_on_the_map_starts_there(open_page: Open) -> None:
    """Mutant: the map and the half-steps place the other means differently."""
    page = open_page(f"{PICTURE}&view=basin&k=2")
    page.locator(".dgm-surface").first.click(position={"x": 60, "y": 60})
    idle(page)
    asked = query(page)
    assert asked["start"] == "dragged"
    x, y = parse_xy(asked["means"])[0]
    assert f"({x:.2f}, {y:.2f})" in caption(page)
    ended = caption(page).split("log-likelihood ")[1].split()[0].rstrip(".")
    page.get_by_role("radio", name="Half-steps").click()
    idle(page)
    page.locator(".dgm-slider").focus()
    page.keyboard.press("End")
    expect(page.locator(".dgm-caption")).to_contain_text(ended)


def test_painted_points_are_fitted_and_stay_in_the_link(open_page: Open) -> None:
    """Mutants: a stroke replaces the points; the link loses them."""
    page = open_page(f"{PICTURE}&data=own%20points")
    for i in range(3):
        box = page.locator(".dgm-surface").first.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] * (0.25 + 0.2 * i), box["y"] + box["height"] * 0.5
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 20, y + 30, steps=8)
        page.mouse.up()
        idle(page)
    points = decode(query(page)["points"])
    assert len(points) > 9
    assert handle(page, "start 3").count() == 1
    again = open_page(link(page))
    assert caption(again) == caption(page)


def test_own_csv_is_fitted_or_refused_with_the_row(open_page: Open) -> None:
    page = open_page(PICTURE)
    before = pixels(page.locator(".dgm canvas").first)
    chooser = page.locator(f".st-key-{EM}-points input[type=file], input[type=file]").first
    bad = b"x,y\n1,2\n3,oops\n5,6\n7,8\n"
    chooser.set_input_files({"name": "bad.csv", "mimeType": "text/csv", "buffer": bad})
    expect(page.get_by_text("row 3, column 'y': 'oops' is not a number")).to_be_visible()
    assert "points" not in query(page)
    rows = "\n".join(f"{i % 7}.5;{(i * i) % 11}" for i in range(60))
    good = ("width;height\n" + rows).encode()
    chooser.set_input_files({"name": "good.csv", "mimeType": "text/csv", "buffer": good})
    idle(page)
    expect(page.get_by_text("is not a number")).to_have_count(0)
    assert len(decode(query(page)["points"])) == 60
    assert pixels(page.locator(".dgm canvas").first) != before


def test_the_singularity_is_told_in_numbers(open_page: Open) -> None:
    page = open_page(PICTURE)
    page.get_by_role("radio", name="Singularity").click()
    idle(page)
    page.get_by_text("In numbers").click()  # folded until the prediction is made
    expect(page.get_by_role("table")).to_contain_text("refused")
    expect(page.get_by_text("Component 1 collapses.").first).to_be_visible()
    assert page.locator("[data-testid=stAlert]").count() == 0
