r"""The Dirac-GAN: two numbers against each other, and all that goes wrong with large ones.

    data at 0,  G = a point at theta,  D(x) = psi x                     equilibrium (0, 0)
    psi'   =  E[ c(psi e) e ] - E[ b(t) (theta + e) ] - r psi - 2 g (|psi| - 1) sign psi
    theta' =  E[ a(t) ] psi,          t = psi (theta + e),  e ~ N(0, noise^2)

a, b, c are the slopes of the losses at G's answer, D's at a fake and D's at a real point; e is the
instance noise, r the R1 penalty (r / 2) |D'|^2, g the two-sided gradient penalty g (|D'| - 1)^2.
Without help the field only turns around the equilibrium: theta theta' + psi psi' = (a - b) t = 0
for the saturating and the Wasserstein loss, and steps of any size spiral outwards.

References:
    Which training methods for GANs do actually converge? (Mescheder, Geiger & Nowozin, 2018)
    https://arxiv.org/abs/1801.04406
    The numerics of GANs (Mescheder, Nowozin & Geiger, 2017) https://arxiv.org/abs/1705.10461
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.gan.losses import KINDS, Kind
from dgmlib.vae.arrays import sigmoid

Order = Literal["simultaneous", "alternating"]
_NODES = np.linspace(-8.4, 8.4, 85)  # equal steps: beats Gauss-Hermite where psi e is large
_WEIGHTS = np.exp(-0.5 * _NODES**2) / np.exp(-0.5 * _NODES**2).sum()


class Game(NamedTuple):
    """The loss and what is done against its turning."""

    kind: Kind = "saturating"
    r1: float = 0.0  # weight r of the R1 penalty
    penalty: float = 0.0  # weight g of the two-sided gradient penalty
    clip: float = np.inf  # psi in [-c, c] after every step of D
    noise: float = 0.0  # standard deviation of the instance noise
    consensus: float = 0.0  # weight of the descent on |field|^2 / 2


class State(NamedTuple):
    """Both players; arrays of one shape play many games at once."""

    theta: np.ndarray  # (...)
    psi: np.ndarray  # (...)


class Info(NamedTuple):
    """The field where the move of each player began."""

    d_theta: np.ndarray  # (...)
    d_psi: np.ndarray  # (...)


class Slopes(NamedTuple):
    """First and second derivatives of the losses at answers t."""

    a: np.ndarray  # G's
    da: np.ndarray
    b: np.ndarray  # D's at a fake point
    db: np.ndarray
    c: np.ndarray  # D's at a real point
    dc: np.ndarray


def init(theta: ArrayLike, psi: ArrayLike) -> State:
    theta, psi = np.broadcast_arrays(np.asarray(theta, float), np.asarray(psi, float))
    if not (np.isfinite(theta).all() and np.isfinite(psi).all()):
        raise ValueError("theta and psi must be finite")
    return State(theta.copy(), psi.copy())


def field(game: Game, theta: ArrayLike, psi: ArrayLike) -> Info:
    """(theta', psi'): the way each player wants to go, for arrays of any shape."""
    theta, psi = np.asarray(theta, float), np.asarray(psi, float)
    v = _plain(game, theta, psi)
    if game.consensus == 0:
        return v
    J = derivative(game, theta, psi)  # (..., 2, 2)
    both = np.stack([v.d_theta, v.d_psi], -1)
    both = both - game.consensus * np.einsum("...ji,...j->...i", J, both)
    return Info(both[..., 0], both[..., 1])


def step(
    state: State, game: Game, *, lr: float, order: Order = "simultaneous", n_critic: int = 1
) -> tuple[State, Info]:
    """Both from the same place, or D ``n_critic`` times and then G against the new D."""
    if order == "simultaneous":
        if n_critic != 1:
            raise ValueError(f"simultaneous players move once each, got n_critic = {n_critic}")
        v = field(game, *state)
        psi = np.clip(state.psi + lr * v.d_psi, -game.clip, game.clip)
        return State(state.theta + lr * v.d_theta, psi), v
    if order != "alternating":
        raise ValueError(f"the order is simultaneous or alternating, got {order!r}")
    theta, psi = state
    d_psi = np.zeros_like(psi)
    for _ in range(n_critic):
        d_psi = field(game, theta, psi).d_psi
        psi = np.clip(psi + lr * d_psi, -game.clip, game.clip)
    d_theta = field(game, theta, psi).d_theta
    return State(theta + lr * d_theta, psi), Info(d_theta, d_psi)


def run(
    state: State, game: Game, n: int, *, lr: float, order: Order = "simultaneous", n_critic: int = 1
) -> State:
    """The states before each of ``n`` steps and after the last, time first: (n + 1, ...)."""
    path = [state]
    for _ in range(n):
        state, _ = step(state, game, lr=lr, order=order, n_critic=n_critic)
        path.append(state)
    return State(np.stack([s.theta for s in path]), np.stack([s.psi for s in path]))


def derivative(game: Game, theta: ArrayLike, psi: ArrayLike) -> np.ndarray:
    """The Jacobian (..., 2, 2) of the field without consensus; rows theta', psi'."""
    theta, psi = np.asarray(theta, float), np.asarray(psi, float)
    e, w = _noise(game)
    x, at = theta[..., None] + e, psi[..., None]
    fake, real = slopes(game.kind, at * x), slopes(game.kind, at * e)
    tt = psi * psi * (fake.da @ w)
    tp = (fake.a + fake.da * at * x) @ w
    pt = -(fake.b + fake.db * at * x) @ w
    pp = (real.dc * e * e - fake.db * x * x) @ w - game.r1 - 2 * game.penalty
    return np.stack([np.stack([tt, tp], -1), np.stack([pt, pp], -1)], -2)


def slopes(kind: Kind, t: np.ndarray) -> Slopes:
    """At answers ``t``; b and c are what pushes D down at a fake and up at a real point."""
    one, zero = np.ones_like(t), np.zeros_like(t)
    if kind == "wasserstein":
        return Slopes(one, zero, one, zero, one, zero)
    if kind == "least-squares":
        return Slopes(1 - t, -one, t, one, 1 - t, -one)
    if kind not in KINDS:
        raise ValueError(f"there is no loss {kind!r}; there are {', '.join(KINDS)}")
    s = sigmoid(t)
    curve = s * (1 - s)
    a, da = (s, curve) if kind == "saturating" else (1 - s, -curve)
    return Slopes(a, da, s, curve, 1 - s, -curve)


def _plain(game: Game, theta: np.ndarray, psi: np.ndarray) -> Info:
    e, w = _noise(game)
    x, at = theta[..., None] + e, psi[..., None]  # (..., m)
    fake, real = slopes(game.kind, at * x), slopes(game.kind, at * e)
    d_psi = (real.c * e - fake.b * x) @ w - game.r1 * psi
    d_psi = d_psi - 2 * game.penalty * (np.abs(psi) - 1) * np.sign(psi)
    return Info((fake.a @ w) * psi, d_psi)


def _noise(game: Game) -> tuple[np.ndarray, np.ndarray]:
    return (np.zeros(1), np.ones(1)) if game.noise == 0 else (game.noise * _NODES, _WEIGHTS)
