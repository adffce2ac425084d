"""A gate whose processes are played by the test: it says what they answer, and when."""

import queue
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dgmlib.ui.gate import Gate, Run
from dgmlib.ui.job_process import Task

TOY = Path(__file__).parent / "toy_pages"


def until(holds: Callable[[], Any], patience: float = 30.0) -> None:
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.005)


class Played:
    """A process that answers what the test says, and notes what it is told."""

    def __init__(self, obeys: bool = True, begins: bool = True) -> None:
        self.answers: queue.Queue[tuple[str, Any] | None] = queue.Queue()
        self.tasks: list[Task] = []
        self.stops: list[int] = []
        self.killed = self.ended = self.gone = False
        self.obeys, self.begins = obeys, begins

    def send(self, task: Task) -> None:
        if self.gone:
            raise BrokenPipeError
        self.tasks.append(task)
        if self.begins:
            self.say("begun")

    def stop(self, number: int) -> None:
        self.stops.append(number)
        if self.obeys:
            self.say("stopped")

    def say(self, kind: str, value: Any = None) -> None:
        self.answers.put((kind, value))

    def receive(self) -> tuple[str, Any]:
        answer = self.answers.get(timeout=30)
        if answer is None:
            raise EOFError
        return answer

    def kill(self) -> None:
        self.killed = True
        self.answers.put(None)

    def end(self) -> None:
        self.ended = True


class Stage(Gate):
    """A gate, its played processes, and how a test asks."""

    def __init__(
        self, places: int, *, obeys: bool = True, begins: bool = True, patience: float = 60.0
    ) -> None:
        self.played: list[Played] = []
        self.kept: dict[Any, Any] = {}

        def start() -> Any:
            self.played.append(Played(obeys, begins))
            return self.played[-1]

        super().__init__(places, start=start, patience=patience)

    def wish(self, key: str, reader: str, bound: float = 60.0) -> Run:
        task = Task(0, TOY, "toy", key, {})
        return self.ask(
            key, task, reader=reader, bound=bound, keep=lambda made: self.kept.update({key: made})
        )

    def at(self, key: str) -> Played:
        """The process that has this task."""
        found: list[Played] = []
        until(lambda: found.extend(p for p in self.played if p.tasks and p.tasks[-1][3] == key)
              or found)  # fmt: skip
        return found[-1]

    def places_of(self, **runs: Run) -> dict[str, int]:
        return {name: self.look(run, "nobody").place for name, run in runs.items()}
