"""The KL page under a reader's hands: modes dragged, widened, added; descents scrubbed."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from dgmlib.divergences.fit_text import parse_modes, parse_normal
from dgmlib.ui import spec
from tests.browser.conftest import (
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
KL = "kl_asymmetry"
PICTURE = f"{KL}?hide=theory"  # the words below are no part of these tests


def test_a_dragged_mode_moves_the_target_and_every_fit(open_page: Open) -> None:
    """Mutants: x and y of a grip exchanged; the other mode moves too; the link forgets it."""
    page = open_page(PICTURE)
    before, said = pixels(page.locator("canvas").first), caption(page)
    drag(page, handle(page, "mode 1"), -60, 80)
    p = parse_modes(query(page)["modes"])
    assert p.mean[0] < -3
    assert p.mean[1] == 2.2
    assert p.std.tolist() == [0.6, 0.9]
    assert p.weight[0] < 0.58
    assert caption(page) != said
    assert pixels(page.locator("canvas").first) != before
    again = open_page(link(page))
    assert caption(again) == caption(page)


def test_a_mode_is_widened_added_and_q_moves_by_keyboard(open_page: Open) -> None:
    page = open_page(PICTURE)
    drag(page, handle(page, "width of mode 2"), 40, 0)
    assert parse_modes(query(page)["modes"]).std[1] > 1.2
    page.get_by_role("button", name="Add").first.click()
    idle(page)
    assert len(parse_modes(query(page)["modes"]).mean) == 3
    page.get_by_role("button", name="Remove").first.click()
    idle(page)
    assert len(parse_modes(query(page)["modes"]).mean) == 2
    handle(page, "start of q").focus()
    page.keyboard.press("Shift+ArrowLeft")
    idle(page)
    assert parse_normal(query(page)["start"]).mean < 2.5


def test_the_descent_is_scrubbed_in_the_browser(open_page: Open) -> None:
    """The captions of both ends, without a word to the server."""
    page = open_page(PICTURE)
    sent: list[object] = []
    page.on("request", lambda request: sent.append(request.url))
    page.keyboard.press("Tab")
    slider = page.get_by_role("slider", name="iteration")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator(".dgm-caption").first).to_contain_text("Iteration 0:")
    page.keyboard.press("End")
    expect(page.locator(".dgm-caption").first).to_contain_text("Iteration 32:")
    page.wait_for_timeout(150)  # a word to the server would be on its way
    assert not sent


def test_presets_change_the_picture(open_page: Open) -> None:
    page = open_page(PICTURE)
    said = {caption(page)}
    for preset in spec.of(KL).presets:
        page.get_by_role("button", name=preset).or_(
            page.get_by_role("radio", name=preset)
        ).first.click()
        idle(page)
        assert caption(page) not in said, preset
        said.add(caption(page))


# Notes every run of the page and every caption, from now on.
WATCH = """() => {
  const app = document.querySelector("[data-testid=stApp]"), said = document.createElement("p")
  Object.assign(window, { runs: 0, captions: [] })
  new MutationObserver((changes) => { runs += changes.length })
    .observe(app, { attributes: true, attributeFilter: ["data-test-script-state"] })
  const find = (root) => root.querySelector(".dgm-caption") ??
    [...root.querySelectorAll("*")].map((e) => e.shadowRoot && find(e.shadowRoot)).find(Boolean)
  const node = find(document)
  new MutationObserver(() => captions.push(node.innerText))
    .observe(node, { childList: true, characterData: true, subtree: true })
}"""


def test_a_held_handle_moves_only_the_picture(open_page: Open) -> None:
    """While it is held the picture is asked for alone; on release everything else follows.

    Mutants: the page runs for every position; nothing follows while the handle is held; the text,
    the table or the link stays behind on release; the picture jumps when the page catches up.
    """
    page = open_page(f"{PICTURE},prediction")
    text = page.locator(f".st-key-{KL}-modes input")
    table = page.get_by_role("table").first
    before = query(page), text.input_value(), table.inner_text()
    said, drawn = caption(page), pixels(page.locator("canvas").first)
    asked: list[str] = []
    answered: list[str] = []
    page.on("requestfinished", lambda r: answered.append(r.url))
    page.on("request", lambda r: asked.append(f"{r.method} {urlsplit(r.url).path}"))
    page.evaluate(WATCH)
    grip = handle(page, "mode 1")
    take(page, grip, -60, 80)
    expect(page.locator(".dgm-caption").first).not_to_have_text(said, use_inner_text=True)
    for _ in range(100):
        page.wait_for_timeout(100)  # the next question follows its answer at once
        if len(answered) == len(asked):
            break
    assert len(answered) == len(asked)
    assert set(asked) == {"POST /picture"}
    assert pixels(page.locator("canvas").first) != drawn
    assert (query(page), text.input_value(), table.inner_text()) == before
    assert page.evaluate("runs") == 0
    held, place = caption(page), grip.bounding_box()
    page.evaluate("captions.length = 0")
    page.mouse.up()
    expect(table).not_to_have_text(before[2])  # the page ran; a quick run may never say "running"
    idle(page)
    assert text.input_value() == query(page)["modes"] != before[1]
    p = parse_modes(text.input_value())
    assert p.mean[0] < -3
    assert set(page.evaluate("captions")) <= {held}
    assert caption(page) == held
    after = grip.bounding_box()
    assert place is not None
    assert after is not None
    # The text has two decimals: half of 0.01 is 0.3 pixels across and 3 upwards.
    assert abs(after["x"] - place["x"]) < 0.5
    assert abs(after["y"] - place["y"]) < 3.5


def mode_in(url: str) -> float:
    """The mean of the first mode in an address, 0 while it says none."""
    modes = parse_qs(urlsplit(url).query).get("modes")
    return parse_modes(modes[0]).mean[0] if modes else 0.0


def test_dragging_works_where_pictures_are_refused(open_page: Open) -> None:
    """A proxy that knows no ``/picture``: then every position is an edit.

    Mutant: the picture stands still until the handle is let go.
    """
    page = open_page(PICTURE, despite="/picture")
    page.route("**/picture", lambda route: route.fulfill(status=404))
    said = caption(page)
    take(page, handle(page, "mode 1"), -60, 80)
    expect(page.locator(".dgm-caption").first).not_to_have_text(said, use_inner_text=True)
    page.wait_for_url(lambda url: mode_in(url) < -2)
    page.mouse.up()
    idle(page)
    page.wait_for_url(lambda url: mode_in(url) < -3)
