"""Slopes, bounds, penalties and norms of critics: against autodiff, SVD and finite differences."""

import numpy as np
import pytest
import torch

from dgmlib.divergences.transport import wasserstein
from dgmlib.gan import lipschitz
from dgmlib.vae import mlp


def network(sizes: list[int], seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        k: v + 0.3 * rng.normal(size=v.shape) for k, v in mlp.init("net", sizes, rng=rng).items()
    }


def torch_of(params: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {k: torch.tensor(v, requires_grad=True) for k, v in params.items()}


X = np.random.default_rng(5).normal(size=(40, 2)) * 2


@pytest.mark.parametrize("sizes", [[2, 1], [2, 7, 1], [2, 9, 5, 6, 1]], ids=str)
def test_the_slope_is_autodiffs(sizes: list[int]):
    """Mutants: the mask of the wrong layer; 0 or 0.01 for the leaky slope; W for W'."""
    params = network(sizes)
    x = torch.tensor(X, requires_grad=True)
    f = mlp.forward(torch_of(params), "net", x, "leaky-relu")[:, 0]
    (exact,) = torch.autograd.grad(f.sum(), x)
    value, slope = lipschitz.value_and_slope(params, X)
    np.testing.assert_allclose(value, f.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(slope * np.ones_like(X), exact.numpy(), rtol=1e-12)
    again = lipschitz.slope(torch_of(params), torch.tensor(X)).detach().numpy()
    np.testing.assert_allclose(again * np.ones_like(X), exact.numpy(), rtol=1e-12)


def test_the_penalty_and_its_gradient_by_three_ways():
    """The product of masks, autodiff through autodiff, and finite differences in float64.

    Mutants: a slope without a graph (the critic learns nothing from it); |grad|^2 - 1; the mean
    before the square; one-sided; a sum over points; masks with gradients of the bias.
    """
    params = network([2, 6, 5, 1])

    def by_hand(p: dict) -> float:
        g = lipschitz.value_and_slope(p, X)[1]
        return float(np.mean((np.linalg.norm(g, axis=1) - 1) ** 2))

    ours, twice = torch_of(params), torch_of(params)
    a = lipschitz.penalty(ours, torch.tensor(X))
    b = lipschitz.penalty_of(
        lambda x: mlp.forward(twice, "net", x, "leaky-relu")[:, 0], torch.tensor(X)
    )
    assert float(a.detach()) == pytest.approx(by_hand(params), rel=1e-9)
    assert float(b.detach()) == pytest.approx(by_hand(params), rel=1e-9)
    a.backward()
    b.backward()
    h = 1e-6
    for name in params:
        if name.endswith("bias"):  # moves the cells, not the slopes
            continue
        mine, double = ours[name].grad, twice[name].grad
        assert mine is not None
        assert double is not None
        np.testing.assert_allclose(mine.numpy(), double.numpy(), rtol=1e-9, atol=1e-12)
        for at in [(0, 0), (-1, -1)]:
            up, down = ({**params, name: params[name].copy()} for _ in range(2))
            up[name][at] += h
            down[name][at] -= h
            slope = (by_hand(up) - by_hand(down)) / (2 * h)
            assert float(mine[at]) == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_points_of_the_penalty_lie_between_pairs():
    """Mutants: one share for all; of x and y apart (a box, not a segment); beyond the ends."""
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 50, 2))
    share = rng.random((50, 1))
    x = lipschitz.between(real, fake, share)
    np.testing.assert_allclose(x - fake, share * (real - fake), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(lipschitz.between(real, fake, np.ones((50, 1))), real)


def test_power_iteration_finds_the_largest_gain():
    """Also when each call goes on from the last one's u: 300 single rounds are one of 300.

    Mutants: u not returned new; v not of length 1 (also with no round at all); the Frobenius norm;
    a sigma that autodiff cannot follow, or that follows u and v, too."""
    rng = np.random.default_rng(2)
    w, u = rng.normal(size=(6, 4)), rng.normal(size=6)
    left, gains, right = np.linalg.svd(w)
    found = lipschitz.power_iteration(w, u, 300)
    assert found.sigma == pytest.approx(gains[0], rel=1e-12)
    assert abs(found.u @ left[:, 0]) == pytest.approx(1, rel=1e-9)
    step = u
    for _ in range(300):
        one = lipschitz.power_iteration(w, step)
        assert one.sigma <= gains[0] * (1 + 1e-12)
        assert np.linalg.norm(one.v) == pytest.approx(1, abs=1e-9)
        step = one.u
    np.testing.assert_allclose(step, found.u, atol=1e-12)
    still = lipschitz.power_iteration(w, found.u, 0)
    assert still.sigma == pytest.approx(gains[0], rel=1e-9)
    np.testing.assert_array_equal(still.u, found.u)
    t = torch.tensor(w, requires_grad=True)
    lipschitz.power_iteration(t, torch.tensor(found.u)).sigma.backward()
    assert t.grad is not None
    # d sigma / d W = u v'
    np.testing.assert_allclose(t.grad.numpy(), np.outer(left[:, 0], right[0]), atol=1e-9)


def test_no_slope_is_steeper_than_the_bound():
    """And for one linear layer it is the slope. Mutants: a sum of norms; the smallest singular
    value; a layer left out."""
    params = network([2, 8, 8, 1])
    K = lipschitz.bound(params)
    wide = np.random.default_rng(1).normal(size=(5000, 2)) * 5
    steep = np.linalg.norm(lipschitz.value_and_slope(params, wide)[1], axis=1)
    assert steep.max() <= K
    norms = [np.linalg.svd(w)[1][0] for k, w in params.items() if k.endswith("weight")]
    assert pytest.approx(np.prod(norms), rel=1e-12) == K
    line = network([2, 1])
    assert lipschitz.bound(line) == pytest.approx(np.linalg.norm(line["net.0.weight"]))


def test_no_critic_estimates_more_than_k_times_w1():
    """For any weights and any two clouds; Kantorovich and Rubinstein's easy half."""
    rng = np.random.default_rng(8)
    for seed in range(10):
        params = network([2, 6, 6, 1], seed)
        x, y = rng.normal(size=(30, 2)), 2 * rng.normal(size=(30, 2)) + 1
        f, g = (lipschitz.value_and_slope(params, a)[0].mean() for a in (x, y))
        assert abs(f - g) <= lipschitz.bound(params) * wasserstein(x, y, order=1).value


def test_clipping_and_the_histogram():
    """Mutants: [0, c]; weights beyond the edges dropped; an empty c accepted."""
    w = np.array([-3.0, -0.05, 0.0, 0.2, 0.09])
    np.testing.assert_array_equal(lipschitz.clip(w, 0.1), [-0.1, -0.05, 0.0, 0.1, 0.09])
    np.testing.assert_array_equal(lipschitz.clip(torch.tensor(w), 0.1), [-0.1, -0.05, 0, 0.1, 0.09])
    counts = lipschitz.histogram(w, np.array([-0.1, -0.03, 0.03, 0.1]))
    np.testing.assert_array_equal(counts, [2, 1, 2])
    with pytest.raises(ValueError, match="c > 0"):
        lipschitz.clip(w, 0.0)
