"""The smallest GAN: two numbers, and why they circle each other."""

from dataclasses import dataclass

from dgmlib import ui
from dgmlib.figures import dirac_game, dirac_steps
from dgmlib.gan import dirac_games, dirac_many


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    loss: str = ui.choice("saturating", dirac_games.LOSSES, label="Loss")
    order: str = ui.choice("simultaneous", dirac_games.ORDERS, label="Steps")
    lr: float = ui.slider(0.2, 0.05, 4.0, step=0.05, label="Step size h")
    help: str = ui.choice("none", dirac_games.HELP, label="Help")
    strength: float = ui.slider(1.0, 0.0, 2.0, step=0.1, label="Strength of the help",
        help="A weight; with clipping the largest |ψ|, with noise its deviation.")  # fmt: skip
    start: str = ui.handles("1 0.5", label="Start: θ ψ", parse=dirac_games.parse,
                            ends=["-2.5 2.5", "0 0"])  # fmt: skip


def game(p: Params) -> dirac_games.Played:
    chosen = dirac_games.game(p.loss, p.help, p.strength)
    return dirac_games.play(chosen, dirac_games.parse(p.start), lr=p.lr, order=p.order)


def sizes(p: Params) -> dirac_many.Sized:
    chosen = dirac_games.game(p.loss, p.help, p.strength)
    return dirac_many.sizes(chosen, dirac_games.parse(p.start))


def remedies(p: Params) -> dirac_many.Remedied:
    start = dirac_games.parse(p.start)
    return dirac_many.remedies(p.loss, start, lr=p.lr, order=p.order)


def by(claim: str, test: str) -> ui.Check:
    return ui.Check(claim, f"tests/test_dirac_games.py::test_{test}")


move = ui.Edit("start", dirac_games.of_handle)
ui.page(
    "dirac_gan", Params,
    views={
        "game": ui.View("The game", game, dirac_game.game_scene,
            ["loss", "order", "lr", "help", "strength", "start"], edits={"start": move},
            says="Drag the start; play. Thick and pale: theory. Thin: infinitely small steps.",
            checks=[by("Where theory is exact, the steps are theory", "exact_is_played"),
                    by("The flow agrees with circles and exponentials", "flows_in_closed_form")]),
        "sizes": ui.View("Step size", sizes, dirac_steps.sizes_scene,
            ["loss", "help", "strength", "start"], edits={"start": move},
            says="Slide the step size. Eigenvalues outside of the circle: the players part.",
            checks=[by("Eigenvalues predict growth and decay", "eigenvalues_predict"),
                    by("All sizes at once are one size at a time", "all_sizes_at_once")]),
        "remedies": ui.View("What helps", remedies, dirac_steps.remedies_scene,
            ["loss", "order", "lr", "start"], edits={"start": move},
            says="Seven games from one start. The plain one is the first, in turns the last.",
            checks=[by("Each path is its own game", "each_remedy_is_its_game"),
                    by("R1, noise and consensus damp; clipping does not", "what_damps")]),
    },
    presets={
        "Cycling": dict(loss="wasserstein", order="alternating", lr=0.2),
        "Spiralling out": dict(loss="wasserstein", lr=0.1),
        "Damped by R1": dict(help="R1", strength=0.5),
        "Clipped": dict(loss="wasserstein", help="clipping", strength=0.7, lr=0.1),
        "Noise that does nothing": dict(loss="wasserstein", help="instance noise", lr=0.1),
        "Step too large": dict(loss="wasserstein", help="R1", strength=1.0, lr=1.05),
        "Small steps do not help": dict(view="sizes"),
    },
    prediction=ui.Prediction(
        "Saturating loss, no help, simultaneous steps, as small as you like. In the long run?",
        ["They spiral into the equilibrium", "They circle it for ever", "They spiral outwards"],
        answer=2, because="Each step goes along the tangent of a circle, so it ends a little "
        "outside: near the equilibrium every step multiplies the distance by √(1 + h²/4). A small "
        "h makes that slow, and no h makes it shrink."),
)  # fmt: skip
