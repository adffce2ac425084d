"""Annealed importance sampling against the exact evidence of linear Gaussian and mixture models."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from dgmlib.vae import annealed
from dgmlib.vae.annealed import Start

SE = 4.5  # standard errors: one in 150,000 by chance


def likelihood(x: np.ndarray, sigma: float):
    """log p(x|z) of x | z ~ N(z, sigma^2 I), its slope, and log p(x) under z ~ N(0, I)."""
    d = len(x)

    def log_likelihood(z: np.ndarray) -> np.ndarray:
        square = ((x - z) / sigma) ** 2
        return -0.5 * square.sum(-1) - d * np.log(sigma * np.sqrt(2 * np.pi))

    exact = stats.norm.logpdf(x, 0, np.sqrt(1 + sigma**2)).sum()
    return log_likelihood, lambda z: (x - z) / sigma**2, float(exact)


@pytest.mark.parametrize("moves", ["random walk", "hamiltonian", "timid"])
@pytest.mark.parametrize("betas", [[0, 1], [0, 0.1, 1], [0, 0.05, 0.2, 0.5, 1]])
def test_any_ladder_is_unbiased(moves: str, betas: list[float]) -> None:
    """The mean weight is p(x), however few the rungs and however poor the moves.

    Mutants: the weight taken after the move; moves that keep the next density; moves that accept
    everything; the whole log-likelihood at every rung; f without the prior."""
    log_likelihood, grad, exact = likelihood(np.array([1.0, -0.6]), 0.5)
    rng = np.random.default_rng(len(betas))
    found = annealed.from_standard_normal(
        log_likelihood, grad if moves == "hamiltonian" else None, 2, betas=np.array(betas),
        n_chains=30_000, step_size=0.02 if moves == "timid" else 0.7, n_leapfrog=3, rng=rng,
    )  # fmt: skip
    assert abs(np.expm1(found.log_p.value - exact)) < SE * found.log_p.error
    assert found.log_p.error < 0.02
    assert found.log_w.shape == (30_000,)
    assert len(found.accepted) == len(betas) - 2


def test_many_rungs_need_no_proposal() -> None:
    """Ten dimensions, sigma = 0.15: 100 chains come within a tenth of a nat, where as many draws of
    the prior as there were gradients are nats off. Mutant: no moves."""
    x, sigma = np.full(10, 1.0), 0.15
    log_likelihood, grad, exact = likelihood(x, sigma)
    betas = annealed.rising(300, sharpness=1 / sigma**2)
    found = annealed.from_standard_normal(
        log_likelihood, grad, 10, betas=betas, n_chains=100, n_leapfrog=4,
        step_size=0.4 / np.sqrt(1 + betas / sigma**2), rng=np.random.default_rng(3),
    )  # fmt: skip
    assert abs(found.log_p.value - exact) < max(SE * found.log_p.error, 0.1)
    assert found.log_p.error < 0.1
    assert found.ess > 50
    assert found.accepted.min() > 0.7
    draws = np.random.default_rng(4).standard_normal((100 * 300 * 4, 10))
    naive = annealed.log_mean(log_likelihood(draws))
    assert naive.value - exact < -2
    assert naive.error > 0.3


def test_a_start_that_is_not_the_prior() -> None:
    """From an encoder's q to a joint with two modes: log p(x) by quadrature.

    Mutants: the density of the start left out of the weight; the path from the joint to itself."""
    mean, std = 0.5, 1.4

    def log_joint(z: np.ndarray) -> np.ndarray:
        prior = stats.norm.logpdf(z[:, 0])
        return prior + stats.norm.logpdf(1.5, z[:, 0] ** 2 / 2, 0.3)

    def grad(z: np.ndarray) -> np.ndarray:
        return (1.5 - z**2 / 2) / 0.09 * z - z

    start = Start(
        lambda z: stats.norm.logpdf(z[:, 0], mean, std), lambda z: (mean - z) / std**2,
        lambda n, rng: mean + std * rng.standard_normal((n, 1)),
    )  # fmt: skip
    z = np.linspace(-8, 8, 8001)
    exact = np.log(np.exp(log_joint(z[:, None])).sum() * (z[1] - z[0]))
    found = annealed.anneal(
        log_joint, start, grad=grad, betas=annealed.rising(20, sharpness=10.0), n_chains=4000,
        step_size=0.15, rng=np.random.default_rng(5),
    )  # fmt: skip
    assert abs(found.log_p.value - exact) < SE * found.log_p.error
    assert found.log_p.error < 0.05


def test_standard_errors_are_honest() -> None:
    """Over 150 runs the distance from the truth, in claimed errors, has deviation about 1.

    Mutants: the error of one chain; of log weights; the relative error forgotten."""
    log_likelihood, grad, exact = likelihood(np.array([1.0, -0.6, 0.3]), 0.5)
    off = []
    for seed in range(150):
        found = annealed.from_standard_normal(
            log_likelihood, grad, 3, betas=annealed.rising(8, sharpness=4.0), n_chains=200,
            step_size=0.5, n_leapfrog=2, rng=np.random.default_rng(seed),
        )  # fmt: skip
        off.append((found.log_p.value - exact) / found.log_p.error)
    # the standard error of a deviation of 150 is 6%, and the bias of the log adds a little
    assert 0.8 < np.std(off) < 1.25
    assert abs(np.mean(off)) < 0.35


def test_log_mean() -> None:
    """Against SciPy, also where the weights underflow. Mutants: the mean of logs; n for n - 1; the
    error of the mean not divided by the mean."""
    log_w = np.random.default_rng(1).normal(0, 0.7, 400)
    found = annealed.log_mean(log_w - 2000)
    assert found.value == pytest.approx(logsumexp(log_w) - np.log(400) - 2000, abs=1e-9)
    w = np.exp(log_w)
    assert found.error == pytest.approx(w.std(ddof=1) / w.mean() / 20, rel=1e-9)


def test_rising() -> None:
    """From 0 to 1, and every rung narrows a Gaussian's f by the same factor. Mutant: even steps."""
    betas = annealed.rising(12, sharpness=25.0)
    assert betas[0] == 0
    assert betas[-1] == 1
    np.testing.assert_allclose(np.diff(np.log(1 + 25 * betas)), np.log(26) / 12, rtol=1e-9)


def test_wrong_arguments_are_named() -> None:
    log_likelihood, grad, _ = likelihood(np.array([1.0]), 0.5)
    rng = np.random.default_rng(0)
    for betas in ([0.1, 1], [0, 0.5], [0, 0.5, 0.5, 1], [0]):
        with pytest.raises(ValueError, match="rise from 0 to 1"):
            annealed.from_standard_normal(
                log_likelihood, grad, 1, betas=np.array(betas), n_chains=9, step_size=1.0, rng=rng
            )
    with pytest.raises(ValueError, match="at least 2 chains"):
        annealed.from_standard_normal(
            log_likelihood, grad, 1, betas=np.array([0, 1]), n_chains=1, step_size=1.0, rng=rng
        )
    start = Start(lambda z: -0.5 * (z**2).sum(-1), None, lambda n, g: g.standard_normal((n, 1)))
    with pytest.raises(ValueError, match="give both, or neither"):
        annealed.anneal(
            log_likelihood, start, grad=grad, betas=np.array([0, 1]), n_chains=9, step_size=1.0,
            rng=rng,
        )  # fmt: skip
    with pytest.raises(ValueError, match="at least 2 log-weights"):
        annealed.log_mean(np.zeros(1))
    with pytest.raises(ValueError, match="start where the joint is positive"):
        annealed.log_mean(np.full(3, -np.inf))
    with pytest.raises(ValueError, match="positive sharpness"):
        annealed.rising(3, sharpness=0.0)
