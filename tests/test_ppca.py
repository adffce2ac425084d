"""Probabilistic PCA: density, posterior, bound and optimum against other libraries."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.decomposition import PCA

from dgmlib.vae import ppca
from dgmlib.vae.ppca import PPCA, Posterior

normal_nd: Any = multivariate_normal  # its stubs take no matrix
TIGHT = 1e-10  # relative: a few hundred float64 operations


@pytest.fixture
def x() -> np.ndarray:
    rng = np.random.default_rng(3)
    mix = rng.standard_normal((5, 5)) * np.array([2.0, 1.5, 0.6, 0.4, 0.3])
    return rng.standard_normal((60, 5)) @ mix.T + np.array([1.0, -2.0, 0.0, 3.0, 5.0])


def some(d: int, k: int, seed: int = 0) -> PPCA:
    rng = np.random.default_rng(seed)
    return PPCA(rng.standard_normal(d), rng.standard_normal((d, k)), 0.5)


@pytest.mark.parametrize(("d", "k"), [(2, 1), (5, 2), (6, 5)])
def test_log_prob_is_the_gaussian(d: int, k: int) -> None:
    """Against SciPy with the whole covariance. Mutants: sigma for sigma^2; log|M| without the
    (d - k) log sigma^2; W^T W for W W^T."""
    p = some(d, k)
    x = np.random.default_rng(1).standard_normal((7, d)) * 3
    cov = p.loading @ p.loading.T + p.noise_var * np.eye(d)
    np.testing.assert_allclose(ppca.log_prob(p, x), normal_nd(p.mean, cov).logpdf(x), rtol=TIGHT)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_score_is_scikit_learns(x: np.ndarray, k: int) -> None:
    """PCA divides by n - 1. Mutants: ddof ignored; noise of the kept eigenvalues; eigenvalues not
    reduced by the noise; the sum for the mean of the discarded."""
    model = PCA(k).fit(x)
    p = ppca.fit(x, k, ddof=1)
    assert ppca.log_prob(p, x).mean() == pytest.approx(model.score(x), rel=TIGHT, abs=0)
    assert p.noise_var == pytest.approx(model.noise_variance_, rel=TIGHT, abs=0)
    cov = p.loading @ p.loading.T + p.noise_var * np.eye(5)
    np.testing.assert_allclose(cov, model.get_covariance(), rtol=1e-9, atol=1e-12)


def test_fit_is_the_maximum(x: np.ndarray) -> None:
    """No small change of any number raises the likelihood; ddof=1 is a little below. Mutant:
    ddof=1 by default, and every mutant of the optimum above."""
    p, rng = ppca.fit(x, 2), np.random.default_rng(0)
    best = ppca.log_prob(p, x).sum()
    assert ppca.log_prob(ppca.fit(x, 2, ddof=1), x).sum() < best
    for _ in range(50):
        near = PPCA(
            p.mean + 0.01 * rng.standard_normal(5),
            p.loading + 0.01 * rng.standard_normal((5, 2)),
            p.noise_var * float(np.exp(0.01 * rng.standard_normal())),
        )
        assert ppca.log_prob(near, x).sum() < best


def test_em_climbs_to_the_closed_form(x: np.ndarray) -> None:
    """The likelihood never falls, and ends at that of ``fit``. Mutants: the posterior covariance
    left out of the second moment; the old loading in the noise."""
    p, best = some(5, 2), ppca.log_prob(ppca.fit(x, 2), x).sum()
    before = -np.inf
    for _ in range(3000):
        p = ppca.em_step(p, x)
        now = ppca.log_prob(p, x).sum()
        assert now >= before - 1e-9 * abs(now)  # rounding of a sum of 300 terms
        before = now
    assert before == pytest.approx(best, rel=1e-9, abs=0)  # EM is linear: it has settled
    assert before <= best + 1e-9 * abs(best)


def test_one_em_step_is_the_maximum_of_its_bound(x: np.ndarray) -> None:
    """With q held, no other W or sigma^2 has a higher bound. Mutants: as above, and n d for n."""
    start = some(5, 2)._replace(mean=x.mean(0))
    q, p, rng = ppca.posterior(start, x), ppca.em_step(start, x), np.random.default_rng(0)
    best = ppca.elbo(p, x, q).sum()
    for _ in range(50):
        near = p._replace(
            loading=p.loading + 0.01 * rng.standard_normal((5, 2)),
            noise_var=p.noise_var * float(np.exp(0.01 * rng.standard_normal())),
        )
        assert ppca.elbo(near, x, q).sum() < best


def kl(q_mean: np.ndarray, q_cov: np.ndarray, mean: np.ndarray, cov: np.ndarray) -> float:
    """KL between Gaussians, the textbook formula."""
    inv, away = np.linalg.inv(cov), mean - q_mean
    ratio = np.linalg.slogdet(cov)[1] - np.linalg.slogdet(q_cov)[1]
    return 0.5 * (np.trace(inv @ q_cov) + away @ inv @ away - len(mean) + ratio)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_elbo_and_kl_add_up(k: int) -> None:
    """ELBO + KL(q || posterior) = log p(x) to 1e-8 for any q; no gap at the posterior.

    Mutants: a log-variance read as a log-deviation; KL(prior || q); + KL; the trace left out."""
    p, rng = some(4, k), np.random.default_rng(5)
    x = rng.standard_normal((6, 4)) * 2
    post, log_p = ppca.posterior(p, x), ppca.log_prob(p, x)
    np.testing.assert_allclose(ppca.elbo(p, x, post), log_p, atol=1e-10, rtol=0)
    root = rng.standard_normal((k, k))
    q = Posterior(rng.standard_normal((6, k)), root @ root.T + 0.1 * np.eye(k))
    gaps = [kl(q.mean[n], q.cov, post.mean[n], post.cov) for n in range(6)]
    np.testing.assert_allclose(ppca.elbo(p, x, q) + gaps, log_p, atol=1e-8, rtol=0)


def test_two_latents_by_quadrature() -> None:
    """log p(x), posterior moments and the bound as sums over a grid of z in the plane.

    Mutants: sigma^2 M for sigma^2 M^-1; W^T x without the mean; E_q of the wrong density."""
    p, x = some(3, 2), np.array([[0.4, -1.0, 2.0]])
    g = np.linspace(-9, 9, 721)  # h = 0.025 against a deviation of about 0.3: exact to rounding
    z = np.stack(np.meshgrid(g, g, indexing="ij"), -1)  # (G, G, 2)
    away = x[0] - p.mean - z @ p.loading.T
    log_joint = -0.5 * ((z * z).sum(-1) + (away * away).sum(-1) / p.noise_var)
    log_joint -= np.log(2 * np.pi) + 1.5 * np.log(2 * np.pi * p.noise_var)
    area = (g[1] - g[0]) ** 2
    total = np.exp(log_joint).sum() * area
    assert np.log(total) == pytest.approx(ppca.log_prob(p, x)[0], abs=1e-8)
    weight, q = np.exp(log_joint) * area / total, ppca.posterior(p, x)
    mean = np.einsum("ij,ijk->k", weight, z)
    np.testing.assert_allclose(q.mean[0], mean, atol=1e-8)
    np.testing.assert_allclose(
        q.cov, np.einsum("ij,ijk,ijl->kl", weight, z - mean, z - mean), atol=1e-8
    )
    other = Posterior(np.array([[0.3, -0.5]]), np.array([[0.2, 0.05], [0.05, 0.4]]))
    log_q = normal_nd(other.mean[0], other.cov).logpdf(z)
    bound = (np.exp(log_q) * (log_joint - log_q)).sum() * area
    assert ppca.elbo(p, x, other)[0] == pytest.approx(bound, abs=1e-8)


def test_bad_arguments_are_refused(x: np.ndarray) -> None:
    for k in (0, 5):
        with pytest.raises(ValueError, match="the rest is noise"):
            ppca.fit(x, k)
    with pytest.raises(ValueError, match="too few"):
        ppca.fit(x[:2], 2)
    with pytest.raises(ValueError, match="lower k"):
        ppca.fit(np.outer(np.arange(6.0), [1.0, 2.0, 3.0]), 1)
