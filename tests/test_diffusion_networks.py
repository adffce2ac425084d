"""The networks that name the noise: layers against PyTorch, in both libraries, what they learn."""

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm

from dgmlib.checkpoints import diffusion_losses, plane_recipes
from dgmlib.checkpoints.recipe import Batch
from dgmlib.diffusion import (
    digit_net,
    elbo,
    exact,
    layers,
    plane_net,
    plane_train,
    process,
    schedule,
    sets,
    unet,
)
from dgmlib.jobs import finish
from dgmlib.mixtures import gmm

RNG = np.random.default_rng


def shaken(seed: int = 0) -> dict[str, np.ndarray]:
    """A U-Net without zeros, so that every layer is seen in the answer."""
    rng = RNG(seed)
    params = unet.init(rng=rng)
    return {
        k: (v + 0.05 * rng.standard_normal(v.shape)).astype(np.float32) for k, v in params.items()
    }


def tensors(params: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {k: torch.from_numpy(v) for k, v in params.items()}


def test_group_norm_and_silu_are_pytorchs() -> None:
    """Mutants: the variance over channels alone; eps under no root; groups taken across channels;
    x sigmoid(2 x).
    """
    x, w, b = (RNG(i).standard_normal(s) for i, s in enumerate([(3, 16, 5, 4), (16,), (16,)]))
    tx, tw, tb = (torch.from_numpy(a) for a in (x, w, b))
    theirs = torch.nn.functional.group_norm(tx, 8, tw, tb, 1e-5)
    np.testing.assert_allclose(layers.group_norm(x, w, b), theirs, rtol=1e-6, atol=1e-7)
    far = np.array([-800.0, -1.0, 0.0, 3.0, 800.0])
    theirs = torch.nn.functional.silu(torch.from_numpy(far))
    np.testing.assert_allclose(layers.silu(far), theirs, atol=1e-12)


def test_attention_is_pytorchs() -> None:
    """Against scaled_dot_product_attention, head by head. Mutants: no 1/sqrt(c); softmax over the
    queries; heads and channels exchanged; q and k exchanged.
    """
    rng, c = RNG(0), 16
    w = {f"a.{n}": rng.standard_normal(s) for n, s in (
        ("in.weight", (3 * c, c)), ("in.bias", (3 * c,)), ("out.weight", (c, c)),
        ("out.bias", (c,)))}  # fmt: skip
    x = rng.standard_normal((2, 6, c))
    q, k, v = np.split(x @ w["a.in.weight"].T + w["a.in.bias"], 3, axis=-1)
    shape = (2, 6, layers.HEADS, c // layers.HEADS)
    tq, tk, tv = (torch.from_numpy(a.reshape(shape)).transpose(1, 2) for a in (q, k, v))
    seen = torch.nn.functional.scaled_dot_product_attention(tq, tk, tv).transpose(1, 2)
    theirs = seen.reshape(2, 6, c).numpy() @ w["a.out.weight"].T + w["a.out.bias"]
    np.testing.assert_allclose(layers.attend(w, "a", x), theirs, atol=1e-10)
    ours = layers.attend(tensors(w), "a", torch.from_numpy(x))
    np.testing.assert_allclose(ours, theirs, atol=1e-10)


def test_one_unet_for_two_libraries() -> None:
    """NumPy and PyTorch, number by number; a digit does not see the others of its batch.

    Mutants: a skip joined in another order; pixels of a block laid out otherwise on the way back;
    the class looked up by place; a norm over the batch.
    """
    params, rng = shaken(), RNG(1)
    x, a = rng.standard_normal((3, 784)).astype("f"), np.array([0.9, 0.4, 0.01], "f")
    label = np.array([3, unet.NO_CLASS, 0])
    said = unet.velocity(params, x, a, label)
    tx, ta, tl = (torch.from_numpy(v) for v in (x, a, label))
    theirs = unet.velocity(tensors(params), tx, ta, tl)
    np.testing.assert_allclose(said, theirs, atol=2e-5)
    assert said.std() > 0.05
    alone = unet.velocity(params, x[1:2], a[1:2], label[1:2])
    np.testing.assert_allclose(alone[0], said[1], atol=2e-5)
    for changed in ((x, a[::-1].copy(), label), (x, a, label[::-1].copy())):
        assert np.abs(unet.velocity(params, *changed)[0] - said[0]).max() > 1e-3


def test_a_fresh_unet_says_nothing() -> None:
    """v = 0 before training, so that x_0-hat is cos(w) x_t. Mutant: a last layer that is not 0."""
    said = unet.velocity(unet.init(rng=RNG(0)), np.ones((1, 784), "f"), np.array([0.5], "f"), [0])
    assert (said == 0).all()


def test_patches_and_pixels_undo_each_other() -> None:
    """The four channels of a place are the four pixels of its block. Mutants: rows for columns."""
    x = np.arange(2 * 784, dtype="f").reshape(2, 784)
    patches = unet._patches(x)
    picture = x.reshape(2, 28, 28)
    np.testing.assert_array_equal(patches[:, 1], picture[:, ::2, 1::2])
    np.testing.assert_array_equal(patches[:, 2], picture[:, 1::2, ::2])
    np.testing.assert_array_equal(unet._pixels(patches), x)
    np.testing.assert_array_equal(unet._patches(torch.from_numpy(x)), patches)


def test_the_digits_network_for_a_sampler() -> None:
    """e from v, guided, for weights of both kinds. Mutants: e = v; the class of the guidance's
    second half; the angle of another level.
    """
    params, rng = shaken(), RNG(2)
    x, a, label = rng.standard_normal((2, 784)).astype("f"), 0.3, np.array([7, 1])
    v = unet.velocity(params, x, np.full(2, a, "f"), label)
    named = digit_net.network(params, label)(x, a)
    np.testing.assert_allclose(named, (1 - a) ** 0.5 * x + a**0.5 * v, atol=1e-5)
    np.testing.assert_allclose(digit_net.network(tensors(params), label)(x, a), named, atol=5e-5)
    nobody = digit_net.network(params, np.full(2, unet.NO_CLASS))(x, a)
    led = digit_net.asked(params, label, guidance=2.0)(x, a)
    np.testing.assert_allclose(led, 3 * named - 2 * nobody, atol=1e-4)
    with pytest.raises(ValueError, match="guidance"):
        digit_net.asked(params, label, guidance=-1.0)
    with pytest.raises(ValueError, match="from 0 to 10"):
        digit_net.network(params, [11])
    with pytest.raises(ValueError, match="2 classes"):
        digit_net.network(params, label)(x[:1], a)


def test_grey_levels_are_the_mass_between_their_neighbours() -> None:
    """All 256 levels sum to 1; one by an integral. Mutants: ends not open; half a level off."""
    level = torch.linspace(-1, 1, 256, dtype=torch.float64)[:, None]
    mean, std = torch.full_like(level, 0.97), 0.05
    p = torch.exp(-diffusion_losses.pixels(level, mean, std))
    assert float(p.sum()) == pytest.approx(1, abs=1e-9)
    k = 250
    middle = float(level[k, 0])
    by_hand = quad(lambda y: norm.pdf(y, 0.97, 0.05), middle - 1 / 255, middle + 1 / 255)[0]
    assert float(p[k]) == pytest.approx(by_hand, rel=1e-6)


def test_the_cards_bound_is_the_sum_of_its_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a network that says x_0 = 0 everywhere every term is a closed form of |x_0|^2.

    Mutants: a part not weighted by its length; t - 1 for t in the gain; the prior left out.
    """

    def nothing(params, x, a, label):
        # v for which x_0-hat = sqrt(abar) x - sqrt(1 - abar) v is 0
        return x * (a / (1 - a))[:, None] ** 0.5

    monkeypatch.setattr(unet, "velocity", nothing)
    plan = schedule.cosine(diffusion_losses.T)
    a, var = plan.alpha_bar, elbo.variances(plan, "posterior")
    x0 = torch.from_numpy(RNG(0).choice([-1.0, 1.0], size=(3, 784)).astype("f"))
    gain = a[1:-1] ** 0.5 * (1 - a[2:] / a[1:-1]) / (1 - a[2:])
    terms = 784 * gain**2 / (2 * var[2:])
    pixels = diffusion_losses.pixels(x0.double(), torch.zeros_like(x0).double(), var[1] ** 0.5)
    prior = 0.5 * (a[-1] * 784 - 784 * (a[-1] + np.log1p(-a[-1])))
    found = [
        diffusion_losses.bound({}, x0, torch.zeros(3, dtype=torch.long),
                               torch.Generator().manual_seed(s)) for s in range(300)
    ]  # fmt: skip
    mean = torch.stack(found).mean().item()
    error = torch.stack(found).std().item() / 900**0.5
    assert abs(mean - (terms.sum() + float(pixels[0]) + prior)) < 4.5 * error


def test_a_loss_is_small_for_who_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of data that are one picture the best v is known, and its loss 0; that of v = 0 is not.

    Mutants: the target of eps in place of v; pixels not moved to [-1, 1]; the weight of x_0's loss.
    """
    x0 = RNG(0).random((1, 784)).astype("f")

    def best(params, x, a, label):
        a = a[:, None]
        guess = torch.from_numpy(2 * x0 - 1)
        return process.target("v", guess, process.parts("x0", guess, x, a).eps, a)

    batch = Batch(torch.from_numpy(np.repeat(x0, 64, 0)), torch.eye(10)[torch.zeros(64).long()])
    monkeypatch.setattr(unet, "velocity", best)
    draws = torch.Generator().manual_seed(0)
    assert float(diffusion_losses.denoise({}, batch, draws)) < 1e-6
    monkeypatch.setattr(unet, "velocity", lambda params, x, a, label: torch.zeros_like(x))
    # E min(SNR, 5) / (SNR + 1) |v|^2 with |v|^2 = cos^2 + sin^2 |x_0|^2 and w uniform
    size = float(((2 * x0 - 1) ** 2).mean())

    def each(w: float) -> float:
        snr = 1 / np.tan(w) ** 2
        return min(snr, 5) / (snr + 1) * (np.cos(w) ** 2 + np.sin(w) ** 2 * size)

    truth = quad(each, 1e-3, np.pi / 2, points=[np.arctan(5**-0.5)])[0] / (np.pi / 2)
    found = np.mean([float(diffusion_losses.denoise({}, batch, draws)) for _ in range(20)])
    assert found == pytest.approx(truth, rel=0.01)


# --- points in the plane


@pytest.mark.parametrize("name", list(sets.SETS))
def test_sets_are_scaled_and_drawn(name: str) -> None:
    """Mean 0 and E|x|^2 = 2, of the mixture and of draws; the best e is the mixture's.

    Mutants: the width not in the scale; the weights not in the mean; draws without width.
    """
    s = sets.named(name)
    p = sets.mixture(s)
    mean = p.weight @ p.mean
    second = p.weight @ ((p.mean**2).sum(1) + 2 * s.std**2)
    np.testing.assert_allclose(mean, 0, atol=1e-12)
    assert second == pytest.approx(2)
    x = sets.draw(s, 20_000, rng=RNG(0))
    np.testing.assert_allclose(x.mean(0), 0, atol=0.04)
    assert (x * x).sum(1).mean() == pytest.approx(2, abs=0.05)
    fresh = gmm.sample(p, 20_000, rng=RNG(1))[0]
    assert gmm.log_prob(p, x).mean() == pytest.approx(gmm.log_prob(p, fresh).mean(), abs=0.05)
    at = RNG(2).standard_normal((5, 2))
    np.testing.assert_allclose(sets.eps(s)(at, 0.4), exact.of_mixture(p)(at, 0.4), atol=1e-9)


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (np.zeros((3, 3)), "finite points"), (np.zeros((1, 2)), "finite points"),
        (np.full((3, 2), np.nan), "finite points"), (np.ones((3, 2)), "at one place"),
        (np.ones((sets.MOST + 1, 2)), "2 to 400"),
    ],
)  # fmt: skip
def test_own_points_that_are_none_are_refused(points: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        sets.own(points)
    with pytest.raises(ValueError, match="no set"):
        sets.named("nine Gaussians")


def test_the_plane_network_for_two_libraries() -> None:
    """Mutants: sines for cosines in one of them; the angle in degrees; waves of one coordinate."""
    params = plane_net.init(rng=RNG(0))
    x, w = RNG(1).standard_normal((6, 2)).astype("f"), np.linspace(0.1, 1.4, 6).astype("f")
    ours = plane_net.predict(params, x, w)
    theirs = plane_net.predict(tensors(params), torch.from_numpy(x), torch.from_numpy(w))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    a = 0.3
    angle = np.full(6, np.arccos(a**0.5), "f")
    np.testing.assert_allclose(
        plane_net.network(params)(x, a), plane_net.predict(params, x, angle), atol=1e-5
    )


def test_learning_comes_near_the_best_e() -> None:
    """After 600 steps on two Gaussians e-hat is nearer to the best e than any constant or the
    Gaussian's e; the same seed gives the same network.

    Mutants: x_0 for e as target; the angle not told; the average never moved.
    """
    s = sets.named("two unequal")
    learned = finish(plane_train.learn(s, seed=0, steps=600))
    net, best = plane_net.network(learned.params), sets.eps(s)
    rng = RNG(3)
    x0, e = sets.draw(s, 2000, rng=rng), rng.standard_normal((2000, 2))
    for a in (0.9, 0.5, 0.1):
        x = process.leap(x0, a, e)
        truth = best(x, a)
        off = ((net(x, a) - truth) ** 2).mean()
        assert off < 0.4 * (((1 - a) ** 0.5 * x - truth) ** 2).mean()
    assert learned.loss[-1] < learned.loss[0]
    again = finish(plane_train.learn(s, seed=0, steps=5))
    once = finish(plane_train.learn(s, seed=0, steps=5))
    for name in again.params:
        np.testing.assert_array_equal(again.params[name], once.params[name])
    with pytest.raises(ValueError, match="between 1 and"):
        finish(plane_train.learn(s, seed=0, steps=0))


def test_recipes_of_the_plane_keep_the_waves() -> None:
    """What is stored draws. Mutants: the raw weights kept for their average; waves trained."""
    recipe = plane_recipes.RECIPES["eps-two-moons"]
    weights = recipe.init(np.zeros(2), RNG(0))
    weights["mean.0.bias"] = weights["mean.0.bias"] + 1
    kept = recipe.keep(weights)
    assert set(kept) == {k for k in weights if not k.startswith("mean.")}
    np.testing.assert_array_equal(kept["net.0.bias"], weights["mean.0.bias"])
    np.testing.assert_array_equal(kept["waves.weight"], weights["waves.weight"])
    assert recipe.data().train.shape == (plane_recipes.TRAIN, 2)
