"""Noise and back on the line: the density at all times, schedules and their end, the bound."""

from dataclasses import dataclass
from typing import cast

from dgmlib import ui
from dgmlib.diffusion import line, line_bound, line_health, own_schedule
from dgmlib.diffusion.elbo import Variance
from dgmlib.diffusion.own_schedule import chosen
from dgmlib.figures import diffusion_bound, diffusion_health, diffusion_line
from dgmlib.ui import View


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    data: str = ui.choice("two bumps", list(line.DATA), label="Data")
    way: str = ui.choice("back, DDPM", list(line.WAYS), label="Way")
    plan: str = ui.choice("cosine", [*line.PLANS, own_schedule.OWN], label="Schedule",
        help="“linear” has betas made for T steps; its namesake those made for 1,000.")  # fmt: skip
    own: str = ui.handles("0.95 0.75 0.4 0.2", label="Yours: √ᾱ at ¼, ½, ¾ and all of T",
        parse=own_schedule.parse, help="Or drag it in “Where the noise ends”.")  # fmt: skip
    steps: int = ui.slider(60, 5, 300, step=5, label="Steps T")
    variance: str = ui.choice("beta", ["beta", "posterior"], label="Variance of a step back",
        help="β_t, or the smaller variance of q(x_{t−1} | x_t, x₀).")  # fmt: skip
    off: float = ui.slider(0.0, -0.5, 0.5, step=0.05, label="Error of ε̂",
        help="Added to the best ε̂ at every x and t.")  # fmt: skip
    draws: int = ui.slider(400, 100, 1500, step=100, label="Draws")
    seed: int = ui.seed(0)


def walk(p: Params) -> line.Walk:
    return line.walk(p.data, p.way, chosen(p.plan, p.own), p.steps, seed=p.seed)


def health(p: Params) -> line_health.Sweep:
    return line_health.sweep(p.data, chosen(p.plan, p.own))


def bound(p: Params) -> line_bound.Bound:
    variance = cast(Variance, p.variance)
    return line_bound.bound(chosen(p.plan, p.own), variance, off=p.off, draws=p.draws, seed=p.seed)


def by(claim: str, test: str, file: str = "diffusion_line") -> ui.Check:
    return ui.Check(claim, f"tests/test_{file}.py::test_{test}")


ui.page(
    "diffusion_line", Params,
    views={
        "walk": View("There and back", walk, diffusion_line.walk_scene,
            ["data", "way", "plan", "own", "steps", "seed"],
            says="Play: particles follow the density through time. Back they start from N(0, 1) "
                 "and know the best ε̂, and nothing else.",
            checks=[by("The density is the one of x_t", "the_density_is_that_of_noised_data"),
                    by("Back, they follow the data", "particles_come_back_to_the_data"),
                    by("Steps and leap have one law", "steps_and_leap_have_one_law",
                       "diffusion_process")]),
        "health": View("Where the noise ends", health, diffusion_health.health_scene,
            ["data", "plan", "own"], edits={"shares": ui.Edit("own", own_schedule.of_handles)},
            says="Slide the number of steps. Red: sampling starts from a distribution that the "
                 "noise has not reached. Choose “your own” and drag it.",
            checks=[by("KL by a sum is KL by quadrature", "the_sum_is_the_integral"),
                    by("Quantiles flow to quantiles", "the_flow_carries_quantiles"),
                    ui.Check("A schedule runs through its handles",
                             "tests/test_own_schedule.py::test_the_curve_runs_through_the_knots"),
                    by("The price is the prior term", "most_is_the_prior_term",
                       "diffusion_process")]),
        "bound": View("The bound, term by term", bound, diffusion_bound.bound_scene,
            ["plan", "own", "variance", "off", "draws", "seed"],
            says="Data are N(0.5, 0.4²) here, so every term has an exact value. Two ways to sum "
                 "up the same bound: watch their errors.",
            checks=[by("Terms are closed forms", "closed_forms_are_what_draws_give"),
                    by("p(x₀) is the chain's", "the_model_is_what_the_chain_makes"),
                    by("Both sums have one mean", "terms_against_closed_forms",
                       "diffusion_elbo")]),
    },
    presets={
        "Forth": dict(way="forth"),
        "Ten steps back": dict(steps=10, way="back, DDPM"),
        "Ten steps by Heun": dict(steps=10, plan="linear", way="back, Heun"),
        "Heun overshoots": dict(steps=20, plan="sigmoid", way="back, Heun"),
        "The trap: betas of T = 1000": dict(view="health", plan="linear of T = 1000"),
        "Your own: it stops too early": dict(view="health", plan=own_schedule.OWN),
        "Lost on the way": dict(plan="linear of T = 1000", steps=60, data="three"),
        "The smaller variance never gets there": dict(view="bound", variance="posterior"),
        "A wrong ε̂": dict(view="bound", plan="linear", off=0.2),
    },
    prediction=ui.Prediction(
        "A paper uses 1,000 steps with β from 0.0001 to 0.02. You take 200 steps with the same β "
        "to save time. Sampling starts from N(0, 1) as ever. How much of x₀ is left in x_T?",
        ["Nothing to speak of: below 1 %", "About a tenth", "More than a third"],
        answer=2, because="√ᾱ_T = 0.36. The betas were made for 1,000 steps: five times fewer of "
        "them add a fifth of the noise. Open “The trap” and slide T."),
)  # fmt: skip
