"""Games that come with the library, so that a page has something to show at once.

    python -m dgmlib.gan.recorded [NAME ...]

plays those of ``RUNS`` again and writes ``checkpoints/recorded/gan-<name>.safetensors``. A file
holds the numbers; what was played stands here, and the data are drawn anew.
"""

import sys
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from dgmlib.gan import eight_seeds, side_by_side, watched
from dgmlib.gan.eight_seeds import Seeds
from dgmlib.gan.side_by_side import Pair
from dgmlib.gan.watched import Watched
from dgmlib.jobs import Job, finish

FOLDER = Path(__file__).parents[2] / "checkpoints" / "recorded"
WHO = ("", "both", "critic", "generator")
View = Literal["one", "two", "seeds"]


class Asked(NamedTuple):
    """What is played; ``other`` is the second of two methods."""

    view: View
    method: str
    script: str
    data: str = "8 Gaussians"
    other: str = ""
    seed: int = 0


RUNS: dict[str, Asked] = {
    "one": Asked("one", "non-saturating", "1000 both"),
    "two": Asked("two", "non-saturating", "1000 both", other="wgan-gp"),
    "seeds": Asked("seeds", "non-saturating", "1000 both"),
    "collapse": Asked("one", "non-saturating", "lr=0.003, critic_lr=0.0003, 1000 both"),
    "vanishing": Asked("one", "gan", "critic_lr=0.005, 1000 critic, 300 both"),
    "clipped": Asked("one", "wgan-clip", "clip=0.01, 400 both"),
    "cycling": Asked("one", "wgan-gp", "penalty=0, n_critic=1, 600 both"),
    "alone": Asked("one", "non-saturating", "600 both, 300 generator"),
}


def find(
    view: View, method: str, data: str, points: str, script: str, *, seed: int, other: str = ""
) -> Any:
    """The recorded result of these parameters, or None."""
    wanted = Asked(view, method, script, data, other, seed)
    name = next((n for n, run in RUNS.items() if run == wanted), None)
    return None if name is None or points else read(name)


def play(run: Asked) -> Job[Any]:
    """The job that a file answers for."""
    data = watched.data(run.data)
    if run.view == "one":
        return watched.watch(run.method, data, run.script, seed=run.seed)
    if run.view == "seeds":
        return eight_seeds.several(run.method, data, run.script, seed=run.seed)
    return side_by_side.pair(run.method, run.other, data, run.script, seed=run.seed)


def write(name: str, result: Watched | Pair | Seeds, folder: Path = FOLDER) -> Path:
    """The numbers of a result without its data; words as their place in ``WHO``."""
    from safetensors.numpy import save_file

    games = tuple(result) if isinstance(result, Pair) else (result,)
    numbers = {
        f"{i}.{field}": np.ascontiguousarray(value)
        for i, game in enumerate(games)
        for field, value in game._asdict().items()
        if field not in ("data", "method", "who")
    }
    for i, game in enumerate(games):
        if isinstance(game, Watched):
            numbers[f"{i}.who"] = np.array([WHO.index(who) for who in game.who], dtype=np.int8)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"gan-{name}.safetensors"
    save_file(numbers, path)
    return path


def read(name: str, folder: Path = FOLDER) -> Watched | Pair | Seeds | None:
    """None where the file is not there: then the game has to be played."""
    from safetensors.numpy import load_file

    run, path = RUNS[name], folder / f"gan-{name}.safetensors"
    if not path.exists():
        return None
    found, data = load_file(path), watched.data(run.data)
    games: list[Watched | Seeds] = []
    for i, method in enumerate(m for m in (run.method, run.other) if m):
        fields: dict[str, Any] = {k[2:]: v for k, v in found.items() if k[:2] == f"{i}."}
        if run.view == "seeds":
            return Seeds(method=method, data=data, **fields)
        who = np.array(WHO)[fields.pop("who")]
        games.append(Watched(method=method, data=data, who=who, **fields))
    return Pair(*games) if run.view == "two" else games[0]  # type: ignore[arg-type]


if __name__ == "__main__":
    for each in sys.argv[1:] or RUNS:
        written = write(each, finish(play(RUNS[each])))
        sys.stdout.write(f"{written.name}: {written.stat().st_size / 1000:.0f} kB\n")
