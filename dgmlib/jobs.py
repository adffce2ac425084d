"""Computations of seconds: a generator that tells how far it is and returns its result.

    Progress(1, n, words), Progress(2, n, words), ..., return result

Who runs one decides what becomes of it: :func:`finish` drains it, a page draws a bar and may
close it between two steps. Yield often (every 0.1 s): only there can a computation be stopped.

References:
    PEP 342: Coroutines via Enhanced Generators (van Rossum & Eby, 2005)
    https://peps.python.org/pep-0342/
    PEP 380: Syntax for Delegating to a Subgenerator (Ewing, 2009)
    https://peps.python.org/pep-0380/
"""

from collections.abc import Callable, Generator
from typing import Any, NamedTuple, TypeAlias, TypeVar

R = TypeVar("R")


class Progress(NamedTuple):
    """How far a computation is."""

    done: float
    total: float
    words: str = ""  # what it does at the moment: "epoch 3", "loss 0.31"

    @property
    def part(self) -> float:
        """Between 0 and 1, also where the total was a guess."""
        return min(max(self.done / self.total, 0.0), 1.0) if self.total > 0 else 0.0


Job: TypeAlias = Generator[Progress, Any, R]  # yields its progress, returns its result


def finish(job: Job[R], *, tell: Callable[[Progress], object] | None = None) -> R:
    """Runs a job to its end. ``tell=print`` says how far it is."""
    while True:
        try:
            progress = next(job)
        except StopIteration as end:
            return end.value
        if tell is not None:
            tell(progress)
