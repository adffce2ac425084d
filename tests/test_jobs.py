"""Long computations: the job itself, the line at the gate, and real processes.

Each test names the mutant it kills. At the gate the processes are played by the test: it says
what they answer and when.
"""

import os
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dgmlib.jobs import Job, Progress, finish
from dgmlib.ui import gate, job_process, spec
from dgmlib.ui.crew import Process
from dgmlib.ui.gate import Gate, Run
from dgmlib.ui.job_process import Task
from tests import toy_jobs
from tests.toy_gate import TOY, Stage, until

# --- the job


def test_a_finished_job_gives_its_result_and_told_every_step() -> None:
    """Mutants: the last progress is the result; the first or the last step is not told."""
    told: list[Progress] = []
    result = finish(toy_jobs.count(4, 0.0), tell=told.append)
    np.testing.assert_array_equal(result.squares, [0, 1, 4, 9])
    assert [(t.done, t.total) for t in told] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert told[2].words == "square 3 of 4"


def test_a_job_without_steps_is_finished_too() -> None:
    """Mutant: the first ``next`` stands outside of the ``try``."""

    def at_once() -> Job[int]:
        return 7
        yield Progress(0, 0)

    assert finish(at_once()) == 7


@pytest.mark.parametrize(
    ("done", "total", "part"), [(3, 4, 0.75), (9, 4, 1.0), (-1, 4, 0.0), (1, 0, 0.0), (0, 0, 0.0)]
)
def test_the_bar_stays_between_its_ends(done: float, total: float, part: float) -> None:
    """Mutants: no bound, which Streamlit refuses; a division by a total that is not known."""
    assert Progress(done, total).part == part


# --- the gate, with processes played by the test


@pytest.fixture
def stage() -> Iterator[Callable[..., Stage]]:
    made: list[Stage] = []

    def new(places: int = 1, **options: Any) -> Stage:
        made.append(Stage(places, **options))
        return made[-1]

    yield new
    for each in made:
        each.close()
    names = {"gate", "job"}
    until(lambda: not names & {t.name for t in threading.enumerate()})


def test_as_many_run_as_there_are_places_and_the_line_is_in_order(stage) -> None:
    """Mutants: one more or fewer runs; the last who came goes first; places count from 0."""
    g = stage(2)
    a, b, c, d = (g.wish(k, reader=k) for k in "abcd")
    assert [r.state for r in (a, b, c, d)] == ["running", "running", "waiting", "waiting"]
    assert g.places_of(a=a, b=b, c=c, d=d) == {"a": 0, "b": 0, "c": 1, "d": 2}
    g.at("b").say("done", "made b")
    until(lambda: c.state == "running")
    assert g.kept == {"b": "made b"}
    assert (b.state, d.state, g.places_of(d=d)) == ("over", "waiting", {"d": 1})
    g.at("a").say("done", "made a")
    until(lambda: d.state == "running")
    assert [len(g.played), g.at("c").tasks[-1].chosen] == [2, "c"]  # the processes are used again


def test_progress_is_seen(stage) -> None:
    """Mutants: the first progress is kept for ever; progress of another run is shown."""
    g = stage(2)
    a, b = g.wish("a", "a"), g.wish("b", "b")
    until(lambda: a.progress and b.progress)
    assert g.look(a, "a").progress == Progress(0, 0)
    for i in (1, 2):
        g.at("a").say("progress", Progress(i, 3, f"step {i}"))
    until(lambda: g.look(a, "a").progress == Progress(2, 3, "step 2"))
    assert g.look(b, "b").progress == Progress(0, 0)


def test_who_cancels_in_line_leaves_it(stage) -> None:
    """Mutants: the place stays taken; the run goes on to run for nobody."""
    g = stage()
    a, b, c = (g.wish(k, reader=k) for k in "abc")
    g.leave(b, "b")
    assert (b.state, g.places_of(c=c)) == ("over", {"c": 1})
    g.at("a").say("done", 1)
    until(lambda: c.state == "running")
    assert [t.chosen for p in g.played for t in p.tasks] in (["a"], ["a", "c"])
    assert a.state == "over"


def test_a_cancelled_run_frees_its_place_when_it_has_stopped(
    stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mutants: the process is never told; it is told another number; the next one begins while
    the process still works; nothing that was cancelled is ever over."""
    monkeypatch.setattr(gate, "GRACE", 20.0)
    g = stage(obeys=False)
    a, b = g.wish("a", "a"), g.wish("b", "b")
    process = g.at("a")
    g.leave(a, "a")
    assert process.stops == [process.tasks[-1].number]
    assert (a.state, b.state) == ("stopping", "waiting")
    process.say("stopped")
    until(lambda: b.state == "running")
    assert (a.state, a.words, g.kept) == ("over", "", {})
    until(lambda: len(process.tasks) == 2)
    assert process.tasks[0].number != process.tasks[1].number
    assert not process.killed


def test_what_does_not_stop_is_killed(stage) -> None:
    """Mutants: no limit of the grace; the place stays taken; the dead process is used again."""
    g = stage(obeys=False)
    a, b = g.wish("a", "a"), g.wish("b", "b")
    process, begin = g.at("a"), time.monotonic()
    g.leave(a, "a")
    until(lambda: b.state == "running")
    assert process.killed
    assert process.ended
    assert time.monotonic() - begin > gate.GRACE
    assert g.at("b") is not process


def test_readers_of_the_same_share_one_run(stage) -> None:
    """Mutants: two computations; the first who cancels stops it for both; the last does not."""
    g = stage(2)
    a = g.wish("same", "a")
    assert g.wish("same", "b") is a
    g.leave(a, "a")
    assert a.state == "running"
    assert sum(len(p.tasks) for p in [g.at("same")]) == 1
    assert g.wish("same", "a") is a
    g.leave(a, "b")
    g.leave(a, "b")  # twice is once
    assert a.state == "running"
    g.leave(a, "a")
    until(lambda: a.state == "over")
    assert g.played[0].stops == [1]
    assert len(g.played) == 1


def test_who_comes_while_it_stops_gets_a_run_of_their_own(stage) -> None:
    """Mutant: the newcomer joins a run that is about to end without a result."""
    g = stage(2, obeys=False)
    a = g.wish("same", "a")
    g.at("same")
    g.leave(a, "a")
    again = g.wish("same", "b")
    assert again is not a
    until(lambda: a.state == "over")
    assert again.state == "running"


def test_a_reader_has_one_place(stage) -> None:
    """Mutants: one reader fills every place, or the line; the wish of others goes too."""
    g = stage(1)
    first, others = g.wish("first", "greedy"), g.wish("others", "b")
    second = g.wish("second", "greedy")
    until(lambda: first.state == "over")
    assert others.state == "running"
    third = g.wish("third", "greedy")
    assert (second.state, g.places_of(third=third)) == ("over", {"third": 1})
    assert others.state == "running"


def test_who_is_silent_has_left(stage) -> None:
    """Mutants: a closed window holds its place; one who looks is thrown out; a shared run ends
    with the first who left; the silent one is not told why."""
    g = stage(2)
    lost, shared = g.wish("lost", "gone"), g.wish("shared", "here")
    g.wish("shared", "away")
    waiting = g.wish("waiting", "gone too")
    shared.seen["here"] -= 100  # long ago, but
    g.look(shared, "here")
    process = g.at("lost")
    for run, reader in ((lost, "gone"), (shared, "away"), (waiting, "gone too")):
        run.seen[reader] -= 100
    until(lambda: lost.state == "over" == waiting.state and shared.seen.keys() == {"here"})
    assert process.stops
    assert (lost.words, waiting.words) == (gate.SILENT, gate.SILENT)
    assert (shared.state, shared.words) == ("running", "")
    g.look(shared, "away")  # a phone that woke up
    assert shared.seen.keys() == {"here", "away"}


def test_a_run_is_bounded_from_its_beginning(stage) -> None:
    """Mutants: no bound; the wait in line or the start of the process counts; no words."""
    g = stage(1, begins=False)
    long, next_ = g.wish("long", "a", bound=0.6), g.wish("next", "b", bound=0.6)
    for run in (long, next_):
        process = g.at(run.key)
        time.sleep(0.4)
        begun = time.monotonic()
        process.say("begun")
        until(lambda run=run: run.state == "over")
        assert time.monotonic() - begun > 0.55
        assert "Stopped after 0.6 s" in g.look(run, "a").words
    assert g.kept == {}


def test_a_killed_process_is_told_and_replaced(stage) -> None:
    """Mutants: the reader waits for ever; the other's run ends too; the dead one is kept."""
    g = stage(2)
    a, b = g.wish("a", "a"), g.wish("b", "b")
    until(lambda: a.progress and b.progress)
    g.at("a").answers.put(None)
    until(lambda: a.state == "over")
    assert "memory" in g.look(a, "a").words
    assert g.at("a").ended
    g.at("b").say("done", 2)
    until(lambda: b.state == "over")
    assert (b.words, g.kept) == ("", {"b": 2})
    for key in ("c", "d"):
        g.wish(key, key)
        g.at(key)
    assert len(g.played) == 3


def test_a_process_that_went_home_is_no_failure(stage) -> None:
    """After ten idle minutes. Mutants: the reader is told that memory ran out; it is asked again
    and again."""
    g = stage(1)
    g.wish("a", "a")
    g.at("a").say("done", 1)
    until(lambda: "a" in g.kept)
    g.played[0].gone = True
    b = g.wish("b", "a")
    g.at("b").say("done", 2)
    until(lambda: b.state == "over")
    assert (b.words, g.kept) == ("", {"a": 1, "b": 2})
    assert [p.ended for p in g.played] == [True, False]


@pytest.mark.parametrize("kind", ["wrong", "broken"])
def test_what_went_wrong_is_said(stage, kind: str) -> None:
    """Mutants: the words are lost; the process is thrown away for an error in the numbers."""
    g = stage(1)
    a = g.wish("a", "a")
    g.at("a").say(kind, "n is an unlucky number")
    until(lambda: a.state == "over")
    assert g.look(a, "a").words == "n is an unlucky number"
    b = g.wish("b", "a")
    g.at("b").say("done", 1)
    until(lambda: b.state == "over")
    assert len(g.played) == 1
    assert g.kept == {"b": 1}


# --- what a process answers, without the process


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., list]]:
    """``heard(n, how, stop=2)``: every answer, where the second step is asked to be the last."""
    monkeypatch.setenv("TOY_JOBS_LOG", str(tmp_path / "log"))
    monkeypatch.setattr(spec, "PAGES", spec.PAGES)  # a process sets it

    def answers(n: int, how: str = "well", pause: float = 0.0, stop: int = 99) -> list:
        task = Task(1, TOY, "toy", "squares", {"n": str(n), "pause": str(pause), "how": how})
        calls = iter(range(1000))
        return list(job_process.answers(task, lambda: next(calls) >= stop))

    yield answers
    spec.of.cache_clear()


def test_the_answers_are_the_picture(heard) -> None:
    """Mutants: another view; parameters left at their defaults; every step is told."""
    begun, *steps, (kind, (result, items)) = heard(6)
    assert (begun, kind) == (("begun", None), "done")
    np.testing.assert_array_equal(result.squares, [0, 1, 4, 9, 16, 25])
    assert result.pid == os.getpid()
    assert items == [toy_jobs.scene(result).pack()]
    assert len(steps) <= 2  # 0.1 s between two
    slow = [value for kind, value in heard(3, pause=0.11) if kind == "progress"]
    assert slow == [Progress(i, 3, f"square {i} of 3") for i in (1, 2, 3)]


def test_a_stop_closes_the_computation(heard) -> None:
    """Mutants: the stop is not looked at; the generator is dropped, not closed."""
    assert heard(6, stop=2)[-1] == ("stopped", None)
    assert noted() == ["step 1", "step 2", "closed"]


@pytest.mark.parametrize(
    ("how", "kind", "words"),
    [
        ("wrong", "wrong", "n = 4 is an unlucky number: take another"),
        ("broken", "broken", "The computation failed. ZeroDivisionError: by nothing"),
    ],
)
def test_errors_become_words(heard, how: str, kind: str, words: str, capfd) -> None:
    """Mutants: what the reader did wrong is called a failure; a failure is not in the log."""
    assert heard(4, how)[-1] == (kind, words)
    assert ("Traceback" in capfd.readouterr().err) == (how == "broken")


def test_a_result_that_cannot_travel_is_a_failure(heard, capfd) -> None:
    """Mutant: the process ends, and the reader is told that memory ran out."""
    kind, words = pickle.loads(job_process._packed(heard(4, "homeless")[-1]))  # noqa: S301
    assert (kind, words[:23]) == ("broken", "The computation failed.")
    assert "Traceback" in capfd.readouterr().err


# --- real processes


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOY_JOBS_LOG", str(tmp_path_factory.mktemp("jobs") / "log"))
        opened = Gate(1)
        yield opened
        opened.close()


def noted() -> list[str]:
    """What the computation wrote down, in its process."""
    log = Path(os.environ["TOY_JOBS_LOG"])
    return log.read_text().split("\n")[:-1] if log.exists() else []


def asked(g: Gate, n: int, pause: float, how: str = "well") -> tuple[Run, list[Any]]:
    made: list[Any] = []
    task = Task(0, TOY, "toy", "squares", {"n": str(n), "pause": str(pause), "how": how})
    return g.ask(object(), task, reader="me", bound=60, keep=made.append), made


def test_a_process_computes_the_picture_that_is_computed_here(real: Gate) -> None:
    """Mutants: another view or other parameters; what the computation prints is taken for an
    answer; the computation runs in the server."""
    seen = set()
    run, made = asked(real, 30, 0.02, "talking")
    while run.state != "over":
        if (look := real.look(run, "me")).progress:
            seen.add(look.progress)
        time.sleep(0.005)
    [(result, items)] = made
    np.testing.assert_array_equal(result.squares, finish(toy_jobs.count(30, 0.0)).squares)
    assert result.pid != os.getpid()
    assert items == [toy_jobs.scene(result).pack()]
    assert 3 < len(seen) < 20  # some, not every step: 0.1 s between two
    assert all(p.words == f"square {p.done} of 30" for p in seen if p.total)


def test_a_cancelled_computation_is_closed_between_two_steps(
    real: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mutants: it runs on in its process; it is dropped without its ``finally``; the process is
    killed although it obeys; a stop reaches the next task."""
    monkeypatch.setattr(gate, "GRACE", 20.0)  # a busy machine
    run, _ = asked(real, 50, 0.05)
    until(lambda: run.progress and run.progress.done)
    process = run.process
    real.leave(run, "me")
    until(lambda: run.state == "over")
    assert noted()[-1] == "closed"
    assert process in real._crew._idle
    steps = len(noted())
    again, made = asked(real, 3, 0.0)
    until(lambda: again.state == "over")
    assert len(made) == 1
    assert noted()[steps:] == ["step 1", "step 2", "step 3", "finished"]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("wrong", "n = 4 is an unlucky number: take another"),
        ("homeless", "The computation failed."),
        ("dying", gate.KILLED),
    ],
)
def test_every_end_has_its_words_and_the_next_run_its_process(
    real: Gate, how: str, words: str
) -> None:
    """Mutants: an error ends the process; a result that cannot travel does, and is called killed;
    a killed process is used again."""
    run, made = asked(real, 4, 0.0, how)
    until(lambda: run.state == "over")
    assert not made
    assert run.words.startswith(words)
    again, made = asked(real, 3, 0.0)
    until(lambda: again.state == "over")
    assert len(made) == 1


def test_a_process_ends_with_its_server() -> None:
    """Mutant: after a crash of the server the computations go on for ever."""
    process = Process()
    assert process._popen.stdin is not None
    task = Task(1, TOY, "toy", "squares", {"n": "50", "pause": "1.0"})
    process.send(task)
    assert process.receive() == ("begun", None)
    process._popen.stdin.close()  # what the end of the server does
    try:
        assert process._popen.wait(30) == 0
    finally:
        process.end()
