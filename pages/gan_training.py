"""Two networks against each other in the plane: one run, two methods, eight seeds."""

from dataclasses import dataclass

import numpy as np

from dgmlib import ui
from dgmlib.data.points import encode
from dgmlib.figures import training, training_data, training_seeds
from dgmlib.gan import eight_seeds, given, methods, recorded, side_by_side, watched
from dgmlib.gan.recorded import RUNS
from dgmlib.jobs import Job
from dgmlib.ui import Edit, View

HELP = """Turns of critic, generator or both, as in "200 both, 50 critic, lr=0.0003, 100 both".
Settings: lr, critic_lr, n_critic, batch, penalty, clip, gain, beta1, beta2."""


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    data: str = ui.choice("8 Gaussians", watched.NAMES, label="Data")
    points: str = ui.points("", label="Your own points, used instead of the data above")
    method: str = ui.choice("non-saturating", methods.METHODS, label="Method")
    other: str = ui.choice("wgan-gp", methods.METHODS, label="Second method")
    script: str = ui.handles(RUNS["one"].script, label="Who moves, and how", parse=watched.readable,
        ends=["1 generator", "lr=0.01, 30 both, 5 critic"], help=HELP)  # fmt: skip
    seed: int = ui.seed(0)


def one(p: Params) -> Job[watched.Watched]:
    return watched.watch(p.method, watched.data(p.data, p.points), p.script, seed=p.seed)


def two(p: Params) -> Job[side_by_side.Pair]:
    data = watched.data(p.data, p.points)
    return side_by_side.pair(p.method, p.other, data, p.script, seed=p.seed)


def seeds(p: Params) -> Job[eight_seeds.Seeds]:
    data = watched.data(p.data, p.points)
    return eight_seeds.several(p.method, data, p.script, seed=p.seed)


def yours(p: Params) -> given.Given:
    return given.given(p.data, p.points)


def by(claim: str, test: str, file: str = "gan_training_page") -> ui.Check:
    return ui.Check(claim, f"tests/test_{file}.py::test_{test}")


def known(p: Params, view: recorded.View) -> object:
    """What was played before with these parameters."""
    other = p.other if view == "two" else ""
    return recorded.find(view, p.method, p.data, p.points, p.script, seed=p.seed, other=other)


RUN = {name: dict(method=r.method, script=r.script, data=r.data) for name, r in RUNS.items()}
GAME = ["data", "method", "script", "seed", "points"]
MADE = [by("The recording is what its parameters compute", "recordings_can_be_played_again",
           "gan_games"),
        by("W2 is exact, modes are counted as said", "what_is_measured_is_what_it_says",
           "gan_recording")]  # fmt: skip
paint = Edit("points", lambda done: encode(np.array(done["xy"])))
ui.page(
    "gan_training", Params,
    views={
        "one": View("One run", one, training.one_scene, GAME, job=True, bound=90.0,
            edits={"on": Edit("script", training.go_on)},
            seconds=lambda p: watched.seconds(p.method, p.script),
            recorded=lambda p: known(p, "one"),
            says="Red arrows: where D's slope sends samples under G's loss, one scale for the run. "
                 "Every layer can be taken away in the legend.",
            checks=[*MADE, by("The picture is the run", "the_picture_is_the_run"),
                    by("A click appends to the script", "a_click_goes_on"),
                    by("Captions say the numbers", "captions_say_the_numbers")]),
        "two": View("Two methods", two, training.two_scene,
            ["data", "method", "other", "script", "seed", "points"], job=True, bound=180.0,
            seconds=lambda p: sum(watched.seconds(m, p.script, side_by_side.FRAMES)
                                  for m in (p.method, p.other)),
            recorded=lambda p: known(p, "two"),
            says="Same seed: the same first G, the same batches, the same noise at every move.",
            checks=[*MADE, by("Both begin alike", "two_methods_begin_alike", "gan_games"),
                    by("They meet the same noise", "two_methods_meet_the_same_noise",
                       "gan_training")]),
        "seeds": View("Eight seeds", seeds, training_seeds.seeds_scene, GAME, job=True, bound=300.0,
            seconds=lambda p: eight_seeds.SEEDS * watched.seconds(p.method, p.script, 12),
            recorded=lambda p: known(p, "seeds"),
            says="The seed decides first weights, batches and noise. Samples far away are drawn at "
                 "the edge.",
            checks=[*MADE, by("Each picture is its seed's run", "each_seed_is_its_own_run",
                               "gan_games"),
                    by("Spread over seeds is said", "the_spread_is_over_seeds")]),
        "data": View("Your data", yours, training_data.data_scene, ["data", "points"],
            edits={"brush": paint},
            says="Paint with mouse, finger, or arrow keys and Enter; or open a CSV file. "
                 "Then press Run in another view.",
            checks=[by("Painted points are what is learnt", "own_points_are_what_is_learnt",
                       "gan_games")]),
    },
    presets={
        "Mode collapse": RUN["collapse"], "Vanishing gradient": RUN["vanishing"],
        "Clipping too tight": RUN["clipped"], "Cycling": RUN["cycling"],
        "G alone": RUN["alone"], "Beside WGAN-GP": dict(view="two"),
        "Is it luck?": dict(view="seeds"),
    },
    prediction=ui.Prediction(
        "After 600 rounds G finds all eight Gaussians. Now D stops and G alone makes 300 moves "
        "against it. What happens to the samples?",
        ["They all run to the one place where D is highest", "They spread over the plane again",
         "They stay, a little closer to the modes"],
        answer=2, because="By then D has a hill at every mode, and a sample climbs the nearest: "
        "66 % were near a mode before, 74 % after. Press “G alone”. Against a D that has learnt "
        "less it ends otherwise: write “30 critic, 300 generator”.",
    ),
)  # fmt: skip
