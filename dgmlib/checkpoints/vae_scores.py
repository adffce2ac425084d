"""From what was measured on the test images to the scores of a card, each with its protocol."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from dgmlib.checkpoints.recipe import Score, Weights
from dgmlib.data.images import Images

ACTIVE = 0.01  # Burda et al.: a unit is active if Cov_x(E_q[u|x]) > 0.01
BURDA = "Burda, Grosse & Salakhutdinov (2016), Table {}, after 3,280 epochs"
PUBLISHED_DRAWS = 5_000  # for each image; a bound of fewer stands beside no published figure
PUBLISHED = {  # (data, K) -> test log-likelihood in nats, active units, table
    ("dynamic-mnist", 1): (-86.76, 19, 1),
    ("dynamic-mnist", 5): (-85.54, 22, 1),
    ("dynamic-mnist", 50): (-84.78, 25, 1),
    ("static-mnist", 1): (-88.71, 19, 3),
    ("static-mnist", 5): (-87.63, 22, 3),
    ("static-mnist", 50): (-87.10, 24, 3),
}


DARK = "a pixel on where grey is at least one half"


def of_vae(
    measured: Weights, images: Images, *, settings: Mapping[str, Any], draws: int, every: int = 1
) -> list[Score]:
    """Log-likelihood, bound, rate, distortion and active units."""
    n = len(measured["rate"])
    rate = measured["rate"].astype(float)  # (n, latent)
    distortion = measured["distortion"].astype(float)
    drawn = "binarised once" if settings["data"] == "dynamic-mnist" else "as fixed"
    which = f"{n:,} test images" + ("" if every == 1 else f" (every {every}th)")
    on = f"{which}, {drawn}; {draws:,} draws of q for each"
    scores = [
        mean_score("test log-likelihood", measured["log_likelihood"], "nats",
              f"importance weighted bound of {draws:,} draws; {on}"),
        mean_score("test ELBO", -distortion - rate.sum(1), "nats", f"KL in closed form; {on}"),
        mean_score("rate", rate.sum(1), "nats", f"KL(q(z|x) || p(z)) in closed form; {which}"),
        mean_score("distortion", distortion, "nats", f"- E_q log p(x|z); {on}"),
        dict(name="active units", value=int((measured["mean"].var(0) > ACTIVE).sum()), error=None,
             unit=f"of {rate.shape[1]}",
             protocol=f"variance of E_q[z|x] over {which} above {ACTIVE}"),
    ]  # fmt: skip
    plain = settings["beta"] == 1 and not settings["classes"] and settings["latent"] == 50
    plain = plain and draws == PUBLISHED_DRAWS
    if plain and (settings["data"], settings["k"]) in PUBLISHED:
        value, active, table = PUBLISHED[settings["data"], settings["k"]]
        scores[0] |= dict(published=value, reference=BURDA.format(table))
        scores[-1] |= dict(published=active, reference=BURDA.format(table))
    return scores


def of_vade(measured: Weights, images: Images, *, settings: Mapping[str, Any]) -> list[Score]:
    """Clustering accuracy under the best one-to-one naming of clusters, and the bound."""
    n = len(measured["q_c"])
    assert images.test_labels is not None
    accuracy = clustering_accuracy(measured["q_c"].argmax(1), images.test_labels[:n])
    error = float(np.sqrt(accuracy * (1 - accuracy) / n))
    return [
        dict(name="clustering accuracy", value=round(100 * accuracy, 2),
             error=round(100 * error, 2), unit="%",
             published=94.46, reference="Jiang et al. (2017), MNIST",
             protocol=f"{n:,} test images, {DARK}; q(c|x) averaged over 50 draws, "
             "best one-to-one naming"),
        mean_score("test ELBO", measured["elbo"], "nats",
              f"{n:,} test images, {DARK}; 50 draws each"),
    ]  # fmt: skip


def clustering_accuracy(cluster: np.ndarray, label: np.ndarray) -> float:
    """The share of images in the right cluster when clusters are named as well as can be.

    Args:
        cluster, label: (n,) integers in 0 .. 9.
    """
    together = np.zeros((10, 10), int)
    np.add.at(together, (cluster, label), 1)
    return float(together[linear_sum_assignment(-together)].sum() / len(label))


def mean_score(name: str, values: np.ndarray, unit: str, protocol: str) -> Score:
    """The mean over images (n,), with its standard error."""
    error = float(np.std(values, dtype=np.float64, ddof=1) / np.sqrt(len(values)))
    value = float(np.mean(values, dtype=np.float64))
    return dict(
        name=name, value=round(value, 4), error=round(error, 4), unit=unit, protocol=protocol
    )
