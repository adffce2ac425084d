"""The networks of the VAE family: layers, the condition, the mixture prior of VaDE."""

from functools import lru_cache, partial
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from scipy.special import expit, logsumexp
from sklearn.mixture import GaussianMixture

from dgmlib.vae import mlp, terms, vade, vae

IMAGES = np.array([[1, 0, 1, 1, 0, 0], [0, 1, 0, 0, 1, 1]], float)
PIXELS = 6
stats: Any = scipy.stats  # its types do not know what a frozen distribution can do


def torch_of(params: dict) -> dict:
    return {k: torch.tensor(v) for k, v in params.items()}


def double(params: dict, *, spread: float, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {k: v + spread * rng.normal(size=v.shape) for k, v in params.items()}


# ---------------------------------------------------------------- layers


@pytest.mark.parametrize(
    ("activation", "act"),
    [
        ("tanh", torch.nn.Tanh),
        ("relu", torch.nn.ReLU),
        ("leaky-relu", partial(torch.nn.LeakyReLU, 0.2)),
    ],
)
def test_a_perceptron_is_pytorchs(activation: mlp.Activation, act: Any) -> None:
    """The same names and shapes open in torch.nn, with the same numbers.

    Mutants: the weight not transposed (square layers hide it, these are not square); an activation
    after the last layer or before the first; the other activation; the default slope of 0.01."""
    params = double(mlp.init("net", [4, 7, 3, 2], rng=np.random.default_rng(0)), spread=0.3, seed=1)
    layers: list[torch.nn.Module] = []
    for i, (n_in, n_out) in enumerate([(4, 7), (7, 3), (3, 2)]):
        # skip_init: a layer that draws its start would move torch's global stream
        linear = torch.nn.utils.skip_init(torch.nn.Linear, n_in, n_out, dtype=torch.float64)
        linear.load_state_dict(
            {k: torch.tensor(params[f"net.{i}.{k}"]) for k in ("weight", "bias")}
        )
        layers += [linear, act()]
    x = np.random.default_rng(2).normal(size=(5, 2, 4))
    exact = torch.nn.Sequential(*layers[:-1])(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(mlp.forward(params, "net", x, activation), exact, rtol=1e-12)
    got = mlp.forward(torch_of(params), "net", torch.tensor(x), activation)
    np.testing.assert_allclose(got, exact, rtol=1e-12)


def test_a_missing_network_is_named() -> None:
    with pytest.raises(ValueError, match=r"no network 'critic' among net\.0\.bias"):
        mlp.forward(mlp.init("net", [2, 2], rng=np.random.default_rng(0)), "critic", np.zeros(2))


def test_a_start_is_glorots() -> None:
    """Within the bound, and of its variance. Mutants: fan-in alone; a normal; a seed that is not
    the caller's."""
    params = mlp.init("a", [300, 100], rng=np.random.default_rng(0))
    weight = params["a.0.weight"]
    reach = np.sqrt(6 / 400)
    assert weight.shape == (100, 300)
    assert weight.dtype == np.float32
    assert 0.99 * reach < np.abs(weight).max() <= reach
    # the variance of 30,000 uniform numbers is known to 0.5 per cent (one sd)
    assert weight.var() == pytest.approx(reach**2 / 3, rel=0.03)
    assert not params["a.0.bias"].any()
    again = mlp.init("a", [300, 100], rng=np.random.default_rng(0))
    np.testing.assert_array_equal(again["a.0.weight"], weight)
    assert (mlp.init("a", [300, 100], rng=np.random.default_rng(1))["a.0.weight"] != weight).any()


# ---------------------------------------------------------------- the variational autoencoder


def test_an_untrained_decoder_gives_the_mean_image() -> None:
    """At z = 0, exactly; black pixels are kept away from log 0.

    Mutants: the mean itself as a bias (double sigmoid); the bias in the wrong layer."""
    mean = np.array([0.0, 0.1, 0.5, 0.9, 1.0, 0.3])
    params = vae.init(PIXELS, (5, 4), 2, pixel_mean=mean, rng=np.random.default_rng(0))
    got = expit(vae.decode(params, np.zeros((1, 2)))[0])
    np.testing.assert_allclose(got, np.clip(mean, 1e-3, 1 - 1e-3), rtol=1e-6)
    shapes = {k: v.shape for k, v in params.items() if k.endswith("weight")}
    assert shapes == {
        "encoder.0.weight": (5, 6), "encoder.1.weight": (4, 5), "encoder.2.weight": (4, 4),
        "decoder.0.weight": (4, 2), "decoder.1.weight": (5, 4), "decoder.2.weight": (6, 5),
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"shape \(6,\), not \(3,\)"):
        vae.init(PIXELS, (5,), 2, pixel_mean=np.ones(3), rng=np.random.default_rng(0))


def test_the_first_half_is_the_mean() -> None:
    """Mutants: the halves exchanged; interleaved."""
    params = double(vae.init(PIXELS, (5,), 3, pixel_mean=np.full(6, 0.5),
                             rng=np.random.default_rng(0)), spread=0.0, seed=0)  # fmt: skip
    params["encoder.1.weight"][:] = 0
    params["encoder.1.bias"][:] = [1, 2, 3, -1, -2, -3]
    q = vae.encode(params, IMAGES)
    np.testing.assert_array_equal(q.mean, [[1, 2, 3]] * 2)
    np.testing.assert_array_equal(q.log_var, [[-1, -2, -3]] * 2)


def test_a_class_is_a_shift_of_the_first_biases() -> None:
    """Both networks told class c are those without classes whose first bias has c's column added.

    Mutants: the class read by one network alone; put before the pixels; the class of another
    image; repeated over the wrong axis."""
    rng = np.random.default_rng(4)
    params = double(vae.init(PIXELS, (5,), 2, pixel_mean=np.full(6, 0.4), rng=rng, classes=3),
                    spread=0.5, seed=5)  # fmt: skip
    classes = np.eye(3)[[2, 0]]
    noise = rng.normal(size=(4, 2, 2))
    got = vae.weigh(params, IMAGES, noise, classes)
    halves = vae.split(params, IMAGES, noise, classes)
    for i, c in enumerate((2, 0)):
        plain = dict(params)
        for name, n in (("encoder", PIXELS), ("decoder", 2)):
            weight = params[f"{name}.0.weight"]
            plain[f"{name}.0.weight"] = weight[:, :n]
            plain[f"{name}.0.bias"] = params[f"{name}.0.bias"] + weight[:, n + c]
        alone = vae.weigh(plain, IMAGES[i : i + 1], noise[:, i : i + 1])
        for a, b in zip(got, alone, strict=True):
            np.testing.assert_allclose(a[:, i], b[:, 0], rtol=1e-12)
        one = vae.split(plain, IMAGES[i : i + 1], noise[:, i : i + 1])
        np.testing.assert_allclose(halves.rate[i], one.rate[0], rtol=1e-12)
        np.testing.assert_allclose(halves.distortion[i], one.distortion[0], rtol=1e-12)


@pytest.mark.parametrize("classes", [0, 3])
def test_numpy_and_torch_agree(classes: int) -> None:
    """Weights, halves of the bound and logits: 1e-12 in float64, 1e-4 nats in float32 as stored."""
    rng = np.random.default_rng(6)
    start = vae.init(PIXELS, (5,), 2, pixel_mean=np.full(6, 0.4), rng=rng, classes=classes)
    noise = rng.normal(size=(4, 2, 2))
    c = np.eye(3)[[2, 0]] if classes else None
    for kind, close in ((np.float64, 1e-12), (np.float32, 1e-4)):
        params = {k: v.astype(kind) for k, v in double(start, spread=0.5, seed=7).items()}
        x, e = IMAGES.astype(kind), noise.astype(kind)
        given = None if c is None else c.astype(kind)
        tensors = torch.tensor(x), torch.tensor(e), None if given is None else torch.tensor(given)
        for f in (vae.weigh, vae.split):
            ours = f(params, x, e, given)
            theirs = f(torch_of(params), *tensors)
            for a, b in zip(ours, theirs, strict=True):
                assert a.dtype == kind
                np.testing.assert_allclose(a, b, rtol=close, atol=close)


# ---------------------------------------------------------------- VaDE


@lru_cache(maxsize=4)
def deep(clusters: int = 3, latent: int = 1, seed: int = 0) -> dict[str, np.ndarray]:
    """A tiny VaDE with random weights in float64."""
    rng = np.random.default_rng(seed)
    params = mlp.init("encoder", [PIXELS, 5, 2 * latent], rng=rng)
    params |= mlp.init("decoder", [latent, 5, PIXELS], rng=rng)
    params |= {
        "prior.logits": np.zeros(clusters),
        "prior.mean": np.linspace(-2, 2, clusters)[:, None] * np.ones(latent),
        "prior.log_var": np.full((clusters, latent), -1.0),
    }
    return double(params, spread=0.4, seed=seed + 1)


def prior(params: dict) -> GaussianMixture:
    """The mixture as scikit-learn knows it."""
    clusters = len(params["prior.mean"])
    mix = GaussianMixture(clusters, covariance_type="diag")
    pi = np.exp(params["prior.logits"])
    mix.weights_ = pi / pi.sum()
    mix.means_ = params["prior.mean"]
    mix.covariances_ = np.exp(params["prior.log_var"])
    mix.precisions_cholesky_ = 1 / np.sqrt(mix.covariances_)
    return mix


def test_the_prior_is_a_mixture() -> None:
    """Log density and p(c|z) against scikit-learn. Mutants: the logits not normalised; log_var as
    a log deviation; the mean over the clusters; p(z|c) for p(c|z)."""
    for latent in (1, 3):
        params = deep(latent=latent)
        z = 2 * np.random.default_rng(0).normal(size=(50, latent))
        mix = prior(params)
        np.testing.assert_allclose(vade.log_prior(params, z), mix.score_samples(z), rtol=1e-10)
        np.testing.assert_allclose(
            vade.clusters(params, z), mix.predict_proba(z), rtol=1e-9, atol=1e-12
        )
        joint = vade.log_joint(params, z)
        np.testing.assert_allclose(np.exp(joint).sum(1), np.exp(mix.score_samples(z)), rtol=1e-10)


LINE = np.linspace(-14, 14, 4001)[:, None]
STEP = LINE[1, 0] - LINE[0, 0]


def relu_network(params: dict, prefix: str, x: np.ndarray) -> np.ndarray:
    hidden = np.maximum(x @ params[f"{prefix}.0.weight"].T + params[f"{prefix}.0.bias"], 0)
    return hidden @ params[f"{prefix}.1.weight"].T + params[f"{prefix}.1.bias"]


def exact(params: dict, x: np.ndarray, q_c: np.ndarray) -> tuple[float, float, float]:
    """log p(x), E_q log p(x|z) and KL(q(z) q(c) || p(z, c|x)), by the sum over c and the
    trapezium rule over z."""
    p = expit(relu_network(params, "decoder", LINE))
    log_x = np.log(np.where(x == 1, p, 1 - p)).sum(1)  # (m,)
    pi = np.exp(params["prior.logits"]) / np.exp(params["prior.logits"]).sum()
    sd = np.exp(params["prior.log_var"][:, 0] / 2)
    log_z = stats.norm.logpdf(LINE, params["prior.mean"][:, 0], sd) + np.log(pi)  # (m, clusters)
    joint = log_x[:, None] + log_z
    log_p = float(logsumexp(joint) + np.log(STEP))
    out = relu_network(params, "encoder", x)
    log_q = stats.norm(out[0], np.exp(out[1] / 2)).logpdf(LINE[:, 0])
    q = np.exp(log_q) * STEP
    with np.errstate(divide="ignore"):
        each = log_q[:, None] + np.log(q_c) - (joint - log_p)
    kl = float(np.where(q_c > 0, q[:, None] * q_c * each, 0).sum())
    return log_p, float(q @ log_x), kl


def test_the_bound_of_vade_is_the_log_likelihood_less_a_divergence() -> None:
    """With the average q(c|x) of the draws, and E log p(x|z) by quadrature in place of the draws:
    bound + KL(q(z) q(c) || p(z, c|x)) = log p(x).

    Mutants: the KL of the cluster with the other sign or left out; KL(p(z|c) || q); not weighed by
    q(c|x); the sum over the batch; log_var used as a log deviation."""
    params = deep()
    noise = np.random.default_rng(1).normal(size=(6, 2, 1))
    found = vade.bound(params, IMAGES, noise)
    q = vade.encode(params, IMAGES)
    for i, x in enumerate(IMAGES):
        z = q.mean[i] + np.exp(q.log_var[i] / 2) * noise[:, i]
        q_c = prior(params).predict_proba(z).mean(0)
        log_p, seen, kl = exact(params, x, q_c)
        # relu has corners: the trapezium rule is right to step^2 = 5e-5 in second derivatives
        assert seen - found.kl_z[i] - found.kl_c[i] + kl == pytest.approx(log_p, abs=1e-5)
        drawn = terms.bernoulli_log_prob(x, relu_network(params, "decoder", z)).mean()
        assert found.log_likelihood[i] == pytest.approx(drawn, rel=1e-12)
        assert found.elbo[i] == pytest.approx(drawn - found.kl_z[i] - found.kl_c[i], rel=1e-12)
        assert kl > 0.05


def test_the_bound_of_vade_stays_below() -> None:
    """Its mean over 4,000 sets of draws, for several models. Mutant: + KL(q(c|x) || p(c))."""
    rng = np.random.default_rng(2)
    for seed in range(3):
        params = deep(seed=10 * seed)
        x = np.repeat(IMAGES[:1], 4_000, axis=0)
        found = vade.bound(params, x, rng.normal(size=(1, 4_000, 1))).elbo
        log_p, _, _ = exact(params, IMAGES[0], np.full(3, 1 / 3))
        assert found.mean() + 4.5 * found.std() / np.sqrt(4_000) < log_p


def test_the_bound_of_vade_is_met_by_the_posterior() -> None:
    """A decoder that ignores z and one cluster that is q: every draw gives log p(x) exactly.

    With equal clusters, too: then q(c|x) = p(c). Mutants: log_pi left out; a KL that is not 0 at
    equality."""
    params = {k: v.copy() for k, v in deep().items()}
    params["decoder.0.weight"][:] = 0
    params["encoder.1.weight"][:] = 0
    params["encoder.1.bias"][:] = [0.7, -1.2]
    params["prior.mean"][:] = 0.7
    params["prior.log_var"][:] = -1.2
    noise = np.random.default_rng(3).normal(size=(5, 2, 1))
    found = vade.bound(params, IMAGES, noise)
    p = expit(vade.decode(params, np.zeros(1)))
    log_p = np.log(np.where(IMAGES == 1, p, 1 - p)).sum(1)
    np.testing.assert_allclose(found.elbo, log_p, rtol=1e-12)
    np.testing.assert_allclose(found.kl_c, 0, atol=1e-12)


def test_the_best_clusters_are_a_geometric_mean() -> None:
    """The bound is largest for q(c|x) proportional to exp E_q[log p(c|z)], not for E_q[p(c|z)]:
    checked against SciPy's search, and the difference vanishes as q(z|x) narrows.

    Mutants: the arithmetic mean returned (the published formula); KL(p(z|c) || q(z|x)) inside."""
    from scipy.optimize import minimize

    params = {k: v.copy() for k, v in deep().items()}
    params["encoder.1.weight"][:] = 0
    nodes = stats.norm.ppf((np.arange(2_000) + 0.5) / 2_000)[:, None]
    gaps = []
    for log_var in (1.0, -1.0, -4.0):
        params["encoder.1.bias"][:] = [0.3, log_var]
        q = vae.Gaussian(np.array([[0.3]]), np.array([[log_var]]))
        best = vade.best_clusters(params, q)[0]
        pi = np.exp(params["prior.logits"]) / np.exp(params["prior.logits"]).sum()
        sd, s = np.exp(params["prior.log_var"][:, 0] / 2), np.exp(log_var / 2)
        apart = (np.log(sd / s) + (s**2 + (0.3 - params["prior.mean"][:, 0]) ** 2) / (2 * sd**2)
                 - 0.5)  # fmt: skip

        def cost(a: np.ndarray, apart=apart, pi=pi) -> float:
            c = np.exp(a - logsumexp(a))
            return float(c @ (apart + np.log(c / pi)))

        found = minimize(cost, np.zeros(3), tol=1e-12).x
        np.testing.assert_allclose(best, np.exp(found - logsumexp(found)), atol=1e-5)
        published = prior(params).predict_proba(0.3 + s * nodes).mean(0)
        gaps.append(cost(np.log(published)) - cost(np.log(best)))
    assert gaps[0] > 0.1
    assert gaps[0] > gaps[1] > gaps[2] > -1e-9
    assert gaps[2] < 0.02


def test_vade_in_numpy_and_torch_agree() -> None:
    params, noise = deep(latent=2), np.random.default_rng(4).normal(size=(3, 2, 2))
    ours = vade.bound(params, IMAGES, noise)
    theirs = vade.bound(torch_of(params), torch.tensor(IMAGES), torch.tensor(noise))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    z = torch.tensor(noise[0])
    np.testing.assert_allclose(vade.clusters(torch_of(params), z), vade.clusters(params, noise[0]),
                               rtol=1e-12)  # fmt: skip
    best = vade.best_clusters(params, vade.encode(params, IMAGES))
    again = vade.best_clusters(
        torch_of(params), vade.encode(torch_of(params), torch.tensor(IMAGES))
    )
    np.testing.assert_allclose(again, best, rtol=1e-12)
