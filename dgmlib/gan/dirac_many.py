r"""Many games of the Dirac-GAN from one start: every step size, and every remedy.

    simultaneous   M = I + h J           undamped: |lambda| = sqrt(1 + h^2 a^2) > 1 for every h
    alternating    det M = 1             undamped: |lambda| = 1 while h a < 2

a is 1/2 for the logistic losses and 1 for Wasserstein. A game whose players are more than LEFT away
from the equilibrium stays where it is.

References:
    Which training methods for GANs do actually converge? (Mescheder, Geiger & Nowozin, 2018)
    https://arxiv.org/abs/1801.04406
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dgmlib.gan import dirac, dirac_linear
from dgmlib.gan.dirac import Game, Order, State
from dgmlib.gan.dirac_games import LEFT, ORDERS, STEPS, Help, game

RATES = np.geomspace(0.02, 5.0, 41)  # from steps that look like the flow to steps too large
REMEDIES: Mapping[Help, float] = {
    "none": 0.0, "R1": 1.0, "gradient penalty": 1.0, "clipping": 0.5, "instance noise": 1.0,
    "consensus": 1.0,
}  # fmt: skip


class Sized(NamedTuple):
    """One start at every step size, in both orders."""

    game: Game
    paths: np.ndarray  # (R, 2, n + 1, 2): rate, order, step, (theta, psi)
    eigen: NDArray[np.complex128] | None  # (R, 2, 2)
    limit: float  # of simultaneous steps: the largest rate that shrinks, 0 if none


class Remedied(NamedTuple):
    """The same start and step size, with each remedy; the last one is alternating steps alone."""

    names: list[str]
    games: list[Game]
    lr: float
    order: Order
    paths: np.ndarray  # (F, 7, 2)
    growth: np.ndarray  # (7,) the largest |eigenvalue| of a step, nan where there is none


def sizes(game: Game, start: State, *, n: int = 100) -> Sized:
    """Both orders at all RATES; a game that left stays where it was."""
    rates: Any = RATES  # a step takes an array of step sizes as well: one for each game
    paths = np.empty((len(RATES), 2, n + 1, 2))
    for k, order in enumerate(ORDERS):
        state = State(*(np.full(len(RATES), float(v)) for v in start))
        for i in range(n + 1):
            paths[:, k, i] = np.stack(state, -1)
            gone = np.hypot(*state) > LEFT
            moved, _ = dirac.step(state, game, lr=rates, order=order)
            state = State(*(np.where(gone, a, b) for a, b in zip(state, moved, strict=True)))
    if game.penalty > 0:
        return Sized(game, paths, None, np.nan)
    eigen = [
        [np.linalg.eigvals(dirac_linear.step_matrix(game, lr=h, order=o)) for o in ORDERS]
        for h in RATES
    ]
    return Sized(game, paths, np.array(eigen, complex), dirac_linear.largest_rate(game))


def remedies(
    loss: str, start: State, *, lr: float, order: str = "simultaneous", n: int = STEPS
) -> Remedied:
    """Every remedy at its strength in REMEDIES, and no remedy but alternating steps."""
    if order not in ORDERS:
        raise ValueError(f"the order is {' or '.join(ORDERS)}, got {order!r}")
    games = [game(loss, name, strength) for name, strength in REMEDIES.items()]
    orders: list[Order] = [*(order for _ in games), "alternating"]
    games.append(games[0])
    paths = np.empty((n + 1, len(games), 2))
    growth = np.full(len(games), np.nan)
    for k, (g, o) in enumerate(zip(games, orders, strict=True)):
        state = start
        for i in range(n + 1):
            paths[i, k] = state
            if np.hypot(*state) <= LEFT:
                state, _ = dirac.step(state, g, lr=lr, order=o)
        if g.penalty == 0:
            matrix = dirac_linear.step_matrix(g, lr=lr, order=o)
            growth[k] = np.abs(np.linalg.eigvals(matrix)).max()
    return Remedied([*REMEDIES, "in turns"], games, lr, order, paths, growth)
