"""The curse of dimensionality: what grows with d, and what an assumption saves."""

from dataclasses import dataclass

import numpy as np

from dgmlib import ui
from dgmlib.dimensionality import digit_fits, graph_text, methods, network_run, pixel_networks
from dgmlib.dimensionality import sweep as sweeps
from dgmlib.figures import (
    dimensionality,
    dimensionality_digits,
    dimensionality_methods,
    dimensionality_network,
)


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    k: int = ui.slider(2, 2, 10, label="States of a variable")
    order: int = ui.slider(1, 0, 4, label="Markov order")
    thickness: float = ui.slider(0.05, 0.01, 0.5, step=0.01, label="Shell, share of the radius")
    s: float = ui.slider(1.5, 0.5, 2.0, step=0.05, label="Proposal's width s")
    step: float = ui.slider(0.5, 0.1, 3.0, step=0.1, label="Step of the random walk")
    n: int = ui.slider(500, 100, 2000, step=100, label="Samples n")
    graph: str = ui.handles(
        "B E A J M; B>A, E>A, A>J, A>M", label="Variables; arrows", parse=graph_text.parse,
        ends=["A;", "A B C D E F G; A>B, B>C, C>A, A>D, B>D, C>D, D>E, D>F, E>G, F>G"],
        help="Up to seven names, then the arrows: Rain Wet; Rain>Wet",
    )  # fmt: skip
    states: int = ui.slider(2, 2, 4, label="States of each variable")
    data: str = ui.choice("14 x 14", digit_fits.digits.NAMES, label="Digits")
    above: str = ui.choice("four before", list(pixel_networks.OFFSETS), label="Neighbours")
    components: int = ui.slider(10, 1, 20, label="Components of the mixture")
    pseudo: float = ui.slider(1.0, 0.1, 5.0, step=0.1, label="Pseudo-counts")
    seed: int = ui.seed()


def sweep(p: Params) -> sweeps.Sweep:
    rng = np.random.default_rng(p.seed)
    return sweeps.sweep(k=p.k, order=p.order, thickness=p.thickness, rng=rng)


def sampling(p: Params) -> methods.Methods:
    return methods.methods(s=p.s, step=p.step, n=p.n, rng=np.random.default_rng(p.seed))


def network(p: Params) -> network_run.NetworkRun:
    return network_run.run(p.graph, k=p.states, rng=np.random.default_rng(p.seed))


def digits(p: Params) -> digit_fits.Fits:
    rng = np.random.default_rng(p.seed)
    return digit_fits.fits(p.data, neighbours=p.above, K=p.components, pseudo=p.pseudo, rng=rng)


PAGE, DIM = "tests/test_curse_page.py::test_", "tests/test_dimensionality.py::test_"
EST = "tests/test_dimensionality_estimates.py::test_"
NET = "tests/test_dimensionality_networks.py::test_"
CHECKED = {v: [ui.Check(c, test) for c, test in all_] for v, all_ in {
    "sweep": [("Counts agree with enumeration", DIM + "counts_by_enumeration"),
        ("Volumes agree with draws", DIM + "volumes_against_known_ones_and_draws"),
        ("The density of |x| gives its moments", DIM + "where_a_gaussian_keeps_its_mass"),
        ("The typical set by enumeration", NET + "the_typical_set_by_enumeration"),
        ("Draws agree with the exact curves", PAGE + "draws_agree_with_the_exact_curves"),
        ("The sentence below says these numbers", PAGE + "captions_say_the_numbers")],
    "methods": [
        ("Rejection accepts s^−d", EST + "acceptance_of_rejection_counts_to_s_to_the_minus_d"),
        ("ESS / n by quadrature", EST + "effective_share_is_one_over_the_second_moment"),
        ("Steps are accepted by Student's t", EST + "acceptance_of_the_random_walk_is_students"),
        ("Kernels agree with scikit-learn", EST + "kernels_agree_with_scikit_learn"),
        ("Zero hits keep their interval", PAGE + "zero_hits_are_said_with_their_interval")],
    "network": [("The tables make a distribution", NET + "a_network_is_a_distribution"),
        ("An arrow that closes a cycle is refused", PAGE + "a_cycle_is_refused_and_shown"),
        ("The intervals cover the exact marginals", PAGE + "intervals_cover_the_marginals")],
    "digits": [("Pixels, chain and tree are distributions", DIM + "a_tree_is_a_distribution"),
        ("So is every kind of neighbours", NET + "a_pixel_network_is_a_distribution"),
        ("So is the mixture, by EM", DIM + "em_on_bernoullis_climbs_to_a_distribution"),
        ("No tree beats the best tree", DIM + "no_tree_is_better_than_chow_and_lius"),
        ("Gaussians agree with SciPy", NET + "gaussian_images_agree_with_scipy"),
        ("Scores are those of each model", PAGE + "scores_are_those_of_the_models")],
}.items()}  # fmt: skip
ui.page(
    "curse_of_dimensionality", Params,
    views={
        "sweep": ui.View("One slider", sweep, dimensionality.sweep_scene,
            ["k", "order", "thickness", "seed"], checks=CHECKED["sweep"],
            says="Drag the slider from 1 to 100 dimensions. Curves are exact, points are drawn."),
        "methods": ui.View("What it does to modelling", sampling,
            dimensionality_methods.methods_scene, ["s", "step", "n", "seed"],
            checks=CHECKED["methods"],
            says="The target is N(0, I). Curves are exact, points are measured with intervals."),
        "network": ui.View("A Bayesian network", network, dimensionality_network.network_scene,
            ["graph", "states", "seed"], checks=CHECKED["network"],
            edits={"arrows": ui.Edit("graph", dimensionality_network.toggled)},
            says="Click a cell of the table to add or remove an arrow, or type the arrows."),
        "digits": ui.View("Real digits", digits, dimensionality_digits.digits_scene,
            ["data", "above", "components", "pseudo", "seed"], checks=CHECKED["digits"],
            says="The slider adds training images. Lower is better, on images never trained on."),
    },
    presets={
        "Ten states": dict(k=10, order=2),
        "0 hits": dict(view="methods", s=2.0),
        "Histogram in ten dimensions": dict(view="methods", s=1.0, n=2000),
        "Cycle refused": dict(view="network", graph="A B C D; A>B, B>C, C>A, C>D"),
        "Naive Bayes": dict(view="network", graph="Spam Free Win Meet Lunch; Spam>Free, Spam>Win, "
                            "Spam>Meet, Spam>Lunch"),
        "MNIST digits": dict(view="digits", data="28 x 28"),
    },
    prediction=ui.Prediction(
        "The density of N(0, I) in 100 dimensions is highest at 0. Where is 95% of the mass?",
        ["Within 2 of the mode, as in one dimension", "Between 8.6 and 11.4 from the mode",
         "Spread evenly from 0 to 10"],
        answer=1,
        because="The volume at radius r grows like r⁹⁹, so a thin shell at √d = 10 holds the mass. "
        "Within 2 of the mode there is practically none.",
    ),
)  # fmt: skip
