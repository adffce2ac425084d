"""From generated and real digits to the scores of a card, each with its protocol."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import entr

from dgmlib.checkpoints import store
from dgmlib.checkpoints.recipe import Score, Weights
from dgmlib.checkpoints.vae_scores import clustering_accuracy, mean_score
from dgmlib.classifiers import digit_cnn
from dgmlib.classifiers.frechet import frechet
from dgmlib.data.images import Images

SURE = 0.9
PROJECTIONS = 200  # random directions in the space of pixels
YARDSTICK = "digit-cnn"


def of_classifier(measured: Weights, images: Images) -> list[Score]:
    """Accuracy and log-loss of the yardstick."""
    log_p, label = measured["log_prob"].astype(float), images.test_labels
    assert label is not None
    n = len(log_p)
    right = (log_p.argmax(1) == label[:n]).mean()
    loss = -log_p[np.arange(n), label[:n]]
    protocol = f"{n:,} test images"
    return [
        dict(name="test accuracy", value=round(100 * float(right), 2),
             error=round(100 * float(np.sqrt(right * (1 - right) / n)), 2), unit="%",
             protocol=protocol),
        dict(name="test cross-entropy", value=round(float(loss.mean()), 4),
             error=round(float(loss.std(ddof=1) / np.sqrt(n)), 4), unit="nats", protocol=protocol),
    ]  # fmt: skip


def of_generator(measured: Weights, images: Images, *, settings: Mapping[str, Any]) -> list[Score]:
    """Distances between generated and real digits, beside those between real and real."""
    made, n = measured["made"] / np.float32(255), len(measured["made"])
    top = np.float32(images.levels - 1)
    test, train = images.test[:n] / top, images.train[:n] / top
    yard = store.load(YARDSTICK).weights
    seen = {k: digit_features(yard, x) for k, x in dict(made=made, test=test, train=train).items()}
    p = digit_probabilities(yard, seen["made"])  # (n, 10)
    sure, shares = p.max(1), p.mean(0)
    of_real = digit_probabilities(yard, seen["test"]).max(1)
    each = f"{n:,} generated images, classifier {YARDSTICK}"
    floor = f"the floor: the first {n:,} training images against the {n:,} test images"
    scores = [
        plain("Frechet distance", frechet(seen["made"], seen["test"]), "squared feature units",
               f"64 features of {YARDSTICK}, {n:,} generated images against {n:,} test images"),
        plain("Frechet distance, real", frechet(seen["train"], seen["test"]),
               "squared feature units", f"64 features of {YARDSTICK}; {floor}"),
        mean_score("classifier's confidence", 100 * sure, "%", f"mean highest probability; {each}"),
        mean_score("sure images", 100.0 * (sure > SURE), "%", f"confidence above {SURE}; {each}"),
        mean_score("sure images, real", 100.0 * (of_real > SURE), "%",
              f"confidence above {SURE}; {n:,} test images"),
        plain("rarest class", 100 * float(shares.min()), "%",
               f"the smallest of ten mean probabilities; {each}"),
        plain("entropy of the classes", float(entr(shares.astype(float)).sum()), "nats",
               f"of the mean probabilities, log 10 = 2.3026 at most; {each}"),
        *_sliced(made, test, train, floor),
    ]  # fmt: skip
    return scores + (_of_codes(measured, images, settings) if settings["categories"] else [])


def _of_codes(measured: Weights, images: Images, settings: Mapping[str, Any]) -> list[Score]:
    n, label = len(measured["q_c"]), images.test_labels
    assert label is not None
    right = clustering_accuracy(measured["q_c"].argmax(1), label[:n])
    return [
        dict(name="code accuracy", value=round(100 * right, 2),
             error=round(100 * float(np.sqrt(right * (1 - right) / n)), 2), unit="%",
             published=95.0, reference="Chen et al. (2016): 5 % error, MNIST",
             protocol=f"the reader's category on {n:,} test images, best one-to-one naming"),
        mean_score("bound on I(c; x), category", np.log(settings["categories"]) + measured["told"],
              "nats", f"H(c) + E log q(c|x), at most log 10 = 2.3026; {n:,} generated images"),
        mean_score("bound on I(c; x), continuous",
              settings["continuous"] * np.log(2) + measured["told_continuous"],
              "nats", f"H(c) + E log q(c|x), differential entropies; {n:,} generated images"),
    ]  # fmt: skip


def digit_features(yard: Weights, x: np.ndarray) -> np.ndarray:
    parts = np.array_split(x, max(1, len(x) // 500))
    return np.concatenate([digit_cnn.features(yard, part) for part in parts])


def digit_probabilities(yard: Weights, seen: np.ndarray) -> np.ndarray:
    answers = digit_cnn.logits(yard, seen)
    e = np.exp(answers - answers.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def _sliced(made: np.ndarray, test: np.ndarray, train: np.ndarray, floor: str) -> list[Score]:
    """W_2 of the pixels along random directions: exact on each, sorted against sorted."""
    ways = np.random.default_rng(0).standard_normal((PROJECTIONS, made.shape[1]))
    ways = (ways / np.linalg.norm(ways, axis=1, keepdims=True)).astype(np.float32)
    line = {k: np.sort(x @ ways.T, axis=0) for k, x in dict(a=made, b=test, c=train).items()}
    words = f"root mean square over {PROJECTIONS} random directions of the exact W2 of pixels"
    scores = []
    for name, one, note in (("sliced W2", "a", ""), ("sliced W2, real", "c", f"; {floor}")):
        squares = ((line[one] - line["b"]) ** 2).mean(0, dtype=np.float64)  # (PROJECTIONS,)
        value = float(np.sqrt(squares.mean()))
        error = float(squares.std(ddof=1) / np.sqrt(PROJECTIONS) / (2 * value)) if value else 0.0
        scores.append(dict(name=name, value=round(value, 5), error=round(error, 5),
                           unit="grey values (0 to 1)", protocol=words + note))  # fmt: skip
    return scores


def plain(name: str, value: float, unit: str, protocol: str) -> Score:
    return dict(name=name, value=round(value, 3), error=None, unit=unit, protocol=protocol)
