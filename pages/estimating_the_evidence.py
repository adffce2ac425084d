"""Four estimates around log p(x): averages, bounds, amortised answers and gradients."""

from dataclasses import dataclass

import numpy as np

from dgmlib import ui
from dgmlib.evidence import amortised, averaging, clouds, tightening
from dgmlib.evidence.linear import Proposal
from dgmlib.figures import estimating, estimating_gaps, estimating_gradients

ROUGH = ["bend", "fold", "wave", "ripples", "steps"]


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    sweep: str = ui.choice("d", averaging.SWEEPS, label="Sweep")
    d: int = ui.slider(10, 1, averaging.MOST, label="Dimensions d")
    sigma: float = ui.slider(0.3, 0.1, 1.0, step=0.05, label="Decoder's deviation σ")
    n: int = ui.slider(256, 64, 1024, step=64, label="Draws of an estimate")
    shift: float = ui.slider(0.5, 0.1, 2.5, step=0.1, label="Shift of q",
                             help="From the posterior mean, in posterior deviations.")  # fmt: skip
    width: float = ui.slider(1.3, 0.5, 2.0, step=0.1, label="Width of q",
                             help="In posterior deviations.")  # fmt: skip
    x: float = ui.slider(1.2, -3.0, 5.0, step=0.05, label="Observation x")
    curve: str = ui.choice("bend", amortised.curves.SMOOTH, label="Decoder f(z)")
    decoder: str = ui.choice("bend", ROUGH, label="Decoder f(z)")
    draws: int = ui.slider(4, 1, 32, label="Draws of one estimate")
    q: str = ui.handles("0.4 0.3", label="q: mean, deviation", parse=clouds.parse,
                        ends=["-3 0.05", "3 1.5"])  # fmt: skip
    seed: int = ui.seed(0)


def average(p: Params) -> averaging.Averages:
    q, rng = Proposal(p.shift, p.width), np.random.default_rng(p.seed)
    return averaging.sweep(p.sweep, d=p.d, sigma=p.sigma, n=p.n, q=q, rng=rng)


def iwae(p: Params) -> tightening.Tightening:
    q, rng = Proposal(p.shift, p.width), np.random.default_rng(p.seed)
    return tightening.tighten(p.x, p.sigma, q, rng=rng)


def gaps(p: Params) -> amortised.Gaps:
    return amortised.gaps(p.curve, p.sigma, p.x)


def gradients(p: Params) -> clouds.Clouds:
    q, rng = clouds.parse(p.q), np.random.default_rng(p.seed)
    return clouds.clouds(p.decoder, p.x, p.sigma, q, draws=p.draws, rng=rng)


def by(claim: str, test: str, file: str = "estimating") -> ui.Check:
    return ui.Check(claim, f"tests/test_{file}.py::test_{test}")


place = ui.Edit("x", lambda done: f"{np.clip(round(done['xy'][0][0] / 0.05) * 0.05, -3, 5):.2f}")
ui.page(
    "estimating_the_evidence", Params,
    views={
        "average": ui.View("Averaging over the prior", average, estimating.average_scene,
            ["sweep", "sigma", "d", "n", "shift", "width", "seed"],
            says="The prior knows nothing of x; q is placed by the posterior. Dashed: exact.",
            checks=[by("Exact variances agree with quadrature", "second_moments"),
                    by("The draws are draws of the model", "weights_are_the_models"),
                    by("Measured errors are the exact ones, where met", "measured_errors"),
                    by("Any annealing ladder is unbiased", "any_ladder_is_unbiased", "annealed")]),
        "iwae": ui.View("More samples", iwae, estimating.iwae_scene,
            ["shift", "width", "x", "sigma", "seed"],
            says="The same draws in groups of K. Bands: ± 2 standard errors of what is measured. A "
                 "measured gap below 0 has no place on its axis.",
            checks=[by("L_K rises and stays below log p(x)", "the_bound_rises"),
                    by("Exact L_K agrees with brute force", "the_bound_by_brute_force"),
                    by("Exact gradients agree with autodiff", "gradients_by_autodiff"),
                    by("Ratios go as 1/√K and √K: q wide, x ≠ 0", "signal_to_noise_laws"),
                    by("Bands of the ratios cover them", "bands_of_ratios"),
                    by("DReG has the same mean", "both_gradients_have_one_mean")]),
        "gaps": ui.View("Two gaps", gaps, estimating_gaps.gaps_scene, ["curve", "sigma", "x"],
            edits={"place": place},
            says="Drag x; an x beyond the axis counts as its end. Colours of the map: relative to "
                 "the highest point at each x.",
            checks=[by("The gaps add up to KL(q‖posterior)", "gaps_are_divergences"),
                    by("The best q agrees with a global search", "best_q_by_global_search"),
                    by("More capacity never hurts the average", "capacity_never_hurts"),
                    by("The encoder's fit is stationary", "the_encoder_is_stationary")]),
        "gradients": ui.View("Gradients", gradients, estimating_gradients.gradients_scene,
            ["decoder", "x", "sigma", "draws", "q", "seed"],
            edits={"q": ui.Edit("q", clouds.of_handle)},
            says="Drag q, or the square at two deviations. The clouds share draws and scale; dots: "
                 "the first 400 estimates, where they fit.",
            checks=[by("The star is the slope of the exact ELBO", "the_star_is_the_gradient"),
                    by("Clouds centre on what is said", "clouds_are_centred"),
                    by("Only jumps make reparameterisation wrong", "jumps_bias_one_of_them")]),
    },
    presets={
        "Hopeless": dict(d=20, sigma=0.1),
        "Sharper and sharper": dict(sweep="σ", d=3),
        "A good q": dict(view="iwae", shift=0.1, width=1.0),
        "q too narrow": dict(view="iwae", shift=1.5, width=0.5),
        "Two modes": dict(view="gaps", curve="fold", sigma=0.1, x=3.0),
        "Ripples": dict(view="gradients", decoder="ripples"),
        "Jumps": dict(view="gradients", decoder="steps"),
    },
    prediction=ui.Prediction(
        "Averaging p(x|z) over draws of the prior is unbiased. You repeat it 200 times in 10 "
        "dimensions, with 256 draws each. Where do the estimates lie?",
        ["Evenly on both sides of p(x)", "Nearly all far below p(x)", "Nearly all above p(x)"],
        answer=1,
        because="Unbiased says where the mean over all repeats lies. It is carried by draws close "
        "to the posterior, which 256 draws of the prior almost never meet; the rest is too low.",
    ),
)  # fmt: skip
