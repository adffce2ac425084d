"""Ways back that come with the library, so that the page of digits has something to show at once.

    python -m dgmlib.diffusion.digits_recorded [NAME ...]

computes those of ``RUNS`` again and writes ``checkpoints/recorded/ddpm-<name>.safetensors``.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from dgmlib.checkpoints import store
from dgmlib.diffusion import digits
from dgmlib.diffusion.digits import Course
from dgmlib.jobs import Job, finish

FOLDER = Path(__file__).parents[2] / "checkpoints" / "recorded"
SIXTEEN = dict(label=digits.ALL, guidance=1.0, steps=25, sampler="DDIM", seed=0)
FORKS = dict(label="8", at=0.5, guidance=1.0, steps=25, seed=0)
RETURNED = dict(digit="n:50", at=0.6, label=digits.ANY, guidance=0.0, steps=25, seed=0)
RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "sixteen": ("sixteen", SIXTEEN), "four": ("sixteen", SIXTEEN | dict(steps=4)),
    "forks": ("forks", FORKS), "returned": ("returned", RETURNED),
}  # fmt: skip


def find(view: str, **asked: Any) -> Course | None:
    """The recorded result of these parameters, or None."""
    name = next((n for n, run in RUNS.items() if run == (view, asked)), None)
    return None if name is None else read(name)


def play(name: str) -> Job[Course]:
    """The job that a file answers for."""
    view, asked = RUNS[name]
    return getattr(digits, view)(**asked)


def write(name: str, course: Course, folder: Path = FOLDER) -> Path:
    from safetensors.numpy import save_file

    numbers = {
        field: np.ascontiguousarray(value)
        for field, value in course._asdict().items()
        if isinstance(value, np.ndarray)
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"ddpm-{name}.safetensors"
    save_file(numbers | {"begun": np.array([course.begun])}, path)
    return path


def read(name: str, folder: Path = FOLDER) -> Course | None:
    """None where the file is not there."""
    from safetensors.numpy import load_file

    path = folder / f"ddpm-{name}.safetensors"
    if not path.exists():
        return None
    found: dict[str, Any] = dict(load_file(path))
    found["begun"] = int(found["begun"][0])
    return Course(**found, words=store.load(digits.NAME).told)


if __name__ == "__main__":
    for each in sys.argv[1:] or RUNS:
        written = write(each, finish(play(each)))
        sys.stdout.write(f"{written.name}: {written.stat().st_size / 1000:.0f} kB\n")
