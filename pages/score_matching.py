"""What a score is, and how a network learns it from data whose density nobody can write down."""

from dataclasses import dataclass

from dgmlib import ui
from dgmlib.figures.score_dials import dials_scene
from dgmlib.figures.score_field import field_scene, painted
from dgmlib.figures.score_field_learned import learned_scene
from dgmlib.jobs import Job
from dgmlib.scores import dials, field, field_choice, field_learned, field_recorded
from dgmlib.ui import Edit, View


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    data: str = ui.choice("two unequal", field_choice.DATA, label="Data")
    points: str = ui.points("", label="Your own points, used instead of the data above")
    method: str = ui.choice("denoising", field_learned.METHODS, label="Objective",
        help="Explicit: told the answer. Implicit: exact trace. Hutchinson, sliced: probes. "
             "Denoising: told the noise it must undo.")  # fmt: skip
    sigma: float = ui.slider(0.3, 0.02, 1.0, step=0.02, label="σ of denoising")
    probes: int = ui.slider(1, 1, 8, label="Probes m of Hutchinson and sliced")
    training: str = ui.choice("1k", list(field_learned.POINTS), label="Training points")
    steps: int = ui.slider(2000, 100, field_learned.MOST, step=100, label="Steps")
    d: int = ui.slider(8, 1, dials.MOST, label="Dimensions d")
    seed: int = ui.seed(0)


def fields(p: Params) -> field.Field:
    return field.field(p.data, p.points, seed=p.seed)


def learn(p: Params) -> Job[field_learned.Here]:
    return field_learned.here(p.data, p.points, p.method, sigma=p.sigma, probes=p.probes,
                              training=p.training, steps=p.steps, seed=p.seed)  # fmt: skip


def variance(p: Params) -> dials.Dials:
    return dials.dials(p.d, seed=p.seed)


def by(claim: str, test: str, file: str = "score_matching") -> ui.Check:
    return ui.Check(claim, f"tests/test_{file}.py::test_{test}")


EXACT = by("The exact score is the slope of the exact density", "the_exact_score_is_a_slope")
ui.page(
    "score_matching", Params,
    views={
        "field": View("Score field", fields, field_scene,
            ["data", "points", "seed"], edits={"brush": Edit("points", painted)},
            says="Play: from little noise to much. Arrows are as long as |s| / (2 + |s|), fainter "
                 "where fewer data are. Paint points of your own over the exact score.",
            checks=[EXACT, by("The map is the distance of the two", "the_map_is_the_distance"),
                    by("The network's errors are those of its card", "the_card_says_the_same")]),
        "learn": View("Learn here", learn, learned_scene,
            ["data", "method", "sigma", "probes", "training", "steps", "seed", "points"], job=True,
            bound=120.0,
            seconds=lambda p: field_learned.seconds(p.method, p.steps, p.probes, p.points),
            recorded=lambda p: field_recorded.here(
                p.data, p.points, p.method, sigma=p.sigma, probes=p.probes, training=p.training,
                steps=p.steps, seed=p.seed),
            says="The network sees 256 training points a step. It never sees the exact score, "
                 "unless the objective is the explicit one.",
            checks=[by("Loss less that of the exact score is the Fisher divergence",
                       "the_loss_is_the_fisher_divergence_and_a_constant"),
                    by("The Fisher divergence is a quadrature's", "nodes_agree_with_quadrature"),
                    by("The recording can be computed again", "recorded_learning_comes_again")]),
        "variance": View("Cost and variance", variance, dials_scene, ["d", "seed"],
            says="x ~ N(0, Σ) with neighbours correlated by 0.6; the model takes Σ + 0.2 I for Σ. "
                 "Lines: exact. Marks: measured, bars are two standard errors.",
            checks=[by("Means and variances are a quadrature's", "dials_agree_with_quadrature"),
                    by("Measured is near exact in all dimensions", "measured_is_near_exact")]),
    },
    presets={
        "Where no data are": dict(data="8 Gaussians"),
        "Learn by denoising": dict(view="learn"),
        "Too little noise to learn from": dict(view="learn", sigma=0.02),
        "One probe": dict(view="learn", data="8 Gaussians", method="hutchinson", training="20k"),
        "Fifty points": dict(view="learn", method="implicit", training="50"),
        "Thirty-two dimensions": dict(view="variance", d=32),
    },
    prediction=ui.Prediction(
        "A network learned the score of data with little noise, and its loss is nearly the "
        "smallest there is. Where is it wrong?",
        ["Nowhere by much: the loss says so", "Most where the density is highest",
         "Most where there are no data", "Evenly everywhere"],
        answer=2, because="Every objective is a mean over data. Where none fall, nothing says what "
        "the score is, and the loss does not notice. With more noise data fall everywhere.",
    ),
)  # fmt: skip
