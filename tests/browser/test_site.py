"""Every page in a real browser, in every way a reader may come to it.

The tests go over the catalogue: a new page is covered as soon as it is listed there.
"""

import re
import shutil
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, FloatRect, FrameLocator, Locator, Page, expect

from dgmlib.ui import catalogue, fields, prose, spec
from dgmlib.ui import picture as picture_of
from tests.browser.conftest import (
    DESKTOP,
    PHONE,
    caption,
    hangs_over,
    idle,
    link,
    pixels,
    query,
    ready,
    show_view,
    violations,
)
from tools.server import ROOT, Server

Open = Callable[..., Page]
FRONT = ""
THEORY = ".st-key-theory"
EVERYWHERE = [FRONT, *catalogue.PAGES]
ONE = catalogue.PAGES[0]  # for what the frame does, the same on every page
by_page = pytest.mark.parametrize("name", catalogue.PAGES)
# what the frame does for every page alike, and the unit tests check on each, is seen on two
frame_only = pytest.mark.parametrize("name", [catalogue.PAGES[0], catalogue.PAGES[-1]])
everywhere = pytest.mark.parametrize("name", EVERYWHERE, ids=lambda n: n or "front")


def title(name: str) -> str:
    return prose.read(name).title if name else "Deep generative models, to play with"


def picture(page: Page | FrameLocator) -> Locator:
    return page.locator(".dgm canvas").first


def warnings(page: Page) -> Locator:
    return page.locator("[data-testid=stAlertContentWarning]")


def whole(page: Page, name: str, pages: int = len(catalogue.PAGES)) -> None:
    """The frame, the title, the navigation and the picture are all there."""
    expect(page.locator("h1")).to_have_text(title(name))
    links = page.locator("[data-testid=stSidebar] [data-testid=stPageLink-NavLink]")
    expect(links).to_have_count(1 + pages)
    expect(picture(page)).to_be_visible()
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    expect(warnings(page)).to_have_count(0)


def some_slider(name: str) -> tuple[str, str]:
    """A view that answers at once with a slider, and that slider; its first view if none has."""
    page = spec.of(name)
    known = fields.controls(page.params)
    sliders = [
        (view, control)
        for view, v in page.views.items()
        for control in v.controls
        if known[control].kind == "slider" and not v.job
    ]
    return sliders[0] if sliders else (next(iter(page.views)), "")


def move(page: Page, name: str, control: str, presses: int = 2) -> None:
    """Moves a slider with the keyboard, towards its other end if it is at one."""
    thumb = page.locator(f".st-key-{name}-{control} input[type=range]")
    thumb.focus()
    at_end = thumb.evaluate("e => Number(e.value) >= Number(e.max)")
    for _ in range(presses):
        page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
        idle(page)


# --- arriving


@everywhere
def test_on_a_laptop(open_page: Open, name: str) -> None:
    """The whole page; the picture and the first control in the first window; nothing hangs over.

    Then by keyboard, then in the dark, each view by its tab. The theory, the same below every
    view, is looked at on a phone, and here for its colours in the dark.
    """
    page = open_page(name)
    whole(page, name)
    box = above_the_fold(page, DESKTOP)
    assert box["width"] > 0.4 * DESKTOP[0] or name == FRONT
    for first in next(iter(spec.of(name).views.values())).controls[:1] if name else ():
        # by the beginning of its key: a digit is chosen by more than one element
        box = page.locator(f"[class*='st-key-{name}-{first}']").first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < DESKTOP[1]
    assert min(picture(page).evaluate(CORNER)) > 200
    assert violations(page, but=THEORY) == []
    if name:
        assert beyond_the_keyboard(page, name) == set()
    page.emulate_media(color_scheme="dark")
    page.locator(".dgm:not([data-theme=dark])").first.wait_for(state="detached")
    idle(page)
    assert max(picture(page).evaluate(CORNER)) < 80
    assert violations(page, "color-contrast") == []
    for chosen, view in list(spec.of(name).views.items())[1:] if name else ():
        show_view(page, view.title)
        assert query(page)["view"] == chosen
        whole(page, name)
        assert hangs_over(page) <= 0, chosen
        assert violations(page, but=THEORY) == [], chosen


@pytest.mark.parametrize("name", [FRONT, ONE], ids=["front", ONE])
def test_opened_in_the_dark(open_page: Open, name: str) -> None:
    """Mutant: the colours follow a change of the system, and are wrong until there is one."""
    page = open_page(name, dark=True)
    assert max(picture(page).evaluate(CORNER)) < 80
    assert violations(page, "color-contrast") == []


# the class of what has the focus, and the key of the control around it, through shadow roots
FOCUSED = """() => { let e = document.activeElement
    while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement
    let box = e, key = ""
    while (box && !key) {
      key = box.className?.match?.(/st-key-([\\w-]+)/)?.[1] ?? ""
      box = box.parentElement ?? box.getRootNode().host
    }
    return e.className + " " + key }"""


def beyond_the_keyboard(page: Page, name: str) -> set[str]:
    """Tabs, picture and controls of the first view that Tab does not come to; the focus is seen."""
    chosen, view = next(iter(spec.of(name).views.items()))
    wanted = {f"{name}-{control}" for control in view.controls}
    wanted |= {"dgm-main", "dgm-slider"} if moves(name, chosen) else set()
    for _ in range(80):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUSED)
        wanted = {one for one in wanted if one not in here}
        if not wanted:
            break
    return wanted


def moves(name: str, chosen: str) -> bool:
    """Whether the view's first picture has frames to play."""
    page = spec.of(name)
    shown = page.views[chosen].show(picture_of.rendered(page, chosen, page.params()).result)
    scene = shown[0] if isinstance(shown, list) else shown
    return scene.frame_values is not None


@everywhere
def test_on_a_phone(open_page: Open, name: str) -> None:
    page = open_page(name, viewport=PHONE, touch=True)
    box = above_the_fold(page, PHONE)
    assert box["width"] > 0.4 * PHONE[0]
    assert violations(page) == []
    assert not name or any(c.isdigit() for c in caption(page))
    for view in list(spec.of(name).views.values())[1:] if name else ():
        show_view(page, view.title)
        assert hangs_over(page) <= 0, view.title
        assert any(c.isdigit() for c in caption(page)), view.title
        box = picture(page).bounding_box()
        assert box is not None
        assert box["y"] < 600, view.title  # the picture begins above the fold
        assert box["x"] + box["width"] <= PHONE[0], view.title


CORNER = "c => [...c.getContext('2d').getImageData(2, 2, 1, 1).data].slice(0, 3)"


def above_the_fold(page: Page, size: tuple[int, int]) -> FloatRect:
    """Half of the picture at the least: on a phone its panels stand one below the other."""
    box = picture(page).bounding_box()
    assert box is not None
    assert box["y"] + min(box["height"], 300) / 2 < size[1], box
    assert hangs_over(page) <= 0
    return box


@pytest.mark.parametrize(
    ("name", "cookies"),
    [(FRONT, "blocked"), (ONE, "allowed"), (ONE, "blocked"), (catalogue.PAGES[-1], "blocked")],
)
def test_embedded_on_another_site(
    open_page: Open,
    parent_page: Callable[[str], str],
    request: pytest.FixtureRequest,
    site: str,
    browser: Browser,
    name: str,
    cookies: str,
) -> None:
    """The picture is drawn, and a control still reaches the server, also without cookies."""
    view, control = some_slider(name or ONE)
    using = browser if cookies == "allowed" else request.getfixturevalue("strict_browser")
    parent = parent_page(f"{site}/{name}?embed=true" + (f"&view={view}" if name else ""))
    page = open_page(parent, using=using, wait=False)
    inside = page.frame_locator("iframe")
    ready(page, inside)
    expect(picture(inside)).to_be_visible()
    if name:
        expect(inside.locator("h1")).to_have_count(0)
        expect(inside.locator("[data-testid=stSidebar]")).to_have_count(0)
        before = pixels(picture(inside))
        thumb = inside.locator(f".st-key-{name}-{control} input[type=range]")
        thumb.focus()
        at_end = thumb.evaluate("e => Number(e.value) >= Number(e.max)")
        page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
        idle(page, inside)
        assert pixels(picture(inside)) != before


# --- other courses

MANY = 30  # pages; the course is meant to grow to them


def course(folder: Path, names: list[str]) -> Path:
    """The site with another catalogue, of which the folder holds the first page."""
    shutil.copytree(ROOT / "dgmlib", folder / "dgmlib")
    shutil.copytree(ROOT / ".streamlit", folder / ".streamlit")
    (folder / "static").symlink_to(folder / "dgmlib/figures/player")
    shutil.copy(ROOT / "app.py", folder)
    (folder / "pages").mkdir()
    for end in ("md", "py"):
        shutil.copy(ROOT / f"pages/{names[0]}.{end}", folder / "pages")
    catalogue_file = folder / "dgmlib/ui/catalogue.py"
    now, new = catalogue_file.read_text(), f"PAGES = {names!r}"
    listed = re.sub(r"^PAGES = \([^)]*\)$", new, now, flags=re.M)
    catalogue_file.write_text(listed)
    return folder


def serve(fresh_site: Callable[..., Server], folder: Path) -> str:
    return fresh_site("app.py", folder=folder, env={"PYTHONPATH": str(folder)}).url


@pytest.fixture
def long_course(tmp_path: Path, fresh_site: Callable[..., Server]) -> str:
    """The pages beside the first are names only."""
    names = [ONE, *(f"page_{i}" for i in range(1, MANY))]
    folder = course(tmp_path, names)
    (folder / "app.py").write_text("from dgmlib import ui\n\nui.front_page()\n")
    for i, name in enumerate(names[1:]):
        head = (
            f"title: A page with a rather long title, {i}\nquestion: Why?\nsection: Part {i // 6}"
        )
        (folder / f"pages/{name}.md").write_text(f"---\n{head}\n---\n## The idea\n")
        (folder / f"pages/{name}.py").write_text("")
    return serve(fresh_site, folder)


def test_the_navigation_holds_thirty_pages(open_page: Open, long_course: str) -> None:
    """It scrolls on its own; picture and controls stay where they are.

    Mutants: the controls below the navigation; a sidebar that does not scroll, or scrolls the page.
    """
    page = open_page(ONE, at=long_course)
    links = page.locator("[data-testid=stSidebar] [data-testid=stPageLink-NavLink]")
    expect(links).to_have_count(1 + MANY)
    above_the_fold(page, DESKTOP)
    control = page.locator(f".st-key-{ONE}-{next(iter(spec.of(ONE).views.values())).controls[0]}")
    before = control.bounding_box()
    assert before is not None
    assert before["y"] + before["height"] < DESKTOP[1]
    expect(links.last).not_to_be_in_viewport()
    box = links.first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 5)
    page.mouse.wheel(0, 5000)
    expect(links.last).to_be_in_viewport()
    assert control.bounding_box() == before


# --- links


@by_page
def test_a_control_and_the_frame_are_in_the_link_and_it_gives_the_picture(
    open_page: Open, name: str
) -> None:
    """Pixel for pixel. Mutants: a control or the frame that is left out of the address."""
    view, control = some_slider(name)
    page = open_page(f"{name}?view={view}&hide=theory")
    if control:
        before = pixels(picture(page))
        move(page, name, control)
        assert pixels(picture(page)) != before
        default = fields.to_text(getattr(spec.of(name).params(), control))
        assert query(page).get(control, default) != default
    frames = page.locator(".dgm-slider").first
    if frames.is_visible():
        frames.focus()
        for press in ("Home", "ArrowRight", "ArrowRight"):
            page.keyboard.press(press)
        page.wait_for_function("new URLSearchParams(location.search).get('frame') === '2'")
    again = open_page(link(page), stranger=True)
    assert pixels(picture(again)) == pixels(picture(page))
    assert again.locator(".dgm-slider").first.input_value() == frames.input_value()
    assert query(again) == query(page)


@frame_only
def test_nonsense_in_the_link_gives_the_default_and_a_notice(open_page: Open, name: str) -> None:
    """One notice for all of it. Mutants: a control that is refused and not named; one that is
    named and was not asked for; a value that is not the default."""
    view, control = some_slider(name)
    page = open_page(f"{name}?view={view}&{control}=banana&seed=-1&nobody=knows&hide=theory")
    expect(warnings(page)).to_have_count(1)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    known = fields.controls(spec.of(name).params)
    named = {label.inner_text() for label in warnings(page).locator("strong").all()}
    assert named == {known[control].label, known["seed"].label}
    expect(warnings(page)).to_contain_text("'banana'")
    expect(warnings(page)).to_contain_text("-1")
    slider = page.locator(f".st-key-{name}-{control} input[type=range]")
    assert float(slider.input_value()) == getattr(spec.of(name).params(), control)


def test_every_part_can_be_hidden(open_page: Open) -> None:
    """Each part is hidden on two of four visits, no two parts on the same two.

    So a word that hides nothing, everything, or another part as well, is seen.
    """
    first = next(iter(spec.of(ONE).views.values())).controls[0]
    parts = {
        "controls": f".st-key-{ONE}-{first}",
        "tabs": f".st-key-{ONE}-view",
        "theory": "h2",
        "presets": f".st-key-{ONE}-preset",
        "prediction": f".st-key-{ONE}-prediction",
        "nav": "[data-testid=stSidebar]",
    }
    visits = dict(zip(parts, combinations(range(4), 2), strict=True))
    for visit in range(4):
        hidden = [part for part in parts if visit in visits[part]]
        page = open_page(f"{ONE}?hide={','.join(hidden)}")
        for part, where in parts.items():
            if part in hidden:
                expect(page.locator(where)).to_have_count(0)
            else:
                expect(page.locator(where).first).to_be_attached()


@frame_only
def test_embedded_with_one_control_hidden(open_page: Open, name: str) -> None:
    view, control = some_slider(name)
    others = [c for c in spec.of(name).views[view].controls if c != control]
    page = open_page(f"{name}?view={view}&hide={control}", embed=True)
    expect(page.locator(f".st-key-{name}-{control}")).to_have_count(0)
    for other in others[:1]:
        expect(page.locator(f"[class*=st-key-{name}-{other}]").first).to_be_attached()
    assert violations(page) == []


# --- moving about


def test_from_the_front_page_to_every_page_and_back(open_page: Open) -> None:
    """Links of the navigation and the browser's Back; parameters stay with their page."""
    first, second = catalogue.PAGES[:2]
    page = open_page(FRONT)
    sidebar = page.locator("[data-testid=stSidebar]")
    sidebar.get_by_text(title(first), exact=True).click()
    expect(page.locator("h1")).to_have_text(title(first))
    ready(page)
    view, control = some_slider(first)
    if view != next(iter(spec.of(first).views)):
        page.get_by_role("radio", name=spec.of(first).views[view].title).click()
        idle(page)
    move(page, first, control)
    changed = query(page)[control]
    sidebar.get_by_text(title(second), exact=True).click()
    expect(page.locator("h1")).to_have_text(title(second))
    ready(page)
    assert control not in query(page) or query(page)[control] != changed
    page.go_back()
    expect(page.locator("h1")).to_have_text(title(first))
    ready(page)
    idle(page)
    assert query(page)[control] == changed
    expect(warnings(page)).to_have_count(0)
    page.go_back()
    expect(page.locator("h1")).to_have_text(title(FRONT))


def test_a_server_that_just_started_shows_what_the_address_says(
    open_page: Open, fresh_site: Callable[..., Server], tmp_path: Path
) -> None:
    """A phone that wakes up, a server that was updated: reload, and the picture is back.

    The very first visit is to an inner page, with parameters. The other pages, which the server
    would have made ready by then, are left out. Mutants: navigation by
    ``st.navigation`` in ``app.py``, which that visit never runs; a picture that rests on what
    the old server remembers.
    """
    view, control = some_slider(ONE)
    page = open_page(f"{ONE}?view={view}&seed=5")
    move(page, ONE, control)
    path, drawn = link(page).split("/")[-1], pixels(picture(page))
    again = open_page(path, at=serve(fresh_site, course(tmp_path, [ONE])))
    whole(again, ONE, pages=1)
    assert pixels(picture(again)) == drawn
    assert query(again) == query(page)


@by_page
def test_presets_and_reset(open_page: Open, name: str) -> None:
    """Mutants: a preset that does nothing; Reset that keeps a parameter, or the old picture."""
    made = spec.of(name)
    changing = [
        (n, v.get("view", ""))
        for n, v in made.presets.items()
        if made.params(**v) != made.params(view=v.get("view", ""))
    ]
    preset, view = min(changing, key=lambda one: bool(one[1]))  # of the first view, if there is one
    kept = {"hide", "frame", "view"}
    page = open_page(f"{name}?hide=theory" + (f"&view={view}" if view else ""))
    plain = first_frame(page)
    page.get_by_role("radio", name=preset, exact=True).or_(
        page.get_by_role("button", name=preset, exact=True)
    ).first.click()
    idle(page)
    assert query(page).keys() - kept
    assert first_frame(page) != plain
    page.get_by_role("button", name="Reset", exact=True).click()
    idle(page)
    assert query(page).keys() <= kept
    assert first_frame(page) == plain


def first_frame(page: Page) -> str:
    page.locator(".dgm-slider").first.focus()
    page.keyboard.press("Home")
    idle(page)
    return pixels(picture(page))


@frame_only
def test_downloads_and_the_share_link(open_page: Open, name: str) -> None:
    page = open_page(f"{name}?seed=7&hide=theory")
    for button, ending in (("Data", ".npz"), ("Notebook", ".ipynb")):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).last.click()
        assert download.value.suggested_filename.endswith(ending)
        assert download.value.path().stat().st_size > 500
    page.get_by_role("button", name="Share").click()
    first = page.locator("[data-testid=stPopoverBody] [data-testid=stCode] code").first
    shared = first.inner_text().replace("\n", "")
    said = {k: v[0] for k, v in parse_qs(urlsplit(shared).query).items()}
    # states every parameter that has a text, so that a later change of defaults changes nothing
    default = {k: v for k, v in vars(spec.of(name).params(seed=7)).items() if str(v)}
    assert said.keys() >= default.keys()
    assert pixels(picture(open_page(shared))) == pixels(picture(page))


# --- own data


POINTS = "x,y\n" + "\n".join(f"{i % 7 + 0.1 * (i % 3)},{(i * i) % 11}" for i in range(40)) + "\n"
BAD = "x,y\n1,2\n3,apple\n5,6\n"


def with_points() -> list[tuple[str, str, str]]:
    return [
        (name, view, control)
        for name in catalogue.PAGES
        for view, v in spec.of(name).views.items()
        for control in v.controls
        if fields.controls(spec.of(name).params)[control].kind == "points"
    ][:1]


@pytest.mark.parametrize(("name", "view", "control"), with_points())
def test_own_points_in_a_frame_on_another_site(
    open_page: Open,
    parent_page: Callable[[str], str],
    strict_browser: Browser,
    site: str,
    name: str,
    view: str,
    control: str,
) -> None:
    """XSRF protection is on, cookies are refused. Mutant: ``st.file_uploader`` (it gets a 403)."""
    parent = parent_page(f"{site}/{name}?view={view}&embed=true")
    page = open_page(parent, using=strict_browser, wait=False)
    inside = page.frame_locator("iframe")
    ready(page, inside)
    before = pixels(picture(inside))
    upload = inside.locator("input[type=file]").first
    upload.set_input_files({"name": "bad.csv", "mimeType": "text/csv", "buffer": BAD.encode()})
    idle(page, inside)
    expect(inside.locator("[data-testid=stAlertContentError]")).to_contain_text("apple")
    assert pixels(picture(inside)) == before
    upload.set_input_files({"name": "mine.csv", "mimeType": "text/csv", "buffer": POINTS.encode()})
    expect(inside.locator("[data-testid=stAlertContentError]")).to_have_count(0)
    idle(page, inside)
    assert pixels(picture(inside)) != before
