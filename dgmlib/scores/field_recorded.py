"""Networks of the page on score matching that have learned before, so that it has them at once.

    python -m dgmlib.scores.field_recorded [NAME ...]

does the jobs of ``HERE`` again; the files are ``checkpoints/recorded/score_matching-*``. A file
holds what training gave; density and exact score are computed anew.
"""

import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dgmlib.diffusion import sets
from dgmlib.jobs import finish
from dgmlib.mixtures import gmm
from dgmlib.scores import exact, field_learned
from dgmlib.scores.field_choice import chosen
from dgmlib.scores.field_learned import GRID, POINTS, Here
from dgmlib.scores.learned import Learned, Settings, noisy

FOLDER = Path(__file__).resolve().parents[2] / "checkpoints" / "recorded"
SEED = 0


class Asked(NamedTuple):
    name: str = "two unequal"
    method: str = "denoising"
    sigma: float = 0.3
    probes: int = 1
    training: str = "1k"
    steps: int = 2000


HERE: dict[str, Asked] = {
    "denoising": Asked(),
    "little-noise": Asked(sigma=0.02),
    "implicit-few": Asked(method="implicit", training="50"),
    "one-probe": Asked(name="8 Gaussians", method="hutchinson", training="20k"),
}
MEASURED = ("steps", "loss", "field", "fisher", "fisher_error", "inside", "outside")


def here(
    name: str, points: str, method: str, *, sigma: float, probes: int, training: str, steps: int,
    seed: int,
) -> Here | None:  # fmt: skip
    """The recording of these parameters, or None."""
    wanted = used(Asked(name, method, sigma, probes, training, steps))
    file = next((n for n, asked in HERE.items() if used(asked) == wanted), None)
    if file is None or points or seed != SEED:
        return None
    path = FOLDER / f"score_matching-{file}.safetensors"
    return (
        read(path, Asked(name, method, sigma, probes, training, steps)) if path.exists() else None
    )


def used(asked: Asked) -> Asked:
    """What no method of it reads is set to its default."""
    free = asked if asked.method == "denoising" else asked._replace(sigma=Asked().sigma)
    return free if asked.method in ("hutchinson", "sliced") else free._replace(probes=1)


def read(path: Path, asked: Asked) -> Here:
    from safetensors.numpy import load_file

    kept: dict[str, Any] = load_file(path)
    data, settings = chosen(asked.name), settings_of(asked)
    p = sets.mixture(data)
    sigma = np.array(settings.sigmas if noisy(settings) else (0.0,))
    q = exact.smoothed(p, float(sigma[0]))
    axis = np.linspace(-field_learned.edge(), field_learned.edge(), GRID)
    grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    params = {k.removeprefix("params."): v for k, v in kept.items() if k.startswith("params.")}
    x = sets.draw(data, POINTS[asked.training], rng=np.random.default_rng([SEED, 1]))
    found = Learned(
        settings, p, x, sigma, axis, np.exp(gmm.log_prob(q, grid)).reshape(1, GRID, GRID),
        exact.score(q, grid).reshape(1, GRID, GRID, 2),
        **{k: kept[k].astype(np.float32) if k == "field" else kept[k] for k in MEASURED},
        params=params,
    )  # fmt: skip
    return Here(asked.name, float(kept["least"][0]), found)


def settings_of(asked: Asked) -> Settings:
    return field_learned.of(asked.method, asked.sigma, asked.probes)


def write(name: str, folder: Path = FOLDER) -> Path:
    """Does the job and keeps its numbers, the field in float16."""
    from safetensors.numpy import save_file

    asked = HERE[name]
    result = finish(field_learned.here(points="", seed=SEED, **asked._asdict()))
    numbers = {k: getattr(result.found, k) for k in MEASURED} | {"least": np.array([result.least])}
    numbers["field"] = numbers["field"].astype(np.float16)
    numbers |= {f"params.{k}": v for k, v in result.found.params.items()}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"score_matching-{name}.safetensors"
    save_file({k: np.ascontiguousarray(v) for k, v in numbers.items()}, path)
    return path


if __name__ == "__main__":
    for each in sys.argv[1:] or HERE:
        written = write(each)
        sys.stdout.write(f"{written.name}: {written.stat().st_size / 1000:.0f} kB\n")
