"""The Dirac-GAN: its field from the losses by autodiff, its steps against closed forms."""

import math
from itertools import product

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from dgmlib.gan import dirac, dirac_linear
from dgmlib.gan.dirac import Game, State
from dgmlib.gan.losses import KINDS, Kind, critic_loss, generator_loss

PLACES = np.array([[0.7, -0.4], [-1.3, 0.9], [0.2, 2.5], [1.5, 1.1]])
HELPED = [
    Game("saturating", r1=0.3),
    Game("non-saturating", noise=0.8),
    Game("least-squares", noise=0.5, r1=0.2),
    Game("wasserstein", penalty=0.6),
    Game("saturating", r1=0.1, noise=0.4, penalty=0.3),
]


def by_autodiff(game: Game, theta: float, psi: float) -> np.ndarray:
    """(theta', psi') from the losses: noise as a weighted sum over the quadrature's points."""
    e, w = np.polynomial.hermite_e.hermegauss(120)
    w = w / w.sum()
    a, b = torch.tensor([theta, psi], dtype=torch.float64, requires_grad=True)
    leaf_a, leaf_b = a.detach().requires_grad_(), b.detach().requires_grad_()
    d = g = torch.zeros((), dtype=torch.float64)
    for each, weight in zip(torch.tensor(e * game.noise), torch.tensor(w), strict=True):
        real, fake = leaf_b * each, leaf_b * (leaf_a + each)
        d = d + weight * critic_loss(game.kind, real, fake)
        g = g + weight * generator_loss(game.kind, fake)
    d = d + game.r1 / 2 * leaf_b**2 + game.penalty * (leaf_b.abs() - 1) ** 2
    (down,) = torch.autograd.grad(g, leaf_a, retain_graph=True)
    (critic,) = torch.autograd.grad(d, leaf_b)
    return -np.array([float(down), float(critic)])


@pytest.mark.parametrize("game", [*(Game(k) for k in KINDS), *HELPED], ids=str)
def test_each_player_goes_down_its_own_loss(game: Game):
    """Mutants: either sign; psi theta for theta; the non-saturating slope in D, too; R1 without its
    half or on theta; the penalty's 2; noise on the fake alone; variance for standard deviation."""
    for theta, psi in PLACES:
        v = dirac.field(game, theta, psi)
        # with noise, 1e-8: the Gauss-Hermite rule of this test at psi = 2.5
        near = 1e-8 if game.noise else 1e-12
        np.testing.assert_allclose(v, by_autodiff(game, theta, psi), rtol=near, atol=near)


@pytest.mark.parametrize("game", [*(Game(k) for k in KINDS), *HELPED], ids=str)
def test_the_derivative_is_that_of_the_field(game: Game):
    """And consensus goes down |field|^2 / 2. Mutants: rows for columns; J for J' in the consensus;
    a second derivative's sign; r1 left out."""
    h = 1e-6
    for w in PLACES:
        J = dirac.derivative(game, *w)
        for j in range(2):
            step = h * np.eye(2)[j]
            up, down = dirac.field(game, *(w + step)), dirac.field(game, *(w - step))
            np.testing.assert_allclose(
                J[:, j], np.subtract(up, down) / (2 * h), rtol=1e-6, atol=1e-8
            )

        def energy(at: np.ndarray) -> float:
            return 0.5 * float(np.sum(np.square(dirac.field(game, *at))))

        slope = [(energy(w + h * e) - energy(w - h * e)) / (2 * h) for e in np.eye(2)]
        calm = dirac.field(game._replace(consensus=0.7), *w)
        expected = np.array(dirac.field(game, *w)) - 0.7 * np.array(slope)
        np.testing.assert_allclose(calm, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("game", "eigenvalues"),
    [
        (Game("saturating"), [0.5j, -0.5j]),
        (Game("non-saturating"), [0.5j, -0.5j]),
        (Game("wasserstein"), [1j, -1j]),
        # Mescheder et al.: -r/2 +- sqrt(r^2/4 - f'(0)^2), f'(0) = 1/2
        (Game(r1=0.6), [-0.3 + 0.4j, -0.3 - 0.4j]),
        (Game(r1=1.3), [-0.65 + math.sqrt(0.65**2 - 0.25), -0.65 - math.sqrt(0.65**2 - 0.25)]),
        # f''(0) s^2 +- sqrt(f''(0)^2 s^4 - f'(0)^2), f''(0) = -1/4
        (Game(noise=1.0), [complex(-0.25, s * math.sqrt(0.25 - 1 / 16)) for s in (1, -1)]),
        (Game(consensus=0.8), [-0.2 + 0.5j, -0.2 - 0.5j]),  # J - k J'J = J - k I / 4
    ],
    ids=str,
)
def test_eigenvalues_are_the_papers(game: Game, eigenvalues: list[complex]):
    """Mutants: damping 2 r or r / 2; noise for its square; a field with the loss' 1/2 lost."""
    got = np.linalg.eigvals(dirac_linear.jacobian(game))
    np.testing.assert_allclose(
        np.sort_complex(got), np.sort_complex(np.array(eigenvalues)), atol=1e-12
    )


def test_simultaneous_wasserstein_steps_are_a_rotation_that_grows():
    """w_n = (1 - i h)^n w_0, distances grow by sqrt(1 + h^2) exactly. Mutants: alternating for
    simultaneous; the wrong way round; h for h^2."""
    start, h, n = dirac.init(1.0, 0.5), 0.3, 40
    path = dirac.run(start, Game("wasserstein"), n, lr=h)
    exact = dirac_linear.rotation(start, n, lr=h)
    np.testing.assert_allclose(path.theta, exact.theta, rtol=1e-10)
    np.testing.assert_allclose(path.psi, exact.psi, rtol=1e-10)
    radius = np.hypot(*path)
    np.testing.assert_allclose(radius[1:] / radius[:-1], math.sqrt(1 + h * h), rtol=1e-12)


def test_alternating_wasserstein_steps_only_turn():
    """Determinant 1: after 5,000 steps the distance is still bounded, by the invariant ellipse
    theta^2 + psi^2 - h theta psi (D first). Mutants: G first; D not seen new by G; simultaneous."""
    game, h = Game("wasserstein"), 0.3
    path = dirac.run(dirac.init(1.0, 0.5), game, 5000, lr=h, order="alternating")
    kept = path.theta**2 + path.psi**2 - h * path.theta * path.psi
    np.testing.assert_allclose(kept, kept[0], rtol=1e-9)
    exact = dirac_linear.path(
        game, State(np.array(1.0), np.array(0.5)), 5000, lr=h, order="alternating"
    )
    np.testing.assert_allclose(path.theta, exact.theta, atol=1e-9)
    M = dirac_linear.step_matrix(game, lr=h, order="alternating")
    assert np.linalg.det(M) == pytest.approx(1, abs=1e-14)
    np.testing.assert_allclose(np.abs(np.linalg.eigvals(M)), 1, rtol=1e-12)


@pytest.mark.parametrize(
    ("order", "n_critic"), [("simultaneous", 1), ("alternating", 1), ("alternating", 3)]
)
@pytest.mark.parametrize(
    "game", [Game(r1=0.4), Game("non-saturating", noise=0.7), Game(consensus=0.5)], ids=str
)
def test_small_games_follow_the_matrix(game: Game, order: dirac.Order, n_critic: int):
    """Near (0, 0) the steps are powers of the matrix: the difference is of third order.

    Mutants: n_critic of G; M applied in the other order; D's moves not repeated."""
    for size in (1e-2, 1e-3):
        start = dirac.init(size, -0.5 * size)
        path = dirac.run(start, game, 30, lr=0.5, order=order, n_critic=n_critic)
        exact = dirac_linear.path(game, start, 30, lr=0.5, order=order, n_critic=n_critic)
        miss = max(np.abs(path.theta - exact.theta).max(), np.abs(path.psi - exact.psi).max())
        assert miss < 30 * size**3


def test_the_flow_is_the_limit_of_small_steps():
    """exp(J t) against SciPy's integrator of the full field close to the equilibrium."""
    game, start = Game(r1=0.4, noise=0.3), dirac.init(1e-4, 2e-4)
    times = np.linspace(0, 9, 10)
    solved = solve_ivp(
        lambda _, w: np.array(dirac.field(game, *w)), (0, 9), start, t_eval=times,
        rtol=1e-10, atol=1e-14,
    )  # fmt: skip
    got = dirac_linear.flow(game, start, times)
    np.testing.assert_allclose(got, solved.y, atol=1e-10)


@pytest.mark.parametrize("kind", ["saturating", "wasserstein"])
def test_without_help_the_flow_keeps_its_distance(kind: Kind):
    """theta theta' + psi psi' = 0 everywhere, R1 makes it negative; so steps spiral out, or in."""
    theta, psi = np.meshgrid(np.linspace(-3, 3, 13), np.linspace(-3, 3, 13))
    v = dirac.field(Game(kind), theta, psi)
    np.testing.assert_allclose(theta * v.d_theta + psi * v.d_psi, 0, atol=1e-13)
    with_r1 = dirac.field(Game(kind, r1=0.5), theta, psi)
    np.testing.assert_allclose(theta * with_r1.d_theta + psi * with_r1.d_psi, -0.5 * psi**2)
    plain, helped = (
        np.hypot(*dirac.run(dirac.init(1.0, 1.0), g, 400, lr=0.2))
        for g in (Game(kind), Game(kind, r1=0.5))
    )
    assert plain[-1] > 2 * plain[0]
    assert helped[-1] < 1e-3 * helped[0]


def test_clipping_comes_after_the_step_and_does_not_help():
    """psi never leaves [-c, c], and is at the wall right after a long step. theta never settles.

    Mutants: clipping before the step; theta clipped; G answers the unclipped psi."""
    game = Game("wasserstein", clip=0.4)
    one, _ = dirac.step(dirac.init(2.0, 0.3), game, lr=0.5, order="alternating")
    assert one.psi == -0.4
    assert one.theta == pytest.approx(2.0 - 0.5 * 0.4, abs=1e-15)
    both, _ = dirac.step(dirac.init(2.0, 0.3), game, lr=0.5)
    assert (both.theta, both.psi) == (2.0 + 0.5 * 0.3, -0.4)
    path = dirac.run(dirac.init(2.0, 0.3), game, 600, lr=0.1, order="alternating")
    assert np.abs(path.psi[1:]).max() == 0.4
    assert np.ptp(path.theta[-100:]) > 0.3


def test_the_largest_rate_is_where_the_radius_passes_one():
    """Mutants: Re / |l|^2 without the 2; the maximum over eigenvalues; a rate where none helps."""
    assert dirac_linear.largest_rate(Game("wasserstein")) == 0
    for r1, kind in product((0.3, 2.5), ("saturating", "wasserstein")):
        game = Game(kind, r1=r1)
        h = dirac_linear.largest_rate(game)
        radius = [
            np.abs(np.linalg.eigvals(dirac_linear.step_matrix(game, lr=f * h))).max()
            for f in (0.999, 1.001)
        ]
        assert radius[0] < 1 < radius[1]


def test_many_games_are_played_at_once_and_nonsense_is_named():
    start = dirac.init(PLACES[:, 0], PLACES[:, 1])
    for game in HELPED:
        together = dirac.run(start, game, 5, lr=0.1, order="alternating", n_critic=2)
        alone = dirac.run(dirac.init(*PLACES[1]), game, 5, lr=0.1, order="alternating", n_critic=2)
        np.testing.assert_allclose(together.theta[:, 1], alone.theta, rtol=1e-13)
        assert together.psi.shape == (6, 4)
    assert start.theta[0] == PLACES[0, 0]  # a step leaves its state alone
    with pytest.raises(ValueError, match="no loss 'hinge'"):
        dirac.field(Game("hinge"), 1, 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="move once each"):
        dirac.step(start, Game(), lr=0.1, n_critic=2)
    with pytest.raises(ValueError, match="simultaneous or alternating"):
        dirac.step(start, Game(), lr=0.1, order="random")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no linear theory"):
        dirac_linear.jacobian(Game(penalty=1.0))
    with pytest.raises(ValueError, match="finite"):
        dirac.init(np.nan, 0)
