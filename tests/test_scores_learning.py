"""Score networks: derivatives, losses by their formulas, and what each way of matching learns."""

import numpy as np
import pytest
import torch

from dgmlib.gan import players
from dgmlib.jobs import finish
from dgmlib.mixtures import gmm
from dgmlib.scores import exact, fisher, learned, matching, network, train
from dgmlib.scores.learned import Settings

RNG = np.random.default_rng
P = exact.round_mixture([0.4, 0.6], [[-1.0, 0.0], [1.0, 0.4]], [0.5, 0.6])
DATA = gmm.sample(P, 4000, rng=RNG(0))[0]


def net(told: bool) -> dict[str, np.ndarray]:
    params = network.init(network.sizes(2, 7, 2, told=told), rng=RNG(1))
    return {k: w.astype(float) + 0.1 * RNG(2).standard_normal(w.shape) for k, w in params.items()}


@pytest.mark.parametrize("told", [False, True])
def test_derivatives_along_probes(told: bool) -> None:
    """Forward derivatives against differences, told the noise or not. Mutants: 1 - y for 1 - y^2;
    the bias added to the tangent; sqrt(1 + sigma^2) or the last 1 / sigma left out."""
    params, x = net(told), RNG(3).standard_normal((5, 2))
    sigma = RNG(4).uniform(0.3, 3.0, (5, 1)) if told else None
    v, h = RNG(5).standard_normal((4, 5, 2)), 1e-6
    found = network.along(params, x, v, sigma)
    np.testing.assert_allclose(found.score, network.score(params, x, sigma), rtol=1e-12)
    for probe, jv in zip(v, found.jv, strict=True):
        up, down = (network.score(params, x + s * h * probe, sigma) for s in (1, -1))
        np.testing.assert_allclose(jv, (up - down) / (2 * h), rtol=1e-6, atol=1e-8)


def test_torch_says_the_same() -> None:
    """One formula, two libraries. Mutant: a branch that only one of them takes."""
    params, x, v = net(True), RNG(6).standard_normal((5, 2)), RNG(7).standard_normal((2, 5, 2))
    sigma = np.full((5, 1), 0.7)
    tensors = [torch.from_numpy(a) for a in (x, v, sigma)]
    wide = {k: torch.from_numpy(w) for k, w in params.items()}
    for a, b in zip(network.along(wide, *tensors), network.along(params, x, v, sigma), strict=True):
        np.testing.assert_allclose(a.numpy(), b, rtol=1e-12)
    np.testing.assert_allclose(network.at(params, 0.7)(x), network.score(params, x, sigma))


def jacobian(params, x: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """ds_i / dx_j (n, i, j)."""
    each = [
        (network.score(params, x + h * e) - network.score(params, x - h * e)) / (2 * h)
        for e in np.eye(2)
    ]
    return np.stack(each, -1)


@pytest.mark.parametrize("method", learned.METHODS)
def test_losses_of_a_batch_are_their_formulas(method: learned.Method) -> None:
    """Each method's loss by NumPy, from the batch that the step drew and differences of the
    network. Mutants: methods exchanged; sigma^2 of the annealed loss left out, or sigma; noise not
    added where the score is asked for; the truth of other rows."""
    sigmas = (2.0, 0.5) if method == "annealed" else (0.5,)
    settings = Settings(method, sigmas, probes=3, width=8, batch=16)
    state = train.init(DATA, P, settings, seed=5)
    batch = train.draw(state, settings)
    params = players.arrays(state.player)
    weights = players.weights(state.player.theta, state.player.sizes)
    loss = train.losses(weights, state, batch, settings)
    x = DATA[batch.rows]
    noisy = x + batch.sigma * batch.noise
    if method == "annealed":
        s = network.score(params, noisy, batch.sigma)
        right = 0.5 * ((batch.sigma * s + batch.noise) ** 2).sum(1)
        assert set(batch.sigma[:, 0]) == {2.0, 0.5}
    elif method == "denoising":
        right = 0.5 * ((network.score(params, noisy) + batch.noise / 0.5) ** 2).sum(1)
    elif method == "explicit":
        right = 0.5 * ((network.score(params, x) - exact.score(P, x)) ** 2).sum(1)
    else:
        s = network.score(params, x)
        form = np.einsum("mni,nij,mnj->mn", batch.probes, jacobian(params, x), batch.probes)
        square = (s * s).sum(1)
        if method == "implicit":
            right = 0.5 * square + form.sum(0)
        elif method == "hutchinson":
            right = 0.5 * square + form.mean(0)
        else:
            right = (form + 0.5 * (batch.probes * s).sum(-1) ** 2).mean(0)
    np.testing.assert_allclose(loss.numpy(), right, rtol=2e-4, atol=2e-4)  # float32


def test_a_step_is_a_function_of_seed_and_step() -> None:
    """Twice the same; the state stays as it was; examples do not depend on the method. Mutants: a
    generator kept between steps; Adam in place; probes drawn before the batch."""
    both = [Settings(m, width=8, batch=8) for m in ("denoising", "sliced")]  # type: ignore[arg-type]
    states = [train.init(DATA, P, s, seed=3) for s in both]
    before = states[0].player.theta.clone()
    one, two = (train.step(states[0], both[0])[0].player.theta for _ in range(2))
    assert torch.equal(one, two)
    assert torch.equal(states[0].player.theta, before)
    assert not torch.equal(one, before)
    first, second = (train.draw(s, of) for s, of in zip(states, both, strict=True))
    np.testing.assert_array_equal(first.rows, second.rows)
    later = train.draw(train.step(states[0], both[0])[0], both[0])
    assert not np.array_equal(later.rows, first.rows)


def test_denoising_learns_the_smoothed_density() -> None:
    """250 steps: a tenth of the Fisher divergence it started with, and to the smoothed density
    less than to the data's own, between which the truth has a gap. 1 s of training.

    Mutants: the target without 1 / sigma^2 or with its sign turned; the network asked at x in place
    of x~ (which learns 0); the frame held against p itself.
    """
    settings = Settings("denoising", (0.6,), width=32)
    seen = finish(learned.learn(P, DATA, settings, seed=0, steps=250, frames=2, grid=12))
    assert seen.fisher[-1, 0] < 0.1 * seen.fisher[0, 0]
    s = network.at(seen.params)
    to_smoothed = fisher.fisher(exact.smoothed(P, 0.6), s, rtol=1e-5)
    assert seen.fisher[-1, 0] == pytest.approx(to_smoothed.value, rel=2e-3)
    assert to_smoothed.value < 0.1 * fisher.fisher(P, s, rtol=1e-3).value


@pytest.mark.parametrize("method", ["implicit", "hutchinson", "sliced"])
def test_without_noise_the_data_are_enough(method: learned.Method) -> None:
    """120 steps of what never saw the truth: a third of the Fisher divergence. Mutants: minus
    the trace (the loss falls without end); probes' mean taken as their sum."""
    settings = Settings(method, width=24, probes=2, lr=0.01)
    seen = finish(learned.learn(P, DATA, settings, seed=1, steps=120, frames=2, grid=8))
    assert seen.fisher[-1, 0] < 0.33 * seen.fisher[0, 0]


def test_a_recording_holds_what_it_says() -> None:
    """Frames, levels and both sides of the 99%, recomputed from the last weights. Mutants: row and
    column of the grid exchanged; inside for outside; the level of another row; a grid of
    one side."""
    settings = Settings("annealed", (2.0, 0.5), width=8)
    seen = finish(learned.learn(P, DATA, settings, seed=2, steps=10, frames=3, grid=9))
    assert seen.steps.tolist() == [0, 5, 10]
    assert np.isnan(seen.loss[0])
    np.testing.assert_allclose(seen.axis, np.linspace(-4, 4, 9))
    assert seen.field.shape == (3, 2, 9, 9, 2)
    at = np.array([[seen.axis[2], seen.axis[6]]])  # column 2, row 6
    for i, sigma in enumerate(settings.sigmas):
        q, s = exact.smoothed(P, sigma), learned.score_of(seen.params, settings, sigma)
        np.testing.assert_allclose(seen.field[-1, i, 6, 2], s(at)[0], rtol=1e-5)
        np.testing.assert_allclose(seen.exact[i, 6, 2], exact.score(q, at)[0])
        np.testing.assert_allclose(seen.density[i, 6, 2], np.exp(gmm.log_prob(q, at)[0]))
        miss = matching.explicit(seen.field[-1, i].astype(float), seen.exact[i])
        assert miss.max() == pytest.approx(miss[seen.density[i] < np.median(seen.density[i])].max())
        assert seen.inside[-1, i] < seen.outside[-1, i]
        n = len(miss.ravel())
        near = np.sort(seen.density[i].ravel())[::-1]
        k = int((np.cumsum(near) / near.sum() < learned.MASS).sum()) + 1
        total = k * seen.inside[-1, i] + (n - k) * seen.outside[-1, i]
        assert total == pytest.approx(miss.sum(), rel=1e-5)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings("esm"), "no method"),  # type: ignore[arg-type]
        (Settings("denoising", (1.0, 0.5)), "one noise level"),
        (Settings("annealed", (0.5, 1.0)), "fall"),
    ],
)
def test_what_is_refused(settings: Settings, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        learned.learn(P, DATA, settings, seed=0)
    with pytest.raises(ValueError, match="needs the truth"):
        learned.check(DATA, None, Settings("explicit"))
