"""Games that are over at once: four frames of two small networks, for tests of their pictures."""

from typing import Any

import numpy as np

from dgmlib.data.points import encode
from dgmlib.gan import watched
from dgmlib.jobs import finish

SMALL: dict[str, Any] = dict(frames=4, grid=5, width=8)
OWN = encode(np.random.default_rng(3).standard_normal((40, 2)) * [1.0, 3.0] + [5.0, 0.0])


def game(method: Any = "non-saturating", text: str = "6 both", seed: int = 0, **more: Any) -> Any:
    shown = watched.data(more.pop("data", "8 Gaussians"), more.pop("points", ""))
    return finish(watched.watch(method, shown, text, seed=seed, **SMALL | dict(pairs=2) | more))


def four_frames() -> watched.Watched:
    """A game of four frames, whose yardsticks differ from frame to frame."""
    return game()._replace(
        w2=np.array([1.75, 1.5, 1.25, 1.0]), modes=np.array([0, 3, 5, 7]),
        share=np.array([0.0, 0.25, 0.5, 0.75]),
    )  # fmt: skip
