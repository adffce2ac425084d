"""A game as a page shows it: what is drawn in half precision, what is read as it was measured.

The data come by name or are the reader's own; the script says who moves when. Nothing here needs
torch until a game begins, so that a recorded one can be looked at without it.
"""

from typing import NamedTuple, cast

import numpy as np

from dgmlib.data.points import decode
from dgmlib.divergences.transport import wasserstein
from dgmlib.gan import plane
from dgmlib.gan.methods import DEFAULTS, METHODS, Method
from dgmlib.gan.plane import Plane
from dgmlib.gan.script import moves, parse
from dgmlib.jobs import Job, Progress

OWN = "own points"
NAMES = (*plane.SETS, OWN)
FEWEST = 12  # points of one's own
FRAMES, GRID = 51, 32
PAIRS, CLOUD = 8, 400  # clouds as large as those that ``w2`` compares
LONGEST = 7_500  # moves of both players together: more would take too long for a page
# Seconds of one core, measured: a move, a move where D is charged a penalty, a frame
MOVE, PENALTY_MOVE, FRAME = 0.003, 0.004, 0.03


class Watched(NamedTuple):
    """Time first: F frames. Fields mean what they mean in ``dgmlib.gan.record.Recording``."""

    method: str
    data: Plane
    axis: np.ndarray  # (g,)
    floors: np.ndarray  # (P,) W2 of pairs of clouds of data: what perfect samples would get
    who: np.ndarray  # (F,) words
    critic_moves: np.ndarray  # (F,)
    generator_moves: np.ndarray  # (F,)
    samples: np.ndarray  # (F, n, 2) float16
    answers: np.ndarray  # (F, g, g) float16
    lines: np.ndarray  # (F, L, k, 2) float16
    arrows: np.ndarray  # (F, m, 2) float32: they may become very short
    critic_loss: np.ndarray  # (F,)
    generator_loss: np.ndarray  # (F,)
    w2: np.ndarray  # (F,)
    modes: np.ndarray  # (F,) -1 where there are none to count
    share: np.ndarray  # (F,) nan where there are none


DRAWN = ("samples", "answers", "lines")


def data(name: str, points: str = "") -> Plane:
    """A set of ``plane.SETS``; ``points``, a text of ``data.points``, go first."""
    if not points and name != OWN:
        return plane.named(name, rng=np.random.default_rng(0))
    x = decode(points)
    if len(x) < FEWEST:
        raise ValueError(
            f"there are {len(x)} points of your own; paint at least {FEWEST} in the view "
            "'Your data' or open a CSV file, or choose another set"
        )
    return plane.own(x)


def watch(
    method: str, shown: Plane, script: str = "1000 both", *, seed: int, frames: int = FRAMES,
    grid: int = GRID, width: int = 128, pairs: int = PAIRS,
) -> Job[Watched]:  # fmt: skip
    """A job: plays the game and keeps what is shown of it."""
    check(method, script)
    yield Progress(0, 1, "starting")
    from dgmlib.gan.record import record

    seen = yield from record(
        cast(Method, method), shown, script, seed=seed, frames=frames, grid=grid, width=width
    )
    found = {name: getattr(seen, name) for name in Watched._fields if name != "floors"}
    found |= {name: found[name].astype(np.float16) for name in DRAWN}
    found |= {"who": np.array(seen.who), "floors": floors(shown, pairs)}
    return Watched(**found)


def floors(shown: Plane, pairs: int = PAIRS) -> np.ndarray:
    """W2 between ``CLOUD`` data points and as many others, a number for each pair of clouds."""
    rng = np.random.default_rng(1)
    clouds = shown.points[rng.choice(len(shown.points), (pairs, 2, CLOUD))]
    return np.array([wasserstein(x, y, order=2).value for x, y in clouds])


def check(method: str, script: str) -> int:
    """How many moves both players make. ValueError when the page would have to wait for long."""
    if method not in METHODS:
        raise ValueError(f"there is no method {method!r}; there are {', '.join(METHODS)}")
    n = moves(parse(script, DEFAULTS[method]))
    if n > LONGEST:
        raise ValueError(f"{n} moves with {method}: at most {LONGEST} on this page; shorten it")
    return n


def readable(text: str) -> str:
    """A script that some method could play; ValueError says what to change."""
    parse(text, DEFAULTS["gan"])
    return text


def seconds(method: str, script: str, frames: int = FRAMES) -> float:
    """How long a game takes, about; 0 for a script that cannot be played."""
    try:
        acts = parse(script, DEFAULTS[method])
    except ValueError:
        return 0.0
    every = PENALTY_MOVE if method == "wgan-gp" else MOVE
    return every * moves(acts) + FRAME * min(frames, moves(acts) + 1)


def total(w: Watched) -> np.ndarray:
    """(F,) moves of both players."""
    return w.critic_moves + w.generator_moves
