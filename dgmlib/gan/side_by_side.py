"""Two methods on the same data, from the same networks, with the same batches and the same noise.

A frame of the one is shown beside the frame of the other that is as far in the script, so both have
had equally many rounds; a method whose critic moves more often in a round makes more moves.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.gan.plane import Plane
from dgmlib.gan.watched import GRID, PAIRS, Watched, check, floors, watch
from dgmlib.jobs import Job, Progress

FRAMES = 26


class Pair(NamedTuple):
    first: Watched
    second: Watched


def pair(
    first: str, second: str, data: Plane, script: str, *, seed: int, frames: int = FRAMES,
    grid: int = GRID, width: int = 128, pairs: int = PAIRS,
) -> Job[Pair]:  # fmt: skip
    """A job: plays one game, then the other."""
    lengths, games = [check(method, script) for method in (first, second)], []
    for i, method in enumerate((first, second)):
        job = watch(method, data, script, seed=seed, frames=frames, grid=grid, width=width, pairs=0)
        while True:
            try:
                part = next(job).part
            except StopIteration as end:
                games.append(end.value)
                break
            done = sum(lengths[:i]) + part * lengths[i]
            yield Progress(done, sum(lengths), f"{method}: {part:.0%}")
    n, apart = max(len(game.w2) for game in games), floors(data, pairs)
    return Pair(*(stretched(game, n)._replace(floors=apart) for game in games))


def stretched(game: Watched, n: int) -> Watched:
    """``n`` frames, each the one that is as far in the script; short games repeat theirs."""
    at = np.rint(np.linspace(0, len(game.w2) - 1, n)).astype(int)
    still = ("method", "data", "axis", "floors")
    moved = {name: getattr(game, name)[at] for name in Watched._fields if name not in still}
    return game._replace(**moved)
