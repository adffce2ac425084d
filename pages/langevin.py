"""Following a score: what chains find, where they settle, and how an energy learns from them."""

from dataclasses import dataclass

from dgmlib import ui
from dgmlib.diffusion import plane_choice
from dgmlib.figures import langevin_carry, langevin_forces, langevin_settle, langevin_weights
from dgmlib.figures.diffusion_plane_heart import painted
from dgmlib.scores import carry, forces, proportions, settle, settle_law
from dgmlib.ui import Edit, View


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    weight: float = ui.slider(0.2, 0.05, 0.4, step=0.05, label="Weight w of the left mode")
    distance: float = ui.slider(4.0, 2.0, 6.0, step=0.5, label="Half distance a",
        help="In units of a mode's standard deviation.")  # fmt: skip
    first: float = ui.slider(6.0, 2.5, 12.0, step=0.1, label="First noise σ")
    last: float = ui.slider(0.5, 0.3, 2.0, step=0.1, label="Last noise σ")
    levels: int = ui.slider(12, 1, 12, label="Levels")
    steps: int = ui.slider(12, 1, 30, label="Steps of each level")
    rate: float = ui.slider(0.5, 0.1, 2.4, step=0.1, label="Step size r",
        help="e = r σ² at noise σ. Plain: e = r s², s the deviation of a mode.")  # fmt: skip
    target: str = ui.choice("Gaussian", list(settle_law.TARGETS), label="Density")
    size: float = ui.slider(1.0, 0.1, 2.4, step=0.1, label="Step size r of a chain",
        help="e = r s², with s the narrowest deviation of the density.")  # fmt: skip
    energy: str = ui.choice("bumps", list(forces.ENERGIES), label="Features of the energy")
    k: int = ui.slider(1, 1, 10, label="Steps k of a chain",
        help="For each step of learning: of CD-k and of persistent chains.")  # fmt: skip
    far: int = ui.slider(10, 1, 80, label="Steps of a chain from anywhere")
    move: float = ui.slider(0.1, 0.05, 0.3, step=0.05, label="Step size of a chain")
    data: str = ui.choice("two unequal", plane_choice.DATA, label="Data")
    points: str = ui.points("", label="Your own points, used instead of the data above")
    denoiser: str = ui.choice("exact", plane_choice.DENOISERS, label="Score",
        help="Of the best denoiser, in closed form, or of a network that was trained.")  # fmt: skip
    seed: int = ui.seed(0)


def weights(p: Params) -> proportions.Proportions:
    return proportions.proportions(
        p.weight, p.distance, first=p.first, last=p.last, levels=p.levels, steps=p.steps,
        rate=p.rate, seed=p.seed,
    )  # fmt: skip


def settled(p: Params) -> settle.Settled:
    return settle.settled(p.target, p.size, seed=p.seed)


def learners(p: Params) -> forces.Forces:
    return forces.forces(p.energy, p.k, p.far, step_size=p.move, seed=p.seed)


def plane(p: Params) -> carry.Carried:
    return carry.carried(
        p.data, p.points, p.denoiser, levels=p.levels, steps=p.steps, rate=p.rate, seed=p.seed
    )


def by(claim: str, test: str, file: str = "langevin") -> ui.Check:
    return ui.Check(claim, f"tests/test_{file}.py::test_{test}")


LIBRARY, ENERGY = "scores_langevin", "scores_energy"
of_grip = langevin_weights.sigma_of_handle
ui.page(
    "langevin", Params,
    views={
        "weights": View("Blind to weights", weights, langevin_weights.weights_scene,
            ["weight", "distance", "first", "last", "levels", "steps", "rate", "seed"],
            edits={"first": Edit("first", of_grip), "last": Edit("last", of_grip)},
            says="Same start, same noise. Drag both ends of the schedule. Bands: two standard "
                 "errors of 400 chains.",
            checks=[by("Shares by the law are those of chains", "chains_follow_the_law"),
                    by("Fisher and KL by quadrature", "the_score_is_blind_to_weights", LIBRARY),
                    by("A Gaussian, step by step", "annealing_a_gaussian_step_by_step", LIBRARY)]),
        "settle": View("Where ULA settles", settled, langevin_settle.settle_scene,
            ["target", "size", "seed"],
            says="Play: chains start at 3. Lines are exact, bars are 1,000 chains of the same "
                 "start and noise.",
            checks=[by("Settled ULA is the closed form", "ula_settles_at_its_closed_form"),
                    by("Chains follow the exact law", "chains_end_where_the_law_says", LIBRARY),
                    by("MALA is in detailed balance", "mala_is_exact_with_any_drift", LIBRARY)]),
        "forces": View("Two forces", learners, langevin_forces.forces_scene,
            ["energy", "k", "far", "move", "seed"],
            says="Data pull the energy down where they are, the model's samples push it up where "
                 "they are. Bars: its chains, Langevin with refusals (MALA).",
            checks=[by("The gradient, by differences", "the_gradient_has_the_right_sign", ENERGY),
                    by("The mean of CD-k by its law", "cd_k_pulls_as_its_exact_mean_says", ENERGY),
                    by("The push at x is the change of the energy", "forces_move_the_energy")]),
        "plane": View("In the plane", plane, langevin_carry.carry_scene,
            ["data", "denoiser", "levels", "steps", "rate", "seed", "points"],
            edits={"brush": Edit("points", painted)},
            says="The data and denoisers of the diffusion page. Paint your own with mouse, finger, "
                 "or arrow keys and Enter. Below the numbers: a link that carries this state over.",
            checks=[by("A denoiser is a score", "a_denoiser_is_a_score"),
                    by("W₂ is of the chains", "distances_are_of_the_chains")]),
    },
    presets={
        "Plain Langevin is stuck": dict(distance=6.0),
        "Near modes: no need to anneal": dict(distance=2.0, steps=30),
        "Cooled too fast": dict(levels=3, steps=5),
        "Step too large": dict(rate=2.2),
        "ULA's bias, MALA's refusals": dict(view="settle", target="two modes"),
        "ULA leaves": dict(view="settle", size=2.1),
        "CD-1 is biased": dict(view="forces"),
        "Longer chains": dict(view="forces", k=10, far=80),
        "Lost between the moons": dict(view="plane", data="two moons"),
    },
    prediction=ui.Prediction(
        "Two modes far apart have weights 0.2 and 0.8. Chains start evenly over both and follow "
        "the exact score, with noise. What share ends in each?",
        ["0.2 and 0.8", "About half and half", "All in the heavier one"],
        answer=1, because="Near a mode the score is that of the mode alone, whatever its weight. "
        "A chain ends in the mode it started nearer to. Annealing repairs it: the other curve."),
)  # fmt: skip
