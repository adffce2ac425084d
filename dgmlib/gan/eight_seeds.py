"""One game from eight seeds: what a single run can say, and what it cannot.

A seed decides the first weights, every batch and all noise; the data and the method stay.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.gan.plane import Plane
from dgmlib.gan.watched import check, floors, watch
from dgmlib.jobs import Job, Progress

SEEDS, FRAMES, DRAWN = 8, 11, 250
MEASURED = ("w2", "modes", "share")


class Seeds(NamedTuple):
    """S games, F frames."""

    method: str
    data: Plane
    seeds: np.ndarray  # (S,)
    moves: np.ndarray  # (F,) of both players
    samples: np.ndarray  # (S, F, n, 2) float16
    w2: np.ndarray  # (S, F)
    floors: np.ndarray  # (P,) W2 of pairs of clouds of data
    modes: np.ndarray  # (S, F)
    share: np.ndarray  # (S, F)


def several(
    method: str, data: Plane, script: str, *, seed: int, n: int = SEEDS, frames: int = FRAMES,
    width: int = 128,
) -> Job[Seeds]:  # fmt: skip
    """A job: plays the seeds ``seed``, ``seed + 1``, ... one after the other."""
    check(method, script)
    seeds, games = np.arange(seed, seed + n), []
    for i, each in enumerate(seeds):
        job = watch(
            method, data, script, seed=int(each), frames=frames, grid=2, width=width, pairs=0
        )
        while True:
            try:
                part = next(job).part
            except StopIteration as end:
                games.append(end.value)
                break
            yield Progress(i + part, n, f"seed {each}, {i + 1} of {n}: {part:.0%}")
    moves = games[0].critic_moves + games[0].generator_moves
    samples = np.stack([game.samples[:, :DRAWN] for game in games])
    w2, modes, share = (np.array([getattr(g, name) for g in games]) for name in MEASURED)
    return Seeds(method, data, seeds, moves, samples, w2, floors(data), modes, share)
