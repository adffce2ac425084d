"""Bounds against exact log-likelihoods: a tiny VAE whose integrals over z are done by quadrature.

The exact side is written once more here, with SciPy, from the model's definition.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.stats
import torch
from scipy.special import expit, logsumexp

from dgmlib.vae import bounds, iwae, terms, vae

stats: Any = scipy.stats  # its types do not know what a frozen distribution can do
PIXELS = 6
IMAGES = np.array([[1, 0, 1, 1, 0, 0], [0, 1, 0, 0, 1, 1], [1, 1, 1, 1, 1, 1]], float)


@lru_cache(maxsize=8)
def tiny(latent: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Random weights in float64, far from any optimum: the gap is wide."""
    rng = np.random.default_rng(seed)
    params = vae.init(PIXELS, (5,), latent, pixel_mean=np.full(PIXELS, 0.4), rng=rng)
    return {k: v + 0.4 * rng.normal(size=v.shape) for k, v in params.items()}


class Grid(NamedTuple):
    """Nodes z (m, latent) and weights (m,) of the trapezium rule, which is exact to rounding for
    smooth functions that vanish at both ends."""

    z: np.ndarray
    weight: np.ndarray


def grid(latent: int) -> Grid:
    line = np.linspace(-14, 14, 2801 if latent == 1 else 401)
    mesh = np.meshgrid(*[line] * latent, indexing="ij")
    z = np.stack([m.ravel() for m in mesh], axis=1)
    return Grid(z, np.full(len(z), (line[1] - line[0]) ** latent))


def network(params: dict, prefix: str, x: np.ndarray) -> np.ndarray:
    """One hidden layer, written out."""
    hidden = np.tanh(x @ params[f"{prefix}.0.weight"].T + params[f"{prefix}.0.bias"])
    return hidden @ params[f"{prefix}.1.weight"].T + params[f"{prefix}.1.bias"]


class Truth(NamedTuple):
    log_p: float  # log p(x)
    elbo: float  # E_q[log p(x, z) - log q(z)]
    kl: float  # KL(q || p(z|x))
    log_w: np.ndarray  # (m,) at the nodes


def truth(params: dict, x: np.ndarray, latent: int) -> Truth:
    g = grid(latent)
    p = expit(network(params, "decoder", g.z))
    log_joint = stats.norm.logpdf(g.z).sum(1) + (np.log(np.where(x == 1, p, 1 - p))).sum(1)
    out = network(params, "encoder", x)
    log_q = stats.norm(out[:latent], np.exp(out[latent:] / 2)).logpdf(g.z).sum(1)
    log_p = float(np.log(np.exp(log_joint) @ g.weight))
    q = np.exp(log_q) * g.weight
    posterior = log_joint - log_p
    return Truth(log_p, float(q @ (log_joint - log_q)), float(q @ (log_q - posterior)),
                 log_joint - log_q)  # fmt: skip


NODES = {1: 601, 2: 121, 3: 55}  # in each of so many dimensions: the errors stay below 1e-8


def all_noise(latent: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise (k, m, latent) on a grid of all its values, and the probabilities (m,)."""
    dims = k * latent
    line = np.linspace(-8, 8, NODES[dims])
    chance = stats.norm.pdf(line)
    mesh = np.meshgrid(*[line] * dims, indexing="ij")
    each = np.meshgrid(*[chance / chance.sum()] * dims, indexing="ij")
    noise = np.stack([m.ravel() for m in mesh], axis=1).reshape(-1, k, latent)
    return noise.transpose(1, 0, 2), np.prod([e.ravel() for e in each], axis=0)


def exact_bound(params: dict, x: np.ndarray, latent: int, k: int) -> float:
    """L_k of one image, by quadrature over all k draws at once."""
    noise, chance = all_noise(latent, k)
    log_w = vae.weigh(params, np.repeat(x[None], noise.shape[1], axis=0), noise).log_w
    return float(chance @ bounds.iw_bound(log_w))


# ---------------------------------------------------------------- the evidence lower bound


@pytest.mark.parametrize("latent", [1, 2])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_elbo_plus_divergence_is_the_log_likelihood(latent: int, which: int) -> None:
    """To 1e-8, in float64, with the mean over q by quadrature.

    Mutants: the prior or log q left out or with the wrong sign; log_var read as a log deviation;
    a sigmoid too many in the decoder; KL(posterior || q)."""
    params, x = tiny(latent), IMAGES[which]
    exact = truth(params, x, latent)
    noise, chance = all_noise(latent, 1)
    log_w = vae.weigh(params, np.repeat(x[None], noise.shape[1], axis=0), noise).log_w
    elbo = float(chance @ bounds.elbo(log_w))
    assert elbo == pytest.approx(exact.elbo, abs=1e-8)
    assert elbo + exact.kl == pytest.approx(exact.log_p, abs=1e-8)
    assert exact.kl > 0.05  # the law is not tested where q is the posterior
    halves = vae.split(params, np.repeat(x[None], noise.shape[1], axis=0), noise)
    # the distortion is linear in the draws, the rate is in closed form
    assert -chance @ halves.distortion - halves.rate[0].sum() == pytest.approx(elbo, abs=1e-8)


def test_an_exact_posterior_closes_the_gap() -> None:
    """A decoder that ignores z and q = p(z): every draw has the weight p(x)."""
    params = {k: v.copy() for k, v in tiny(2).items()}
    params["decoder.0.weight"][:] = 0
    params["encoder.1.weight"][:] = 0
    params["encoder.1.bias"][:] = 0  # mean 0, log variance 0
    noise = np.random.default_rng(0).normal(size=(7, 3, 2))
    log_w = vae.weigh(params, IMAGES, noise).log_w
    p = expit(vae.decode(params, np.zeros(2)))
    log_p = np.log(np.where(IMAGES == 1, p, 1 - p)).sum(1)
    np.testing.assert_allclose(log_w, np.broadcast_to(log_p, (7, 3)), rtol=1e-12)
    np.testing.assert_allclose(bounds.elbo(log_w), log_p, rtol=1e-12)
    np.testing.assert_allclose(bounds.iw_bound(log_w), log_p, rtol=1e-12)


@pytest.mark.parametrize("classes", [0, 2])
def test_all_images_together_have_probability_one(classes: int) -> None:
    """The sum of p(x|c) over the 64 images is 1, for each class.

    Mutants: the part log(1 - p) left out; a prior that is no density; a class that is not read."""
    rng = np.random.default_rng(3)
    params = vae.init(PIXELS, (5,), 1, pixel_mean=np.full(PIXELS, 0.4), rng=rng, classes=classes)
    params = {k: v + rng.normal(size=v.shape) for k, v in params.items()}
    images = np.stack(np.meshgrid(*[[0.0, 1.0]] * PIXELS, indexing="ij"), -1).reshape(-1, PIXELS)
    g = grid(1)
    found = []
    for c in np.eye(classes) if classes else [None]:
        given = None if c is None else np.tile(c, (len(g.z), 1))
        logits = vae.decode(params, g.z, given)  # (m, pixels)
        log_x = terms.bernoulli_log_prob(images[:, None], logits)  # (64, m)
        found.append(logsumexp(log_x + terms.standard_log_prob(g.z), b=g.weight, axis=1))
        assert np.exp(found[-1]).sum() == pytest.approx(1, abs=1e-10)
    if classes:  # and the two classes are two models
        assert np.abs(found[0] - found[1]).max() > 0.1


# ---------------------------------------------------------------- importance weights


def test_the_bound_rises_with_k_and_stays_below() -> None:
    """L_1 < L_2 < L_3 < log p(x), all exact by quadrature.

    Mutants: a sum of the weights for their mean (above log p from K = 2 on); the mean of the log
    weights (L_1 for every K); one draw shared by all K (L_1 again)."""
    params = tiny(1)
    for x in IMAGES:
        exact = truth(params, x, 1)
        found = [exact_bound(params, x, 1, k) for k in (1, 2, 3)]
        assert found[0] == pytest.approx(exact.elbo, abs=1e-8)
        assert found[0] + 0.02 < found[1] < found[2] - 0.005 < exact.log_p
        # the bound of two, from the exact density of the weights on the grid
        q = np.exp(truth_log_q(params, x)) * grid(1).weight
        nodes = q > 1e-14
        pair = np.logaddexp(exact.log_w[nodes][:, None], exact.log_w[nodes]) - np.log(2)
        assert found[1] == pytest.approx(float(q[nodes] @ pair @ q[nodes]), abs=1e-7)


def truth_log_q(params: dict, x: np.ndarray) -> np.ndarray:
    out = network(params, "encoder", x)
    return stats.norm(out[0], np.exp(out[1] / 2)).logpdf(grid(1).z[:, 0])


def test_draws_estimate_the_bound() -> None:
    """Averages of iw_bound over 4,000 sets of draws agree with quadrature, of three images at once.

    Mutants: noise shared by the images; noise shared across K; a bound summed over the batch."""
    params = tiny(1)
    rng = np.random.default_rng(1)
    for k in (1, 2, 3):
        exact = [exact_bound(params, x, 1, k) for x in IMAGES]
        noise = rng.normal(size=(k, 4_000, 3, 1))
        log_w = np.stack([vae.weigh(params, IMAGES, noise[:, i]).log_w for i in range(4_000)], 1)
        found = bounds.iw_bound(log_w)  # (4,000, 3)
        error = found.std(0, ddof=1) / np.sqrt(4_000)
        assert (np.abs(found.mean(0) - exact) < 4.5 * error).all()


def test_many_draws_meet_the_log_likelihood() -> None:
    """K = 5,000: the mean of 40 bounds is log p(x) to within error; no mean lies above it by more.

    The bias, Var(w) / (2 K p^2), is some 1e-4 here."""
    params = tiny(2)
    rng = np.random.default_rng(2)
    for x in IMAGES:
        exact = truth(params, x, 2).log_p
        many = [
            bounds.iw_bound(vae.weigh(params, x[None], rng.normal(size=(5_000, 1, 2))).log_w)[0]
            for _ in range(40)
        ]
        error = np.std(many, ddof=1) / np.sqrt(40)
        assert error < 0.02
        assert abs(np.mean(many) - exact) < 4.5 * error


def test_images_are_weighed_one_by_one() -> None:
    """Together or alone: the same numbers. Mutant: a sum over the batch."""
    params = tiny(2)
    noise = np.random.default_rng(0).normal(size=(4, 3, 2))
    together = vae.weigh(params, IMAGES, noise)
    halves = vae.split(params, IMAGES, noise)
    for i in range(3):
        alone = vae.weigh(params, IMAGES[i : i + 1], noise[:, i : i + 1])
        for a, b in zip(together, alone, strict=True):
            np.testing.assert_allclose(a[:, i], b[:, 0], rtol=1e-12)
        np.testing.assert_allclose(halves.distortion[i], -alone.log_likelihood.mean(), rtol=1e-12)
    assert halves.rate.shape == (3, 2)


# ---------------------------------------------------------------- gradients


def leaves(params: dict) -> dict[str, torch.Tensor]:
    return {k: torch.tensor(v, requires_grad=True) for k, v in params.items()}


def flat_gradient(value: torch.Tensor, of: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    found = torch.autograd.grad(value, list(of.values()))
    return {k: g.numpy().ravel() for k, g in zip(of, found, strict=True)}


def part(gradient: dict[str, np.ndarray], prefix: str) -> np.ndarray:
    return np.concatenate([v for k, v in gradient.items() if k.startswith(prefix)])


@lru_cache(maxsize=4)
def exact_gradient(k: int) -> tuple[np.ndarray, np.ndarray]:
    """(encoder, decoder): minus the gradient of L_k, by autodiff of its quadrature in float64."""
    params = leaves(tiny(1))
    noise, chance = all_noise(1, k)
    x = torch.tensor(np.repeat(IMAGES[:1], noise.shape[1], axis=0))
    log_w = vae.weigh(params, x, torch.tensor(noise.copy())).log_w
    bound = (torch.tensor(chance) * (torch.logsumexp(log_w, 0) - np.log(k))).sum()
    found = flat_gradient(-bound, params)
    return part(found, "encoder"), part(found, "decoder")


@lru_cache(maxsize=8)
def estimated(name: str, k: int, blocks: int = 60, n: int = 1_500) -> tuple[np.ndarray, np.ndarray]:
    """(blocks, parameters) of encoder and decoder, each the mean over n copies of one image."""
    loss = {"ordinary": iwae.loss, "doubly": iwae.doubly_reparameterised_loss}[name]
    generator = torch.Generator().manual_seed(7)
    x = torch.tensor(np.repeat(IMAGES[:1], n, axis=0))
    found = []
    for _ in range(blocks):
        params = leaves(tiny(1))
        noise = torch.randn(k, n, 1, generator=generator, dtype=torch.float64)
        found.append(flat_gradient(loss(params, x, noise), params))
    return (np.stack([part(f, "encoder") for f in found]),
            np.stack([part(f, "decoder") for f in found]))  # fmt: skip


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("name", ["ordinary", "doubly"])
def test_gradients_are_those_of_the_exact_bound(name: str, k: int) -> None:
    """Every parameter's mean gradient within error of autodiff of the bound by quadrature.

    Mutants: the weights once in place of squared (K > 1); no gradient through z; log q not
    detached (twice the score); another sign; a sum over the images; the encoder's gradient only."""
    for got, exact in zip(estimated(name, k), exact_gradient(k), strict=True):
        error = got.std(0, ddof=1) / np.sqrt(len(got))
        off = (got.mean(0) - exact) / np.maximum(error, 1e-12)
        live = np.abs(exact) > 1e-9  # weights of pixels that are 0 have no gradient
        assert np.abs(off[live]).max() < 5  # of some 60 numbers, Student's t with 59 degrees
        assert np.abs(got[:, ~live]).max(initial=0) < 1e-9
        # and the test sees: the whole gradient is known to a few per cent
        assert np.linalg.norm(error) < 0.05 * np.linalg.norm(exact)


def test_both_losses_have_the_value_of_the_bound() -> None:
    """Mutant: the surrogate's value is shown as the loss."""
    params, generator = leaves(tiny(2)), torch.Generator().manual_seed(0)
    noise = torch.randn(5, 3, 2, generator=generator, dtype=torch.float64)
    x = torch.tensor(IMAGES)
    exact = -bounds.iw_bound(vae.weigh(tiny(2), IMAGES, noise.numpy()).log_w).mean()
    for loss in (iwae.loss, iwae.doubly_reparameterised_loss):
        assert loss(params, x, noise).item() == pytest.approx(exact, rel=1e-12)


def test_double_reparameterisation_pays_at_large_k() -> None:
    """The encoder's signal-to-noise: at K = 64 the ordinary gradient drowns, the other does not.

    Mutants: the two losses exchanged; weights not squared (its mean would be too large by K)."""

    def ratio(name: str, k: int) -> float:
        encoder, _ = estimated(name, k, blocks=150, n=1)
        return float(np.linalg.norm(encoder.mean(0)) / np.sqrt(encoder.var(0, ddof=1).sum()))

    def variance(name: str, k: int) -> float:
        return float(estimated(name, k, blocks=150, n=1)[0].var(0, ddof=1).sum())

    assert variance("doubly", 64) < 0.2 * variance("ordinary", 64)
    assert ratio("doubly", 64) > 1.5 * ratio("doubly", 1)  # the better the more draws
    assert ratio("ordinary", 64) < ratio("doubly", 64) / 2


def test_a_class_can_be_weighed_with_gradients_off() -> None:
    """Scores are taken without a graph: the hook of the loss must not ask for one."""
    params = {k: torch.tensor(v) for k, v in tiny(1).items()}
    noise = torch.zeros(2, 3, 1, dtype=torch.float64)
    x = torch.tensor(IMAGES)
    with torch.no_grad():
        assert torch.isfinite(iwae.doubly_reparameterised_loss(params, x, noise))
