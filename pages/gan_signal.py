"""What a generator learns from each divergence when it is still far away."""

from dataclasses import dataclass

from dgmlib import ui
from dgmlib.figures.signal_scene import signal_scene
from dgmlib.gan import signal


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    std_p: float = ui.slider(1.0, 0.1, 3.0, step=0.1, label="Standard deviation of p")
    std_q: float = ui.slider(1.0, 0.1, 3.0, step=0.1, label="Standard deviation of q")
    gap: float = ui.slider(4.0, 1.0, 8.0, step=0.5, label="Between the two modes")
    width: float = ui.slider(0.5, 0.2, 2.0, step=0.1, label="Standard deviation of a mode")
    weight: float = ui.slider(0.5, 0.05, 0.95, step=0.05, label="Mass of q's left mode (p's: ½)")


def points(p: Params) -> signal.Signal:
    return signal.points()


def lines(p: Params) -> signal.Signal:
    return signal.lines()


def gaussians(p: Params) -> signal.Signal:
    return signal.gaussians(std_p=p.std_p, std_q=p.std_q)


def mixtures(p: Params) -> signal.Signal:
    return signal.mixtures(gap=p.gap, std=p.width, weight=p.weight)


def by(claim: str, test: str) -> ui.Check:
    return ui.Check(claim, f"tests/test_gan_signal_page.py::test_{test}")


APART = [by("Apart is apart: JS is log 2, at any distance", "apart_is_apart"),
         by("The signs of the slopes lead to p", "a_step_down_leads_to_p")]  # fmt: skip
SHOWN = by("The picture is the sweep", "the_picture_is_the_sweep")
ui.page(
    "gan_signal", Params,
    views={
        "points": ui.View("Two points", points, signal_scene, checks=[*APART, SHOWN],
            says="Slide θ. However near q comes, only W₁ and W₂ say so."),
        "lines": ui.View("Two lines", lines, signal_scene,
            says="A generator with one input fills a line of the plane, and it is not p's line.",
            checks=[*APART, by("No plan is cheaper than straight across", "straight_across")]),
        "gaussians": ui.View("Two Gaussians", gaussians, signal_scene, ["std_p", "std_q"],
            says="Nothing is infinite any more. Compare how fast the signals fade.",
            checks=[by("Values and slopes agree with fine sums", "gaussians_by_sums"),
                    by("The closed forms of the text hold", "closed_forms_of_the_text")]),
        "mixtures": ui.View("Two mixtures", mixtures, signal_scene, ["gap", "width", "weight"],
            says="Put one mode of q on one of p: JS and TV would like to stay there.",
            checks=[by("Values and slopes agree with fine sums", "mixtures_by_sums"),
                    by("False minima: JS and TV have them, W₁ and W₂ none", "false_minima")]),
    },
    presets={
        "Lines in the plane": dict(view="lines"),
        "Two narrow Gaussians": dict(view="gaussians", std_p=0.2, std_q=0.2),
        "Blurred": dict(view="gaussians", std_p=3.0, std_q=3.0),
        "Different widths": dict(view="gaussians", std_p=1.0, std_q=3.0),
        "False minimum": dict(view="mixtures", gap=4.0, width=0.3),
        "A missing mode": dict(view="mixtures", gap=5.0, width=0.5, weight=0.95),
    },
    prediction=ui.Prediction(
        "p is a point at 0 and q a point at 5. q moves to 1. By how much does their "
        "Jensen-Shannon divergence fall?",
        ["By four fifths: it is that much nearer", "By log 5", "Not at all"],
        answer=2, because="Two different points never overlap, so the divergence is log 2 at any "
        "distance. It falls when they meet, and then all at once: there is no slope to follow. W₁ "
        "falls from 5 to 1."),
)  # fmt: skip
