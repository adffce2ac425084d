"""Digits out of noise: asked for by class, forked on the way, taken back from a drawing."""

from dataclasses import dataclass

from dgmlib import ui
from dgmlib.data import own_digit
from dgmlib.diffusion import digits, digits_recorded
from dgmlib.figures import diffusion_digits
from dgmlib.jobs import Job
from dgmlib.ui import Edit, View


@dataclass(frozen=True)
class Params:
    view: str = ui.view()
    label: str = ui.choice(digits.ALL, digits.CLASSES, label="Class")
    guidance: float = ui.slider(1.0, 0.0, 6.0, step=0.5, label="Guidance w",
        help="0: the class alone. Above: away from what any digit would be.")  # fmt: skip
    steps: int = ui.slider(25, 2, 50, step=1, label="Steps")
    sampler: str = ui.choice("DDIM", list(digits.SAMPLERS), label="Sampler")
    one: str = ui.choice("8", digits.CLASSES[1:], label="Class of the one")
    fork: float = ui.slider(0.5, 0.0, 0.95, step=0.05, label="Fork after this share of the steps")
    digit: str = ui.digit()
    noise: float = ui.slider(0.6, 0.05, 1.0, step=0.05, label="Noised this share of the way")
    back: str = ui.choice(digits.ANY, digits.CLASSES[1:], label="Taken back as")
    lead: float = ui.slider(0.0, 0.0, 6.0, step=0.5, label="Guidance on the way back")
    seed: int = ui.seed(0)


def sixteen(p: Params) -> Job[digits.Course]:
    return digits.sixteen(
        p.label, guidance=p.guidance, steps=p.steps, sampler=p.sampler, seed=p.seed
    )


def forks(p: Params) -> Job[digits.Course]:
    return digits.forks(p.one, p.fork, guidance=p.guidance, steps=p.steps, seed=p.seed)


def returned(p: Params) -> Job[digits.Course]:
    return digits.returned(p.digit, p.noise, p.back, guidance=p.lead, steps=p.steps, seed=p.seed)


def by(claim: str, test: str, file: str = "diffusion_digits") -> ui.Check:
    return ui.Check(claim, f"tests/test_{file}.py::test_{test}")


def known_sixteen(p: Params) -> object:
    return digits_recorded.find("sixteen", label=p.label, guidance=p.guidance, steps=p.steps,
                                sampler=p.sampler, seed=p.seed)  # fmt: skip


def known_forks(p: Params) -> object:
    return digits_recorded.find("forks", label=p.one, at=p.fork, guidance=p.guidance,
                                steps=p.steps, seed=p.seed)  # fmt: skip


def known_returned(p: Params) -> object:
    digit = p.digit or own_digit.TEXT
    return digits_recorded.find("returned", digit=digit, at=p.noise, label=p.back,
                                guidance=p.lead, steps=p.steps, seed=p.seed)  # fmt: skip


RIGHT = [by("Recordings can be computed again", "recordings_can_be_computed_again"),
         by("Guided digits are those asked for", "guided_digits_are_those_asked_for",
            "checkpoints"),
         by("The network's steps are the sampler's", "the_way_is_the_samplers")]  # fmt: skip
ui.page(
    "diffusion_digits", Params,
    views={
        "sixteen": View("Sixteen digits", sixteen, diffusion_digits.sixteen_scene,
            ["label", "guidance", "steps", "sampler", "seed"], job=True, bound=60.0,
            seconds=lambda p: digits.seconds(digits.MANY, p.steps, p.guidance, p.sampler),
            recorded=known_sixteen,
            says="Scrub: on the left what the network is shown, on the right what it takes the "
                 "end to be.",
            checks=RIGHT),
        "forks": View("One way, eight ends", forks, diffusion_digits.forks_scene,
            ["one", "fork", "guidance", "steps", "seed"], job=True, bound=60.0,
            seconds=lambda p: digits.seconds(digits.FORKS, p.steps, p.guidance, "DDPM"),
            recorded=known_forks,
            says="Until the fork it is one digit. Then each of eight goes on with noise of its "
                 "own.",
            checks=[by("Before the fork they are one", "before_the_fork_they_are_one"),
                    *RIGHT[::2]]),
        "returned": View("Your digit", returned, diffusion_digits.returned_scene,
            ["digit", "noise", "back", "lead", "steps", "seed"], job=True, bound=60.0,
            edits={"pad": Edit("digit", own_digit.of_pad)},
            seconds=lambda p: digits.seconds(digits.FORKS, p.noise * p.steps, p.lead, "DDIM"),
            recorded=known_returned,
            says="Draw, choose how much noise to add, and press Run: eight ways back to a digit.",
            checks=[by("Little noise gives the digit back", "little_noise_gives_the_digit_back"),
                    *RIGHT[::2]]),
    },
    presets={
        "Four steps": dict(steps=4), "No guidance": dict(guidance=0.0),
        "Too much guidance": dict(guidance=6.0),
        "No class named": dict(label=digits.ANY, guidance=0.0),
        "Forked late": dict(view="forks", fork=0.8), "Forked at once": dict(view="forks", fork=0.0),
        "Read as a 3": dict(view="returned", back="3", lead=2.0, noise=0.7),
    },
    prediction=ui.Prediction(
        "One way out of the noise is forked when half of its steps are done: eight go on, each "
        "with noise of its own. How alike are the eight digits at the end?",
        ["Eight quite different digits", "One shape, in eight hands", "Eight times the same"],
        answer=1, because="At half of the steps the guess x̂₀ has settled on the shape; what is "
        "open is where strokes begin and how thick they are. Fork at once, and all is open."),
)  # fmt: skip
