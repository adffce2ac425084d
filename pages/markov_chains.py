"""A small Markov chain: does it forget its start, what does it settle to, and how fast?"""

from dataclasses import dataclass

import numpy as np

from dgmlib import ui
from dgmlib.figures import markov, markov_classes, markov_flows, markov_speed
from dgmlib.markov import forgetting, named, returns, reversal, text, walked


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    chain: str = ui.choice("five pages", named.NAMES, label="Chain")
    rows: str = ui.handles(
        "0.5 0.5 0, 0.25 0.5 0.25, 0 0.5 0.5", label="Own rows, if chosen above",
        parse=text.parse_chain,
        ends=["1 0, 0 1", ", ".join(["9 1 1 1 1 0"] * 3 + ["0 0 0 0 0 1e-5"] * 3)],
        help="Weights, row by row, separated by commas. Used when the chain is “own rows”.",
    )  # fmt: skip
    start: str = ui.choice("A", [*text.LETTERS, "uniform"], label="Start in")
    walkers: int = ui.slider(600, 20, 2000, step=20, label="Walkers n")
    steps: int = ui.slider(40, 10, 200, step=10, label="Steps T")
    seed: int = ui.seed()


def walkers(p: Params) -> walked.Walked:
    chain, rng = named.load(p.chain, rows=p.rows), np.random.default_rng(p.seed)
    return walked.walked(chain, start=p.start, n_walkers=p.walkers, n_steps=p.steps, rng=rng)


def classes(p: Params) -> returns.Returns:
    return returns.returns(named.load(p.chain, rows=p.rows), n_steps=p.steps)


def flows(p: Params) -> reversal.Turned:
    return reversal.turned(named.load(p.chain, rows=p.rows), start=p.start)


def speed(p: Params) -> forgetting.Forgetting:
    return forgetting.forgetting(named.load(p.chain, rows=p.rows), n_steps=p.steps)


def clicked(done: dict) -> str:
    """The rows after a click on the matrix of the chain that is shown."""
    P = named.load(done["p"].chain, rows=done["p"].rows).P
    return text.format_chain(text.click(P, *done["xy"]))


EDIT = {"cell": ui.Edit("rows", clicked, also={"chain": named.OWN})}
TESTS = "tests/test_markov_{}.py::test_{}"
CHECKED = {v: [ui.Check(c, TESTS.format(f, t)) for c, f, t in all_] for v, all_ in {
    "walkers": [("Bars, walkers and arrows are the numbers of the run", "page",
            "bars_walkers_and_graph_are_the_run"),
        ("The error bars are those of repeated crowds", "chains", "the_error_bars_are_honest"),
        ("The long run is the limit of the average over time", "chains",
            "the_long_run_is_the_average_over_time")],
    "classes": [("Periods agree with all walks written down", "chains",
            "the_period_is_a_gcd_and_no_shortest_return"),
        ("Ends and steps solve their linear equations", "chains",
            "ends_solve_their_linear_equations"),
        ("The mean time of return is 1/π, by first returns", "chains",
            "return_time_is_one_over_pi")],
    "flows": [("Every mixture with the film backwards keeps π", "chains",
            "the_reversed_chain_shows_the_film_backwards"),
        ("Reversible or not, as all simple cycles say", "chains",
            "kolmogorov_agrees_with_detailed_balance"),
        ("Entropy production is a KL divergence of paths", "chains",
            "entropy_production_is_the_divergence_between_film_and_reversed_film")],
    "speed": [("No distance is above its bounds", "chains", "distances_and_their_bounds"),
        ("Mixing times agree with a search step by step", "chains",
            "mixing_time_agrees_with_a_step_by_step_search"),
        ("The curves are these distances", "page", "speed_curves_are_the_distances")],
}.items()}  # fmt: skip
ui.page(
    "markov_chains", Params,
    views={
        "walkers": ui.View("Walkers", walkers, markov.walkers_scene,
            ["chain", "start", "walkers", "steps", "rows", "seed"], edits=EDIT,
            checks=CHECKED["walkers"],
            says="Click in the matrix to change a probability; the rest of its row follows."),
        "classes": ui.View("Classes and period", classes, markov_classes.classes_scene,
            ["chain", "steps", "rows"], edits=EDIT, checks=CHECKED["classes"],
            says="Period: the gcd of all times of return. Click arrows away until it falls apart."),
        "flows": ui.View("Detailed balance", flows, markov_flows.flows_scene,
            ["chain", "start", "rows"], edits=EDIT, checks=CHECKED["flows"],
            says="Play: the chain is mixed with its film backwards. π stays, the net flow turns."),
        "speed": ui.View("How fast it forgets", speed, markov_speed.speed_scene,
            ["chain", "steps", "rows"], edits=EDIT, checks=CHECKED["speed"],
            says="Play: the chain stays where it is with probability a, more and more often."),
    },
    presets={
        "Periodic: never settles": dict(chain="ring of 6"),
        "Laziness cures it": dict(view="speed", chain="ring of 6"),
        "Two classes": dict(view="classes", chain="two classes"),
        "Not reversible": dict(view="flows", chain="one way round"),
        "Almost disconnected: slow": dict(view="speed", chain="two islands", steps=200),
        "Gambler's ruin": dict(chain="gambler's ruin", start="C"),
    },
    prediction=ui.Prediction(
        "600 walkers start in one state of a ring of 6. Each step a coin sends each of them left "
        "or right. Where are they after 1,000 steps?",
        ["Spread evenly over all six", "On three of the six, none on the others", "Mostly near A"],
        answer=1,
        because="On A, C, E at even times, on B, D, F at odd ones: the period is 2. π₀Pᵗ "
        "never settles, though its average over time does. See “Periodic: never settles”.",
    ),
)  # fmt: skip
