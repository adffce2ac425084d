"""Trained VAEs: a digit encoded, the plane decoded, paths, classes, clusters."""

from dataclasses import dataclass

import numpy as np

from dgmlib import ui
from dgmlib.data import own_digit
from dgmlib.figures import latent_classes, latent_clusters, latent_digit, latent_map, latent_paths
from dgmlib.ui import Edit, View
from dgmlib.vae import clusters_seen, one_digit, paths, told_class, whole_plane, z_text

CLASSES = [str(c) for c in range(10)]


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    digit: str = ui.digit()
    centre: bool = ui.toggle(True, label="Centre my own digit", help="As MNIST's digits were.")
    z: str = ui.handles("", label="z: z₁ z₂", parse=z_text.parse, ends=["", "3.5 -4"])
    place: str = ui.handles("", label="Place: z₁ z₂", parse=z_text.parse, ends=["", "-4 4"])
    factor: int = ui.slider(10, 2, 100, label="A hole has p(z)/q(z) above")
    other: int = ui.slider(42, 0, 4999, label="Second digit")
    ends: str = ui.choice("draws of q", paths.ENDS, label="Ends")
    told: str = ui.choice("3", CLASSES, label="Class told to the encoder")
    direction: int = ui.slider(1, 1, 20, label="Coordinate, by use")
    seed: int = ui.seed(1)


def digit(p: Params) -> one_digit.Look:
    seen = own_digit.parse(p.digit, centre=p.centre)
    return one_digit.look("vae-2d", seen, z_text.parse(p.z))


def plane(p: Params) -> whole_plane.Map:
    at, rng = z_text.parse(p.place), np.random.default_rng(p.seed)
    return whole_plane.look("vae-2d", at, factor=p.factor, beside="vae-dynamic", rng=rng)


def ways(p: Params) -> paths.Paths:
    first = own_digit.parse(p.digit, centre=p.centre)
    second, rng = own_digit.parse(f"n:{p.other}"), np.random.default_rng(p.seed)
    return paths.between("vae-dynamic", first, second, ends=p.ends, rng=rng)


def classes(p: Params) -> told_class.Told:
    seen, rng = own_digit.parse(p.digit, centre=p.centre), np.random.default_rng(p.seed)
    return told_class.tell("cvae", seen, told=int(p.told), direction=p.direction - 1, rng=rng)


def clusters(p: Params) -> clusters_seen.Clusters:
    seen = own_digit.parse(p.digit, centre=p.centre)
    return clusters_seen.look("vade", seen, rng=np.random.default_rng(p.seed))


def by(claim: str, test: str) -> ui.Check:
    return ui.Check(claim, f"tests/test_latent_space.py::test_{test}")


draw = Edit("digit", own_digit.of_pad, also={"z": ""})
pick = Edit("place", z_text.of_edit)
SCRIBBLE = ("AAAAAAAAAAAAAAAAAAAAAAAAD8PAAP-8AB9_wAH7-AAfn4AB-fgAP4-AA234ADbfgAM9_AAz98ADN34AM2fgA"
            "x5-ABn24AGf7wAZ_nAA_-cAAAAAAAAAAAAAAAAAAAAAAAA")  # fmt: skip
ui.page(
    "vae_latent_space", Params,
    views={
        "digit": View("A digit", digit, latent_digit.digit_scene, ["digit", "centre", "z"],
            edits={"pad": draw, "z": Edit("z", z_text.of_edit)},
            says="Draw, or take a digit. Drag z over the plane and watch what it decodes to.",
            checks=[by("log p(x) = bound + KL(q ‖ posterior)", "bound_plus_gap_is_the_evidence"),
                    by("The close-up is the exact posterior", "close_up_is_the_exact_posterior"),
                    by("The z you drag is decoded", "a_dragged_z_is_the_one_that_is_decoded")]),
        "map": View("The map and its holes", plane, latent_map.map_scene,
            ["place", "factor", "seed"], edits={"pick": pick, "hole": pick},
            says="Click a hole, or any place: the last picture decodes it.",
            checks=[by("Rate = I(z; n) + KL(q(z) ‖ p(z))", "rate_is_information_plus_distance"),
                    by("Holes are where they are marked", "a_carved_hole_is_found_and_weighed"),
                    by("Each tile decodes its place", "every_tile_decodes_its_own_place")]),
        "paths": View("Paths", ways, latent_paths.paths_scene,
            ["digit", "centre", "other", "ends", "seed"],
            says="A VAE with 50 latents. Play: both ways go from the first digit to the second.",
            checks=[by("Both ways join the codes", "both_ways_begin_and_end_at_the_codes"),
                    by("Doubt is the bits' entropy", "doubt_is_the_entropy_of_the_bits")]),
        "classes": View("Classes", classes, latent_classes.classes_scene,
            ["digit", "centre", "told", "direction", "seed"], edits={"pad": draw},
            says="Both networks of this VAE are told the class. A row is one z, in ten classes.",
            checks=[by("One z, ten classes", "one_style_in_ten_classes"),
                    by("p(c|x) is Bayes' rule on the bounds", "bayes_rule_names_the_class")]),
        "clusters": View("Clusters", clusters, latent_clusters.clusters_scene,
            ["digit", "centre", "seed"], edits={"pad": draw},
            says="The prior of this VAE is a mixture of ten Gaussians. It never saw a class.",
            checks=[by("The naming is the best of all", "the_best_naming_is_the_best_of_all"),
                    by("Who falls where", "digits_fall_into_their_likeliest_cluster")]),
    },
    presets={
        "The encoder misses": dict(digit="n:21"),
        "No digit at all": dict(digit=SCRIBBLE),
        "A hole, decoded": dict(view="map", factor=30),
        "Straight through the middle": dict(view="paths", digit="n:0", other=9),
        "Told the wrong class": dict(view="classes", told="1"),
        "A scribble must belong somewhere": dict(view="clusters", digit=SCRIBBLE),
    },
    prediction=ui.Prediction(
        "You draw z from the prior and decode it. How often does z land where the encoder sends "
        "hardly anything: q(z) below a tenth of p(z), inside the disc of 95%?",
        ["Hardly ever: training pulls q(z) onto p(z)", "About one time in nine", "Mostly"],
        answer=1, because="About 11% of the prior's mass is there: see the map. The bound pulls "
        "each q(z|x) towards the prior, and their average only as a by-product."),
)  # fmt: skip
