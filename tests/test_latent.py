"""Small latent-variable models: every identity of the bound, against integrals and closed forms."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import multivariate_normal, norm
from sklearn.linear_model import LinearRegression, Ridge

from dgmlib.latent import best, climb, coordinate, forms, line, loading, mixture, regression, slips
from dgmlib.latent import bound as bounds
from dgmlib.latent.evidence import GRID, STEP, evidence
from dgmlib.latent.jensen import jensen
from dgmlib.mixtures import em as gmm_em
from dgmlib.vae import ppca

normal_nd: Any = multivariate_normal  # its stubs take no matrix
NATS = 1e-8  # what the identities are promised to
SEEN = ((0.25, 3.0), (0.6, 1.5), (1.5, -3.0))  # noise, x
MODELS = [(d, noise, x) for d in line.DECODERS for noise, x in SEEN]
QS = [(0.0, 1.0), (1.3, 0.3), (-4.0, 0.05), (4.0, 2.0)]
over_models = pytest.mark.parametrize(("decoder", "noise", "x"), MODELS)


def joint(decoder: str, noise: float, x: float, z: float) -> float:
    """log p(x, z), written again."""
    f = {
        "straight": lambda z: z, "bent": lambda z: 2 * np.tanh(1.5 * z), "bowl": lambda z: z**2,
        "tilted bowl": lambda z: z**2 + z / 2,
    }[decoder](z)  # fmt: skip
    return log_normal(z, 0.0, 1.0) + log_normal(x, f, noise)


def log_normal(x: float, mean: float, std: float) -> float:
    """SciPy's own costs fifty times as much for one number."""
    return -0.5 * ((x - mean) / std) ** 2 - math.log(std * math.sqrt(2 * math.pi))


def average(g: Any, m: float, s: float) -> float:
    """E_q[g(z)] by adaptive quadrature over ten deviations, in pieces of half a deviation."""

    def weighted(u: float) -> float:
        return math.exp(log_normal(u, 0, 1)) * g(m + s * u)

    ends = np.linspace(-10, 10, 41)
    parts = [
        quad(weighted, a, b, epsabs=1e-13, epsrel=1e-12)[0] for a, b in itertools.pairwise(ends)
    ]
    return math.fsum(parts)


# ---------------------------------------------------------------- evidence


@over_models
def test_evidence_is_the_integral(decoder: str, noise: float, x: float) -> None:
    """Adaptive quadrature of exp(log p(x, z)). Mutants: the noise as a variance; a prior of
    deviation 2; a sum without its step; the log of the largest term alone."""
    e = evidence(line.model(decoder, noise), x)
    ends = np.linspace(-9, 9, 181)
    exact = sum(
        quad(lambda z: np.exp(joint(decoder, noise, x, z)), a, b, epsabs=0, epsrel=1e-11)[0]
        for a, b in itertools.pairwise(ends)
    )
    assert e.log_p == pytest.approx(np.log(exact), abs=NATS)
    assert (np.exp(e.log_posterior) * STEP).sum() == pytest.approx(1, abs=1e-12)


def test_a_straight_decoder_has_a_gaussian_posterior() -> None:
    """x / (1 + sigma^2) and sigma^2 / (1 + sigma^2). Mutant: the deviation for the variance."""
    for noise, x in itertools.product((0.25, 0.75, 1.5), (-3.0, 0.0, 2.5)):
        e = evidence(line.model("straight", noise), x)
        total = 1 + noise**2
        assert e.log_p == pytest.approx(norm.logpdf(x, 0, np.sqrt(total)), abs=1e-12)
        assert e.mean == pytest.approx(x / total, abs=1e-12)
        assert e.std == pytest.approx(noise / np.sqrt(total), abs=1e-12)
        assert len(e.modes) == 1


def test_a_bowl_has_two_modes() -> None:
    """Mutant: only the highest is reported."""
    left, right = evidence(line.model("bowl", 0.25), 3.0).modes
    assert right == pytest.approx(-left)
    p = evidence(line.model("tilted bowl", 0.25), 3.0)
    assert p.modes == pytest.approx([-1.99, 1.49], abs=0.02)  # z^2 + z/2 = 3 at -2 and 1.5


# ---------------------------------------------------------------- the bound


@over_models
def test_the_parts_add_up(decoder: str, noise: float, x: float) -> None:
    """ELBO + KL = log p(x), both splits of the ELBO, and every part by adaptive quadrature.

    Mutants: s read as s^2 in the KL to the prior; KL(prior || q); -H(q); KL(posterior || q) for
    the gap; E_q[log p(x, z)] without the prior."""
    m = line.model(decoder, noise)
    c, s = np.array(QS).T
    found = bounds.split(m, x, c, s)
    scale = NATS * np.maximum(1, np.abs(found.elbo) / 100)  # 1e-10 of sums of thousands of nats
    assert (np.abs(found.elbo + found.gap - found.log_p) < scale).all()
    assert (np.abs(found.log_joint + found.entropy - found.elbo) < scale).all()
    assert (np.abs(found.reconstruction - found.kl_prior - found.elbo) < scale).all()
    np.testing.assert_allclose(bounds.elbo(m, x, c, s), found.elbo, rtol=1e-10, atol=1e-10)
    assert (found.gap >= -1e-12).all()
    for i, (centre, width) in enumerate(QS[:2]):

        def log_q(z: float, centre: float = centre, width: float = width) -> float:
            return log_normal(z, centre, width)

        parts = {
            "log_joint": average(lambda z: joint(decoder, noise, x, z), centre, width),
            "entropy": average(lambda z: -log_q(z), centre, width),
            "kl_prior": average(lambda z: log_q(z) - log_normal(z, 0, 1), centre, width),
            "reconstruction": average(
                lambda z: joint(decoder, noise, x, z) - log_normal(z, 0, 1), centre, width
            ),
        }
        for name, value in parts.items():
            assert getattr(found, name)[i] == pytest.approx(value, rel=1e-9, abs=NATS), name


def test_the_gap_is_zero_at_the_posterior_only() -> None:
    """Mutants: a gap that is positive everywhere (KL > 0), or a constant."""
    m = line.model("straight", 0.75)
    s = bounds.split(m, 2.5, np.array([1.6, 1.7, 1.6]), np.array([0.6, 0.6, 0.7]))
    assert abs(s.gap[0]) < 1e-12
    assert (s.gap[1:] > 0.01).all()


def test_the_gradient_is_the_slope() -> None:
    """Central differences. Mutants: the slope in s for that in log s; no + 1 of the entropy."""
    for (decoder, noise, x), (c, s) in itertools.product(MODELS, [(0.4, 0.9), (-1.0, 0.2)]):
        m, h = line.model(decoder, noise), 1e-5

        def value(c: float, log_s: float, m: line.Model = m, x: float = x) -> float:
            return float(bounds.elbo(m, x, np.array(c), np.exp(np.array(log_s))))

        log_s = np.log(s)
        want = [(value(c + h, log_s) - value(c - h, log_s)) / (2 * h),
                (value(c, log_s + h) - value(c, log_s - h)) / (2 * h)]  # fmt: skip
        # differences of numbers of up to thousands of nats, divided by 2e-5
        np.testing.assert_allclose(bounds.gradient(m, x, c, s), want, rtol=1e-5, atol=1e-5)


@over_models
def test_best_is_the_best(decoder: str, noise: float, x: float) -> None:
    """No start of another optimiser (Nelder-Mead, no slopes) ends higher; each top is one.

    Mutants: the first hill for the highest; s^2 maximised as s; the list unsorted."""
    m = line.model(decoder, noise)
    found = best.best(m, x)
    assert (np.diff(found.elbo) <= 1e-12).all()
    top = found.elbo[0]
    for c, s in itertools.product((-2.5, -1, 0, 1, 2.5), (0.1, 0.5, 1.2)):
        r = minimize(
            lambda v: -float(bounds.elbo(m, x, np.array(np.clip(v[0], -4, 4)),
                                         np.array(np.clip(np.exp(v[1]), 0.05, 2)))),
            [c, np.log(s)], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10},
        )  # fmt: skip
        assert -r.fun <= top + 1e-7
    for c, s in zip(found.centre, found.width, strict=True):
        if 0.051 < s < 1.99 and abs(c) < 3.99:
            assert np.abs(bounds.gradient(m, x, c, s)).max() < 1e-3


@over_models
def test_the_climb_never_lowers(decoder: str, noise: float, x: float) -> None:
    """And it ends near a top, or still rises. Mutants: a step down the slope; no halving."""
    m = line.model(decoder, noise)
    for c, s in QS:
        run = climb.climb(m, x, c, s)
        assert (run.centre[0], run.width[0]) == (c, s)
        slack = 1e-9 * np.abs(run.split.elbo[:-1])  # two ways to sum thousands of nats
        assert (np.diff(run.split.elbo) >= -slack).all()
        assert run.split.elbo[-1] <= run.best.elbo[0] + 1e-9 * abs(run.best.elbo[0])
        assert run.split.elbo[-1] > run.split.elbo[0] or c == 0


def test_jensen() -> None:
    """E_q[w] = p(x), E_q[log w] = ELBO, and the dots are quantiles of q. Mutants: q / p; w not in
    units of p(x); z of the prior."""
    m, x = line.model("tilted bowl", 0.6), 2.0
    s = bounds.split(m, x, np.array([0.4]), np.array([0.9]))
    w = jensen(m, x, s.log_p, np.array([0.4]), np.array([0.9])).log_w[0]
    n = len(w)
    for i in (0, 17, n - 1):
        z = float(norm.ppf((i + 0.5) / n, 0.4, 0.9))
        exact = joint("tilted bowl", 0.6, x, z) - log_normal(z, 0.4, 0.9) - s.log_p
        assert w[i] == pytest.approx(exact, abs=1e-9)

    def log_w(z: float) -> float:
        return joint("tilted bowl", 0.6, x, z) - log_normal(z, 0.4, 0.9) - s.log_p

    assert average(lambda z: np.exp(log_w(z)), 0.4, 0.9) == pytest.approx(1, abs=1e-7)
    assert average(log_w, 0.4, 0.9) == pytest.approx(-s.gap[0], abs=NATS)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="choose one of"):
        line.model("wavy", 1.0)
    with pytest.raises(ValueError, match="positive"):
        line.model("bent", 0.0)
    with pytest.raises(ValueError, match="finite"):
        evidence(line.model("bent", 1.0), np.inf)
    for c, s in ((5.0, 1.0), (0.0, 0.01), (0.0, np.nan)):
        with pytest.raises(ValueError, match="of q lies between"):
            bounds.split(line.model("bent", 1.0), 0.0, c, s)
    assert len(GRID) == 4401


# ---------------------------------------------------------------- E and M

RUNS = [
    (kind, start, e_step)
    for kind in coordinate.KINDS for start in (-2.0, 0.3, 1.4, 3.5) for e_step in coordinate.E_STEPS
]  # fmt: skip


def run(kind: str, start: float, e_step: str = "whole", seed: int = 0) -> coordinate.Ascent:
    start, rng = coordinate.within(kind, start), np.random.default_rng(seed)
    return coordinate.ascent(kind, start=start, e_step=e_step, rng=rng)


@pytest.mark.parametrize(("kind", "start", "e_step"), RUNS)
def test_em_adds_up(kind: str, start: float, e_step: str) -> None:
    """Bound + gap = log-likelihood, three formulas; both curves pass through the point of now.

    Mutants: the gap of the half-step before; H(q) left out; KL(posterior || q)."""
    a = run(kind, start, e_step)
    np.testing.assert_allclose(a.bound + a.gap, a.value, atol=NATS, rtol=0)
    assert (a.gap >= 0).all() or a.gap.min() > -1e-12
    for f in range(len(a.theta)):
        near = np.abs(a.grid - a.theta[f]).argmin()
        steepest = np.abs(np.diff(a.curve[f])).max()  # between two values of theta
        assert abs(a.curve[f, near] - a.bound[f]) <= steepest
        assert (a.curve[f] <= a.log_p + NATS).all()


@pytest.mark.parametrize(("kind", "start", "e_step"), RUNS)
def test_no_half_step_lowers_the_bound(kind: str, start: float, e_step: str) -> None:
    """Whole E steps close the gap and never lower the likelihood. Mutants: an M step past the top;
    a partial E step that mixes probabilities the wrong way; a q outside its family at the start."""
    for seed in range(4):
        a = run(kind, start, e_step, seed)
        assert np.diff(a.bound).min() > -1e-9
        if e_step == "whole":
            assert a.gap[1::2].max() < 1e-9
            assert np.diff(a.value).min() > -1e-9
        if e_step == "certain q" and kind != coordinate.KINDS[2]:
            assert set(np.unique(a.q)) <= {0.0, 1.0}
        if e_step == "certain q" and kind == coordinate.KINDS[2]:
            assert np.allclose(a.spread[:, 0], loading.CERTAIN)


def test_a_restricted_q_may_lower_the_likelihood() -> None:
    """From near its top; the words of the page rest on it. Mutant: E steps that ignore the
    restriction."""
    assert np.diff(run(coordinate.KINDS[2], 1.4, "certain q").value).min() < -0.01
    assert np.diff(run(coordinate.KINDS[2], 1.4, "part of the way", 1).value).min() < -0.01


@pytest.mark.parametrize("kind", coordinate.KINDS)
@pytest.mark.parametrize("e_step", coordinate.E_STEPS)
def test_the_m_step_is_the_top(kind: str, e_step: str) -> None:
    """No theta of the grid has a higher bound. Mutants: weights of the other component; E[z]^2
    for E[z^2]; the mean of all points."""
    for start in (-2.0, 0.3, 3.5):
        a = run(kind, start, e_step)
        assert (a.bound[2::2] >= a.curve[2::2].max(1) - 1e-9).all()


@pytest.mark.parametrize("kind", coordinate.KINDS)
def test_the_top_is_the_top(kind: str) -> None:
    """No theta of a grid fifty times as fine is higher, nor any theta of the run. Mutant: the
    highest of the 241 values that are drawn."""
    for seed in range(4):
        a = run(kind, 3.5, seed=seed)
        theta, top = a.top
        fine = np.linspace(*coordinate.ENDS[kind], 12001)
        if kind == coordinate.KINDS[2]:
            log_p = loading.log_p(a.x, fine)
            here = loading.log_p(a.x, np.array(theta))
        else:
            unknown = mixture.MEAN if kind == coordinate.KINDS[0] else mixture.WEIGHT
            log_p = mixture.parts(unknown, a.x, a.q[0], fine).free_energy
            here = mixture.parts(unknown, a.x, a.q[0], np.array(theta)).free_energy
        assert top == pytest.approx(float(here), abs=1e-10)
        assert top >= max(log_p.max(), a.value.max()) - 1e-9
        assert abs(theta - fine[log_p.argmax()]) <= fine[1] - fine[0]


def test_a_partial_e_step_comes_closer() -> None:
    """KL(q || posterior) falls with every share of the way, for both kinds of latent; a share of 1
    is the whole step. Mutant: natural parameters of the posterior with the mean of q."""
    x = loading.draw(20, rng=np.random.default_rng(1))
    q, to = loading.Q(np.full(20, 0.7), 1.3), loading.posterior(x, 0.8)
    gaps = [loading.gap(x, loading.toward(q, to, t), 0.8) for t in np.linspace(0, 1, 21)]
    assert np.diff(gaps).max() < 0
    assert gaps[-1] == pytest.approx(0, abs=1e-12)
    whole, share = run(coordinate.KINDS[0], 3.5), np.random.default_rng(0)
    part = coordinate.ascent(coordinate.KINDS[0], start=3.5, e_step="part of the way", share=1.0,
                             rng=share)  # fmt: skip
    np.testing.assert_allclose(part.theta, whole.theta, atol=1e-9)


def test_the_loading_is_ppca() -> None:
    """Likelihood, posterior, bound and gap against ``vae.ppca`` and SciPy. Mutants: the noise as a
    variance; w = (1, theta)."""
    x = loading.draw(15, rng=np.random.default_rng(2))
    for theta in (-1.0, 0.0, 0.6, 2.5):
        w = np.array([theta, 1.0])
        p = ppca.PPCA(np.zeros(2), w[:, None], loading.NOISE**2)
        cov = np.outer(w, w) + loading.NOISE**2 * np.eye(2)
        exact = normal_nd(np.zeros(2), cov).logpdf(x).sum()
        assert loading.log_p(x, np.array(theta)) == pytest.approx(exact, abs=1e-10)
        post, same = loading.posterior(x, theta), ppca.posterior(p, x)
        np.testing.assert_allclose(post.mean, same.mean[:, 0], atol=1e-12)
        assert post.var == pytest.approx(same.cov[0, 0])
        q = loading.Q(post.mean + 0.3, 0.5)
        other = ppca.Posterior(q.mean[:, None], np.array([[q.var]]))
        bound = ppca.elbo(p, x, other).sum()
        assert loading.bound(x, q, np.array(theta)) == pytest.approx(bound, abs=1e-10)
        assert loading.gap(x, q, theta) == pytest.approx(exact - bound, abs=1e-10)


def test_the_mixture_is_that_of_the_mixture_page() -> None:
    """One round against ``mixtures.em`` with the other parameters put back. Mutants: the known
    component moves; the weight of the left one."""
    x = mixture.draw(mixture.MEAN, 30, rng=np.random.default_rng(3))
    for unknown, theta in ((mixture.MEAN, 0.4), (mixture.WEIGHT, 0.3)):
        params = mixture.params(unknown, np.array(theta))
        r = gmm_em.e_step(params, x)
        mine = 1 / (1 + np.exp(-mixture.logits(unknown, x, theta)))
        np.testing.assert_allclose(mine, r[:, 1], atol=1e-12)
        new = gmm_em.m_step(x, r)
        want = new.mean[1, 0] if unknown == mixture.MEAN else new.weight[1]
        assert mixture.m_step(unknown, x, mine, theta) == pytest.approx(want, abs=1e-12)
        exact = [0.5, 0.5] if unknown == mixture.MEAN else [0.7, 0.3]
        means = [-1.5, 0.4] if unknown == mixture.MEAN else [-1.5, 1.5]
        density = sum(w * norm.pdf(x[:, 0], m) for w, m in zip(exact, means, strict=True))
        found = mixture.parts(unknown, x, mine, np.array(theta)).free_energy
        assert found == pytest.approx(np.log(density).sum(), abs=1e-10)


def test_em_refuses_nonsense() -> None:
    rng = np.random.default_rng(0)
    for values, words in (
        (dict(kind="three", start=0.0), "choose one of"), (dict(start=9.0), "theta lies"),
        (dict(start=0.0, e_step="half"), "choose one of"), (dict(start=0.0, share=0.0), "share"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            coordinate.ascent(**{"kind": coordinate.KINDS[0], **values}, rng=rng)


# ---------------------------------------------------------------- the straight line


def points(n: int = 9, seed: int = 0) -> np.ndarray:
    return regression.sample(n, 0.5, rng=np.random.default_rng(seed))


def test_map_is_ridge() -> None:
    """scikit-learn's ridge (intercept penalised too) and least squares. Mutants: alpha for
    alpha sigma^2; A^T y written as A^T."""
    xy = points()
    for alpha in (0.01, 1.0, 30.0):
        b = regression.believe(xy, alpha=alpha, noise=0.5)
        for n in (2, 5, 9):
            phi = np.stack([np.ones(n), xy[:n, 0]], 1)
            ridge = Ridge(alpha * 0.25, fit_intercept=False, solver="cholesky").fit(phi, xy[:n, 1])
            np.testing.assert_allclose(b.mean[n], ridge.coef_, rtol=1e-9)
            plain = LinearRegression(fit_intercept=False).fit(phi, xy[:n, 1])
            np.testing.assert_allclose(b.ml[n], plain.coef_, rtol=1e-8)


def test_least_squares_needs_two_places() -> None:
    """Mutant: the solution of least norm sold as the ML estimate."""
    b = regression.believe(np.array([[1.0, 1.0], [1.0, 2.0], [2.0, 0.0]]), alpha=1, noise=0.5)
    assert np.isnan(b.ml[:3]).all()
    assert np.isnan(b.sd[:3, 0]).all()
    np.testing.assert_allclose(b.ml[3], [3.0, -1.5])


def test_the_predictive_is_an_integral() -> None:
    """Over the posterior of (a, b), itself from prior times likelihood on a grid.

    Mutants: the noise left out of the band; the posterior's precision for its covariance; the
    prior's variance for its precision."""
    xy, alpha, noise = points(4), 0.7, 0.5
    b = regression.believe(xy, alpha=alpha, noise=noise)
    g = np.linspace(-6, 6, 601)
    w = np.stack(np.meshgrid(g, g, indexing="ij"), -1)  # (G, G, 2)
    log_p = -0.5 * alpha * (w * w).sum(-1)
    for t, y in xy:
        log_p += -0.5 * (y - w[..., 0] - w[..., 1] * t) ** 2 / noise**2
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    np.testing.assert_allclose(b.mean[-1], np.einsum("ij,ijk->k", p, w), atol=1e-9)
    for i in (0, 60, 120):
        t = regression.T[i]
        line_ = w[..., 0] + w[..., 1] * t
        mean = (p * line_).sum()
        var = (p * (line_ - mean) ** 2).sum() + noise**2
        assert b.line[-1, 2, i] == pytest.approx(mean, abs=1e-9)
        assert b.sd[-1, 2, i] == pytest.approx(np.sqrt(var), abs=1e-9)
        assert b.sd[-1, 0, i] == b.sd[-1, 1, i] == noise
    assert (b.sd[:, 2] >= noise).all()
    assert (np.diff(b.sd[:, 2], axis=0) <= 1e-12).all()  # every point takes doubt away


def test_scores_are_the_evidence() -> None:
    """log p(y) by the chain rule, by one Gaussian of SciPy, and in any order of the points.

    Mutants: a point scored after it was seen; plug-in variances for full Bayes."""
    xy = points()
    b = regression.believe(xy, alpha=0.3, noise=0.5)
    phi = np.stack([np.ones(9), xy[:, 0]], 1)
    cov = 0.25 * np.eye(9) + phi @ phi.T / 0.3
    exact = normal_nd(np.zeros(9), cov).logpdf(xy[:, 1])
    assert b.score[:, 2].sum() == pytest.approx(exact, abs=1e-10)
    np.testing.assert_allclose(b.log_evidence[1:], b.score[:, 2].cumsum(), atol=1e-10)
    again = regression.believe(xy[::-1], alpha=0.3, noise=0.5)
    assert again.score[:, 2].sum() == pytest.approx(exact, abs=1e-10)
    plug = norm.logpdf(xy[3, 1], b.mean[3] @ [1, xy[3, 0]], 0.5)
    assert b.score[3, 1] == pytest.approx(plug, abs=1e-12)
    ml = norm.logpdf(xy[3, 1], b.ml[3] @ [1, xy[3, 0]], 0.5)
    assert b.score[3, 0] == pytest.approx(ml, abs=1e-12)


def test_a_line_needs_a_prior_and_noise() -> None:
    for alpha, noise in ((0.0, 1.0), (1.0, 0.0), (np.inf, 1.0)):
        with pytest.raises(ValueError, match="positive"):
            regression.believe(points(), alpha=alpha, noise=noise)


# ---------------------------------------------------------------- slips


@pytest.mark.parametrize("number", range(1, slips.CASES + 1))
@pytest.mark.parametrize("sweep", slips.SWEEPS)
def test_every_slip_is_caught(number: int, sweep: str) -> None:
    """Four lines are what they say, by another computation; the fifth is not.

    Mutants: a right form among the slips; a slip among the right ones; a sweep that misses the
    posterior."""
    r = slips.riddle(number, sweep=sweep)
    m = line.model("straight", forms.NOISE)
    fits = r.width <= bounds.WIDTH[1]  # as far as quadrature goes
    s = bounds.split(m, forms.X, r.centre[fits], r.width[fits])
    assert r.log_p == pytest.approx(s.log_p, abs=1e-10)
    np.testing.assert_allclose(r.elbo[fits], s.elbo, atol=1e-9)
    middle = len(r.at) // 2
    assert s.gap[middle] == pytest.approx(0, abs=1e-12)
    right = [i for i in range(5) if i != r.wrong]
    wrong = r.value[:, r.wrong]
    if r.kind == "bound":
        for i in right:
            np.testing.assert_allclose(r.value[fits, i], s.elbo, atol=1e-9)
        equal_widths = number == 4 and sweep == slips.SWEEPS[0]  # there KL has no direction
        assert (np.abs(wrong - r.elbo).max() > 0.1) != equal_widths
    if r.kind == "loss":
        assert (r.value[:, right].argmin(0) == middle).all()
        for i in right:
            above = r.value[fits, i] - r.value[middle, i]
            np.testing.assert_allclose(above, s.gap, atol=1e-9)
        assert wrong.argmin() != middle
    if r.kind == "claim":
        assert (r.value[:, right] >= -1e-12).all()
        if "> 0" in r.texts[r.wrong]:
            assert abs(wrong[middle]) < 1e-12
        else:
            both = [slips.riddle(number, sweep=x).value[:, r.wrong].min() for x in slips.SWEEPS]
            assert min(both) < -0.5


def test_forms_agree_with_quadrature() -> None:
    """The averages behind the puzzles. Mutants: the two directions of a KL exchanged; E log p(z|x)
    with the prior's variance."""
    m, s = 0.3, 0.4
    g = forms.averages(np.array(m), np.array(s))

    def q(z: float) -> float:
        return log_normal(z, m, s)

    def prior(z: float) -> float:
        return log_normal(z, 0, 1)

    def true(z: float) -> float:
        return log_normal(z, forms.MU, forms.TAU)

    assert pytest.approx(forms.X / (1 + forms.NOISE**2)) == forms.MU
    ask = {
        "likelihood": average(lambda z: log_normal(forms.X, z, forms.NOISE), m, s),
        "prior": average(prior, m, s), "entropy": average(lambda z: -q(z), m, s),
        "true": average(true, m, s),
        "to_prior": average(lambda z: q(z) - prior(z), m, s),
        "from_prior": average(lambda z: prior(z) - q(z), 0, 1),
        "to_posterior": average(lambda z: q(z) - true(z), m, s),
        "from_posterior": average(lambda z: true(z) - q(z), forms.MU, forms.TAU),
    }  # fmt: skip
    for name, value in ask.items():
        assert getattr(g, name) == pytest.approx(value, abs=NATS), name


def test_puzzles_are_fair() -> None:
    """Each letter is the wrong one at least once, twice in a row never. Mutant: always the last."""
    wrong = [slips.riddle(n).wrong for n in range(1, slips.CASES + 1)]
    assert set(wrong) == set(range(5))
    assert all(a != b for a, b in itertools.pairwise(wrong))
    for n in (0, slips.CASES + 1):
        with pytest.raises(ValueError, match="puzzles 1 to"):
            slips.riddle(n)
    with pytest.raises(ValueError, match="choose one of"):
        slips.riddle(1, sweep="both")
