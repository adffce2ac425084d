"""What a critic knows, what it tells the generator, and how steep it may be."""

from dataclasses import dataclass

from dgmlib import ui
from dgmlib.divergences import fit_text
from dgmlib.divergences.mixture1d import gaussian
from dgmlib.figures import critic_learned, critic_perfect, critic_secants, critic_steepness
from dgmlib.gan import critic_recorded, learned, perfect, secants, steep
from dgmlib.jobs import Job
from dgmlib.ui import Edit, View


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    q: str = ui.handles(
        "4 1", label="q: mean sd", parse=fit_text.parse_normal, ends=["-7 0.5", "7 3"]
    )
    away: float = ui.slider(6.0, 0.0, 8.0, step=0.5, label="Place of q = N(·, 1)")
    data: str = ui.choice("one Gaussian", perfect.DATA, label="p, the data")
    way: str = ui.choice("penalty", steep.WAYS, label="Held flat by")
    strength: str = ui.choice("usual", steep.STRENGTHS, label="How tightly",
        help="Clipping to ±0.3, 0.1, 0.02; λ = 0.1, 10, 300; K = 4, 1, ¼.")  # fmt: skip
    curve: str = ui.choice("x²", list(secants.CURVES), label="Curve")
    pair: str = ui.handles("0.5 2", label="a b", parse=secants.parse_pair, ends=["-4 4", "0 0.05"])
    seed: int = ui.seed()


def best(p: Params) -> perfect.Perfect:
    return perfect.perfect(perfect.data(p.data), gaussian(*fit_text.parse_normal(p.q)))


def learn(p: Params) -> Job[learned.Learned]:
    return learned.learn(perfect.data(p.data), gaussian(p.away, 1.0), seed=p.seed)


def train(p: Params) -> Job[steep.Steep]:
    return steep.train(p.way, p.strength, seed=p.seed)


def slopes(p: Params) -> secants.Secants:
    return secants.secants(p.curve, *secants.parse_pair(p.pair))


def learned_before(p: Params) -> learned.Learned | None:
    return critic_recorded.learn(p.data, p.away, seed=p.seed)


def trained_before(p: Params) -> steep.Steep | None:
    return critic_recorded.train(p.way, p.strength, seed=p.seed)


def by(claim: str, test: str, file: str = "gan_critic_page") -> ui.Check:
    return ui.Check(claim, f"tests/test_{file}.py::test_{test}")


ui.page(
    "gan_critic", Params,
    views={
        "best": View("The perfect critic", best, critic_perfect.perfect_scene, ["q", "data"],
            edits={"q": Edit("q", fit_text.normal_of_handle)},
            says="Drag q and its width. Nothing is trained: all of it is exact.",
            checks=[by("No critic is worth more than D*", "no_critic_beats_the_best"),
                    by("Mean pushes are slopes of 2 JS, KL, W₁", "pulls_are_slopes_of_divergences"),
                    by("Its value is −log 4 + 2 JS", "values_of_the_sweep_by_quadrature")]),
        "learn": View("Freeze G, train D", learn, critic_learned.learned_scene,
            ["away", "data", "seed"], job=True, seconds=lambda p: 5.0, recorded=learned_before,
            says="Play: both critics learn, G stands still. Dashed: what the best critics give.",
            checks=[by("V(D) comes near its bound, from below", "the_value_comes_from_below"),
                    by("The estimate stays below K W₁", "the_estimate_stays_below_k_w1"),
                    by("The recording can be computed again", "a_recording_is_computed_again"),
                    by("f* has slope ±1 and gives W₁", "the_best_potential_gives_w1")]),
        "steep": View("Steepness", train, critic_steepness.steepness_scene,
            ["way", "strength", "seed"], job=True, seconds=lambda p: 3.0, recorded=trained_before,
            says="Blue: flatter than 1, red: steeper. Play it, and compare what holds f flat.",
            checks=[by("No slope exceeds K, no estimate K W₁", "bounds_hold_in_every_frame"),
                    by("Clipping, penalty, norm do what they say", "each_way_holds_what_it_says"),
                    by("The recording can be computed again", "a_recording_is_computed_again")]),
        "secants": View("x² is not Lipschitz", slopes, critic_secants.secants_scene,
            ["curve", "pair"], edits={"pair": Edit("pair", secants.pair_of_handles)},
            says="Drag a and b; play, and the interval [−R, R] grows.",
            checks=[by("Largest slopes agree with a search", "largest_slopes_by_search"),
                    by("A secant of x² has slope a + b", "a_secant_of_the_square")]),
    },
    presets={
        "Far away": dict(q="7 1"),
        "On one of two modes": dict(data="two modes", q="2 0.7"),
        "A near q": dict(view="learn", away=2.0),
        "Nothing holds it": dict(view="steep", way="nothing"),
        "Weights at the bounds": dict(view="steep", way="clipping"),
        "Clipping too tight": dict(view="steep", way="clipping", strength="tight"),
        "Spectral norm": dict(view="steep", way="spectral norm"),
        "A corner does no harm": dict(view="secants", curve="|x|", pair="-1 2"),
    },
    prediction=ui.Prediction(
        "Drag q away from p until the best critic is never in doubt. What does the loss "
        "log(1 − D*) then tell the generator?",
        ["Come here, loudly: the critic is sure", "Next to nothing", "To move away"],
        answer=1, because="Where D* is 0, log(1 − D*) is flat: at a distance of 7 the mean push is "
        "0.0025, at 4 it was 0.14. V(D*) has come close to 0, its ceiling. The Wasserstein critic "
        "pushes with 1 from any distance."),
)  # fmt: skip
