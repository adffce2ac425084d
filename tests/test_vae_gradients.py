"""Gradient estimators of the ELBO and of the K-sample bound against autodiff of the exact bound.

Expectations are sums over a grid of noise, so nothing here is left to chance.
"""

import numpy as np
import pytest
import torch

from dgmlib.vae import gradients

GRID = np.linspace(-8.5, 8.5, 171)
P = np.exp(-0.5 * GRID**2) / np.sqrt(2 * np.pi) * (GRID[1] - GRID[0])
X, SIGMA = 0.8, 0.6


def log_joint(z: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
    """z ~ N(0, I) in 1 or 2 dimensions; x is Gaussian around a curve: no Gaussian posterior."""
    mean = theta * torch.tanh(1.5 * z).sum(-1) + 0.2 * (z**2).sum(-1)
    return -0.5 * (z**2).sum(-1) - 0.5 * ((X - mean) / SIGMA) ** 2


def log_weights(
    mean: torch.Tensor, log_std: torch.Tensor, theta: torch.Tensor, noise: torch.Tensor
) -> torch.Tensor:
    z = mean + torch.exp(log_std) * noise
    log_q = -0.5 * (noise**2 + np.log(2 * np.pi)).sum(-1) - log_std.sum(-1)
    return log_joint(z, theta) - log_q


def setting(d: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    mean = torch.tensor([0.4, -0.7][:d], dtype=torch.float64, requires_grad=True)
    log_std = torch.tensor([-0.5, 0.1][:d], dtype=torch.float64, requires_grad=True)
    return mean, log_std, torch.tensor(1.3, dtype=torch.float64, requires_grad=True)


def numbers(d: int, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """log w, d log p(x, z) / dz, the deviations, and d log p(x, z) / d theta, as arrays."""
    mean, log_std, theta = (t.detach() for t in setting(d))
    e = torch.tensor(noise)
    log_w = log_weights(mean, log_std, theta, e)
    z = (mean + torch.exp(log_std) * e).requires_grad_(True)
    theta = theta.expand(z.shape[:-1]).clone().requires_grad_(True)
    log_joint(z, theta).sum().backward()
    assert z.grad is not None
    assert theta.grad is not None
    return log_w.numpy(), z.grad.numpy(), np.exp(log_std.numpy()), theta.grad.numpy()


def plane() -> tuple[np.ndarray, np.ndarray]:
    """Every pair of the grid (n, 2), and its probability."""
    pairs = np.stack(np.meshgrid(GRID, GRID, indexing="ij"), -1).reshape(-1, 2)
    return pairs, np.outer(P, P).ravel()


@pytest.mark.parametrize("d", [1, 2])
def test_both_estimators_are_autodiff_of_the_elbo(d: int) -> None:
    """Reparameterised and score function, with any baseline, in one and two dimensions.

    Mutants: log w without log q; e for e / s; e^2 for e^2 - 1; the entropy's 1 left out or taken
    twice; a log deviation treated as a log variance (a factor 2)."""
    noise, p = (GRID[:, None], P) if d == 1 else plane()
    mean, log_std, theta = setting(d)
    (torch.tensor(p) * log_weights(mean, log_std, theta, torch.tensor(noise))).sum().backward()
    assert mean.grad is not None
    assert log_std.grad is not None
    log_w, slope, std, _ = numbers(d, noise)
    for found in (
        gradients.reparameterised(slope, noise, std),
        gradients.score_function(log_w, noise, std),
        gradients.score_function(log_w, noise, std, baseline=-7.3),
    ):
        np.testing.assert_allclose(p @ found.mean, mean.grad.numpy(), atol=1e-9)
        np.testing.assert_allclose(p @ found.log_std, log_std.grad.numpy(), atol=1e-9)


def test_the_others_are_a_baseline() -> None:
    """Two draws, each with the other's log w as baseline: same expectation, by a double sum.

    Mutants: the mean of all draws (it knows its own draw, and shrinks the gradient by half)."""
    pairs, p = plane()
    mean, log_std, theta = setting(1)
    value = torch.tensor(P) * log_weights(mean, log_std, theta, torch.tensor(GRID[:, None]))
    value.sum().backward()
    assert mean.grad is not None
    noise = pairs.T[..., None]  # (2, n, 1)
    log_w, _, std, _ = numbers(1, noise)
    found = gradients.score_function(log_w, noise, std, baseline=gradients.others(log_w))
    np.testing.assert_allclose(p @ found.mean.mean(0), mean.grad.numpy(), atol=1e-9)
    all_ = gradients.score_function(log_w, noise, std, baseline=log_w.mean(0))
    np.testing.assert_allclose(p @ all_.mean.mean(0), 0.5 * mean.grad.numpy(), atol=1e-9)
    with pytest.raises(ValueError, match="at least 2 draws"):
        gradients.others(log_w[:1])


def test_both_k_sample_gradients_are_autodiff_of_the_bound() -> None:
    """K = 2: ordinary and doubly reparameterised, for q; the weighted one, for the model.

    Mutants: v for v^2 in the second; the slope without the score of q in it; v not normalised; one
    sample shared across K (then K = 1's gradient comes out)."""
    pairs, p = plane()
    noise = pairs.T[..., None]  # (2, n, 1)
    mean, log_std, theta = setting(1)
    both = log_weights(mean, log_std, theta, torch.tensor(noise))
    (torch.tensor(p) * (torch.logsumexp(both, 0) - np.log(2))).sum().backward()
    assert mean.grad is not None
    assert log_std.grad is not None
    assert theta.grad is not None
    log_w, slope, std, by_theta = numbers(1, noise)
    for estimate in (gradients.k_samples, gradients.doubly_reparameterised):
        found = estimate(log_w, slope, noise, std)
        assert found.mean.shape == (len(p), 1)
        np.testing.assert_allclose(p @ found.mean, mean.grad.numpy(), atol=1e-9)
        np.testing.assert_allclose(p @ found.log_std, log_std.grad.numpy(), atol=1e-9)
    model = gradients.weighted(log_w, by_theta[..., None])
    np.testing.assert_allclose(p @ model, [float(theta.grad)], atol=1e-9)


def test_one_sample_is_the_elbo() -> None:
    """K = 1: v = 1, and the two kinds are the two ways to write the reparameterised gradient."""
    noise = GRID[None, :, None]
    log_w, slope, std, _ = numbers(1, noise)
    one = gradients.k_samples(log_w, slope, noise, std)
    plain = gradients.reparameterised(slope[0], noise[0], std)
    np.testing.assert_allclose(one.mean, plain.mean)
    np.testing.assert_allclose(one.log_std, plain.log_std)
    double = gradients.doubly_reparameterised(log_w, slope, noise, std)
    np.testing.assert_allclose(P @ double.mean, P @ one.mean, atol=1e-9)
    np.testing.assert_allclose(gradients.shares(log_w), 1.0)


def test_nothing_is_left_to_chance_at_the_posterior() -> None:
    """Where q is the posterior, log w is constant: the doubly reparameterised gradient is 0 draw by
    draw, the ordinary one is not. Mutant: the slope of log q with the other sign."""
    x, sigma = 1.1, 0.7
    v = 1 + sigma**2
    mean, std = x / v, sigma / np.sqrt(v)
    noise = np.random.default_rng(2).standard_normal((6, 50, 1))
    z = mean + std * noise
    slope = (x - z) / sigma**2 - z
    log_w = np.full(noise.shape[:2], 0.3)
    found = gradients.doubly_reparameterised(log_w, slope, noise, std)
    assert np.abs(found.mean).max() < 1e-12
    assert np.abs(found.log_std).max() < 1e-12
    assert gradients.k_samples(log_w, slope, noise, std).mean.std() > 0.1
