"""The bundled checkpoints: what their cards claim, measured again on part of the test images."""

import json
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from dgmlib.checkpoints import (
    card,
    diffusion_losses,
    diffusion_scores,
    making,
    store,
    vae_losses,
    vae_scores,
)
from dgmlib.checkpoints.measuring import measure
from dgmlib.checkpoints.recipes import RECIPES
from dgmlib.checkpoints.training import device_for
from dgmlib.classifiers import digit_cnn

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "checkpoints"
NAMES = sorted(path.stem for path in FOLDER.glob("*.safetensors"))
PUBLISHED = [f"{model}-{data}" for model in ("vae", "iwae5", "iwae50")
             for data in ("dynamic", "static")]  # fmt: skip
# of a family, to measure it again
IMAGES = {"vae": 200, "gan": 1_000, "classifier": 1_000, "diffusion": 200, "score": 200}
AGAIN = (
    "test ELBO", "rate", "distortion", "clustering accuracy", "classifier's confidence",
    "sure images", "code accuracy", "bound on I(c; x), continuous", "test accuracy",
    "bound", "unknowable",
)  # fmt: skip


def score(name: str, of: str) -> dict:
    found = card.read(FOLDER / f"{name}.json")
    return next(s for s in found["scores"] if s["name"] == of)


def test_every_recipe_is_bundled_and_small_enough() -> None:
    """Mutants: a checkpoint forgotten; weights in float32."""
    assert sorted(RECIPES) == NAMES
    assert sum(path.stat().st_size for path in FOLDER.glob("*.safetensors")) < 30e6


@pytest.mark.parametrize("name", NAMES)
def test_the_card_is_that_of_the_file_and_of_the_recipe(name: str) -> None:
    """Mutants: weights of another training, a recipe changed after it."""
    found, recipe = card.read(FOLDER / f"{name}.json"), RECIPES[name]
    path = FOLDER / f"{name}.safetensors"
    assert found["sha256"] == card.sha256(path)
    assert found["settings"] == json.loads(json.dumps(dict(recipe.settings)))
    arrays = load_file(path)
    assert found["parameters"] == sum(a.size for a in arrays.values())
    assert all(a.dtype == np.float16 and np.isfinite(a).all() for a in arrays.values())
    per_epoch = found["data"]["train"] // recipe.batch
    assert found["training"]["steps"] == per_epoch * sum(p.epochs for p in recipe.phases)


@pytest.mark.parametrize("name", NAMES)
def test_the_claimed_bound_is_measured_again(name: str, data_dir: Path) -> None:
    """On few test images, evenly taken; the card's are 10,000, or 2,000.

    Mutants: scores of the training images; of other bits; a bound without KL; beta in the score;
    pictures of another generator.
    """
    recipe = RECIPES[name]
    images = recipe.data()
    # static-mnist is sorted by digit: every fiftieth image, as for the others
    few = IMAGES[recipe.family]
    every = slice(None, None, len(images.test) // few)
    labels = None if images.test_labels is None else images.test_labels[every]
    images = images._replace(test=images.test[every], test_labels=labels)
    if recipe.family == "vae" and name != "vade":
        latent = recipe.settings["latent"]
        recipe = replace(
            recipe,
            measure=partial(vae_losses.measure, latent=latent, draws_each=50),
            score=partial(vae_scores.of_vae, settings=recipe.settings, draws=50),
        )
    if name == "ddpm":
        recipe = replace(
            recipe,
            measure=diffusion_losses.measure_bound,
            score=lambda measured, _images: [diffusion_scores.of_bound(measured)],
        )
    measured: dict[str, np.ndarray] = {}
    list(measure(recipe, load_file(FOLDER / f"{name}.safetensors"), images, device_for("cpu"),
                 measured))  # fmt: skip
    again = {s["name"]: s for s in recipe.score(measured, images)}
    assert set(AGAIN) & set(again)
    for of in AGAIN:
        if of in again:
            claimed, found = score(name, of), again[of]
            assert abs(found["value"] - claimed["value"]) < 4.5 * found["error"], of
            # the spread of images is a fact of the model, too
            n = len(RECIPES[name].data().test) / RECIPES[name].test_every
            shrink = (few / n) ** 0.5
            assert claimed["error"] == pytest.approx(found["error"] * shrink, rel=0.25), of


@pytest.mark.parametrize("name", PUBLISHED)
def test_at_most_four_nats_behind_what_was_published(name: str) -> None:
    """After minutes, not 3,280 epochs. Mutants: the sign of the score; K of another recipe."""
    found = score(name, "test log-likelihood")
    assert "5,000 draws" in found["protocol"]
    assert re.search(r"\b(10,000|2,000) test images", found["protocol"])
    assert 0 < found["published"] - found["value"] <= 4.0
    assert found["value"] > score(name, "test ELBO")["value"]


def test_no_other_bound_stands_beside_a_published_one() -> None:
    """Mutant: beta-1, a bound of 200 draws, compared with one of 5,000."""
    first = {name: card.read(FOLDER / f"{name}.json")["scores"][0] for name in NAMES}
    beside = [name for name in NAMES if "published" in first[name]]
    assert sorted(beside) == sorted([*PUBLISHED, "vade"])


def test_vade_clusters() -> None:
    """Jiang et al. report 94.46 %; k-means on pixels finds 53 %."""
    assert score("vade", "clustering accuracy")["value"] >= 85.0


def test_beta_trades_rate_for_distortion() -> None:
    """Mutant: the weights of two betas swapped."""
    order = sorted((n for n in NAMES if n.startswith("beta-")), key=lambda n: float(n[5:]))
    assert len(order) == 8
    assert (np.diff([score(n, "rate")["value"] for n in order]) < 0).all()
    assert (np.diff([score(n, "distortion")["value"] for n in order]) > 0).all()
    units = [score(n, "active units")["value"] for n in order]
    assert units == sorted(units, reverse=True)


def test_guided_digits_are_those_asked_for() -> None:
    """40 digits in 10 guided steps, named by the classifier. Mutants: weights of the last step in
    place of their average; classes shifted by one; an x_0-hat that is not cut at black and white.
    """
    label = np.tile(np.arange(10), 4)
    params = {k: torch.from_numpy(v.copy()) for k, v in store.load("ddpm").weights.items()}
    noise = torch.randn(40, 784, generator=torch.Generator().manual_seed(0))
    made = diffusion_losses.ddim(params, noise, torch.from_numpy(label), 10, guidance=1.0)
    seen = digit_cnn.log_prob(store.load("digit-cnn").weights, made.numpy() / np.float32(255))
    assert (seen.argmax(1) == label).mean() >= 0.95
    assert score("ddpm", "Frechet distance, 25 steps")["value"] < 10


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("eps-")])
def test_points_of_the_plane_are_the_datas(name: str) -> None:
    """The exact distance of samples is at most three times that of data from data.

    Mutants: a network of another set; the raw weights kept for their average.
    """
    assert score(name, "W2, 250 steps")["value"] < 3 * score(name, "W2, real")["value"]
    assert score(name, "error of e")["value"] < 0.05 * score(name, "unknowable")["value"]


def test_the_store_gives_what_is_bundled() -> None:
    """Mutant: float16 handed out, in which a sum of 784 terms loses its digits."""
    found = store.load("vae-2d")
    assert found.origin == "bundled"
    assert all(a.dtype == np.float32 for a in found.weights.values())


def test_making_is_for_people() -> None:
    """A line of a score: its error and what was published."""
    said = making.line(dict(name="x", value=-90.5, error=0.25, unit="nats", published=-86.76))
    assert said == "x: -90.5 ± 0.25 nats  (published -86.76)"
