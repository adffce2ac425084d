r"""What the Dirac-GAN does near its equilibrium, exactly: eigenvalues and powers of a matrix.

    w' = J w            flow:   eigenvalues left of the imaginary axis pull in, on it they turn
    w <- (I + h J) w    step:   eigenvalues inside the unit circle pull in
    J = [[0, a], [-b, -d]] - k J'J,      a = b = 1/2, d = r + noise^2 / 2   (both logistic losses)
                                     a = b = 1,   d = r                 (Wasserstein)

Undamped, simultaneous steps multiply the distance by sqrt(1 + h^2 a b) > 1; alternating ones have
determinant 1 and only turn, as long as h^2 a b < 4. For the Wasserstein loss the linear
theory is the whole truth: with w = theta + i psi, w_n = (1 - i h)^n w_0.

References:
    Which training methods for GANs do actually converge? (Mescheder, Geiger & Nowozin, 2018)
    https://arxiv.org/abs/1801.04406
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import expm

from dgmlib.gan.dirac import Game, Order, State, derivative


def jacobian(game: Game) -> np.ndarray:
    """J (2, 2) of the field at (0, 0); rows theta', psi'.

    Example:
        >>> np.linalg.eigvals(jacobian(Game("wasserstein"))).imag
        array([ 1., -1.])
    """
    if game.penalty > 0:
        raise ValueError("the two-sided penalty has no slope at psi = 0: no linear theory; use r1")
    J = derivative(game._replace(consensus=0.0), 0.0, 0.0)
    return J - game.consensus * J.T @ J


def step_matrix(
    game: Game, *, lr: float, order: Order = "simultaneous", n_critic: int = 1
) -> np.ndarray:
    """M (2, 2): near (0, 0) one step takes (theta, psi) to M (theta, psi)."""
    J = jacobian(game)
    if order == "simultaneous":
        return np.eye(2) + lr * J
    critic, generator = np.eye(2), np.eye(2)
    critic[1] += lr * J[1]
    generator[0] += lr * J[0]
    return generator @ np.linalg.matrix_power(critic, n_critic)


def flow(game: Game, start: State, times: ArrayLike) -> State:
    """exp(J t) of a start, times first: (n,) and (n,)."""
    times = np.asarray(times, float)
    w = expm(times[:, None, None] * jacobian(game)) @ np.array([start.theta, start.psi], float)
    return State(w[:, 0], w[:, 1])


def path(
    game: Game, start: State, n: int, *, lr: float, order: Order = "simultaneous", n_critic: int = 1
) -> State:
    """M^0 to M^n of a start, time first: (n + 1,) and (n + 1,)."""
    M = step_matrix(game, lr=lr, order=order, n_critic=n_critic)
    w, out = np.array([start.theta, start.psi], float), []
    for _ in range(n + 1):
        out.append(w)
        w = M @ w
    theta, psi = np.array(out).T
    return State(theta, psi)


def rotation(start: State, n: int, *, lr: float) -> State:
    """Simultaneous steps of the plain Wasserstein game in closed form, (n + 1,) and (n + 1,)."""
    w = (start.theta + 1j * start.psi) * (1 - 1j * lr) ** np.arange(n + 1)
    return State(w.real, w.imag)


def largest_rate(game: Game) -> float:
    """Simultaneous steps shrink for 0 < h < min -2 Re(l) / |l|^2 over the eigenvalues; else 0."""
    eigen = np.linalg.eigvals(jacobian(game))
    return float(max(np.min(-2 * eigen.real / np.abs(eigen) ** 2), 0.0))
