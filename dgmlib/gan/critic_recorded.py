"""Critics that were trained before, so that a page can show them at once.

    python -m dgmlib.gan.critic_recorded      trains them all anew (about a minute)

A file holds what was trained, rounded to float32 (maps of slopes to float16), and the exact W_1 of
two clouds; what else is exact is computed when it is read.
"""

from pathlib import Path

import numpy as np

from dgmlib.divergences.mixture1d import gaussian
from dgmlib.gan import learned, perfect, steep
from dgmlib.gan.learned import Course, Learned
from dgmlib.gan.steep import Steep
from dgmlib.jobs import finish

FOLDER = Path(__file__).resolve().parents[2] / "checkpoints" / "recorded"
SEED = 0
LEARNED: dict[tuple[str, float], str] = {  # p, where q stands
    ("one Gaussian", 6.0): "gan_critic-learn",
    ("one Gaussian", 2.0): "gan_critic-learn-near",
    ("two modes", 2.0): "gan_critic-learn-modes",
}
STEEP: dict[tuple[str, str], str] = {
    ("nothing", "usual"): "gan_critic-steep-nothing",
    ("clipping", "usual"): "gan_critic-steep-clipping",
    ("clipping", "tight"): "gan_critic-steep-clipping-tight",
    ("penalty", "usual"): "gan_critic-steep-penalty",
    ("spectral norm", "usual"): "gan_critic-steep-spectral-norm",
}
FRAMES = ("steps", "slope", "largest", "usual", "bound", "estimate", "counts", "pinned")  # trained


def learn(data: str, mean: float, *, seed: int) -> Learned | None:
    """The recording of p and q = N(mean, 1), or None."""
    name = LEARNED.get((data, mean))
    if name is None or seed != SEED:
        return None
    kept = _read(name)
    course = Course(*(kept[field] for field in Course._fields))
    return learned.beside(perfect.data(data), gaussian(mean, 1.0), course)


def train(way: str, strength: str, *, seed: int) -> Steep | None:
    """The recording of these parameters, or None."""
    name = STEEP.get((way, "usual" if way == "nothing" else strength))  # nothing has no strength
    if name is None or seed != SEED:
        return None
    kept = _read(name)
    w1 = float(kept["w1"][0])
    return steep.beside(way, strength, seed, w1, *(kept[field] for field in FRAMES))


def write(folder: Path = FOLDER) -> None:
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    for (data, mean), name in LEARNED.items():
        job = learned.learn(perfect.data(data), gaussian(mean, 1.0), seed=SEED)
        course = finish(job).course
        rounded = {k: _rounded(v, np.float32) for k, v in course._asdict().items()}
        save_file(rounded, folder / f"{name}.safetensors")
    for (way, strength), name in STEEP.items():
        result = finish(steep.train(way, strength, seed=SEED))._asdict()
        kinds = {field: np.float16 if field == "slope" else np.float32 for field in FRAMES}
        rounded = {field: _rounded(result[field], kind) for field, kind in kinds.items()}
        rounded["w1"] = np.array([result["w1"]])
        save_file(rounded, folder / f"{name}.safetensors")


def _rounded(a: np.ndarray, kind: type) -> np.ndarray:
    """Counts of steps and weights stay whole."""
    whole = np.issubdtype(a.dtype, np.integer)
    return np.ascontiguousarray(a, dtype=np.int32 if whole else kind)


def _read(name: str) -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return {
        k: a if np.issubdtype(a.dtype, np.integer) else a.astype(float)
        for k, a in load_file(FOLDER / f"{name}.safetensors").items()
    }


if __name__ == "__main__":
    write()
