"""The gate of long computations: as many run as there are cores, the others stand in line.

First come, first served, and each reader has one place: who asks for something else leaves what
was asked before. Readers who ask for the same share one run, which stops when the last of them
has cancelled it or has not been seen for a while (a closed window says nothing). While anything
runs or waits, one thread looks at the clocks; afterwards none is left.
"""

import itertools
import os
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from dgmlib.jobs import Progress
from dgmlib.ui.crew import Crew, Process
from dgmlib.ui.job_process import Answer, Task

PATIENCE = 6.0  # s that a reader may be silent
GRACE = 0.25  # s between asking a process to stop and killing it
STARTING = 90.0  # s that a process may need before it begins
TICK = 0.1  # s between two looks at the clocks

KILLED = (
    "Its process was ended from outside, as happens when memory runs out. Smaller numbers help."
)
TOO_LONG = (
    "Stopped after {bound:g} s, the most that this picture may take. Smaller numbers will do, "
    "or the program below on your own machine."
)
SILENT = "Stopped, as nothing was heard of this window for a while."


@dataclass(eq=False)
class Run:
    """One computation, and everybody who waits for it."""

    key: Hashable
    task: Task
    bound: float  # s
    keep: Callable[[Any], None]  # gets (result, items)
    seen: dict[str, float] = field(default_factory=dict)  # reader -> when
    state: Literal["waiting", "running", "stopping", "over"] = "waiting"
    progress: Progress | None = None  # None until it has begun
    since: float = 0.0  # when it came into its state
    words: str = ""  # why there is no result
    process: Process | None = None
    thread: threading.Thread | None = None  # that follows it


class Look(NamedTuple):
    """What a reader sees of a run."""

    state: str
    place: int  # in the line: 1 is next, 0 is not in line
    progress: Progress | None
    words: str


class Gate:
    def __init__(
        self,
        places: int | None = None,
        *,
        start: Callable[[], Process] = Process,
        patience: float = PATIENCE,
    ) -> None:
        self.places = places or os.cpu_count() or 1
        self._crew, self._patience = Crew(start), patience
        self._lock = threading.RLock()
        self._runs: list[Run] = []  # in the order they came; those that are over are gone
        self._numbers = itertools.count(1)
        self._watching = False

    def ask(
        self,
        key: Hashable,
        task: Task,
        *,
        reader: str,
        bound: float,
        keep: Callable[[Any], None],
    ) -> Run:
        """Joins the run of this key or begins one; leaves what the reader asked for before."""
        with self._lock:
            for other in [r for r in self._runs if reader in r.seen and r.key != key]:
                self.leave(other, reader)
            joined = [r for r in self._runs if r.key == key and r.state != "stopping"]
            if joined:
                run = joined[0]
            else:
                run = Run(key, task._replace(number=next(self._numbers)), bound, keep)
                self._runs.append(run)
            run.seen[reader] = time.monotonic()
            self._admit()
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._watch, name="gate", daemon=True).start()
            return run

    def look(self, run: Run, reader: str) -> Look:
        """How it stands; and the reader was here."""
        with self._lock:
            if run.state in ("waiting", "running"):
                run.seen[reader] = time.monotonic()
            line = [r for r in self._runs if r.state == "waiting"]
            place = line.index(run) + 1 if run in line else 0
            return Look(run.state, place, run.progress, run.words)

    def leave(self, run: Run, reader: str) -> None:
        """The reader wants it no longer. It goes on for others."""
        with self._lock:
            run.seen.pop(reader, None)
            if run.seen:
                return
            if run.state == "waiting":
                self._runs.remove(run)
                run.state = "over"
            elif run.state == "running":
                self._halt(run)

    def close(self) -> None:
        """Ends everything, when the server does."""
        with self._lock:
            self._runs = [r for r in self._runs if r.state != "waiting"]
            threads = [r.thread for r in self._runs if r.thread is not None]
            for run in self._runs:
                run.state = "stopping"
                if run.process is not None:
                    run.process.kill()
        for thread in threads:
            thread.join()
        self._crew.dismiss()

    def _admit(self) -> None:
        free = self.places - sum(r.state != "waiting" for r in self._runs)
        for run in [r for r in self._runs if r.state == "waiting"][: max(free, 0)]:
            run.state, run.since = "running", time.monotonic()
            run.thread = threading.Thread(target=self._attend, args=(run,), name="job", daemon=True)
            run.thread.start()

    def _attend(self, run: Run) -> None:
        """Follows one run to its end, and gives the place to the next."""
        try:
            kind, value = self._crew.follow(
                lambda process: self._give(run, process), lambda answer: self._hear(run, answer)
            )
            if kind == "done":
                run.keep(value)
            else:
                run.words = run.words or (KILLED if kind == "killed" else value or "")
        finally:
            with self._lock:
                self._runs.remove(run)
                run.state, run.process = "over", None
                self._admit()

    def _give(self, run: Run, process: Process) -> bool:
        with self._lock:
            if run.state == "running":
                run.process = process
                process.send(run.task)
            return run.state == "running"

    def _hear(self, run: Run, answer: Answer) -> None:
        kind, value = answer
        with self._lock:
            run.progress = value if kind == "progress" else Progress(0, 0)
            if kind == "begun" and run.state == "running":
                run.since = time.monotonic()

    def _halt(self, run: Run) -> None:
        run.state, run.since = "stopping", time.monotonic()
        if run.process is not None:
            try:
                run.process.stop(run.task.number)
            except OSError:
                return  # it is gone: who follows it is being told

    def _watch(self) -> None:
        while True:
            time.sleep(TICK)
            with self._lock:
                if not self._runs:
                    self._watching = False
                    return
                for run in list(self._runs):
                    self._check(run, time.monotonic())

    def _check(self, run: Run, now: float) -> None:
        for reader, seen in list(run.seen.items()):
            if now - seen > self._patience:
                self.leave(run, reader)
                run.words = "" if run.seen else SILENT
        most = STARTING if run.progress is None else run.bound
        if run.state == "running" and now - run.since > most:
            run.words = TOO_LONG.format(bound=most)
            self._halt(run)
        elif run.state == "stopping" and now - run.since > GRACE and run.process is not None:
            run.process.kill()


SHARED = Gate()  # of the server; it starts nothing before it is asked
