"""A computation that takes as long as it is told, or misbehaves: for the tests of jobs."""

import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dgmlib.figures.scene import Axis, Panel, Points, Scene
from dgmlib.jobs import Job, Progress

HOW = ["well", "wrong", "broken", "dying", "hanging", "talking", "homeless"]


class Counted(NamedTuple):
    squares: np.ndarray  # (n,)
    pid: int


def count(n: int, pause: float, how: str = "well") -> Job[Counted]:
    """The squares below n, one each ``pause`` seconds."""
    if how == "wrong":
        raise ValueError(f"n = {n} is an unlucky number: take another")
    squares = []
    try:
        for i in range(n):
            time.sleep(pause)
            squares.append(i * i)
            if how == "broken":
                raise ZeroDivisionError("by nothing")
            if how == "dying":
                os._exit(9)
            if how == "hanging" and i == 1:
                time.sleep(600)
            if how == "talking":
                sys.stdout.write("a word among the answers\n")
                sys.stdout.flush()
            note(f"step {i + 1}")
            yield Progress(i + 1, n, f"square {i + 1} of {n}")
    finally:
        note("closed" if len(squares) < n else "finished")
    if how == "homeless":

        class Nowhere(NamedTuple):
            squares: np.ndarray

        return Nowhere(np.array(squares))  # type: ignore[return-value]
    return Counted(np.array(squares), os.getpid())


def note(words: str) -> None:
    """For the test that looks over the shoulder."""
    if place := os.environ.get("TOY_JOBS_LOG"):
        with Path(place).open("a") as log:
            log.write(f"{words}\n")


def recorded(n: int, how: str) -> Counted | None:
    """What a page would read from a file."""
    return Counted(np.arange(n) ** 2, 0) if n == 5 and how == "well" else None


def scene(r: Counted) -> Scene:
    n = len(r.squares)
    xy = np.stack([np.arange(n), r.squares], axis=-1)
    panel = Panel(
        layers=[Points(xy=xy, size=10, name="squares")],
        x=Axis(range=(0, 60)), y=Axis(range=(0, 3600)),
    )  # fmt: skip
    return Scene(alt=f"{n} squares.", aspect=2.5, panels=[panel])
