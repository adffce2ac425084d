"""The latent space under a reader's hands: a digit drawn, z dragged, a hole clicked, a file."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from dgmlib.data import digits, own_digit
from dgmlib.vae import z_text
from tests.browser.conftest import (
    PHONE,
    caption,
    drag,
    handle,
    idle,
    link,
    pixels,
    query,
    take,
)

Open = Callable[..., Page]
NAME = "vae_latent_space"
PICTURE = f"{NAME}?hide=theory,prediction"  # the words below are no part of these tests


def test_a_drawn_digit_is_encoded_and_stays_in_the_link(open_page: Open) -> None:
    """Cleared, then drawn in two strokes; the eraser's text says nothing of the bundled digit.

    Mutants: a stroke replaces the one before; the pad jumps to the centred digit; the link
    forgets the drawing.
    """
    page = open_page(PICTURE)
    page.get_by_role("button", name="Clear").first.click()
    idle(page)
    expect(page.locator(".dgm-caption").first).to_contain_text("An empty pad")
    pad = page.locator(".dgm-surface[data-kind=Pad]").first
    box = pad.bounding_box()
    assert box is not None
    for across in (0.15, 0.35):
        x = box["x"] + across * box["width"]
        page.mouse.move(x, box["y"] + 0.2 * box["height"])
        page.mouse.down()
        page.mouse.move(x, box["y"] + 0.6 * box["height"], steps=8)
        page.mouse.up()
        idle(page)
    bits = own_digit.parse(query(page)["digit"]).bits.reshape(28, 28)
    columns = np.flatnonzero(bits.any(0))
    assert 3 <= columns.min() <= 5
    assert 8 <= columns.max() <= 11
    assert "scaled to 20 pixels and centred by mass" in caption(page)
    page.locator(f".st-key-{NAME}-centre label").click()
    idle(page)
    assert "as it stands" in caption(page)
    again = open_page(link(page))
    assert caption(again) == caption(page)


def test_z_is_dragged_and_the_picture_follows(open_page: Open) -> None:
    """While it is held, too; by the keyboard, too. Mutants: nothing follows until the release; the
    text stays behind; x and y exchanged."""
    page = open_page(PICTURE)
    said, drawn = caption(page), pixels(page.locator("canvas").first)
    take(page, handle(page, "z"), 60, -30)
    expect(page.locator(".dgm-caption").first).not_to_have_text(said, use_inner_text=True)
    assert "z" not in query(page)
    page.mouse.up()
    idle(page)
    z = z_text.parse(query(page)["z"])
    assert z is not None
    assert z[0] > 0.3
    assert z[1] > 0.3
    assert pixels(page.locator("canvas").first) != drawn
    assert page.locator(f".st-key-{NAME}-z input").input_value() == query(page)["z"]
    handle(page, "z").focus()
    page.keyboard.press("Shift+ArrowLeft")
    idle(page)
    moved = z_text.parse(query(page)["z"])
    assert moved is not None
    assert moved[0] < z[0]
    assert moved[1] == z[1]


def test_a_hole_is_clicked_and_decoded(open_page: Open) -> None:
    """On either picture. Mutants: the click is read in pixels; the other map answers."""
    page = open_page(f"{PICTURE}&view=map")
    for i in range(2):
        surface = page.locator(".dgm-surface[data-kind=Pick]").nth(i)
        box = surface.bounding_box()
        assert box is not None
        surface.click(position={"x": 0.75 * box["width"], "y": 0.25 * box["height"]})
        idle(page)
        z = z_text.parse(query(page)["place"])
        assert z is not None
        assert abs(z - 1.6).max() < 0.15  # 3.2 / 2
        x, y = (f"{v:.2f}" for v in z)
        assert f"({x}, {y}) is" in caption(page)
        page.get_by_role("button", name="Reset").click()
        idle(page)
        assert "place" not in query(page)


def test_an_image_file_is_read_or_refused_with_the_reason(open_page: Open) -> None:
    """Mutants: a bad file clears the digit; the words of what was done are lost."""
    page = open_page(PICTURE)
    chooser = page.locator("input[type=file]").first
    chooser.set_input_files({"name": "bad.png", "mimeType": "image/png", "buffer": b"no image"})
    expect(page.get_by_text("bad.png: this is no image")).to_be_visible()
    assert "digit" not in query(page)
    gray = 255 - np.kron(digits.load("28 x 28").train[27].reshape(28, 28), np.ones((9, 9)))
    file = io.BytesIO()
    Image.fromarray(gray.astype(np.uint8)).save(file, "PNG")
    good: Any = {"name": "seven.png", "mimeType": "image/png", "buffer": file.getvalue()}
    chooser.set_input_files(good)
    idle(page)
    expect(page.get_by_text("inverted, because it is dark on light")).to_be_visible()
    expect(page.get_by_text("this is no image")).to_have_count(0)
    bits = own_digit.parse(query(page)["digit"]).bits
    assert (bits == own_digit.bundled().bits[27]).mean() > 0.985
    number = page.get_by_role("spinbutton", name="Bundled digit number")
    assert number.input_value() == ""
    number.fill("8")
    number.press("Enter")
    idle(page)
    assert query(page)["digit"] == "n:8"
    assert caption(page).startswith("Bundled digit 8, a 2")


def test_ways_and_classes_are_scrubbed(open_page: Open) -> None:
    """Both ends by keyboard, in the browser. Mutant: a frame asks the server."""
    for view, first, last in (("paths", "t = 0.00", "t = 1.00"), ("classes", "−2.50", "= 2.50")):
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


def test_a_finger_draws_and_drags_on_a_phone(open_page: Open) -> None:
    """Mutant: the page scrolls away under the finger."""
    page = open_page(PICTURE, viewport=PHONE, touch=True)
    box = page.locator(".dgm-surface[data-kind=Pad]").first.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    idle(page)
    bits = own_digit.parse(query(page)["digit"]).bits.reshape(28, 28)
    assert bits[4:8, 4:8].any()
    drag(page, handle(page, "z"), 0, 0)  # in reach below the pad
