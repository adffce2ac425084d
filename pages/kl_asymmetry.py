"""Which way round a misfit is measured, and what it costs."""

from dataclasses import dataclass

import numpy as np

from dgmlib import ui
from dgmlib.divergences import fit_estimates, fit_jobs, fit_noise, fit_payers, fit_plane, fit_record
from dgmlib.divergences import fit_text as texts
from dgmlib.figures import divergences, divergences_noise, divergences_pays
from dgmlib.ui import Check, Edit, View


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    modes: str = ui.handles(
        "-2 0.6 0.6, 2.2 0.9 0.4", label="p: mean sd weight, …", parse=texts.parse_modes,
        ends=["-7 0.5 0.05", "-7 3 0.8, -2 0.5 0.05, 2 0.5 0.8, 7 3 0.05"],
        help="One to four, separated by commas. Weights are relative.",
    )  # fmt: skip
    start: str = ui.handles("2.5 0.8", label="q: mean sd", parse=texts.parse_normal)
    alpha: float = ui.slider(0.5, 0.0, 1.0, step=0.05, label="α: 0 reverse, ½ Hellinger, 1 forward")
    sweep: str = ui.choice("mean", fit_payers.SWEEPS, label="Sweep: mean, sd, best fits")
    ratio: float = ui.slider(1.0, 0.5, 2.0, step=0.1, label="Deviation of x₂")
    n: int = ui.slider(200, 10, 2000, step=10, label="Samples n")
    case: str = ui.choice("hole", fit_estimates.CASES, label="Reason for an infinite KL(p‖q)")
    draws: int = ui.slider(10, 2, 50, label="Draws per estimate")
    seed: int = ui.seed()


def fit(p: Params) -> fit_record.Fits:
    target, q = texts.parse_modes(p.modes), texts.parse_normal(p.start)
    return fit_record.record(target, *q, alpha=p.alpha, weight=texts.weights(p.modes))


def pays(p: Params) -> fit_payers.Payers:
    target, q = texts.parse_modes(p.modes), texts.parse_normal(p.start)
    return fit_payers.payers(target, *q, sweep=p.sweep, alpha=p.alpha)


def plane(p: Params) -> fit_plane.Plane:
    return fit_plane.plane(std=p.ratio)


def jobs(p: Params) -> fit_jobs.Jobs:
    target, q = texts.parse_modes(p.modes), texts.parse_normal(p.start)
    return fit_jobs.jobs(target, *q, n=p.n, rng=np.random.default_rng(p.seed))


def estimates(p: Params) -> fit_estimates.Estimates:
    return fit_estimates.estimates(p.case, rng=np.random.default_rng(p.seed))


def noise(p: Params) -> fit_noise.Noise:
    target, q = texts.parse_modes(p.modes), texts.parse_normal(p.start)
    return fit_noise.noise(target, *q, n=p.draws, rng=np.random.default_rng(p.seed))


def by(claim: str, test: str) -> Check:
    return Check(claim, f"tests/test_divergence_fits.py::test_{test}")


ui.page(
    "kl_asymmetry", Params,
    views={
        "fit": View("Five fits", fit, divergences.fit_scene, ["modes", "start", "alpha"],
            edits={"modes": Edit("modes", texts.modes_of_handles),
                   "start": Edit("start", texts.normal_of_handle)},
            says="Drag modes of p (height: weight) and the start of q; play. Dashed: the best.",
            checks=[
                by("Forward KL ends at p's mean and variance", "forward_optimum_is_the_moments"),
                by("No descent ever raises its divergence", "no_divergence_ever_rises"),
                by("Optima agree with a fine grid search", "global_optimum_agrees_with_a_grid"),
                by("The W₂ optimum agrees with optimal transport", "w2_optimum_by_transport"),
                by("α = 0 and 1 are reverse and forward KL", "alpha_ends_are_reverse_and_forward"),
            ]),
        "pays": View("Who pays", pays, divergences_pays.pays_scene,
            ["modes", "start", "sweep", "alpha"],
            says="Each area is a divergence; below zero counts against, the sum is never negative.",
            checks=[
                by("The integrands add up to the divergences", "integrands_add_up"),
                by("The sweep agrees with adaptive quadrature", "values_agree_with_adaptive"),
                by("So does the table, within its ±", "table_keeps_within_its_bounds"),
            ]),
        "plane": View("In the plane", plane, divergences_pays.plane_scene, ["ratio"],
            says="q must ignore the correlation. Reverse KL keeps inside p, forward KL covers it.",
            checks=[by("Variances agree with a numerical search", "mean_field_variances"),
                    by("Costs agree with the closed form", "plane_costs")]),
        "jobs": View("Same p, two jobs", jobs, divergences_noise.jobs_scene,
            ["modes", "start", "n", "seed"],
            says="Each descends its own KL; look at what happens to the other one.",
            checks=[by("Each job descends its own divergence", "each_job_descends_its_own"),
                    by("E_p log q = −KL(p‖q) − H(p)", "expected_log_likelihood")]),
        "estimates": View("Estimates that lie", estimates, divergences_noise.estimates_scene,
            ["case", "seed"],
            says="Left: an estimate may look settled while the truth is infinite.",
            checks=[by("Exact values agree with quadrature", "exact_values_beside_the_estimates"),
                    by("Standard errors are honest where finite", "errors_cover_the_truth")]),
        "noise": View("Gradient noise", noise, divergences_noise.noise_scene,
            ["modes", "start", "draws", "seed"],
            says="Three estimators of the gradient of KL(q‖p): same draws, same mean (star).",
            checks=[by("Clouds centre on the exact gradient", "clouds_are_centred"),
                    by("Exact variances agree with adaptive quadrature", "exact_variances")]),
    },
    presets={
        "Mode seeking": dict(modes="-3 0.6 0.6, 3 0.9 0.4", start="-2 1"),
        "Mass covering": dict(view="pays", sweep="fits", modes="-3 0.5 0.5, 3 0.5 0.5"),
        "Support mismatch": dict(view="pays", modes="-5 0.5 0.5", start="5 0.5"),
        "Stuck in a local optimum": dict(modes="-3 0.6 0.6, 3 0.9 0.4", start="0.5 1"),
    },
    prediction=ui.Prediction(
        "q starts on the right mode, which holds 40 % of p. Where will reverse KL settle?",
        ["On the left mode: it holds more of p", "On the right mode, where it is", "Across both"],
        answer=1,
        because="Moving left, q would have to cross a valley where log p is very low, and "
        "KL(q‖p) charges q for every bit of mass it puts there. Forward KL does move: it pays for "
        "the part of p that q misses, so it ends with the mean and variance of p, across both.",
    ),
)  # fmt: skip
