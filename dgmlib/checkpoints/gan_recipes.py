"""The recipes of the GANs, on 28 x 28 handwritten digits, and of the network that measures them.

    digit-cnn     tells digits apart: the yardstick
    gan           non-saturating loss; its critic is held back by a zero-centred penalty (R1)
    wgan-gp       Wasserstein loss with gradient penalty
    infogan       a category of ten and two continuous codes, read back by the critic's trunk

Left alone our small InfoGAN cut digits into ten kinds that were not the ten classes, in trials that
were not kept. So its reader first learns to name real digits as ``vade`` clusters them, which has
seen no label either, and the last phase is InfoGAN alone.

Stored is what draws: the generator's moving average, and InfoGAN's reader with its trunk.

References:
    Generative adversarial nets (Goodfellow et al., 2014) https://arxiv.org/abs/1406.2661
    Which training methods for GANs do actually converge? (Mescheder, Geiger & Nowozin, 2018)
    https://arxiv.org/abs/1801.04406 (R1)
    Improved training of Wasserstein GANs (Gulrajani et al., 2017) https://arxiv.org/abs/1704.00028
    InfoGAN (Chen et al., 2016) https://arxiv.org/abs/1606.03657
"""

from functools import partial
from typing import Any

import numpy as np

from dgmlib.checkpoints import card, gan_scores, store
from dgmlib.checkpoints.recipe import Phase, Recipe, Rival, Weights, late, mean_of, with_mean
from dgmlib.classifiers import digit_cnn
from dgmlib.data import images
from dgmlib.gan import pixels
from dgmlib.gan.codes import Shape
from dgmlib.gan.losses import Kind

MEAN = ("generator", "mean", 0.999)  # what is stored: the generator's moving average


_late = partial(late, "dgmlib.checkpoints.gan_losses")


def _sha256(name: str) -> str:
    """Of the bundled file; "" before there is one."""
    try:
        return card.read(store.FOLDER / f"{name}.json")["sha256"]
    except FileNotFoundError:
        return ""


def _gan(
    name: str, about: str, kind: Kind, shape: Shape, epochs: int, *, lr: tuple[float, float],
    batch: int = 64, times: int = 1, seed: int = 0, r1: float = 0.0, penalty: float = 0.0,
    info: float = 0.0, teacher: tuple[str, int] = ("", 0), betas: tuple[float, float] = (0.5, 0.99),
) -> Recipe:  # fmt: skip
    def init(pixel_mean: np.ndarray, rng: np.random.Generator) -> Weights:
        params = with_mean(pixels.init_generator(shape.latent, rng=rng), "generator")
        params |= pixels.init_critic(rng=rng)
        if shape.categories:
            params |= pixels.init_reader(shape.categories, shape.continuous, rng=rng)
        return params

    def keep(weights: Weights) -> Weights:
        read = ("critic.0.", "critic.1.", "critic.2.", "reader.") if shape.categories else ()
        kept = {k: v for k, v in weights.items() if k.startswith(read)} if read else {}
        return mean_of(weights, "generator") | kept

    settings: dict[str, Any] = dict(
        model="gan", data="mnist", kind=kind, noise=shape.noise, categories=shape.categories,
        continuous=shape.continuous, spread=shape.spread, r1=r1, penalty=penalty, info=info,
    )  # fmt: skip
    if teacher[0]:
        settings |= dict(teacher=teacher[0], teacher_sha256=_sha256(teacher[0]))
    readers = ("reader",) if shape.categories else ()
    own = _late("generator_turn", kind=kind, shape=shape, info=info)

    def phase(words: str, epochs: int, rates: tuple[float, float], **more: Any) -> Phase:
        judge = _late("judge_turn", kind=kind, shape=shape, r1=r1, penalty=penalty, info=info,
                      **more)  # fmt: skip
        rival = Rival(judge, ("critic", *readers), times)
        return Phase(words, epochs, own, rates, ("generator", *readers), bfloat16=True,
                     rival=rival, betas=betas, average=MEAN)  # fmt: skip

    phases = [phase("the game", epochs, lr)]
    if teacher[0]:
        words = f"the game, its reader taught the clusters of {teacher[0]}"
        phases.insert(0, phase(words, teacher[1], (lr[0], lr[0]), teacher=teacher[0]))
    return Recipe(
        name, about, settings, partial(images.load, "mnist"), init, phases,
        _late("measure_generator", shape=shape),
        partial(gan_scores.of_generator, settings=settings),
        dynamic=False, batch=batch, seed=seed, family="gan", grey=True, keep=keep,
    )  # fmt: skip


def _yardstick() -> Recipe:
    settings = dict(model="digit-cnn", data="mnist", features=digit_cnn.FEATURES)
    phase = Phase("cross-entropy", 12, _late("classify"), (2e-3, 1e-5), ("classifier",))
    return Recipe(
        "digit-cnn", "A convolutional network that tells digits apart, trained on moved ones",
        settings, partial(images.load, "mnist"),
        lambda pixel_mean, rng: digit_cnn.init(rng=rng), [phase], _late("measure_classifier"),
        gan_scores.of_classifier, dynamic=False, family="classifier", grey=True,
    )  # fmt: skip


def _all() -> list[Recipe]:
    return [
        _yardstick(),
        _gan("gan", "GAN with the non-saturating loss and a zero-centred penalty",
             "non-saturating", Shape(64), 40, lr=(5e-4, 5e-5), r1=1.0),
        _gan("wgan-gp", "Wasserstein GAN with gradient penalty", "wasserstein", Shape(64), 22,
             lr=(5e-4, 5e-5), times=3, penalty=10.0, betas=(0.5, 0.9)),
        _gan("infogan", "InfoGAN: ten categories, begun as VaDE's clusters, and two continuous "
             "codes; it never saw a label", "non-saturating", Shape(62, 10, 2), 12,
             lr=(5e-4, 5e-5), r1=1.0, info=1.0, teacher=("vade", 6)),
    ]  # fmt: skip


RECIPES = {recipe.name: recipe for recipe in _all()}
