"""k-means and EM on Gaussian mixtures: the climb in half-steps, and where it gets stuck."""

from dataclasses import dataclass

import numpy as np

from dgmlib import ui
from dgmlib.data import points, sets
from dgmlib.figures import mixture_views, mixtures
from dgmlib.mixtures import basin_map, by_hand, gmm, kmeans, prior, runs, sweep_k, touch
from dgmlib.mixtures.agreement import agreement


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    data: str = ui.choice("iris petals", sets.NAMES, label="Data")
    points: str = ui.points("", label="Your own points, used instead of the data above")
    method: str = ui.choice("EM", ["EM", "k-means"], label="Method")
    k: int = ui.slider(3, 1, 8, label="Components K")
    covariance: str = ui.choice("full", gmm.COVARIANCES, label="Shape (EM)")
    start: str = ui.choice("++", ["++", "random", "dragged"], label="Start")
    means: str = ui.handles("", label="Dragged means", parse=sets.parse_xy)
    mine: str = ui.handles("", label="Your means", parse=sets.parse_xy)
    component: int = ui.slider(2, 1, 8, label="Mean to follow")
    temperature: float = ui.slider(1.0, 0.0, 2.0, step=0.05, label="Temperature T (EM)")
    map: bool = ui.toggle(False, label="Prior against collapse (EM)")
    reveal: bool = ui.toggle(False, label="Show the closed form")
    seed: int = ui.seed(1, label="Seed of the start")


def steps(p: Params) -> sets.Shown:
    data = sets.load(p.data, points=p.points, fewest=0, rng=np.random.default_rng(0))
    if len(data.x) < max(p.k, sets.FEWEST):
        return sets.Shown(data, None)
    means, rng = sets.parse_xy(p.means), np.random.default_rng(p.seed)
    start = runs.begin(data.x, p.k, kind=p.start, means=means, covariance=p.covariance, rng=rng)
    if p.method == "k-means":
        run = kmeans.fit(data.x, start.mean)
        return sets.Shown(data, run, agreement(run.label[-1], data.x, data.truth))
    belief = prior.default_prior(data.x, p.k) if p.map else None
    shape, hot = p.covariance, p.temperature
    run = runs.climb(data.x, start, covariance=shape, temperature=hot, prior=belief, tol=1e-6)
    return sets.Shown(data, run, agreement(run.trace.responsibilities[-1], data.x, data.truth))


def along(p: Params) -> sets.Shown:
    data = sets.load(p.data, points=p.points, rng=np.random.default_rng(0))
    means, rng, shape = sets.parse_xy(p.means), np.random.default_rng(p.seed), p.covariance
    start = runs.begin(data.x, p.k, kind=p.start, means=means, covariance=shape, rng=rng)
    run = runs.climb(data.x, start, covariance=shape, tol=1e-6)
    return sets.Shown(data, touch.touch(data.x, run.trace, component=min(p.component, p.k) - 1))


def m_step(p: Params) -> sets.Shown:
    data = sets.load(p.data, points=p.points, rng=np.random.default_rng(0))
    start = runs.begin(data.x, p.k, covariance=p.covariance, rng=np.random.default_rng(p.seed))
    return sets.Shown(data, by_hand.score(data.x, start, sets.parse_xy(p.mine), reveal=p.reveal))


def basin(p: Params) -> sets.Shown:
    data = sets.load(p.data, points=p.points, rng=np.random.default_rng(0))
    first = sets.parse_xy(p.means)[: 1 if p.start == "dragged" else 0]
    rng, shape = np.random.default_rng(p.seed), p.covariance
    start = runs.begin(data.x, p.k, kind="dragged", means=first, covariance=shape, rng=rng)
    belief = prior.default_prior(data.x, p.k) if p.map else None
    return sets.Shown(data, basin_map.basin_map(data.x, start, covariance=shape, prior=belief))


def sweep(p: Params) -> sets.Shown:
    data = sets.load(p.data, points=p.points, rng=np.random.default_rng(0))
    rng, shape = np.random.default_rng(p.seed), p.covariance
    return sets.Shown(data, sweep_k.sweep_k(data.x, covariance=shape, regularised=p.map, rng=rng))


paint = ui.Edit("points", lambda done: points.encode(np.array(done["xy"])))
starts = ui.Edit("means", lambda done: sets.format_xy(done["xy"]), also={"start": "dragged"})
LONELY = dict(data="lonely", k=2, start="dragged", means="5 3, 0 0")
CHECKED = {v: [ui.Check(c, f"tests/test_em_page.py::test_{t}") for c, t in all_] for v, all_ in {
    "steps": [("Colours, ellipses, stairs are the numbers of the run", "the_picture_is_the_trace"),
        ("Responsibilities and likelihood agree with SciPy's densities", "colours_are_bayes_rule"),
        ("The E-step closes the gap, the M-step opens it", "the_staircase_closes_and_opens"),
        ("The sentence below says these numbers", "captions_say_the_numbers"),
        ("A collapse is shown up to its last step", "singularity_collapses_and_says_so")],
    "slice": [("Both curves equal the general slice; its top is the M-step", "touch_is_the_slice")],
    "you": [("The score is a difference of bounds; none is above 100%", "by_hand_is_the_bound")],
    "basin": [("Each cell ends where its own run ends", "every_cell_is_a_run_of_its_own"),
        ("K! orders, one likelihood", "label_switching_reaches_one_optimum_under_several_names")],
    "k": [("All scores follow from their definitions", "sweep_follows_its_definitions")],
}.items()}  # fmt: skip
ui.page(
    "gaussian_mixture", Params,
    views={
        "steps": ui.View("Half-steps", steps, mixtures.steps_scene,
            ["data", "k", "method", "start", "covariance", "temperature", "map", "seed", "points"],
            edits={"starts": starts, "brush": paint}, checks=CHECKED["steps"],
            says="E-steps recolour the points, M-steps move the ellipses. Drag a mean to restart."),
        "slice": ui.View("The bound touches", along, mixture_views.slice_scene,
            ["data", "k", "component", "covariance", "start", "seed"], checks=CHECKED["slice"],
            says="The bound touches at the mean of now; the bound's top is the next mean."),
        "you": ui.View("You do the M-step", m_step, mixture_views.by_hand_scene,
            ["data", "k", "covariance", "reveal", "seed"], checks=CHECKED["you"],
            edits={"mine": ui.Edit("mine", starts.encode)}, says="Drag each mean to the top."),
        "basin": ui.View("Where a start ends", basin, mixture_views.basin_scene,
            ["data", "k", "covariance", "map", "seed"], edits={"pick": starts},
            checks=CHECKED["basin"], says="The other means start where ++ puts them."),
        "k": ui.View("How many?", sweep, mixture_views.sweep_k_scene,
            ["data", "covariance", "map", "seed"], checks=CHECKED["k"], says="Play, and K grows."),
    },
    presets={
        "Singularity": LONELY, "Its cure: a prior": LONELY | dict(map=True),
        "Label switching": dict(view="basin", data="blobs"),
        "k-means on stretched clusters": dict(data="stretched", method="k-means"),
        "EM on stretched clusters": dict(data="stretched"),
        "Local optimum": dict(data="pairs", k=4, start="dragged", means="-4 2, -4 0, -4 -2, 4 0"),
    },
    prediction=ui.Prediction("The M-step raises the bound. How much does the log-likelihood rise?",
        ["Exactly as much", "At least as much, nearly always more", "Less: a bound is optimistic"],
        answer=1, because="A gap opens between the two: a KL divergence, which is never negative."),
)  # fmt: skip
