"""Four ways to draw from a density, on one budget, and how each of them fails."""

from dataclasses import dataclass

import numpy as np

from dgmlib import ui
from dgmlib.experiments import (
    line_chain,
    line_importance,
    line_inverse,
    line_proposal,
    line_race,
    line_rejection,
)
from dgmlib.figures import sampling, sampling_views, sampling_weights
from dgmlib.targets import choose


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    target: str = ui.choice("two modes", choose.NAMES, label="Target p")
    heights: str = ui.handles(choose.PAINTED, label="Painted heights", parse=choose.parse_heights)
    proposal: str = ui.handles("0 2", label="Proposal q: centre, width", parse=line_proposal.parse,
                               ends=["-4 0.2", "4 0.2", "0 4"])  # fmt: skip
    tail: float = ui.slider(0.2, 0.0, 1.0, step=0.05, label="Tails of q: 0 Gaussian, 1 Cauchy")
    multiple: float = ui.slider(1.0, 0.3, 3.0, step=0.05, label="Envelope, of the lowest that fits")
    step: float = ui.slider(2.4, 0.1, 8.0, step=0.1, label="Step of the walk")
    n: int = ui.slider(1024, 128, 4096, step=128, label="Evaluations of p")
    source: str = ui.choice("uniform", line_inverse.SOURCES, label="Numbers u")
    seed: int = ui.seed(2)


def race(p: Params) -> line_race.Race:
    target, q = choose.choose(p.target, p.heights), line_proposal.proposal(p.proposal, p.tail)
    rng = np.random.default_rng(p.seed)
    return line_race.race(target, q, budget=p.n, scale=p.step, rng=rng)


def rejection(p: Params) -> line_rejection.Kept:
    target, q = choose.choose(p.target, p.heights), line_proposal.proposal(p.proposal, p.tail)
    return line_rejection.reject(target, q, multiple=p.multiple, rng=np.random.default_rng(p.seed))


def importance(p: Params) -> line_importance.Watched:
    target, q = choose.choose(p.target, p.heights), line_proposal.proposal(p.proposal, p.tail)
    return line_importance.watch(target, q, n=p.n, rng=np.random.default_rng(p.seed))


def chain(p: Params) -> line_chain.Watched:
    target, rng = choose.choose(p.target, p.heights), np.random.default_rng(p.seed)
    return line_chain.watch(target, scale=p.step, n=p.n, rng=rng)


def inverse(p: Params) -> line_inverse.Inverted:
    target, rng = choose.choose(p.target, p.heights), np.random.default_rng(p.seed)
    return line_inverse.invert(target, source=p.source, rng=rng)


paint = ui.Edit("heights", choose.heights_of_handles, also={"target": "painted"})
move = ui.Edit("proposal", line_proposal.of_handle)
NARROW = dict(view="importance", target="skewed", proposal="-2 0.5")
CHECKED = {v: [ui.Check(c, f"tests/test_sampling{t}") for c, t in all_] for v, all_ in {
    "race": [("The measured errors agree with theory", ".py::test_errors_are_the_exact_ones"),
        ("Importance never loses to rejection", ".py::test_importance_never_loses_to_rejection"),
        ("Exact means and Z agree with quadrature", ".py::test_lines_know_themselves"),
        ("The curves are the numbers of the race", "_page.py::test_the_picture_is_the_race")],
    "rejection": [("The smallest constant touches and covers", ".py::test_the_smallest_constant"),
        ("What comes out is min(p, kq)", ".py::test_a_low_envelope_gives_the_minimum"),
        ("The error names the worst draw", "_page.py::test_envelope_too_low")],
    "importance": [("Exact variances agree with SciPy, or diverge", ".py::test_second_moments"),
        ("The weights are the sampler's", ".py::test_weights_are_the_samplers"),
        ("Too narrow: several claimed errors off", "_page.py::test_proposal_too_narrow")],
    "chain": [("The walk is Metropolis, step for step", ".py::test_the_walk_is_metropolis"),
        ("Exact errors agree with brute force", ".py::test_the_kernel_predicts_the_chain"),
        ("Stuck: a small claim, far off", "_page.py::test_stuck_chain")],
    "inverse": [("F and its inverse agree", ".py::test_quantiles_invert"),
        ("Each stripe holds one number", ".py::test_stripes_hold_one_each"),
        ("Normal numbers give p(x) φ(F(x))", ".py::test_normal_numbers_lean_left")],
}.items()}  # fmt: skip
ui.page(
    "sampling", Params,
    views={
        "race": ui.View("One budget", race, sampling.race_scene,
            ["target", "tail", "step", "n", "seed"], edits={"heights": paint, "proposal": move},
            says="Drag the heights of p, or the proposal q below the axis. Dashed: theory.",
            checks=CHECKED["race"]),
        "rejection": ui.View("Rejection", rejection, sampling_views.rejection_scene,
            ["target", "proposal", "tail", "multiple", "seed"], checks=CHECKED["rejection"],
            edits={"heights": paint, "proposal": move},
            says="Points even under the envelope: those that also lie under p are kept."),
        "importance": ui.View("Importance", importance, sampling_weights.weights_scene,
            ["target", "proposal", "tail", "n", "seed"], checks=CHECKED["importance"],
            edits={"heights": paint, "proposal": move},
            says="Every draw of q is kept, with the weight p/q."),
        "chain": ui.View("Markov chain", chain, sampling_weights.chain_scene,
            ["target", "step", "n", "seed"], edits={"heights": paint}, checks=CHECKED["chain"],
            says="Where a proposal is refused, the old place counts once more."),
        "inverse": ui.View("Inverse transform", inverse, sampling_views.inverse_scene,
            ["target", "source", "seed"], checks=CHECKED["inverse"],
            edits={"heights": paint}, says="Equal stripes of u: equal probability of x."),
    },
    presets={
        "Envelope too low": dict(view="rejection", multiple=0.5),
        "Proposal too narrow": NARROW | dict(tail=0.0),
        "Heavy tails rescue": NARROW | dict(tail=0.5),
        "A mode nobody drew": NARROW | dict(target="far modes", proposal="-2.7 0.5", tail=0.0),
        "Step too small": dict(step=0.1),
        "Stuck chain": dict(view="chain", target="far modes", step=0.8),
    },
    prediction=ui.Prediction(
        "Rejection and importance sampling get equally many draws of q, and a great many. "
        "Whose mean is closer?",
        ["Rejection: its draws are exact", "Importance, whatever the proposal", "It depends on q"],
        answer=1, because="Rejection throws away what importance sampling still uses a little. "
        "Where an envelope exists and n is large, the weighted mean has the smaller variance."),
)  # fmt: skip
