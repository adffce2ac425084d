"""From sampled and real digits to the scores of a denoiser's card."""

import numpy as np

from dgmlib.checkpoints import store
from dgmlib.checkpoints.gan_scores import (
    SURE,
    YARDSTICK,
    digit_features,
    digit_probabilities,
    plain,
)
from dgmlib.checkpoints.recipe import Score, Weights
from dgmlib.checkpoints.vae_scores import mean_score
from dgmlib.classifiers.frechet import frechet
from dgmlib.data import images as source
from dgmlib.data.images import Images

BITS = 784 * float(np.log(2))  # nats of an image in a bit a dimension
UNIT = "squared feature units"
WAYS = {
    "10 steps": ("made_10", "DDIM, 10 steps, no guidance"),
    "25 steps": ("made_25", "DDIM, 25 steps, no guidance"),
    "50 steps": ("made_50", "DDIM, 50 steps, no guidance"),
    "250 steps": ("made_250", "DDIM, 250 steps, no guidance"),
    "guided": ("guided", "DDIM, 25 steps, guidance 1"),
    "no class": ("unnamed", "DDIM, 25 steps, no class named"),
}
LOOKED_AT = ("25 steps", "guided", "no class")  # what the classifier is asked about


def of_denoiser(measured: Weights, images: Images) -> list[Score]:
    """Frechet distance for each way to sample, what the classifier sees, and the bound."""
    n, label, whole = len(measured["bound"]), images.test_labels, source.load("mnist")
    assert label is not None
    yard, top = store.load(YARDSTICK).weights, np.float32(whole.levels - 1)
    test = digit_features(yard, whole.test / top)
    against = f"64 features of {YARDSTICK}, against the {len(test):,} test images"
    made = {
        way: digit_features(yard, measured[name] / np.float32(255))
        for way, (name, _) in WAYS.items()
    }
    scores = [
        plain(f"Frechet distance, {way}", frechet(made[way], test), UNIT,
              f"{words}, {n:,} images of the classes of as many test images, {against}")
        for way, (_, words) in WAYS.items()
    ]  # fmt: skip
    real = digit_features(yard, whole.train[:n] / top)
    floor = f"the floor: the first {n:,} training images, {against}"
    scores.append(plain("Frechet distance, real", frechet(real, test), UNIT, floor))
    for way in LOOKED_AT:
        p = digit_probabilities(yard, made[way])
        told = f"{WAYS[way][1]}, {n:,} images, classifier {YARDSTICK}"
        if way != "no class":
            right = p.argmax(1) == label[:n]
            scores.append(mean_score(f"right class, {way}", 100.0 * right, "%", told))
        scores.append(mean_score(f"sure images, {way}", 100.0 * (p.max(1) > SURE), "%",
                                 f"confidence above {SURE}; {told}"))  # fmt: skip
    p = digit_probabilities(yard, test)
    told = f"confidence above {SURE}; {len(test):,} test images"
    return [
        *scores,
        mean_score("sure images, real", 100.0 * (p.max(1) > SURE), "%", told),
        of_bound(measured),
        of_time(measured),
    ]


def of_time(measured: Weights) -> Score:
    """Seconds a digit; of the machine that measured it."""
    told = f"processor time of {WAYS['guided'][1]}, mean over {len(measured['seconds']):,} digits"
    return plain("sampling time", float(measured["seconds"].mean()), "s a digit", told)


def of_bound(measured: Weights) -> Score:
    """Bits a dimension, from above."""
    told = (
        "- ELBO of 1,000 steps (cosine, posterior variance), 256 grey levels, class given, "
        f"8 of the steps looked at for each of {len(measured['bound']):,} test images"
    )
    return mean_score("bound", measured["bound"] / BITS, "bits a dimension", told)
