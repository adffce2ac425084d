"""Every page runs, at both ends of every control, embedded or not."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dgmlib.ui import catalogue, fields, prose, spec

APP = Path(__file__).parent.parent / "app.py"
pytestmark = pytest.mark.usefixtures("one_scan")


def open_page(name: str, *, embedded: bool = False, **query: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.context["is_embedded"] = embedded
    app.run()
    app.query_params.update(query)
    app.switch_page(f"pages/{name}.py")
    app.run()
    assert not app.exception, app.exception
    return app


def values(app: AppTest, name: str) -> dict:
    return app.session_state[f"{name}:values"]


def groups(app: AppTest) -> list[Any]:
    """Tabs, pills and segmented controls: AppTest has no name of its own for them."""
    return list(app.get("button_group"))


CONTROLS = [
    (name, chosen, control)
    for name in catalogue.PAGES
    for chosen, view in spec.of(name).views.items()
    for control in view.controls
]


def test_the_front_page_shows_every_page() -> None:
    app = AppTest.from_file(str(APP), default_timeout=60).run()
    assert not app.exception
    words = " ".join(c.value for c in app.caption)
    for name in catalogue.PAGES:
        assert prose.read(name).question in words


def test_every_page_is_in_the_catalogue() -> None:
    assert {p.stem for p in spec.PAGES.glob("*.py")} == set(catalogue.PAGES)
    assert {p.stem for p in spec.PAGES.glob("*.md")} == set(catalogue.PAGES)


@pytest.mark.parametrize("name", catalogue.PAGES)
@pytest.mark.parametrize("embedded", [False, True])
def test_opens(name: str, embedded: bool) -> None:
    app = open_page(name, embedded=embedded)
    assert bool(app.title) != embedded
    assert not app.error
    assert not app.warning


@pytest.mark.parametrize(("name", "chosen", "control"), CONTROLS)
def test_runs_at_every_end(name: str, chosen: str, control: str) -> None:
    """A control at its extremes gives a picture or an explanation, never a traceback."""
    for end in fields.controls(spec.of(name).params)[control].ends:
        query: dict[str, Any] = {"view": chosen, control: fields.to_text(end)}
        for embedded in (False, True):  # the second finds the picture in the cache
            app = open_page(name, embedded=embedded, **query)
            assert values(app, name).get(control) == end
            assert not app.warning


@pytest.mark.parametrize("name", catalogue.PAGES)
def test_nonsense_in_the_url_gives_the_default_and_a_notice(name: str) -> None:
    """Mutants: the value is used as it stands; the notice is left out."""
    known = fields.controls(spec.of(name).params)
    nonsense: dict[str, Any] = {n: "../<script>" for n, c in known.items()}
    app = open_page(name, **nonsense, unknown="1")
    assert values(app, name) == {}
    assert len(app.warning) == 1
    said = app.warning[0].value
    assert all(f"**{control.label}**" in said for control in known.values())
    assert "<script>" not in said  # escaped, so that a link cannot write on the page


@pytest.mark.parametrize(
    "text", ["9" * 400, "9" * 5000, "1e999", "[x](https://a.b) ![y](https://a.b)"]
)
def test_a_hostile_link_writes_nothing_on_the_page(text: str) -> None:
    """Mutants: an int too large for a float ends in a traceback; Markdown of the link is drawn."""
    for name in catalogue.PAGES:
        known = fields.controls(spec.of(name).params)
        hostile: dict[str, Any] = dict.fromkeys(known, text)
        app = open_page(name, **hostile)
        assert values(app, name) == {}
        assert "](" not in app.warning[0].value.replace("\\](", "")
        assert len(app.warning[0].value) < 300 * len(known)


@pytest.mark.parametrize("name", catalogue.PAGES)
def test_presets_differ_and_show(name: str) -> None:
    page = spec.of(name)
    made = [page.params(**v) for v in page.presets.values()]
    assert len(set(made)) == len(made) >= 2
    for preset, wanted in zip(page.presets, made, strict=True):
        app = open_page(name)
        pills = next(b for b in groups(app) if b.key == f"{name}.preset")
        pills.set_value(preset).run()
        assert not app.exception
        assert page.params(**values(app, name)) == wanted


@pytest.mark.parametrize("name", catalogue.PAGES)
def test_parts_can_be_hidden(name: str) -> None:
    page = spec.of(name)
    first = next(iter(page.views.values()))
    labels = {c.label for c in groups(open_page(name, hide="presets,prediction,theory,tabs"))}
    assert not labels & {"Presets", "View"}
    without = open_page(name, hide="controls,theory,code")
    assert not without.header
    assert not without.code
    keys = {w.key for kind in ("slider", "toggle", "selectbox") for w in getattr(without, kind)}
    assert not keys & {f"{name}.{c}" for c in first.controls}


@pytest.mark.parametrize("name", catalogue.PAGES)
def test_the_prediction_answers_after_the_guess(name: str) -> None:
    prediction = spec.of(name).prediction
    assert prediction is not None
    for i, option in enumerate(prediction.options):
        app = open_page(name)
        assert prediction.because not in str([s.value for s in [*app.success, *app.info]])
        app.radio(key=f"{name}.prediction").set_value(option).run()
        said = app.success if i == prediction.answer else app.info
        assert prediction.because in said[0].value


def test_pages_keep_their_own_parameters() -> None:
    """Two pages may use one name for different things. Mutant: one key for both."""
    shared = [
        n for n in fields.controls(spec.of(catalogue.PAGES[0]).params)
        if n in fields.controls(spec.of(catalogue.PAGES[1]).params)
    ]  # fmt: skip
    assert {"view", "seed"} <= set(shared)
    app = open_page(catalogue.PAGES[0], seed="7")
    app.query_params.clear()
    app.switch_page(f"pages/{catalogue.PAGES[1]}.py").run()
    assert not app.exception
    assert "seed" not in values(app, catalogue.PAGES[1])
    assert values(app, catalogue.PAGES[0])["seed"] == 7
