"""What a page is made of, as plain data: the frame draws it, the tests read it."""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from dgmlib.jobs import finish

PAGES = Path(__file__).parents[2] / "pages"


class Check(NamedTuple):
    """A claim about what is shown, and the test that guards it: ``tests/file.py::test_name``."""

    claim: str
    test: str


class Edit(NamedTuple):
    """Turns what a reader did on the picture (plain numbers) into the text of a parameter.

    ``encode`` gets the numbers of the layer, and under ``"p"`` the parameters of the picture.
    """

    field: str
    encode: Callable[[dict], str]
    also: Mapping[str, Any] = {}  # other parameters that change with it


class Prediction(NamedTuple):
    """A question to answer before the picture moves."""

    question: str
    options: Sequence[str]
    answer: int
    because: str


@dataclass(frozen=True)
class View:
    """One picture of a page: a pure computation, a pure drawing and its few controls."""

    title: str
    compute: Callable[[Any], Any]  # Params -> NamedTuple of dgmlib, or dgmlib.jobs.Job of one
    show: Callable[[Any], Any]  # its result -> Scene, Figure, Table, or a list of them
    controls: Sequence[str] = ()
    edits: Mapping[str, Edit] = field(default_factory=dict)  # by the name of the layer
    says: str = ""
    checks: Sequence[Check] = ()
    # What takes seconds: ``compute`` returns a job, which begins when the reader asks for it.
    job: bool = False
    seconds: Callable[[Any], float] = lambda p: 10.0  # Params -> how long it takes, about
    bound: float = 60.0  # s after which it is stopped
    recorded: Callable[[Any], Any] = lambda p: None  # Params -> its result from a file, or None

    def result(self, p: Any) -> Any:
        """Computes here and now, however long it takes."""
        return finish(self.compute(p)) if self.job else self.compute(p)


@dataclass(frozen=True)
class Spec:
    name: str
    params: type
    views: Mapping[str, View]
    presets: Mapping[str, Mapping[str, Any]]
    prediction: Prediction | None

    def view_of(self, p: Any) -> str:
        chosen = getattr(p, "view", "")
        return chosen if chosen in self.views else next(iter(self.views))


collecting: ContextVar[list[Spec] | None] = ContextVar("collecting", default=None)


@lru_cache(maxsize=64)
def of(name: str) -> Spec:
    """The specification of ``pages/<name>.py``, read without drawing anything."""
    found: list[Spec] = []
    token = collecting.set(found)
    try:
        path = PAGES / f"{name}.py"
        module = {"__name__": f"pages.{name}", "__file__": str(path)}
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), module)
    finally:
        collecting.reset(token)
    if len(found) != 1:
        raise ValueError(f"pages/{name}.py calls ui.page {len(found)} times; it must once")
    return found[0]
