"""Markov chain Monte Carlo: two samplers from the same start, and one that is wrong."""

from dataclasses import dataclass

import numpy as np

from dgmlib import ui
from dgmlib.experiments import arena, by_name, checkup, discretised, laboratory, spot_the_bug
from dgmlib.figures import mcmc, mcmc_bug, mcmc_checkup, mcmc_exact
from dgmlib.ui import Edit, View


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    target: str = ui.choice("correlated", arena.NAMES, label="Density")
    first: str = ui.choice("random walk", by_name.NAMES, label="Sampler 1")
    second: str = ui.choice("HMC", by_name.NAMES, label="Sampler 2")
    step: float = ui.slider(0.5, 0.05, 3.0, step=0.05, label="Step length of 1")
    step2: float = ui.slider(0.2, 0.05, 3.0, step=0.05, label="Step length of 2")
    leapfrog: int = ui.slider(8, 1, 20, label="Leapfrog steps (HMC)")
    start: str = ui.handles("", label="Start: x₁ x₂", parse=arena.parse_start, ends=["", "1 -1.5"])
    begin: str = ui.choice("apart", checkup.STARTS, label="Four chains start")
    n: int = ui.slider(400, 100, 1000, step=20, label="Steps of each chain")
    coordinate: str = ui.choice("x₁", ["x₁", "x₂"], label="Coordinate")
    shape: str = ui.choice("two hills", discretised.SHAPES, label="Density on cells")
    width: float = ui.slider(0.5, 0.1, 3.0, step=0.1, label="Proposal's sd")
    gap: float = ui.slider(3.0, 1.0, 4.0, step=0.25, label="Gap between the hills")
    lazy: bool = ui.toggle(False, label="Lazy chain", help="Stays put half of the time.")
    chains: int = ui.slider(1000, 100, 5000, step=100, label="Running chains")
    case: int = ui.slider(3, 1, spot_the_bug.CASES, label="Puzzle")
    tool: str = ui.choice("R-hat and ESS", spot_the_bug.TOOLS, label="Look with")
    guess: str = ui.choice("none yet", ["none yet", "A", "B", "C", "D", "E"], label="Your guess")
    reveal: bool = ui.toggle(False, label="Reveal")
    seed: int = ui.seed(1)


def duel(p: Params) -> laboratory.Duel:
    space = arena.load(p.target)
    start, moved = arena.place(space, arena.parse_start(p.start))
    first = laboratory.record(p.first, space, start, n_steps=240, step=p.step,
        n_leapfrog=p.leapfrog, rng=np.random.default_rng(p.seed))  # fmt: skip
    second = laboratory.record(p.second, space, start, n_steps=240, step=p.step2,
        n_leapfrog=p.leapfrog, rng=np.random.default_rng(p.seed))  # fmt: skip
    return laboratory.Duel(arena.plane(p.target, space), first, second, start, moved)


def diagnostics(p: Params) -> checkup.Checkup:
    space, j = arena.load(p.target), int(p.coordinate == "x₂")
    at, starts = checkup.lengths(p.n), checkup.starts(space, p.begin, arena.parse_start(p.start))
    first = checkup.watch(p.first, space, starts, lengths=at, coordinate=j, step=p.step,
        n_leapfrog=p.leapfrog, rng=np.random.default_rng(p.seed))  # fmt: skip
    second = checkup.watch(p.second, space, starts, lengths=at, coordinate=j, step=p.step2,
        n_leapfrog=p.leapfrog, rng=np.random.default_rng(p.seed))  # fmt: skip
    return checkup.checkup(space, first, second, at, j)


def exact(p: Params) -> discretised.Watched:
    cells, rng = discretised.cells(p.shape, p.width, p.gap, p.lazy), np.random.default_rng(p.seed)
    return discretised.watch(cells, start=-p.gap / 2, n_steps=200, chains=p.chains, rng=rng)


def bug(p: Params) -> spot_the_bug.Riddle:
    rng, guess = np.random.default_rng(p.seed), p.guess.replace("none yet", "")
    return spot_the_bug.riddle(p.case, tool=p.tool, guess=guess, reveal=p.reveal, rng=rng)


def by(claim: str, test: str, file: str = "mcmc_page") -> ui.Check:
    return ui.Check(claim, f"tests/test_{file}.py::test_{test}")


LAWS, SAMPLERS = "wrong_on_purpose", ["target", "first", "second", "step", "step2", "leapfrog"]
MODES = dict(view="diagnostics", target="two modes", first="HMC", second="tempering", step=0.3,
             step2=0.8, n=800)  # fmt: skip
ui.page(
    "mcmc", Params,
    views={
        "duel": View("Side by side", duel, mcmc.duel_scene, [*SAMPLERS, "seed"],
            edits={"start": Edit("start", lambda done: arena.format_start(done["xy"][0]))},
            says="Same start, same seed; all but Gibbs and tempering use the same z at every step. "
                 "Drag the start. Dashed: the way to a proposal.",
            checks=[by("The same z (not Gibbs, tempering)", "both_samplers_use_the_same_numbers"),
                    by("Positions, arrows and averages are the run's", "the_picture_is_the_run"),
                    by("HMC's path ends at its proposal", "hmc_paths_end_at_their_proposals"),
                    by("ULA settles where the dashed ellipse says", "ula_settles_at_its_ellipse")]),
        "diagnostics": View("Is it converged?", diagnostics, mcmc_checkup.checkup_scene,
            ["target", "first", "second", "begin", "n", "coordinate", "seed"],
            says="Only what lies between the dashed lines is used. Step lengths: see Side by side.",
            checks=[by("What is said is said of the later half", "checkup_looks_at_the_later_half"),
                    by("The ranks' band is exact", "rank_band_is_exact"),
                    by("MCSE covers the exact mean", "standard_errors_cover_the_truth")]),
        "exact": View("Exact πₜ", exact, mcmc_exact.exact_scene,
            ["shape", "width", "gap", "lazy", "chains", "seed"],
            says="The line is computed, not sampled; the bars are chains that run the algorithm.",
            checks=[by("The matrix is the algorithm's", "the_matrix_is_the_algorithm"),
                    by("It is reversible, and the bound holds", "the_bound_holds"),
                    by("Period 2 on the circle, 1 when lazy", "the_circle_has_period_two")]),
        "bug": View("Spot the bug", bug, mcmc_bug.bug_scene,
            ["case", "tool", "guess", "reveal", "seed"],
            says="One of A to E is wrong. Change the seed: bad luck goes away, a bug stays.",
            checks=[by("Each wrong sampler fails its law", "every_bug_is_caught", LAWS),
                    by("Each right one passes it", "every_right_sampler_passes", LAWS),
                    by("The lines shown are the lines that run", "lines_are_real", LAWS)]),
    },
    presets={
        "Step too small": dict(step=0.05, second="random walk", step2=0.5),
        "Stuck between modes": MODES, "R-hat fooled": MODES | dict(begin="together"),
        "Funnel": dict(target="funnel", first="HMC", second="Gibbs", step=0.5),
        "HMC against random walk": dict(target="banana", step=2.5, step2=0.5),
        "A bug R-hat does not see": dict(view="bug", case=11),
    },
    prediction=ui.Prediction(
        "The random walk is refused half of the time. With a step ten times shorter nearly every "
        "proposal is accepted. Does it explore better?",
        ["Yes: no step is wasted", "It makes no difference in the long run", "No, much worse"],
        answer=2,
        because="Now one step in about 75 is worth an independent draw, then one in about 3,300: "
        "timid steps are accepted and go nowhere. Try the preset “Step too small”.",
    ),
)  # fmt: skip
