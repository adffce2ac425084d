"""Points out of noise in the plane, where the best denoiser is known beside the trained one."""

from dataclasses import dataclass

from dgmlib import ui
from dgmlib.diffusion import (
    plane_choice,
    plane_error,
    plane_heart,
    plane_learned,
    plane_many,
    plane_recorded,
    plane_two,
)
from dgmlib.figures.diffusion_plane import learned_scene, two_scene
from dgmlib.figures.diffusion_plane_error import error_scene
from dgmlib.figures.diffusion_plane_heart import heart_scene, painted
from dgmlib.figures.diffusion_plane_many import many_scene
from dgmlib.jobs import Job
from dgmlib.ui import Edit, View


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    data: str = ui.choice("Swiss roll", plane_choice.DATA, label="Data")
    points: str = ui.points("", label="Your own points, used instead of the data above")
    denoiser: str = ui.choice("exact", plane_choice.DENOISERS, label="Denoiser",
        help="Exact: the best there is, in closed form. Trained: a network.")  # fmt: skip
    first: str = ui.choice("DDPM", list(plane_choice.NAMES), label="Sampler")
    second: str = ui.choice("DDIM", list(plane_choice.NAMES), label="Second sampler")
    steps: int = ui.slider(20, 1, plane_two.MOST_STEPS, label="Steps")
    most: str = ui.choice("1000", plane_many.MOST, label="Up to, steps")
    eta: float = ui.slider(0.0, 0.0, 1.0, step=0.05, label="η of DDIM")
    training: int = ui.slider(3000, 500, plane_learned.MOST, step=500, label="Steps of training")
    seed: int = ui.seed(0)


def samplers(p: Params) -> plane_two.Two:
    return plane_two.two(
        p.data, p.points, p.denoiser, p.first, p.second, eta=p.eta, steps=p.steps, seed=p.seed
    )


def many(p: Params) -> Job[plane_many.Many]:
    steps = plane_many.up_to(p.most)
    return plane_many.many(p.data, p.points, p.denoiser, seed=p.seed, steps=steps)


def error(p: Params) -> plane_error.Errors:
    return plane_error.errors(p.data, p.points, seed=p.seed)


def heart(p: Params) -> plane_heart.Heart:
    return plane_heart.heart(p.data, p.points, seed=p.seed)


def learn(p: Params) -> Job[plane_learned.Here]:
    return plane_learned.here(p.data, p.points, p.training, seed=p.seed)


def by(claim: str, test: str, file: str = "diffusion_plane") -> ui.Check:
    return ui.Check(claim, f"tests/test_{file}.py::test_{test}")


BEST = by("The exact denoiser is the mean by quadrature", "the_best_denoiser_by_quadrature")
FAR = by("W2 is exact, floors are of clouds of data", "distances_are_of_the_clouds")
ui.page(
    "diffusion_plane", Params,
    views={
        "samplers": View("Samplers", samplers, two_scene,
            ["data", "denoiser", "first", "second", "steps", "eta", "seed", "points"],
            says="Same noise, same denoiser. Every layer can be taken away in the legend.",
            checks=[BEST, FAR, by("Both set out from the same noise", "same_noise_for_both"),
                    by("DDIM with η = 0 is Euler, with η = 1 DDPM", "ddim_is_euler_or_ddpm")]),
        "many": View("How many steps", many, many_scene,
            ["data", "denoiser", "most", "seed", "points"], job=True, bound=240.0,
            seconds=lambda p: plane_many.seconds(p.denoiser, p.most),
            recorded=lambda p: plane_recorded.many(p.data, p.points, p.denoiser, seed=p.seed,
                                                   steps=plane_many.up_to(p.most)),
            says="Faint bands: standard error over four seeds. Grey: data against data.",
            checks=[FAR, by("Standard errors", "bands_are_over_seeds", "diffusion_plane_page"),
                    by("The recording can be computed again", "recorded_steps_come_again")]),
        "error": View("Trained against exact", error, error_scene,
            ["data", "seed"], says="Play: from little noise to almost nothing else. Arrows: scores "
                 "times the noise's deviation; a bar is two standard errors.",
            checks=[BEST, by("The loss is own error plus the unknowable", "errors_add_up"),
                    by("q is weighted as it is", "the_density_is_that_of_noisy_data")]),
        "heart": View("By heart", heart, heart_scene,
            ["data", "seed", "points"], edits={"brush": Edit("points", painted)},
            says="Frames: the number of training points. Paint your own with mouse, finger, or "
                 "arrow keys and Enter.",
            checks=[by("Finitely many points are given back", "points_are_given_back"),
                    by("Shares are counted as said", "shares_are_counted")]),
        "learn": View("Learn here", learn, learned_scene,
            ["data", "training", "seed", "points"], job=True, bound=90.0,
            seconds=lambda p: plane_learned.seconds(p.training),
            recorded=lambda p: plane_recorded.here(p.data, p.points, p.training, seed=p.seed),
            says="The network sees 256 noisy points a step, and never the exact answer.",
            checks=[by("No loss goes below the best denoiser's", "the_least_loss"),
                    by("The recording can be computed again", "recorded_learning_comes_again")]),
    },
    presets={
        "Three steps": dict(steps=3),
        "Noise with few steps": dict(steps=8, eta=1.0, first="DDIM", second="DDIM"),
        "Heun pays twice": dict(steps=8, first="Heun", second="Euler"),
        "1 to 1000 steps": dict(view="many"),
        "The same, trained": dict(view="many", denoiser="trained"),
        "Memorised": dict(view="heart"),
        "Learnt too short": dict(view="learn", training=500),
    },
    prediction=ui.Prediction(
        "A denoiser reaches the smallest training loss that is possible on 50 training points. "
        "What does a sampler make with it?",
        ["New points of the same distribution", "The 50 points, nothing else",
         "A blur over all of them"],
        answer=1, because="The smallest loss has the posterior mean over the 50 points, and with "
        "little noise left that is the nearest of them. Press “Memorised” and move the slider.",
    ),
)  # fmt: skip
