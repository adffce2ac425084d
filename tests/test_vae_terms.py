"""The pieces of the bound: densities that sum to one, divergences that agree with quadrature."""

from itertools import product
from math import log, pi
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from scipy.integrate import quad
from scipy.special import expit, log_expit
from scipy.special import logsumexp as scipy_logsumexp

from dgmlib.vae import arrays, terms

stats: Any = scipy.stats  # its types do not know what a frozen distribution can do
PAIRS = [(0.3, -1.2, 0.3, -1.2), (0.7, 0.9, -0.4, -0.5), (-2.0, -3.0, 1.0, 1.5)]


def normal(mean: float, log_var: float):
    return stats.norm(mean, np.exp(0.5 * log_var))


def kl_by_quadrature(p, q) -> float:
    """Integral of p log p / q over all that counts."""
    reach = 12 * p.std()
    found = quad(lambda x: p.pdf(x) * (p.logpdf(x) - q.logpdf(x)), p.mean() - reach,
                 p.mean() + reach, epsabs=1e-12, limit=200)  # fmt: skip
    return found[0]


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


# ---------------------------------------------------------------- arrays


def test_softplus_and_sigmoid_at_both_ends() -> None:
    """Mutants: log(1 + exp(x)), which overflows; torch's threshold of 20 (off by 2e-9 there);
    a sigmoid of the sigmoid."""
    x = np.array([-800.0, -40.0, -1e-9, 0.0, 0.5, 20.5, 39.0, 41.0, 800.0])
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_allclose(arrays.softplus(x), -log_expit(-x), rtol=1e-15, atol=0)
        np.testing.assert_allclose(arrays.sigmoid(x), expit(x), rtol=1e-15, atol=0)
    tensor = torch.tensor(x)
    np.testing.assert_allclose(arrays.softplus(tensor), -log_expit(-x), rtol=1e-15, atol=0)
    np.testing.assert_allclose(arrays.sigmoid(tensor), expit(x), rtol=1e-14, atol=0)


def test_logsumexp_and_logmeanexp() -> None:
    """Against SciPy, with huge values, and with a column that is all -inf.

    Mutants: no maximum taken out; the mean over another axis; a sum where the mean is meant."""
    x = numbers(5, 4, 3) * 1000
    x[:, 1, 1] = -np.inf
    for axis in (0, 1, 2):
        exact: Any = scipy_logsumexp(x, axis=axis)
        np.testing.assert_allclose(arrays.logsumexp(x, axis), exact, rtol=1e-14)
        np.testing.assert_allclose(arrays.logsumexp(torch.tensor(x), axis), exact, rtol=1e-14)
        mean = exact - log(x.shape[axis])
        np.testing.assert_allclose(arrays.logmeanexp(x, axis), mean, rtol=1e-14)
        np.testing.assert_allclose(arrays.logmeanexp(torch.tensor(x), axis), mean, rtol=1e-14)
    same = np.full((7, 2), 3.25)  # the mean of equal weights is each of them
    np.testing.assert_allclose(arrays.logmeanexp(same, 0), [3.25, 3.25], rtol=1e-15)


def test_float32_stays_float32() -> None:
    """Mutant: a float64 zero that makes pages twice as slow."""
    x = numbers(3, 4).astype(np.float32)
    for y in (arrays.softplus(x), arrays.sigmoid(x), arrays.logsumexp(x, 0),
              arrays.logmeanexp(x, 1), terms.bernoulli_log_prob(x, x),
              terms.gaussian_log_prob(x, x, x), terms.kl_to_standard(x, x),
              terms.reparameterise(x, x, x)):  # fmt: skip
        assert y.dtype == np.float32
    assert arrays.cast(numbers(2), like=x).dtype == np.float32
    assert arrays.cast(torch.zeros(2, dtype=torch.bfloat16), like=torch.zeros(1)).dtype == (
        torch.float32
    )


# ---------------------------------------------------------------- log densities


def test_the_probabilities_of_all_images_sum_to_one() -> None:
    """By enumeration of 2^6 images, and each against SciPy.

    Mutants: probabilities read as logits (double sigmoid); the sign of the softplus; the sum over
    the batch; a mean over the pixels."""
    logits = 3 * numbers(6)
    images = np.array(list(product([0.0, 1.0], repeat=6)))  # (64, 6)
    log_p = terms.bernoulli_log_prob(images, logits)
    assert log_p.shape == (64,)
    assert np.exp(log_p).sum() == pytest.approx(1, abs=1e-13)
    each = stats.bernoulli(expit(logits)).logpmf(images.astype(int)).sum(-1)
    np.testing.assert_allclose(log_p, each, rtol=1e-12)


def test_probabilities_give_an_expected_log_likelihood() -> None:
    """A grey value g is the mean over bits that are 1 with probability g."""
    logits, grey = numbers(4), np.array([0.0, 0.2, 0.9, 1.0])
    images = np.array(list(product([0.0, 1.0], repeat=4)))
    chance = np.prod(np.where(images == 1, grey, 1 - grey), axis=1)
    exact = (chance * terms.bernoulli_log_prob(images, logits)).sum()
    assert terms.bernoulli_log_prob(grey, logits) == pytest.approx(exact, abs=1e-12)


def test_logits_of_any_size() -> None:
    """Mutant: log of a sigmoid, which is log 0 from 38 on in float64 and 17 in float32."""
    for logit in (200.0, 1000.0):
        bits = np.array([[1.0], [0.0]], np.float32)
        wrong = terms.bernoulli_log_prob(bits, np.full((2, 1), logit, np.float32))
        np.testing.assert_array_equal(wrong, [0.0, -logit])


def test_gaussians_against_scipy() -> None:
    """Mutants: the log variance read as a log deviation; exp(+log_var); the constant left out;
    the constant once for all coordinates."""
    x, mean, log_var = numbers(5, 3), numbers(3, seed=1), numbers(5, 3, seed=2)
    exact = stats.norm(mean, np.exp(log_var / 2)).logpdf(x).sum(-1)
    np.testing.assert_allclose(terms.gaussian_log_prob(x, mean, log_var), exact, rtol=1e-12)
    standard = stats.multivariate_normal(np.zeros(3)).logpdf(x)
    np.testing.assert_allclose(terms.standard_log_prob(x), standard, rtol=1e-12)
    assert terms.standard_log_prob(np.zeros(2)) == pytest.approx(-log(2 * pi))


# ---------------------------------------------------------------- divergences


@pytest.mark.parametrize(("mean", "log_var", "mean_p", "log_var_p"), PAIRS)
def test_divergences_by_quadrature(
    mean: float, log_var: float, mean_p: float, log_var_p: float
) -> None:
    """Mutants: the other direction; the other sign; the log variance read as a log deviation;
    the half left out."""
    q, p = normal(mean, log_var), normal(mean_p, log_var_p)
    a = [np.array([v]) for v in (mean, log_var, mean_p, log_var_p)]
    forward, backward = kl_by_quadrature(q, p), kl_by_quadrature(p, q)
    assert terms.kl_gaussians(*a)[0] == pytest.approx(forward, abs=1e-9)
    assert terms.kl_gaussians(*a[2:], *a[:2])[0] == pytest.approx(backward, abs=1e-9)
    standard = kl_by_quadrature(q, stats.norm())
    assert terms.kl_to_standard(*a[:2])[0] == pytest.approx(standard, abs=1e-9)
    if a[:2] != a[2:]:
        assert abs(forward - backward) > 0.01  # else the direction would not be tested


def test_divergences_keep_their_coordinates() -> None:
    """(..., d) -> (..., d), and all of it is the sum of torch's. Mutant: summed already, so that
    a second sum adds up the batch."""
    mean, log_var = numbers(4, 3), numbers(4, 3, seed=1)
    mean_p, log_var_p = numbers(3, seed=2), numbers(3, seed=3)
    got = terms.kl_gaussians(mean, log_var, mean_p, log_var_p)
    assert got.shape == terms.kl_to_standard(mean, log_var).shape == (4, 3)

    def gaussian(m: np.ndarray, v: np.ndarray) -> torch.distributions.Normal:
        return torch.distributions.Normal(torch.tensor(m), torch.tensor(np.exp(v / 2)))

    exact = torch.distributions.kl_divergence(gaussian(mean, log_var), gaussian(mean_p, log_var_p))
    np.testing.assert_allclose(got, exact, rtol=1e-12)
    zero = terms.kl_gaussians(mean, log_var, mean, log_var)
    assert np.abs(zero).max() == 0
    np.testing.assert_array_equal(terms.kl_to_standard(np.zeros(2), np.zeros(2)), 0)


def test_a_small_divergence_is_not_rounded_away() -> None:
    """A collapsed dimension: log_var = 1e-4 gives 2.5e-9 nats, in float32, too, to 2e-4 of it.
    Mutant: exp(v) - 1 in place of expm1(v), whose rounding of 6e-8 is larger than the answer."""
    small = np.array([1e-4], np.float32)
    exact = 0.5 * (np.expm1(1e-4) - 1e-4)
    # expm1(v) - v cancels: a rounding of v, 4e-12, remains beside v^2 / 2 = 5e-9
    got = terms.kl_to_standard(np.zeros(1, np.float32), small)[0]
    assert float(got) == pytest.approx(exact, rel=4e-3, abs=0)


# ---------------------------------------------------------------- draws


def test_reparameterised_draws_have_their_moments() -> None:
    """Exactly, by Gauss and Hermite. Mutants: log_var used as a log deviation (the variance would
    be its square); the variance in place of the deviation; one noise for all coordinates."""
    nodes, weight = np.polynomial.hermite_e.hermegauss(20)
    weight = weight / weight.sum()
    mean, log_var = np.array([1.0, -2.0]), np.array([0.8, -1.5])
    z = terms.reparameterise(mean, log_var, np.stack([nodes, nodes], 1))  # (20, 2)
    np.testing.assert_allclose(weight @ z, mean, rtol=1e-12)
    np.testing.assert_allclose(weight @ (z - mean) ** 2, np.exp(log_var), rtol=1e-12)
    noise = numbers(2)
    alone = terms.reparameterise(mean, log_var, noise)
    np.testing.assert_allclose((alone - mean) / np.exp(log_var / 2), noise, rtol=1e-12)


def test_draws_are_differentiable() -> None:
    """dz/dm = 1 and dz/d log_var = s e / 2. Mutant: a detached deviation."""
    mean = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
    log_var = torch.tensor([-0.7], dtype=torch.float64, requires_grad=True)
    noise = torch.tensor([1.3], dtype=torch.float64)
    terms.reparameterise(mean, log_var, noise).sum().backward()
    assert mean.grad is not None
    assert log_var.grad is not None
    assert float(mean.grad) == 1.0
    assert float(log_var.grad) == pytest.approx(0.5 * np.exp(-0.35) * 1.3, rel=1e-12)


def test_numpy_and_torch_agree() -> None:
    """Every formula in both libraries: to 1e-12 in float64. Mutant: base 2 in one of them."""
    a = [numbers(4, 3, seed=s) for s in range(4)]
    t = [torch.tensor(v) for v in a]
    for f, n in ((terms.bernoulli_log_prob, 2), (terms.gaussian_log_prob, 3),
                 (terms.standard_log_prob, 1), (terms.kl_to_standard, 2), (terms.kl_gaussians, 4),
                 (terms.reparameterise, 3)):  # fmt: skip
        got = f(*t[:n])
        assert isinstance(got, torch.Tensor)
        np.testing.assert_allclose(got.numpy(), f(*a[:n]), rtol=1e-12, atol=1e-14)
