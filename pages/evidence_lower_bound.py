"""The evidence lower bound where everything is exact: q dragged, climbed, alternated, misread."""

from dataclasses import dataclass

import numpy as np

from dgmlib import ui
from dgmlib.figures import evidence, evidence_bayes, evidence_em, evidence_slips
from dgmlib.latent import climb, coordinate, gaussian_text, line, regression, slips
from dgmlib.latent import regression_text as texts
from dgmlib.ui import Edit, View


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    decoder: str = ui.choice("tilted bowl", line.DECODERS, label="Decoder f(z)")
    x: float = ui.slider(2.0, -3.0, 3.0, step=0.1, label="Observation x")
    noise: float = ui.slider(0.6, 0.25, 1.5, step=0.05, label="Noise σ")
    q: str = ui.handles("0.4 0.9", label="q: centre, deviation", parse=gaussian_text.parse,
                        ends=["-4 0.05", "4 2", "0 2"])  # fmt: skip
    model: str = ui.choice(coordinate.KINDS[0], coordinate.KINDS, label="Model")
    start: float = ui.slider(3.5, -5.0, 5.0, step=0.05, label="θ at the start",
                             help="A weight is moved to the nearest that is possible.")  # fmt: skip
    e_step: str = ui.choice("whole", coordinate.E_STEPS, label="E step")
    part: float = ui.slider(0.3, 0.05, 1.0, step=0.05, label="Part of the way",
                            help="Used by the E step of that name.")  # fmt: skip
    points: str = ui.handles("", label="Your points: t y, t y, …", parse=texts.parse,
                             ends=["", "-3 -5", "1 1, 1 2"])  # fmt: skip
    n: int = ui.slider(8, 1, 16, label="Points to sample", help="While none are your own.")
    precision: float = ui.slider(0.0, -3.0, 2.0, step=0.25, label="log₁₀ of the prior's precision")
    sigma: float = ui.slider(0.5, 0.1, 1.0, step=0.05, label="Noise of y")
    case: int = ui.slider(1, 1, slips.CASES, label="Puzzle")
    sweep: str = ui.choice("centre of q", slips.SWEEPS, label="Sweep")
    compute: bool = ui.toggle(False, label="Compute the lines")
    guess: str = ui.choice("none yet", ["none yet", *slips.LETTERS], label="Your guess")
    reveal: bool = ui.toggle(False, label="Reveal")
    seed: int = ui.seed(0)


def bound(p: Params) -> climb.Climb:
    return climb.climb(line.model(p.decoder, p.noise), p.x, *gaussian_text.parse(p.q))


def em(p: Params) -> coordinate.Ascent:
    start = coordinate.within(p.model, p.start)
    return coordinate.ascent(p.model, start=start, e_step=p.e_step, share=p.part,
        rng=np.random.default_rng(p.seed))  # fmt: skip


def bayes(p: Params) -> regression.Belief:
    own, rng = texts.parse(p.points), np.random.default_rng(p.seed)
    points = own if len(own) else regression.sample(p.n, p.sigma, rng=rng)
    return regression.believe(points, alpha=10**p.precision, noise=p.sigma, sampled=not len(own))


def spot(p: Params) -> slips.Riddle:
    guess = p.guess.replace("none yet", "")
    return slips.riddle(p.case, sweep=p.sweep, guess=guess, compute=p.compute, reveal=p.reveal)


def by(claim: str, test: str, file: str = "latent") -> ui.Check:
    return ui.Check(claim, f"tests/test_{file}.py::test_{test}")


PAGE = "evidence_page"
LOADING = dict(view="em", model="one loading")
ui.page(
    "evidence_lower_bound", Params,
    views={
        "bound": View("The bound", bound, evidence.bound_scene, ["decoder", "x", "noise", "q"],
            edits={"q": Edit("q", gaussian_text.of_handle)},
            says="Drag q: its centre, or its width by the outer grip. Play, and q climbs.",
            checks=[by("ELBO + KL = log p(x), each by its own integral", "the_parts_add_up"),
                    by("log p(x) agrees with adaptive quadrature", "evidence_is_the_integral"),
                    by("No Gaussian has a higher bound than the best", "best_is_the_best"),
                    by("Jensen's two means are log p(x) and the ELBO", "jensen"),
                    by("The numbers shown add up as shown", "shown_numbers_add_up", PAGE)]),
        "em": View("E and M", em, evidence_em.em_scene,
            ["model", "e_step", "part", "start", "seed"],
            edits={"start": Edit("start", coordinate.of_handle)},
            says="Step: E moves q and lifts the curve, M moves θ along it. Drag the start.",
            checks=[by("Bound + gap = log-likelihood at every half-step", "em_adds_up"),
                    by("No half-step lowers the bound", "no_half_step_lowers_the_bound"),
                    by("Each M step ends at the top of its curve", "the_m_step_is_the_top"),
                    by("The loading is probabilistic PCA", "the_loading_is_ppca")]),
        "bayes": View("ML, MAP, Bayes", bayes, evidence_bayes.bayes_scene,
            ["precision", "sigma", "n", "points", "seed"],
            edits={"points": Edit("points", texts.of_handles)},
            says="Drag the points; + and − add and remove one. Scrub: how many have been seen.",
            checks=[by("MAP is ridge regression, ML least squares", "map_is_ridge"),
                    by("The band is the posterior, integrated", "the_predictive_is_an_integral"),
                    by("The scores of full Bayes add up to log p(y)", "scores_are_the_evidence")]),
        "slips": View("Spot the error", spot, evidence_slips.slips_scene,
            ["case", "guess", "compute", "sweep", "reveal"],
            says="Decide first, then compute. Scrub q through the posterior.",
            checks=[by("Right lines agree with quadrature, slips do not", "every_slip_is_caught"),
                    by("What is said about each slip holds", "what_is_said_of_slips", PAGE)]),
    },
    presets={
        "q is the posterior": dict(decoder="straight", x=2.5, noise=0.75, q="1.6 0.6"),
        "q too narrow": dict(decoder="straight", x=2.5, noise=0.75, q="1.6 0.1"),
        "The wrong mode": dict(q="-1 0.5"),
        "KL to the prior is 0": dict(q="0 1"),
        "EM stuck": LOADING | dict(start=-2.0),
        "The likelihood falls": LOADING | dict(start=1.4, e_step="certain q"),
        "Two points": dict(view="bayes", points="0.5 1, 1 1.4"),
        "A sign slip": dict(view="slips", compute=True, sweep="width of q"),
    },
    prediction=ui.Prediction(
        "Two z explain this x. q is one Gaussian and climbs the bound as high as it goes. "
        "Where does the ELBO stop?",
        ["At log p(x)", "Below log p(x): a gap is left", "Above log p(x)"],
        answer=1, because="ELBO = log p(x) − KL(q‖posterior), and no Gaussian has two modes: the "
        "best q of the first picture leaves 0.4482 nats. Only q = posterior closes the gap."),
)  # fmt: skip
