"""What a recipe is: data, parameters before training, phases of training, and how to score it.

A recipe is complete: the same recipe on the same kind of device gives the same weights, because
every random number is a function of its seed and of the step's number.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from json import dumps
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dgmlib.checkpoints import store
from dgmlib.checkpoints.card import Card
from dgmlib.data.images import Images

if TYPE_CHECKING:
    from torch import Generator, Tensor

Weights = dict[str, np.ndarray]


class Batch(NamedTuple):
    x: "Tensor"  # (n, pixels) bits, float32
    c: "Tensor"  # (n, 10) one-hot class; (n, 0) where the data have no labels


Loss = Callable[[dict[str, "Tensor"], Batch, "Generator"], "Tensor"]  # -> a scalar, in nats
Measure = Callable[[dict[str, "Tensor"], Batch, "Generator"], dict[str, "Tensor"]]  # each (n, ...)
Score = dict[str, Any]  # an entry of the card's "scores"


class Rival(NamedTuple):
    """Updates of another part of the parameters by a loss of its own, before each of a phase's."""

    loss: Loss
    trains: tuple[str, ...]
    times: int = 1  # each on a batch of its own, drawn with replacement


class Phase(NamedTuple):
    """Epochs with one loss and one cosine of learning rates; against a rival, if it has one."""

    about: str
    epochs: int
    loss: Loss
    lr: tuple[float, float]  # of Adam, at the first and at the last step
    trains: tuple[str, ...] = ("encoder", "decoder")  # first parts of the parameters' names
    bfloat16: bool = False  # products of matrices in bfloat16 (the sums of the loss stay float32)
    begin: Callable[[Weights, Images, np.random.Generator], Weights] | None = None
    rival: Rival | None = None
    betas: tuple[float, float] = (0.9, 0.999)  # of Adam
    # (from, to, decay): parameters "to.*" follow "from.*" as a moving average
    average: tuple[str, str, float] | None = None


@dataclass(frozen=True)
class Recipe:
    """A model, its data and its training. ``settings`` is all that a user of the weights needs."""

    name: str
    about: str
    settings: Mapping[str, Any]
    data: Callable[[], Images]
    init: Callable[[np.ndarray, np.random.Generator], Weights]  # (pixel means, rng)
    phases: Sequence[Phase]
    measure: Measure
    score: Callable[[Weights, Images], list[Score]]  # of what ``measure`` found, per image
    dynamic: bool = True  # draw every pixel anew from its grey value at every step
    test_every: int = 1  # measure every so-manyth test image, where one costs much
    batch: int = 128
    seed: int = 0
    family: str = "vae"
    start: str | None = None  # a checkpoint whose weights are those before training
    grey: bool = False  # measure on grey test images, not on bits
    keep: Callable[[Weights], Weights] = dict  # of the trained parameters, those that are stored

    def parent(self) -> Card:
        """The card of the checkpoint that training starts from."""
        return store.load(str(self.start), source="bundled").card

    def weights(self, images: Images) -> Weights:
        """The parameters before training, (out, in) and (out,) in float32."""
        if self.start is not None:
            return dict(store.load(self.start, source="bundled").weights)
        mean = images.train.mean(0, dtype=np.float64) / (images.levels - 1)
        return self.init(mean, np.random.default_rng(self.seed))

    def fingerprint(self, images: Images) -> str:
        """Changes when the schedule or the data do; a state of another fingerprint is refused."""
        phases = [(p.about, p.epochs, p.lr, p.trains, p.bfloat16) for p in self.phases]
        phases += [(p.betas, p.average, p.rival and p.rival.times) for p in self.phases]
        facts = [self.name, dict(self.settings), phases, self.dynamic, self.batch, self.seed]
        facts += [self.parent()["sha256"]] if self.start else []
        data = sha256(images.train.tobytes()).hexdigest()
        return sha256(dumps([facts, data]).encode()).hexdigest()


def late(module: str, name: str, **bound: Any) -> Any:
    """A function of ``module``, found when it is called: reading a recipe imports no torch."""

    def call(*args: Any) -> Any:
        return getattr(import_module(module), name)(*args, **bound)

    return call


def with_mean(params: Weights, part: str) -> Weights:
    """``params`` and, under "mean.*", a copy of "part.*" for a phase's ``average`` to move."""
    copies = {k: v.copy() for k, v in params.items() if k.startswith(f"{part}.")}
    return params | {f"mean{k.removeprefix(part)}": v for k, v in copies.items()}


def mean_of(weights: Weights, part: str) -> Weights:
    """The moving averages "mean.*" under the names of what they follow."""
    means = {k: v for k, v in weights.items() if k.startswith("mean.")}
    return {f"{part}{k.removeprefix('mean')}": v for k, v in means.items()}


def held_out(recipe: Recipe) -> tuple[Images, Images]:
    """The recipe's data, and the same with the test images thinned to those it measures."""
    images = recipe.data()
    every = slice(None, None, recipe.test_every)
    labels = None if images.test_labels is None else images.test_labels[every]
    return images, images._replace(test=images.test[every], test_labels=labels)


def one_hot(labels: np.ndarray | None, n: int) -> np.ndarray:
    """(n, 10) float32; (n, 0) without labels."""
    return np.zeros((n, 0), np.float32) if labels is None else np.eye(10, dtype=np.float32)[labels]


def held_out_images(recipe: Recipe, images: Images) -> np.ndarray:
    """The test images, (m, pixels) float32: grey, or as bits."""
    if recipe.grey:
        return images.test / np.float32(images.levels - 1)
    return held_out_bits(images, dynamic=recipe.dynamic)


def held_out_bits(images: Images, *, dynamic: bool) -> np.ndarray:
    """The test images as bits, (m, pixels) float32: drawn once from the grey values, seed 0."""
    if not dynamic:
        return (images.test >= images.levels / 2).astype(np.float32)
    grey = images.test / np.float32(images.levels - 1)
    return (np.random.default_rng(0).random(grey.shape, np.float32) < grey).astype(np.float32)
