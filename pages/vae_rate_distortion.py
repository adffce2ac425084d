"""What a trained VAE pays and knows: the sweep of beta, collapse, the bound on a digit, scores."""

from dataclasses import dataclass

import numpy as np

from dgmlib import ui
from dgmlib.data import own_digit
from dgmlib.figures import rate_bound, rate_collapse, rate_plane, rate_scores
from dgmlib.vae import collapse as collapsing
from dgmlib.vae import rate_distortion, scoreboard, tightening

BETAS = [f"{b:g}" for b in rate_distortion.BETAS]


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    beta: str = ui.choice("1", BETAS, label="Trained with β")
    digit: str = ui.digit(own_digit.TEXT)
    rank: int = ui.slider(50, 1, 50, label="Coordinate turned, by rank of its KL")
    n: int = ui.slider(1000, 200, 5000, step=200, label="Draws of q for each model")
    seed: int = ui.seed()


def rate(p: Params) -> rate_distortion.Plane:
    return rate_distortion.plane(float(p.beta), p.digit, rng=np.random.default_rng(p.seed))


def collapse(p: Params) -> collapsing.Collapse:
    return collapsing.watch(p.digit, p.rank)


def bound(p: Params) -> tightening.Tightening:
    return tightening.tighten(p.digit, p.n, rng=np.random.default_rng(p.seed))


def scores(p: Params) -> scoreboard.Board:
    return scoreboard.board()


def by(claim: str, test: str, file: str = "rate_distortion") -> ui.Check:
    return ui.Check(claim, f"tests/test_{file}.py::test_{test}")


PAGE = "rate_distortion_page"
ui.page(
    "vae_rate_distortion", Params,
    views={
        "rate": ui.View("Rate and distortion", rate, rate_plane.plane_scene,
            ["beta", "digit", "seed"],
            edits={"checkpoint": ui.Edit("beta", rate_plane.picked)},
            says="Click a checkpoint. The line has the slope −β: all points on it are equally good "
                 "for the network that was trained with this β. The slider draws z anew.",
            checks=[by("Rate and distortion are minus the bound", "the_two_halves_are_the_bound"),
                    by("Points and errors are the cards'", "the_plane_is_the_cards", PAGE),
                    by("A click takes the nearest checkpoint", "a_click_takes_the_nearest", PAGE),
                    by("The line has the slope −β", "the_line_has_its_slope", PAGE)]),
        "collapse": ui.View("Collapse", collapse, rate_collapse.collapse_scene,
            ["digit", "rank"],
            says="Drag the slider through β. Bars: what each coordinate of z costs on average.",
            checks=[by("KL by quadrature, active as published", "a_spectrum_is_its_definition"),
                    by("Turning a dead coordinate changes nothing", "a_dead_coordinate_is_dead"),
                    by("Sentences count what is drawn", "captions_count_what_is_drawn", PAGE)]),
        "bound": ui.View("The bound on this digit", bound, rate_bound.bound_scene,
            ["digit", "n", "seed"], edits={"digit": ui.Edit("digit", own_digit.of_pad)},
            says="Draw a digit. The slider is K: the bound is taken from K draws at a time.",
            checks=[by("log p(x) by quadrature is exact", "two_latents_by_brute_force"),
                    by("Exact only where the grid holds it", "no_truth_beyond_the_grid"),
                    by("Unbiased; its error, for tame weights", "the_bound_and_its_error"),
                    by("Quick likelihoods are the likelihoods", "quick_likelihoods"),
                    by("The small model meets its truth", "the_small_model_meets_truth", PAGE)]),
        "scores": ui.View("Scores", scores, rate_scores.scores_scene, [],
            says="Every checkpoint that comes with this site, measured on held-out images.",
            checks=[by("The table is the cards", "the_table_is_the_cards", PAGE),
                    by("Nothing is left out", "every_score_is_a_row", PAGE)]),
    },
    presets={
        "Cheap code": dict(beta="16"), "Sharp and dear": dict(beta="0.1"),
        "A dead coordinate": dict(view="collapse", rank=50),
        "A live one": dict(view="collapse", rank=2),
        "5,000 draws, as in papers": dict(view="bound", n=5000),
        "Scores beside papers": dict(view="scores"),
    },
    prediction=ui.Prediction(
        "Eight VAEs differ only in β, the price of the code. Small β gives the sharpest copies, "
        "large β the cheapest codes. Which has the highest bound on log p(x)?",
        ["β = 0.1: its copies are best", "β = 1", "β = 16: its codes are cheapest"],
        answer=1, because="The bound is −(R + D), with both at the same price. Only β = 1 was "
        "trained for that. The others were trained, for as long, at another price.",
    ),
)  # fmt: skip
