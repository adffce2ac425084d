r"""A game between two networks, kept at some of its moments so that it can be scrubbed.

Frame 0 is before the first move, the last is the end; between them the frames are equally far apart
in moves. The script says who moves when and may change the settings on the way.
"""

from typing import Any, NamedTuple

import numpy as np

from dgmlib.gan import train
from dgmlib.gan.frames import Shot, View, floor, shot, view
from dgmlib.gan.methods import DEFAULTS, Method, Settings
from dgmlib.gan.plane import Plane
from dgmlib.gan.script import Act, moves, parse
from dgmlib.jobs import Job, Progress

FRAMES = 60
EDGE = 0.5  # of the histogram of D's weights


class Recording(NamedTuple):
    """Time first: F frames."""

    method: Method
    data: Plane
    axis: np.ndarray  # (g,) of D's landscape, both ways
    z_lines: np.ndarray  # (L, k, 2) lines in the space of z
    edges: np.ndarray  # (bins + 1,) of the weights
    w2_floor: float  # the distance of two clouds of data from each other
    who: tuple[str, ...]  # (F,) "both", "critic", "generator"; "" at first
    settings: tuple[Settings, ...]  # (F,)
    critic_moves: np.ndarray  # (F,) so far
    generator_moves: np.ndarray  # (F,)
    samples: np.ndarray  # (F, n, 2) float32
    answers: np.ndarray  # (F, g, g) float32, what D says: a logit, or a number; row = y
    lines: np.ndarray  # (F, L, k, 2) float32, G of z_lines
    arrows: np.ndarray  # (F, m, 2) float32, where D's loss pushes the first m samples
    steepness: np.ndarray  # (F, m) float32, |grad D| at them
    bound: np.ndarray  # (F,) K: |grad D| is nowhere larger
    counts: np.ndarray  # (F, bins) D's weights in each bin
    estimate: np.ndarray  # (F,) minus D's loss: V, or what a Wasserstein critic calls the distance
    critic_loss: np.ndarray  # (F,) mean over the moves since the last frame; nan if none
    generator_loss: np.ndarray  # (F,)
    w2: np.ndarray  # (F,) exact, of samples from data
    modes: np.ndarray  # (F,) covered; -1 where the data have none to count
    share: np.ndarray  # (F,) of high quality; nan where the data have no modes


def record(
    method: Method, data: Plane, script: str = "1500 both", *, seed: int, width: int = 128,
    depth: int = 2, frames: int = FRAMES, grid: int = 48, settings: Settings | None = None,
) -> Job[Recording]:  # fmt: skip
    """A job: yields how many moves are done, returns the recording.

    Raises:
        ValueError: before the first move, for a script that cannot be read.
        FloatingPointError: a network left the numbers; the message says when.

    Example:
        >>> from dgmlib.gan.plane import named
        >>> from dgmlib.jobs import finish
        >>> ring = named("ring", rng=np.random.default_rng(0))
        >>> seen = finish(record("wgan-gp", ring, "2 both, 3 critic", seed=0, width=8))
        >>> seen.critic_moves[-1], seen.samples.shape
        (np.int64(9), (12, 500, 2))
    """
    if frames < 2 or grid < 2:
        raise ValueError(f"at least 2 frames and a grid of 2, got {frames} and {grid}")
    acts = parse(script, settings or DEFAULTS[method])
    state = train.init(method, data.points, width=width, depth=depth, seed=seed)
    rng = np.random.default_rng([seed, 1])
    seen = view(data, grid=grid, edge=EDGE, rng=rng)
    return _play(state, seen, acts, frames, floor(data, rng=rng))


def _play(
    state: train.State, seen: View, acts: tuple[Act, ...], frames: int, w2_floor: float
) -> Job[Recording]:
    total, done = moves(acts), 0
    at = np.unique(np.linspace(0, total, min(frames, total + 1)).round().astype(int))
    shots = [shot(state, seen, "", acts[0].settings, [])]
    since: list[train.Info] = []
    yield Progress(0, total)
    for act in acts:
        for turn in turns(act) * act.count:
            state, info = (train.critic_step if turn == "critic" else train.generator_step)(
                state, act.settings
            )
            since.append(info)
            done += 1
            if not np.isfinite(info.loss):
                raise FloatingPointError(
                    f"the {turn}'s loss is no number at move {done} of {total}: lower its lr"
                )
            if done == at[len(shots)]:
                shots.append(shot(state, seen, act.who, act.settings, since))
                since = []
                yield Progress(done, total, f"move {done} of {total}")
    return _gather(state.method, seen, w2_floor, shots)


def turns(act: Act) -> tuple[train.Turn, ...]:
    """Whose moves make one turn of an act."""
    if act.who == "both":
        critic: tuple[train.Turn, ...] = ("critic",) * act.settings.n_critic
        return (*critic, "generator")
    return (act.who,)


def _gather(method: Method, seen: View, w2_floor: float, shots: list[Shot]) -> Recording:
    words = ("who", "settings")
    columns: dict[str, Any] = {
        name: column if name in words else np.array(column)
        for name, column in zip(Shot._fields, zip(*shots, strict=True), strict=True)
    }
    return Recording(method, seen.data, seen.axis, seen.z_lines, seen.edges, w2_floor, **columns)
