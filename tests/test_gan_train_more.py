"""Moves and critics where the usual settings would hide a slip: other rates, other sizes."""

from typing import Any

import numpy as np
import pytest
import torch

from dgmlib.gan import lipschitz, train
from dgmlib.gan.methods import DEFAULTS, LATENT

DATA = np.random.default_rng(0).normal([1.0, -0.5], size=(300, 2))


def start(data: np.ndarray = DATA) -> train.State:
    return train.init("gan", data, width=8, depth=2, seed=3)


def test_each_player_has_its_own_rate_and_both_one_memory():
    """Adam's first step moves every weight by the rate, so the largest move is the rate; the second
    moment is (1 - b2) g^2. Mutants: G at D's rate, D at G's; b2 left at its default for either."""
    settings = DEFAULTS["gan"]._replace(batch=16, lr=0.02, critic_lr=0.003, beta2=0.9)
    state = start()
    d, _ = train.critic_step(state, settings)
    g, _ = train.generator_step(state, settings)
    for new, old, rate in (
        (d.critic, state.critic, 0.003), (g.generator, state.generator, 0.02)
    ):  # fmt: skip
        assert float((new.theta - old.theta).abs().max()) == pytest.approx(rate, rel=1e-3)
        grad = new.m / (1 - settings.beta1)
        np.testing.assert_allclose(new.v, 0.1 * grad**2, rtol=1e-4, atol=1e-12)


def test_what_a_move_says_of_itself():
    """Lengths and signs. Mutants: the largest entry for the length of D's gradient; G's loss for
    its estimate."""
    settings = DEFAULTS["gan"]._replace(batch=16)
    new, said = train.critic_step(start(), settings)
    length = float(np.linalg.norm(new.critic.m / (1 - settings.beta1)))
    assert said.gradient == pytest.approx(length, rel=1e-4)
    _, said = train.generator_step(start(), settings)
    assert said.estimate == -said.loss != 0
    assert said.penalty == 0


def test_batches_come_from_all_of_the_data():
    """300 points, 16 at a time: after 100 moves at most one in a hundred was never met (e^-5.3 of
    them on average). Mutants: only the first points; one place between each pair for all pairs."""
    state, met = start(), set()
    for _ in range(100):
        batch = train.draw(state, "critic", 16)
        met |= {tuple(x) for x in batch.x.tolist()}
        state = state._replace(critic=state.critic._replace(steps=state.critic.steps + 1))
    assert len(met) > 290
    assert met <= {tuple(x) for x in DATA.astype(np.float32).tolist()}
    share = train.draw(state, "critic", 2000).share
    assert share.shape == (2000, 1)
    assert float(share.mean()) == pytest.approx(0.5, abs=5 * (1 / 12 / 2000) ** 0.5)
    assert float(share.std()) == pytest.approx(12**-0.5, rel=0.1)


def test_data_of_another_size():
    """Three coordinates from two of noise. Mutants: noise of the size of the data; a depth or an
    empty cloud let through."""
    state = start(np.random.default_rng(1).normal(size=(50, 3)))
    assert state.generator.sizes == (LATENT, 8, 8, 3)
    assert state.critic.sizes == (3, 8, 8, 1)
    state, _ = train.one_round(state, DEFAULTS["gan"]._replace(batch=8))
    assert state.generator.steps == 1
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        (dict(depth=0), "depth 1 to 8"), (dict(depth=9), "depth 1 to 8"),
        (dict(data=np.zeros((0, 2))), "finite points"),
    )  # fmt: skip
    for change, words in wrong:
        asked: Any = dict(method="gan", data=DATA, seed=0) | change
        with pytest.raises(ValueError, match=words):
            train.init(**asked)


def test_the_penalty_of_pictures():
    """A linear critic of (n, 2, 3) arrays: |grad| is the length of all six weights.

    Mutants: lengths along the last axis alone; the caller's points made to ask for gradients."""
    w = torch.arange(1.0, 7.0, dtype=torch.float64).view(2, 3)
    x = torch.zeros(4, 2, 3, dtype=torch.float64)
    got = lipschitz.penalty_of(lambda a: (a * w).sum((1, 2)), x)
    assert float(got.detach()) == pytest.approx((91**0.5 - 1) ** 2, rel=1e-12)
    assert not x.requires_grad


def test_the_bound_is_that_of_one_network():
    """Mutant: every weight in the dictionary, whosever it is."""
    params = {"net.0.weight": np.diag([3.0, 2.0]), "net.0.bias": np.ones(2)}
    other = {"generator.0.weight": 100 * np.eye(2)}
    assert lipschitz.bound(params | other) == pytest.approx(3.0)
    assert lipschitz.bound(params | other, "generator") == pytest.approx(100.0)


def test_sigma_is_followed_for_fixed_vectors():
    """Before power iteration has converged, d sigma / d W is still u v', and u is a number.

    Mutant: autodiff through u and v, which agree only at the end."""
    rng = np.random.default_rng(0)
    w = torch.tensor(rng.normal(size=(5, 4)), requires_grad=True)
    found = lipschitz.power_iteration(w, torch.tensor(rng.normal(size=5)))
    assert not found.u.requires_grad
    found.sigma.backward()
    assert w.grad is not None
    np.testing.assert_allclose(w.grad, np.outer(found.u, found.v), rtol=1e-12)
