"""Networks of random weights under the names that the page of InfoGAN asks for."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from dgmlib.checkpoints import card
from dgmlib.classifiers import digit_cnn
from dgmlib.gan import pixels

NOISE = 5


def put(
    folder: Path, name: str, weights: dict[str, np.ndarray], scores: list[dict], **settings: Any
) -> None:
    """A checkpoint whose weights are random: enough for every law, and no training."""
    data = save(weights)
    (folder / f"{name}.safetensors").write_bytes(data)
    card.write(folder / f"{name}.json", {
        "format": 1, "name": name, "about": "random", "family": "gan",
        "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data),
        "parameters": sum(v.size for v in weights.values()), "dtype": "float32",
        "settings": {"model": "gan"} | settings,
        "data": {"name": "none", "source": "none", "train": 0, "test": 0},
        "training": {"seed": 0, "device": "cpu", "minutes": 0, "steps": 0, "torch": "none",
                     "phases": []},
        "scores": scores, "licence": "MIT",
    })  # fmt: skip


def score(name: str, value: float, **more: Any) -> dict:
    return {"name": name, "value": value, "error": None, "unit": "u", "protocol": "p"} | more


def write(to: Path) -> None:
    """Every checkpoint of the page, in a folder."""
    rng = np.random.default_rng(3)
    far = [score("Frechet distance", 2.0), score("Frechet distance, real", 0.25)]
    for name, more in {"gan": {"spread": 0.7}, "wgan-gp": {}}.items():  # 1.0 where none is said
        put(to, name, pixels.init_generator(NOISE, rng=rng), far, noise=NOISE, **more)
    info = pixels.init_generator(NOISE - 1 + 10 + 2, rng=rng) | pixels.init_critic(rng=rng)
    info |= pixels.init_reader(10, 2, rng=rng)
    info["reader.1.weight"] *= 3  # surer
    info = {k: v for k, v in info.items() if not k.startswith("critic.3")}
    own = score("code accuracy", 61.5, error=0.5, unit="%", published=95.0, reference="Chen")
    put(to, "infogan", info, [*far, own], noise=NOISE - 1, categories=10, continuous=2, spread=0.3)
    put(to, "digit-cnn", digit_cnn.init(rng=rng), [], model="digit-cnn")
