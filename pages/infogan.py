"""InfoGAN: codes turned, the information in them, a digit read; three GANs side by side."""

from dataclasses import dataclass

import numpy as np

from dgmlib import ui
from dgmlib.data import own_digit
from dgmlib.figures import infogan_codes, infogan_information, infogan_plane, infogan_reader
from dgmlib.gan import digit_information, digit_plane, digit_reader, digit_sweep, digit_text
from dgmlib.ui import Edit, View

CODES = ["first", "second"]
SHEET = dict(rows=digit_sweep.ROWS, columns=10)
SQUARE = dict(rows=digit_plane.SIDE, columns=digit_plane.SIDE)


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    code: str = ui.choice("first", CODES, label="Code to turn")
    image: str = ui.handles(
        "1 4", label="Picked: row column", ends=["1 1", "3 10"],
        parse=lambda text: digit_text.parse(text, **SHEET))  # fmt: skip
    times: float = ui.slider(1.0, 0.0, 3.0, step=0.1, label="Noise, times the trained")
    images: int = ui.slider(200, 100, 500, step=100, label="Pictures")
    digit: str = ui.digit()
    centre: bool = ui.toggle(True, label="Centre my own digit", help="As MNIST's digits were.")
    spot: str = ui.handles(
        "gan 1 1", label="Picked: network row column", ends=["gan 1 1", "infogan 4 4"],
        parse=lambda text: digit_text.parse_sheet(text, digit_plane.NAMES, **SQUARE))  # fmt: skip
    seed: int = ui.seed(1)


def codes(p: Params) -> digit_sweep.Sweep:
    picked = digit_text.parse(p.image, rows=digit_sweep.ROWS, columns=10)
    which = ["first", "second"].index(p.code)
    return digit_sweep.turn("infogan", which=which, picked=picked, times=p.times, seed=p.seed)


def information(p: Params) -> digit_information.Known:
    return digit_information.know("infogan", images=p.images, times=p.times, seed=p.seed)


def yours(p: Params) -> digit_reader.Seen:
    rng = np.random.default_rng(p.seed)
    return digit_reader.look("infogan", p.digit, centre=p.centre, rng=rng)


def three(p: Params) -> digit_plane.Three:
    side = digit_plane.SIDE
    spot = digit_text.parse_sheet(p.spot, digit_plane.NAMES, rows=side, columns=side)
    return digit_plane.look(spot, times=p.times, seed=p.seed)


def by(claim: str, test: str, file: str = "infogan") -> ui.Check:
    return ui.Check(claim, f"tests/test_{file}.py::test_{test}")


SCRIBBLE = ("AAAAAAAAAAAAAAAAAAAAAAAAD8PAAP-8AB9_wAH7-AAfn4AB-fgAP4-AA234ADbfgAM9_AAz98ADN34AM2fgA"
            "x5-ABn24AGf7wAZ_nAA_-cAAAAAAAAAAAAAAAAAAAAAAAA")  # fmt: skip
ui.page(
    "infogan", Params,
    views={
        "codes": View("Codes", codes, infogan_codes.codes_scene,
            ["code", "image", "times", "seed"],
            edits={"image": Edit("image", digit_text.of_click("", **SHEET))},
            says="Turn one code; click a picture to ask the reader about it.",
            checks=[by("One code turns, all else stays", "one_code_turns_and_nothing_else"),
                    by("Ink, lean and width are measured", "looks_of_known_figures")]),
        "information": View("Information", information, infogan_information.information_scene,
            ["images", "times", "seed"],
            says="Make the reader surer or less sure of itself. Then turn the noise up.",
            checks=[by("H(c|r) = E_r[H(c|r = y)]", "entropies_are_those_of_the_table"),
                    by("L and its error", "the_bound_is_what_its_formula_says"),
                    by("The gap is a KL", "the_gap_is_the_kl_between_the_bars")]),
        "digit": View("Your digit", yours, infogan_reader.reader_scene,
            ["digit", "centre", "seed"], edits={"pad": Edit("digit", own_digit.of_pad)},
            says="Draw, or take a digit. The reader names its codes, the generator draws them.",
            checks=[by("Read, and drawn back", "a_digit_is_read_in_grey_and_drawn_back"),
                    ui.Check("The naming is the best of all", "tests/test_latent_space.py::"
                             "test_the_best_naming_is_the_best_of_all")]),
        "three": View("Three GANs", three, infogan_plane.plane_scene,
            ["spot", "times", "seed"],
            edits={n: Edit("spot", digit_text.of_click(n, **SQUARE)) for n in digit_plane.NAMES},
            says="One plane of noise, three networks. Click a picture: is it a copy?",
            checks=[by("The plane of three draws", "the_plane_goes_through_three_draws"),
                    by("The nearest is the nearest", "the_nearest_digit_is_the_nearest"),
                    by("Scores are those of the cards", "the_scores_are_those_of_the_cards",
                       "infogan_page")]),
    },
    presets={
        "A code changes the digit": dict(image="2 5", seed=2),
        "Beyond the training": dict(image="3 7", seed=2),
        "Too much noise": dict(view="information", times=2.5),
        "A digit misread": dict(view="digit", digit="n:77"),
        "A scribble has a category": dict(view="digit", digit=SCRIBBLE),
        "The nearest to a copy": dict(view="three", spot="infogan 3 2"),
    },
    prediction=ui.Prediction(
        "The reader names the category of generated pictures nearly without fail. How many of the "
        "bundled digits, which people wrote, does it put into the right one?",
        ["Nearly all: above 98%", "About nine in ten", "About one in two"],
        answer=1, because="It is 91.4% of the bundled digits, and 90.8% of MNIST's test images. "
        "The reward asks generator and reader to agree with each other, not with people."),
)  # fmt: skip
