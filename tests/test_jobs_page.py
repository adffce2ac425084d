"""A page whose picture takes seconds: what a reader sees before, while and after it runs.

Each test names the mutant it kills. The processes are played (``toy_gate``); the page is real.
"""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dgmlib.jobs import Progress
from dgmlib.ui import behind, code, gate, picture, prose, running, server, spec
from dgmlib.ui.gate import Look
from tests import toy_jobs
from tests.toy_gate import TOY, Stage, until

APP = Path(__file__).parent / "browser" / "jobs_app.py"
pytestmark = pytest.mark.usefixtures("one_scan")


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The gate of the page, with one place; the pages are the toys."""
    opened = Stage(1)
    monkeypatch.setattr(gate, "SHARED", opened)
    monkeypatch.setattr(spec, "PAGES", TOY)
    monkeypatch.setattr(prose, "PAGES", TOY)
    spec.of.cache_clear()
    picture.cache.cache_clear()
    yield opened
    opened.close()
    picture.cache.cache_clear()
    spec.of.cache_clear()


def visit(**query: Any) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params.update({"hide": "nav,theory"} | {k: str(v) for k, v in query.items()})
    return again(app)


def again(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    [button] = [b for b in app.button if b.label.startswith(label)]
    button.click()
    return again(app)


def labels(app: AppTest) -> set[str]:
    return {b.label for b in app.button} - {"Reset"}


def pictures(app: AppTest) -> int:
    """Players on the page; the address is a component too."""
    return sum("edit" in str(cast(Any, c).value) for c in app.get("bidi_component"))


def bar(app: AppTest) -> Any:
    [found] = app.get("progress")
    return found.proto


def made(n: int) -> tuple[toy_jobs.Counted, list[bytes]]:
    result = toy_jobs.Counted(np.arange(n) ** 2, 1)
    return result, [toy_jobs.scene(result).pack()]


def come_true(stage: Stage, kind: str, value: Any = None) -> None:
    """The process gives its last answer to the only task, and the gate has heard it."""
    stage.at("squares").say(kind, value)
    until(lambda: not stage._runs)


def test_the_recording_is_there_at_once(stage: Stage) -> None:
    """Mutants: a first visitor meets a button; a recording that does not say it is one; a
    computation that nobody asked for."""
    app = visit()
    assert pictures(app) == 1
    assert "Recorded" in app.caption[0].value
    assert labels(app) == {"Run it here (about 1 s)"}
    assert stage.played == []
    assert [cast(Any, d).label for d in app.get("download_button")] == ["Data", "Notebook"]


def test_a_link_opens_with_a_button(stage: Stage) -> None:
    """Mutants: the link starts the run; the cost is not said; no program to run elsewhere; data of
    a picture that is not there."""
    app = visit(n=40, pause=0.1)
    assert pictures(app) == 0
    assert labels(app) == {"Run (about 4 s)"}
    assert stage.played == []
    assert [cast(Any, d).label for d in app.get("download_button")] == ["Notebook"]
    assert any("program" in e.label for e in app.expander)


def test_run_bar_picture(stage: Stage) -> None:
    """Mutants: the bar stands still; the words are lost; the picture never comes; the next reader
    computes it again; a parameter that is of no matter asks for a new run."""
    app = press(visit(n=40), "Run")
    until(lambda: stage._runs[0].progress)
    assert labels(again(app)) == {"Cancel"}
    assert (bar(app).value, bar(app).text) == (0, "Starting …")
    process = stage.at("squares")
    assert process.tasks[0].texts["n"] == "40"
    process.say("progress", Progress(10, 40, "loss *0.3*"))
    until(lambda: stage._runs[0].progress.done)  # type: ignore[union-attr]
    assert (bar(again(app)).value, bar(app).text) == (25, r"loss \*0.3\*")
    come_true(stage, "done", made(40))
    for reader in (again(app), visit(n=40), visit(n=40, colour=7)):
        assert pictures(reader) == 1
        assert labels(reader) == set()
        assert not reader.get("progress")
    assert len(process.tasks) == 1


def test_the_recording_can_be_run(stage: Stage) -> None:
    """Mutants: the recording hides the bar, or the bar the recording; the result is not kept."""
    app = press(visit(), "Run it here")
    assert labels(app) == {"Cancel"}
    assert pictures(app) == 1
    come_true(stage, "done", made(5))
    assert labels(again(app)) == set()
    assert "Recorded" not in str([c.value for c in app.caption])
    assert pictures(app) == 1


def test_cancel(stage: Stage) -> None:
    """Mutants: the page forgets the run and the process goes on; no way to run it again."""
    app = press(visit(n=40), "Run")
    process = stage.at("squares")
    press(app, "Cancel")
    until(lambda: not stage._runs)
    assert process.stops == [1]
    assert labels(again(app)) == {"Run (about 1 s)"}
    assert not app.error


def test_other_parameters_keep_the_old_picture_and_say_so(stage: Stage) -> None:
    """Mutants: an empty place; the old picture passes for the new one; what does not matter to the
    picture is listed as a difference; the data of the old picture are offered."""
    app = visit()
    app.slider(key="toy.n").set_value(6)
    app.slider(key="toy.colour").set_value(3)
    again(app)
    assert pictures(app) == 1
    assert app.caption[0].value == "Below, still the picture of: Numbers 5."
    assert labels(app) == {"Run (about 1 s)"}
    assert [cast(Any, d).label for d in app.get("download_button")] == ["Notebook"]
    app.slider(key="toy.n").set_value(5)
    assert "Recorded" in again(app).caption[0].value


def test_a_change_leaves_the_bar_and_its_return_finds_it(stage: Stage) -> None:
    """Mutants: the bar of one picture over the controls of another; the run is lost at once."""
    app = press(visit(n=40), "Run")
    app.slider(key="toy.n").set_value(41)
    again(app)
    assert not app.get("progress")
    assert labels(app) == {"Run (about 1 s)"}
    app.slider(key="toy.n").set_value(40)
    assert labels(again(app)) == {"Cancel"}


@pytest.mark.parametrize("kind", ["wrong", "broken"])
def test_what_went_wrong_is_said_until_something_changes(stage: Stage, kind: str) -> None:
    """Mutants: silence; words that are drawn as Markdown; words that stay at other parameters, or
    come back with the next end."""
    app = press(visit(n=13), "Run")
    come_true(stage, kind, "n = *13* is unlucky")
    assert [e.value for e in again(app).error] == [r"n = \*13\* is unlucky"]
    assert [e.value for e in again(app).error] == [r"n = \*13\* is unlucky"]
    assert labels(app) == {"Run (about 1 s)"}
    app.slider(key="toy.n").set_value(14)
    assert not again(app).error
    app.slider(key="toy.n").set_value(13)
    press(again(app), "Run")
    assert not app.error
    assert not press(app, "Cancel").error


def test_readers_share_and_stand_in_line(stage: Stage) -> None:
    """Mutants: the place is not told; the second reader of the same waits in line; one reader's
    Cancel stops the other's run."""
    first, same, other = visit(n=40), visit(n=40), visit(n=41)
    for reader in (first, same, other):
        press(reader, "Run")
    assert bar(same).text == "Starting …"
    assert bar(other).text.startswith("Place 1 in line: one computation runs at a time")
    press(first, "Cancel")
    assert labels(first) == {"Run (about 1 s)"}
    come_true_for(stage, 40)
    assert pictures(again(same)) == 1
    assert pictures(again(first)) == 1  # it was kept for everybody
    until(lambda: stage._runs[0].progress)
    assert bar(again(other)).text == "Starting …"


def come_true_for(stage: Stage, n: int) -> None:
    process = next(p for p in stage.played if p.tasks and p.tasks[-1].texts["n"] == str(n))
    process.say("done", made(n))
    until(lambda: all(r.task.texts["n"] != str(n) for r in stage._runs))


def test_the_words_of_a_run() -> None:
    """Mutants: the number of places is not that of the gate; a bar without words."""
    assert "2 computations run at a time" in running.said(Look("waiting", 3, None, ""), 2)
    assert running.said(Look("waiting", 3, None, ""), 2).startswith("Place 3 in line")
    assert running.said(Look("running", 0, Progress(1, 4), ""), 2) == "25%"
    assert running.said(Look("stopping", 0, Progress(1, 4), ""), 2) == "Stopping …"


def test_the_program_finishes_the_job(stage: Stage) -> None:
    """Mutants: the program ends in a generator; the notebook does; ``result`` is not the page's."""
    view, p = spec.of("toy").views["squares"], SimpleNamespace(n=6, pause=0.0, how="well")
    program = code.snippet(view.compute, p, job=view.job)
    assert program.endswith("result = finish(squares(p))\n")
    found: dict[str, Any] = {}
    exec(program, found)
    shown = behind.flat(view.result(p))
    np.testing.assert_array_equal(found["result"].squares, shown["squares"])
    notebook = code.notebook(view.compute, p, view.show, title="T", link="x", job=view.job)
    assert "result = finish(squares(p))" in notebook
    assert "finish" not in code.snippet(spec.of("toy").views["short"].compute, p)


def test_nothing_else_starts_a_job(stage: Stage) -> None:
    """Mutants: a drag on the picture asks for a picture of seconds; the start of the server, or
    the front page, runs it."""
    page = spec.of("toy")
    server.routes()
    assert picture.rendered(page, "squares", page.params()).recorded
    with pytest.raises(ValueError, match="run it on the page"):
        picture.rendered(page, "squares", page.params(n=40))
    assert server.question(page, "squares", 0, page.params()) is None
    assert stage.played == []
