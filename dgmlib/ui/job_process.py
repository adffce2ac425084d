"""A process that computes long pictures one after another.

It reads tasks and stops from its input, and answers ("begun", None), ("progress", Progress), then
one of ("done", (result, items)), ("wrong", words), ("broken", words), ("stopped", None).
It ends with its server, also when that was killed, or after a while with nothing to do.
"""

import os
import pickle
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

OFTEN = 0.1  # s between two words about the progress
IDLE = 600.0  # s after which a process without a task gives its memory back
FAILED = "The computation failed. {error}"

Answer = tuple[str, Any]


class Task(NamedTuple):
    """A picture, in words that every process understands."""

    number: int
    folder: Path  # of the pages
    page: str
    chosen: str
    texts: dict[str, str]  # the parameters, as in a link


def main() -> None:
    """What the process does, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the server, and that ends this
    if hasattr(os, "nice"):
        os.nice(10)  # after who moves a slider, and after short pictures
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a computation prints is no answer
    tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
    stopped: set[int] = set()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, tasks, stopped), daemon=True).start()
    try:
        while True:
            task = tasks.get(timeout=IDLE)
            for answer in answers(task, lambda task=task: task.number in stopped):
                out.write(_packed(answer))
                out.flush()
    except (queue.Empty, BrokenPipeError):
        os._exit(0)


def _packed(answer: Answer) -> bytes:
    try:
        return pickle.dumps(answer)
    except Exception as error:  # noqa: BLE001 (a result of a class that only the page knows)
        words = FAILED.format(error=f"{type(error).__name__}: {error}")
        traceback.print_exc()
        return pickle.dumps(("broken", words))


def _listen(source: IO[bytes], tasks: "queue.SimpleQueue[Task]", stopped: set[int]) -> None:
    try:
        while True:
            asked = pickle.load(source)  # noqa: S301 (of our own server)
            if isinstance(asked, Task):
                tasks.put(asked)
            else:
                stopped.add(asked)
    except EOFError:
        os._exit(0)


def answers(task: Task, stopped: Callable[[], bool]) -> Iterator[Answer]:
    """Computes one picture; every error becomes words, because not every error can travel."""
    from dgmlib.ui import fields, picture, spec

    try:
        spec.PAGES = task.folder
        page = spec.of(task.page)
        known = fields.controls(page.params)
        p = page.params(**{name: known[name].parse(text) for name, text in task.texts.items()})
        view = page.views[task.chosen]
        yield "begun", None
        job, said = view.compute(p), 0.0
        while True:
            if stopped():
                job.close()
                yield "stopped", None
                return
            try:
                progress = next(job)
            except StopIteration as end:
                made = picture.drawn(view, end.value)
                yield "done", (made.result, made.items)
                return
            if time.monotonic() - said > OFTEN:
                said = time.monotonic()
                yield "progress", progress
    except ValueError as error:
        yield "wrong", str(error)
    except Exception as error:  # noqa: BLE001 (of the computation: in words, and in the log)
        traceback.print_exc()
        yield "broken", FAILED.format(error=f"{type(error).__name__}: {error}")
