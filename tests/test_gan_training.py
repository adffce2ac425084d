"""Training as a stream: whose turn it is, what each move changes, and what it must not change."""

from typing import Any

import numpy as np
import pytest
import torch

from dgmlib.gan import lipschitz, players, train
from dgmlib.gan.losses import critic_loss, generator_loss
from dgmlib.gan.methods import DEFAULTS, LOSS, METHODS, Method, Settings
from dgmlib.vae import mlp

DATA = np.random.default_rng(0).normal([1.0, -0.5], size=(300, 2))


def start(method: Method, seed: int = 3) -> train.State:
    return train.init(method, DATA, width=8, depth=2, seed=seed)


def small(method: Method, **changes: Any) -> Settings:
    return DEFAULTS[method]._replace(batch=16, **changes)


def leaf(player: players.Player) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    theta = player.theta.detach().clone().requires_grad_()
    return theta, players.weights(theta, player.sizes)


def test_adam_is_kingmas_and_bas():
    """Five steps of their Algorithm 1 in float64, also with b1 = 0 (torch.optim takes seconds to
    import). Mutants: no correction of the start; eps inside the root; v from the gradient and not
    its square; t from 0."""
    rng = np.random.default_rng(1)
    for beta1, scale in ((0.5, 1.0), (0.0, 1e-8)):  # at 1e-8 eps counts
        player = players.init((3, 4, 2), rng=rng)
        theta = player.theta.numpy().astype(float)
        m, v = np.zeros_like(theta), np.zeros_like(theta)
        for t in range(1, 6):
            g = scale * rng.normal(size=len(theta))
            m = beta1 * m + (1 - beta1) * g
            v = 0.99 * v + 0.01 * g**2
            m_hat, v_hat = m / (1 - beta1**t), v / (1 - 0.99**t)
            theta = theta - 0.01 * m_hat / (np.sqrt(v_hat) + 1e-8)
            grad = torch.from_numpy(g.astype(np.float32))
            player = players.adam(player, grad, lr=0.01, beta1=beta1, beta2=0.99)
        np.testing.assert_allclose(player.theta, theta, rtol=2e-5, atol=2e-6)
        assert player.steps == 5


def test_a_player_is_a_perceptron_in_one_vector():
    """Mutants: (in, out) for (out, in); layers in another order; a copy autodiff cannot follow."""
    params = mlp.init("net", (3, 5, 2), rng=np.random.default_rng(4))
    player = players.init((3, 5, 2), rng=np.random.default_rng(4))
    for name, w in players.arrays(player).items():
        np.testing.assert_array_equal(w, params[name])
    theta, layers = leaf(player)
    x = torch.ones(1, 3)
    (grad,) = torch.autograd.grad(players.answer(layers, x).sum(), theta)
    assert grad[-2:].tolist() == [1.0, 1.0]  # the last biases


@pytest.mark.parametrize("method", METHODS)
def test_a_critic_step_goes_down_the_critics_loss(method: Method):
    """The whole move by hand: the batch of this turn, the loss, its gradient, Adam, then clipping.

    Mutants: real and fake exchanged; G's loss; the penalty on data, on samples or without lambda;
    clipping before the step; spectral norm with the old u; a gradient of G's weights, too."""
    state, settings = start(method), small(method, penalty=0.7, clip=0.05)
    batch = train.draw(state, "critic", 16)
    _, g = leaf(state.generator)
    fake = players.answer(g, batch.z).detach()
    theta, d = leaf(state.critic)
    us = []
    for i, u in enumerate(state.u):
        w = d[f"net.{i}.weight"]
        v = (w.detach().T @ u) / (w.detach().T @ u).norm()
        u = (w.detach() @ v) / (w.detach() @ v).norm()
        d[f"net.{i}.weight"] = w / (u @ w @ v)
        us.append(u)
    if us:
        d["net.2.weight"] = d["net.2.weight"] * settings.gain
    loss = critic_loss(LOSS[method], players.answer(d, batch.x), players.answer(d, fake))
    if method == "wgan-gp":
        x = batch.share * batch.x + (1 - batch.share) * fake
        loss = loss + 0.7 * lipschitz.penalty_of(lambda a: players.answer(d, a)[:, 0], x)
    (grad,) = torch.autograd.grad(loss, theta)
    exact = players.adam(
        state.critic, grad, lr=settings.critic_lr, beta1=settings.beta1, beta2=settings.beta2
    ).theta
    if method == "wgan-clip":
        exact = exact.clamp(-0.05, 0.05)
    new, info = train.critic_step(state, settings)
    # Adam divides by sqrt(v): where a gradient is rounding only, its sign is anybody's
    sure = grad.abs() > 1e-6
    np.testing.assert_allclose(new.critic.theta[sure], exact[sure], rtol=1e-3, atol=2e-5)
    np.testing.assert_allclose(new.critic.m, (1 - settings.beta1) * grad, rtol=1e-3, atol=1e-6)
    assert info.loss == pytest.approx(float(loss.detach()), rel=1e-5)
    assert info.loss == pytest.approx(info.penalty - info.estimate, rel=1e-6)
    assert (info.turn, info.penalty > 0) == ("critic", method == "wgan-gp")
    assert new.generator is state.generator
    for a, b in zip(new.u, us, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_a_generator_step_goes_down_its_own_loss_and_leaves_the_critic(method: Method):
    """Mutants: the sign; samples detached (nothing moves); D's loss; a step for D, too; D as it was
    before its last move; D's norm not divided out."""
    settings = small(method)
    state, _ = train.critic_step(start(method), settings)
    batch = train.draw(state, "generator", 16)
    theta, g = leaf(state.generator)
    d = dict(players.weights(state.critic.theta, state.critic.sizes))
    for i, u in enumerate(state.u):
        w = d[f"net.{i}.weight"]
        d[f"net.{i}.weight"] = w / (w.T @ u).norm() * (settings.gain if i == 2 else 1)
    loss = generator_loss(LOSS[method], players.answer(d, players.answer(g, batch.z)))
    (grad,) = torch.autograd.grad(loss, theta)
    new, info = train.generator_step(state, settings)
    np.testing.assert_allclose(new.generator.m, (1 - settings.beta1) * grad, rtol=1e-3, atol=1e-7)
    assert float(((new.generator.theta - state.generator.theta) * grad).sum()) < 0
    assert info.loss == pytest.approx(float(loss.detach()), rel=1e-5)
    assert info.gradient == pytest.approx(float(grad.norm()), rel=1e-4)
    assert info.turn == "generator"
    assert new.critic is state.critic
    assert all(a is b for a, b in zip(new.u, state.u, strict=True))


def test_the_order_of_a_round():
    """n_critic moves of D, each against the G of before, then one of G against the newest D.

    Mutants: G first; n_critic of G; simultaneous moves; one batch for all moves of D."""
    state, settings = start("wgan-gp"), small("wgan-gp", n_critic=3)
    new, infos = train.one_round(state, settings)
    assert [i.turn for i in infos] == ["critic"] * 3 + ["generator"]
    by_hand = state
    for _ in range(3):
        by_hand, _ = train.critic_step(by_hand, settings)
    assert by_hand.generator is state.generator
    by_hand, _ = train.generator_step(by_hand, settings)
    for a, b in ((new.critic, by_hand.critic), (new.generator, by_hand.generator)):
        assert torch.equal(a.theta, b.theta)
    assert (new.critic.steps, new.generator.steps) == (3, 1)
    assert not torch.equal(train.draw(state, "critic", 16).z, train.draw(new, "critic", 16).z)


def test_one_seed_is_one_run_and_a_state_is_never_changed():
    """Bitwise, in whatever order the runs are made. Mutants: a global stream; Adam in place."""
    settings = small("spectral-norm")
    state = start("spectral-norm")
    kept = [
        t.clone() for t in (state.critic.theta, state.generator.theta, state.critic.m, *state.u)
    ]
    runs = []
    for _ in range(2):
        s = state
        for _ in range(4):
            s, _ = train.one_round(s, settings)
        runs.append(s)
    assert torch.equal(runs[0].generator.theta, runs[1].generator.theta)
    assert torch.equal(runs[0].critic.v, runs[1].critic.v)
    now = (state.critic.theta, state.generator.theta, state.critic.m, *state.u)
    assert all(torch.equal(a, b) for a, b in zip(kept, now, strict=True))
    other, _ = train.one_round(start("spectral-norm", seed=4), settings)
    assert not torch.equal(
        other.generator.theta, train.one_round(state, settings)[0].generator.theta
    )


def test_two_methods_meet_the_same_noise():
    """The same start, batches and z by the number of the move, however the turns were taken.

    Mutants: a stream that goes on (n_critic would shift G's noise); one stream for both players."""
    a, b = start("non-saturating"), start("wgan-gp")
    assert torch.equal(a.generator.theta, b.generator.theta)
    assert torch.equal(a.critic.theta, b.critic.theta)
    for _ in range(2):
        a, _ = train.one_round(a, small("non-saturating"))
        b, _ = train.one_round(b, small("wgan-gp", n_critic=5))
    for one, two in zip(train.draw(a, "generator", 9), train.draw(b, "generator", 9), strict=True):
        assert torch.equal(one, two)
    behind, _ = train.critic_step(start("wgan-gp"), small("wgan-gp"))
    behind, _ = train.critic_step(behind, small("wgan-gp"))
    for one, two in zip(train.draw(a, "critic", 9), train.draw(behind, "critic", 9), strict=True):
        assert torch.equal(one, two)
    assert not torch.equal(train.draw(a, "critic", 9).z, train.draw(a, "generator", 9).z)


def test_wasserstein_critics_stay_where_they_are_held():
    """After any step all clipped weights are within c; a spectral critic's bound is its gain.

    Mutants: clipping that comes before the step; u of the start for ever."""
    state, settings = start("wgan-clip"), small("wgan-clip", clip=0.02, critic_lr=0.05)
    for _ in range(3):
        state, _ = train.critic_step(state, settings)
        assert float(state.critic.theta.abs().max()) <= 0.02 * (1 + 1e-6)
    state, settings = start("spectral-norm"), small("spectral-norm", gain=3.0, critic_lr=2e-3)
    for _ in range(150):
        state, _ = train.critic_step(state, settings)
    # one round a step follows the moving weights some per cent late; more rounds catch up
    for n, late in ((0, 0.1), (500, 1e-3)):
        d, _ = train.critic_weights(state.critic.theta, state.critic, state.u, 3.0, n=n)
        K = lipschitz.bound({k: w.numpy() for k, w in d.items()})
        assert 3.0 * (1 - 1e-5) <= K <= 3.0 * (1 + late)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="no method 'vae'"):
        train.init("vae", DATA, seed=0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="width 1 to 1024"):
        train.init("gan", DATA, width=0, seed=0)
    with pytest.raises(ValueError, match="finite points"):
        train.init("gan", np.array([[np.nan, 0.0]]), seed=0)
    with pytest.raises(ValueError, match="finite points"):
        train.init("gan", np.zeros(4), seed=0)
