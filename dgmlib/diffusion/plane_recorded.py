"""Jobs of the page of denoisers in the plane that were done before, so that it has them at once.

    python -m dgmlib.diffusion.plane_recorded [NAME ...]

does those of ``MANY`` and ``HERE`` again; the files are ``checkpoints/recorded/diffusion_plane-*``.
A file holds what was computed; the set and what stands in the code are taken from there.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from dgmlib.diffusion import plane_learned, plane_many
from dgmlib.diffusion.plane_choice import chosen
from dgmlib.diffusion.plane_learned import Here
from dgmlib.diffusion.plane_many import Many
from dgmlib.diffusion.plane_two import Run
from dgmlib.jobs import finish

FOLDER = Path(__file__).resolve().parents[2] / "checkpoints" / "recorded"
SEED = 0
MANY: dict[str, tuple[str, str]] = {  # set, denoiser
    "many-roll": ("Swiss roll", "exact"),
    "many-eight": ("8 Gaussians", "exact"),
    "many-roll-trained": ("Swiss roll", "trained"),
}
HERE: dict[str, tuple[str, int]] = {  # set, steps of training
    "learn-roll": ("Swiss roll", 3000),
    "learn-roll-short": ("Swiss roll", 500),
}
RUNS = ("learned", "best")


def many(
    name: str, points: str, kind: str, *, seed: int, steps: tuple[int, ...] = plane_many.STEPS
) -> Many | None:
    """The recording of these parameters, or None; of the first numbers of steps if so asked."""
    file = next((n for n, asked in MANY.items() if asked == (name, kind)), None)
    kept = _read(file, points, seed)
    if kept is None:
        return None
    n = len(steps)
    kept |= {"steps": kept["steps"][:n], "w2": kept["w2"][:, :n], "calls": kept["calls"][:, :n]}
    return Many(name, kind, **kept)


def here(name: str, points: str, training: int, *, seed: int) -> Here | None:
    """The recording of these parameters, or None."""
    file = next((n for n, asked in HERE.items() if asked == (name, training)), None)
    kept: Any = _read(file, points, seed)
    if kept is None:
        return None
    runs = {}
    for which in RUNS:
        fields: dict[str, Any] = {f: kept.pop(f"{which}.{f}") for f in Run._fields if f != "title"}
        title = plane_learned.LEARNED.format(training) if which == "learned" else plane_learned.BEST
        fields["calls"] = int(fields["calls"].item())
        runs[which] = Run(title, **fields)
    least = kept.pop("least")
    return Here(data=chosen(name), least=(float(least[0]), float(least[1])), **kept, **runs)


def write(name: str, folder: Path = FOLDER) -> Path:
    """Does the job and keeps its numbers."""
    from safetensors.numpy import save_file

    if name in MANY:
        data, kind = MANY[name]
        result: Many | Here = finish(plane_many.many(data, "", kind, seed=SEED))
    else:
        data, training = HERE[name]
        result = finish(plane_learned.here(data, "", training, seed=SEED))
    numbers: dict[str, Any] = {}
    for field, value in result._asdict().items():
        if isinstance(value, Run):
            numbers |= {f"{field}.{k}": v for k, v in value._asdict().items() if k != "title"}
        elif field not in ("name", "denoiser", "data"):
            numbers[field] = value
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"diffusion_plane-{name}.safetensors"
    save_file({k: np.ascontiguousarray(v) for k, v in numbers.items()}, path)
    return path


def _read(name: str | None, points: str, seed: int) -> dict[str, np.ndarray] | None:
    from safetensors.numpy import load_file

    path = FOLDER / f"diffusion_plane-{name}.safetensors"
    if name is None or points or seed != SEED or not path.exists():
        return None
    return load_file(path)


if __name__ == "__main__":
    for each in sys.argv[1:] or [*MANY, *HERE]:
        written = write(each)
        sys.stdout.write(f"{written.name}: {written.stat().st_size / 1000:.0f} kB\n")
