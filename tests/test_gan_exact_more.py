"""Errors that the best critic's numbers state, small pushes, and starts of the Dirac-GAN."""

import numpy as np
import pytest
from scipy import stats

from dgmlib.divergences import adaptive
from dgmlib.divergences.mixture1d import gaussian, log_prob, mixture
from dgmlib.gan import dirac, optimal

P, Q = mixture([0.6, 0.4], [-1.0, 2.0], [0.5, 0.7]), gaussian(0.5, 1.2)


def test_twice_a_divergence_has_twice_its_error():
    """Mutant: the error of JS for that of 2 JS."""
    js = adaptive.js(P, Q)
    found = optimal.best_value(P, Q)
    assert found.value == pytest.approx(2 * js.value - np.log(4), rel=1e-14)
    assert found.error >= 2 * js.error


@pytest.mark.parametrize("panels", [1, 2, 3])
def test_the_error_in_the_plane_is_honest_where_squares_are_wide(panels: int):
    """Two round Gaussians on squares of 4 to 12 deviations. Mutants: a rule against itself; a
    hundredth of the difference."""

    def log_normal(x: np.ndarray, at: float) -> np.ndarray:
        return -0.5 * ((x - [at, 0.0]) ** 2).sum(-1) - np.log(2 * np.pi)

    got = optimal.value_in_plane(
        lambda x: log_normal(x, -1.0), lambda x: log_normal(x, 1.0), panels=panels
    )
    truth = optimal.best_value(gaussian(-1.0, 1.0), gaussian(1.0, 1.0)).value
    assert 1e-6 < abs(got.value - truth) <= got.error


def test_a_tiny_strength_keeps_its_digits():
    """1e-47, against a sum over a fine grid, which for a smooth bump is exact to rounding.

    Mutants: a tolerance that is content with anything small; the mean push in place of its square.
    """
    p, q = gaussian(6.0, 0.5), gaussian(-6.0, 0.3)
    x = np.linspace(-9, 9, 20_001)
    squares = np.exp(log_prob(q, x)) * optimal.push("saturating", p, q, x) ** 2
    truth = squares.sum() * (x[1] - x[0])
    assert 0 < truth < 1e-40
    assert optimal.strength("saturating", p, q).value == pytest.approx(truth, rel=1e-9, abs=0)


def test_the_kink_of_the_wasserstein_push_is_found():
    """Where two distribution functions cross, the push is a step. Mutant: a step where the
    densities cross."""
    p, q = gaussian(0.0, 0.3), gaussian(0.1, 2.0)
    found = optimal.pull("wasserstein", p, q)
    # F_p = F_q at x: (x - 0) / 0.3 = (x - 0.1) / 2, and sign(F_q - F_p) is + to its left
    x = -0.3 * 0.1 / (2 - 0.3)
    assert found.value == pytest.approx(2 * stats.norm.cdf(x, 0.1, 2.0) - 1, rel=1e-9)
    assert found.error < 1e-10


def test_a_start_belongs_to_the_game():
    """Mutant: views of what the caller may change."""
    theta, psi = np.zeros(3), np.ones(3)
    state = dirac.init(theta, psi)
    theta[0] = psi[0] = 9.0
    assert state.theta.tolist() == [0, 0, 0]
    assert state.psi.tolist() == [1, 1, 1]
    assert dirac.init(1.0, [1.0, 2.0]).theta.flags.writeable
