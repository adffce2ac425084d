"""Scenes of games between two networks: one, and two side by side."""

import numpy as np

from dgmlib.figures.scene import Axis, Panel, Pick, Rules, Scene, Text
from dgmlib.figures.training_plane import plane
from dgmlib.figures.training_words import caption, coverage, distance, found, losses, pushes
from dgmlib.gan.side_by_side import Pair
from dgmlib.gan.watched import Watched, total

TURNS = 100  # that a click appends
TILES = {"D": "critic", "G": "generator", "both": "both"}


def one_scene(w: Watched) -> Scene:
    """The plane, four curves, and three fields to let the game go on."""
    small = [losses(w, (4, 0, 2, 2)), distance({"W2": w}, (6, 0, 2, 2))]
    parts = coverage({"": w}, (6, 2, 2, 2))
    if parts is None:
        small.append(pushes(w, (4, 2, 4, 2)))
    else:
        small += [pushes(w, (4, 2, 2, 2)), parts]
    return Scene(
        panels=[plane(w, "", (0, 0, 4, 5)), *small, _tiles()],
        alt=f"A game of {w.method} on {w.data.name}: D's landscape, data, samples of G, the grid "
        "of G and the pushes of D, beside losses, W2, D's pushes and modes over the moves. At the "
        f"end: {found(w, -1)}.",
        frame_values=total(w), frame_label="moves",
        captions=[caption(w, f) for f in range(len(w.w2))],
        start=len(w.w2) - 1, fps=8.0, columns=8, aspect=1.67,
    )  # fmt: skip


def _tiles() -> Panel:
    x = np.arange(len(TILES)) + 0.5
    return Panel(
        layers=[
            Rules(at=np.arange(len(TILES) + 1.0), color="muted", dash=False),
            Text(xy=np.stack([x, np.full(len(x), 0.5)], 1), text=list(TILES), size=15.0),
            Pick(label=f"click D, G or both: {TURNS} more turns", name="on"),
        ],
        title=f"Go on: {TURNS} turns of",
        x=Axis(range=(0.0, float(len(TILES))), hidden=True), y=Axis(range=(0.0, 1.0), hidden=True),
        area=(4, 4, 4, 1), aspect=4.5, legend=False,
    )  # fmt: skip


def go_on(done: dict) -> str:
    """The script of the picture with the turns of the field that was clicked."""
    x = float(done["xy"][0])
    if not 0 <= x <= len(TILES):
        raise ValueError("click on one of the fields")
    who = list(TILES.values())[min(int(x), len(TILES) - 1)]
    *before, last = [part.strip() for part in str(done["p"].script).rstrip(" ,").split(",")]
    count, _, whose = last.partition(" ")
    if whose == who and count.isdigit():  # the same once more
        return ", ".join([*before, f"{int(count) + TURNS} {who}"])
    return ", ".join([*before, last, f"{TURNS} {who}"])


def two_scene(pair: Pair) -> Scene:
    """Both planes, the losses of neither: they have different units."""
    games = {w.method: w for w in pair}
    if len(games) == 1:  # the same method twice
        games = {f"{w.method} {i + 1}": w for i, w in enumerate(pair)}
    names = list(games)
    parts = coverage(games, (4, 4, 4, 2))
    return Scene(
        panels=[
            plane(pair.first, names[0], (0, 0, 4, 4)), plane(pair.second, names[1], (4, 0, 4, 4)),
            distance(games, (0, 4, 4 if parts else 8, 2)), *([parts] if parts else []),
        ],
        alt=f"{names[0]} beside {names[1]} on {pair.first.data.name}, from the same seed. At the "
        f"end: {found(pair.first, -1)}; and {found(pair.second, -1)}.",
        frame_values=total(pair.first), frame_label="moves",
        captions=[
            f"{names[0]}: {caption(pair.first, f)} {names[1]}: {caption(pair.second, f)}"
            for f in range(len(pair.first.w2))
        ],
        start=len(pair.first.w2) - 1, fps=6.0, columns=8, aspect=1.45,
    )  # fmt: skip
