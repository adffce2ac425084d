r"""One game of the Dirac-GAN as a reader sets it up, and what is known about it beforehand.

    steps   w_{n+1} = w_n + h v(w_n),  or D first and then G against the new D
    flow    w' = v(w), at the times n h: what infinitely small steps would do
    theory  w_n = M^n w_0, M the derivative of one step at (0, 0)

Theory is exact for the Wasserstein loss, but for clipping and the two-sided penalty, which has no
derivative at psi = 0. The flow is solved to five digits or more. Without help it is a circle for
the saturating and the Wasserstein loss; for the non-saturating loss the radius shrinks,
w . w' = (1 - 2 s(t)) t <= 0 with t = theta psi, but ever more slowly.

References:
    Which training methods for GANs do actually converge? (Mescheder, Geiger & Nowozin, 2018)
    https://arxiv.org/abs/1801.04406
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from dgmlib.data import pair_text
from dgmlib.gan import dirac, dirac_linear
from dgmlib.gan.dirac import Game, Info, Order, State

Loss = Literal["saturating", "non-saturating", "wasserstein"]
Help = Literal["none", "R1", "gradient penalty", "clipping", "instance noise", "consensus"]
LOSSES: tuple[Loss, ...] = get_args(Loss)
HELP: tuple[Help, ...] = get_args(Help)
ORDERS: tuple[Order, ...] = get_args(Order)
REACH = 2.5  # of a start
STEPS = 200
LEFT = 100.0  # whoever is that far away is not followed further
LONG = 50.0  # of the flow: 4 turns where the rate is 1/2
GRID = np.linspace(-4.0, 4.0, 21)


class Played(NamedTuple):
    """One game, frame by frame, and what is known about it."""

    game: Game
    lr: float
    order: Order
    steps: State  # (F,) each; F = STEPS + 1, or fewer if the players left
    flow: State | None  # (F,); None where steps are no small part of any flow: clipping, the kink
    theory: State | None  # (F,), nan after it has left; None with the two-sided penalty
    exact: bool  # theory is not only near the equilibrium
    eigen: NDArray[np.complex128] | None  # (2,) complex, of M
    push: Info  # (F,) the field where the players are
    arrows: Info  # (21, 21) the field on GRID x GRID, rows psi


def game(loss: str, help: str, strength: float) -> Game:
    """A loss and at most one remedy."""
    if loss not in LOSSES:
        raise ValueError(f"there is no loss {loss!r} here; there are {', '.join(LOSSES)}")
    if help not in HELP:
        raise ValueError(f"there is no remedy {help!r}; there are {', '.join(HELP)}")
    if not (np.isfinite(strength) and strength >= 0):
        raise ValueError(f"the strength of a remedy is at least 0, got {strength:g}")
    plain = Game(kind=loss)
    return {
        "none": plain,
        "R1": plain._replace(r1=strength),
        "gradient penalty": plain._replace(penalty=strength),
        "clipping": plain._replace(clip=strength),
        "instance noise": plain._replace(noise=strength),
        "consensus": plain._replace(consensus=strength),
    }[help]


def parse(text: str) -> State:
    """A start, "1 0": theta and psi."""
    ends = (-REACH, REACH)
    return dirac.init(*pair_text.parse(text, ("θ", "ψ"), (ends, ends), like="1 0"))


def of_handle(edit: Mapping[str, Any]) -> str:
    """A dragged start to text."""
    (theta, psi), ends = edit["xy"][0], (-REACH, REACH)
    return pair_text.write((theta, psi), (ends, ends))


def play(game: Game, start: State, *, lr: float, order: str = "simultaneous") -> Played:
    """STEPS steps from ``start``, or until somebody leaves."""
    if order not in ORDERS:
        raise ValueError(f"the order is {' or '.join(ORDERS)}, got {order!r}")
    states = [start]
    while len(states) <= STEPS and np.hypot(*states[-1]) <= LEFT:
        states.append(dirac.step(states[-1], game, lr=lr, order=order)[0])
    n = len(states) - 1
    steps = State(np.array([s.theta for s in states]), np.array([s.psi for s in states]))
    linear, free = game.penalty == 0, np.isinf(game.clip)
    theory = _followed(dirac_linear.path(game, start, n, lr=lr, order=order)) if linear else None
    matrix = dirac_linear.step_matrix(game, lr=lr, order=order) if linear else None
    return Played(
        game, lr, order, steps,
        flow=flow(game, start, lr * np.arange(n + 1)) if linear and free else None,
        theory=theory,
        exact=game.kind == "wasserstein" and linear and bool(free),
        eigen=None if matrix is None else np.linalg.eigvals(matrix).astype(complex),
        push=dirac.field(game, *steps),
        arrows=dirac.field(game, GRID[None, :], GRID[:, None]),
    )  # fmt: skip


def _followed(w: State) -> State:
    """nan after the first state that has left."""
    late = np.cumsum(np.hypot(*w) > LEFT) > 1
    return State(*(np.where(late, np.nan, a) for a in w))


def flow(game: Game, start: State, times: np.ndarray) -> State:
    """w' = v(w) at increasing times from 0 on; nan beyond LONG. Runge-Kutta of order 8."""
    w0, soon = np.array([start.theta, start.psi], float), times[times <= LONG]
    solved = solve_ivp(
        lambda t, w: np.array(dirac.field(game, *w)), (0.0, soon[-1]), w0,
        method="DOP853", t_eval=soon, rtol=1e-7, atol=1e-9,
    )  # fmt: skip
    late = np.full((2, len(times) - len(soon)), np.nan)
    return State(*np.hstack([solved.y, late]))
