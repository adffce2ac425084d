"""A page of one job, for the tests."""

from dataclasses import dataclass

from dgmlib import ui
from dgmlib.ui import View
from tests import toy_jobs


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    n: int = ui.slider(5, 1, 50, label="Numbers")
    pause: float = ui.slider(0.01, 0.0, 1.0, label="Pause")
    how: str = ui.choice("well", toy_jobs.HOW, label="It goes")
    colour: int = ui.slider(1, 0, 9, label="Of no matter to the job")


def squares(p: Params) -> toy_jobs.Job[toy_jobs.Counted]:
    return toy_jobs.count(p.n, p.pause, p.how)


def at_once(p: Params) -> toy_jobs.Counted:
    return toy_jobs.Counted(toy_jobs.np.arange(p.n) ** 2, 0)


ui.page(
    "toy", Params,
    views={
        "squares": View("Squares", squares, toy_jobs.scene, ["n", "colour"],
            edits={"squares": ui.Edit("n", lambda done: str(len(done["xy"])))},
            job=True, seconds=lambda p: p.n * p.pause, bound=60.0,
            recorded=lambda p: toy_jobs.recorded(p.n, p.how)),
        "short": View("At once", at_once, toy_jobs.scene, ["n"]),
    },
)  # fmt: skip
