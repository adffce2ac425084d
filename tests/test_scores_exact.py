"""Scores, Fisher divergences and the five objectives: by differences, integrals and enumeration."""

from itertools import product

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from dgmlib.diffusion import exact as diffused
from dgmlib.diffusion import process
from dgmlib.mixtures import gmm
from dgmlib.scores import exact, fisher, matching, variance
from dgmlib.scores.exact import Slopes

RNG = np.random.default_rng
PLANE = gmm.Params(
    np.array([0.3, 0.7]),
    np.array([[-1.0, 0.5], [1.0, -0.5]]),
    np.array([[[0.5, 0.2], [0.2, 0.4]], [[0.6, -0.1], [-0.1, 0.9]]]),
)
OTHER = gmm.Params(np.array([0.6, 0.4]), PLANE.mean + 0.3, PLANE.cov + 0.2 * np.eye(2))
LINE = exact.round_mixture([0.35, 0.65], [-1.0, 1.5], [0.5, 0.8])


def differences(f, x: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """df_i / dx_j, last axis j."""
    d = x.shape[-1]
    return np.stack([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(d)], -1)


def other(x: np.ndarray) -> Slopes:
    return exact.slopes(OTHER, x)


def turned(x: np.ndarray) -> Slopes:
    """A score that is the gradient of nothing: its Jacobian is not symmetric."""
    a = np.array([[-1.0, 0.7], [-0.2, -0.5]])
    return Slopes(x @ a.T + 0.1, np.tile(a, (len(x), 1, 1)))


def test_slopes_are_those_of_the_log_density() -> None:
    """Mutants: S in place of its inverse; the spread of the components' scores left out."""
    x = 2 * RNG(0).standard_normal((8, 2))
    found = exact.slopes(PLANE, x)
    np.testing.assert_allclose(
        found.score, differences(lambda y: gmm.log_prob(PLANE, y), x), atol=1e-8
    )
    np.testing.assert_allclose(exact.score(PLANE, x), found.score, rtol=1e-12)
    bend = differences(lambda y: exact.score(PLANE, y), x)
    np.testing.assert_allclose(found.jacobian, bend, atol=1e-7)


@pytest.mark.parametrize("sigma", [0.2, 1.5])
def test_noise_that_adds_is_noise_that_shrinks(sigma: float) -> None:
    """grad log p_sigma(x) = sqrt(a) grad log q(sqrt(a) x), q the law of diffusion at
    a = 1 / (1 + sigma^2). Mutants: sigma for its square; the means shrunk, too.
    """
    a, x = 1 / (1 + sigma**2), RNG(1).standard_normal((6, 2)) * 2
    eps = diffused.of_mixture(PLANE)(a**0.5 * x, a)
    right = a**0.5 * process.score(eps, a)
    found = exact.score(exact.smoothed(PLANE, sigma), x)
    np.testing.assert_allclose(found, right, rtol=1e-9, atol=1e-12)


def test_finitely_many_points_with_noise() -> None:
    """x~ + sigma^2 score is the mean of the points, weighted by distance. Mutant: sigma as the
    covariance."""
    points, sigma, x = RNG(2).standard_normal((5, 2)), 0.4, RNG(3).standard_normal((4, 2))
    r = np.exp(-((x[:, None] - points) ** 2).sum(-1) / (2 * sigma**2))
    right = (r / r.sum(1, keepdims=True)) @ points
    found = x + sigma**2 * exact.score(exact.points(points, sigma), x)
    np.testing.assert_allclose(found, right, rtol=1e-10)


@pytest.mark.parametrize("d", [1, 2])
def test_fisher_between_gaussians(d: int) -> None:
    """Quadrature against the closed form. Mutants: no half; p and q exchanged; the shift of the
    means through P and not Q."""
    mean, back = np.array([[0.5, -0.2]])[:, :d], np.array([[-0.3, 0.4]])[:, :d]
    cov, wide = PLANE.cov[:1, :d, :d], PLANE.cov[1:, :d, :d]
    p, q = gmm.Params(np.ones(1), mean, cov), gmm.Params(np.ones(1), back, wide)
    value, error = fisher.between(p, q)
    right = fisher.gaussians(mean[0], cov[0], back[0], wide[0])
    assert abs(value - right) <= error + 1e-13
    assert error < 1e-9
    if d == 1:  # by hand: E (x/a - (x + 0.8)/b)^2 / 2 for x ~ N(0, a)
        a, b = cov[0, 0, 0], wide[0, 0, 0]
        assert right == pytest.approx(0.5 * (a * (1 / b - 1 / a) ** 2 + (0.8 / b) ** 2), abs=0)
    assert fisher.constant(p).value == pytest.approx(0.5 * np.trace(np.linalg.inv(cov[0])))


def test_expectations_on_the_line_by_scipy() -> None:
    """Two integrals at once, each with an honest error. Mutants: weights of the components left
    out; the rule in z without the density."""
    value, error = map(
        np.asarray, fisher.expect(LINE, lambda x: np.stack([np.cos(3 * x[:, 0]), x[:, 0] ** 4]))
    )

    def density(x: float) -> float:
        return float(0.35 * norm.pdf(x, -1, 0.5) + 0.65 * norm.pdf(x, 1.5, 0.8))

    for i, f in enumerate((lambda x: np.cos(3 * x), lambda x: x**4)):
        right = quad(lambda x, f=f: density(x) * f(x), -9, 10, points=[-1, 1.5], epsabs=1e-12)[0]
        assert abs(value[i] - right) <= error[i] + 1e-10
    assert error.max() < 1e-6
    with pytest.raises(ValueError, match="line and the plane"):
        fisher.expect(exact.points(np.zeros((1, 3)), 1.0), lambda x: x[:, 0])


def moments(objective, p, field, **dials) -> np.ndarray:
    """Mean of the objective, and of its variance given x, by quadrature."""
    of = {"m": 1, "kind": "rademacher", "sigma": 0.4} | dials
    q = exact.smoothed(p, of["sigma"]) if objective == "denoising" else p
    found = fisher.expect(
        q, lambda x: np.stack(variance.given_x(objective, p, field, x, **of)), rtol=1e-6
    )
    return np.asarray(found.value)


@pytest.mark.parametrize("field", [other, turned])
def test_implicit_is_explicit_less_the_constant(field) -> None:
    """By quadrature, for a score that is a gradient and one that is not. Mutants: the sign of the
    trace; half of it; the constant added to the wrong side or without its half."""
    apart = fisher.fisher(PLANE, lambda x: field(x).score, rtol=1e-7)
    c = fisher.constant(PLANE, rtol=1e-7)
    assert moments("explicit", PLANE, field)[0] == pytest.approx(apart.value, abs=1e-6)
    assert moments("implicit", PLANE, field)[0] + c.value == pytest.approx(apart.value, abs=1e-6)


def test_denoising_is_the_divergence_to_the_smoothed_density() -> None:
    """and a constant that does not know the score. Mutants: F to p itself; d / sigma^2 without its
    half; sigma for sigma^2 in the target."""
    sigma = 0.4
    for field in (other, turned):
        apart = fisher.fisher(
            exact.smoothed(PLANE, sigma), lambda x, f=field: f(x).score, rtol=1e-7
        )
        c = fisher.denoising_constant(PLANE, sigma, rtol=1e-7)
        found = moments("denoising", PLANE, field, sigma=sigma)[0]
        assert found == pytest.approx(apart.value + c.value, abs=1e-6)


def test_variance_of_probes_by_enumeration() -> None:
    """All signs in three dimensions; Gaussian probes by 9 nodes of Gauss and Hermite, exact to
    degree 17. Mutants: the diagonal kept for signs; no factor 2; |B|_F for its square."""
    a = RNG(4).standard_normal((1, 3, 3))
    form = a + a.swapaxes(1, 2)
    signs = np.array(list(product([-1.0, 1.0], repeat=3)))
    value = np.einsum("vi,ij,vj->v", signs, form[0], signs)
    assert variance.probe_variance(form, "rademacher")[0] == pytest.approx(value.var())
    z, w = np.polynomial.hermite_e.hermegauss(9)
    nodes, weight = np.array(list(product(z, repeat=3))), np.prod(list(product(w, repeat=3)), 1)
    weight = weight / weight.sum()
    value = np.einsum("vi,ij,vj->v", nodes, form[0], nodes)
    right = weight @ value**2 - (weight @ value) ** 2
    assert variance.probe_variance(form, "gaussian")[0] == pytest.approx(right)


@pytest.mark.parametrize("objective", ["hutchinson", "sliced"])
def test_probes_are_unbiased_with_the_variance_told(objective) -> None:
    """All four signs in the plane, for a Jacobian that is not symmetric: mean and variance to the
    digit. Mutants: the Jacobian not made symmetric; 1/2 left out of the sliced square; (v.s)^2
    summed before the square; m probes with the variance of one."""
    x = RNG(5).standard_normal((3, 2))
    s, jacobian = turned(x)
    signs = np.array(list(product([-1.0, 1.0], repeat=2)))  # (4, 2)
    of = matching.hutchinson if objective == "hutchinson" else matching.sliced
    each = []
    for v in signs:
        many = np.tile(v, (1, 3, 1))
        each.append(of(s, many, (jacobian @ many[..., None])[..., 0]))
    mean, var = variance.given_x(objective, PLANE, turned, x, m=1, kind="rademacher", sigma=0.1)
    np.testing.assert_allclose(np.mean(each, 0), mean, rtol=1e-12)
    np.testing.assert_allclose(np.var(each, 0), var, rtol=1e-12)
    trace = np.trace(jacobian, axis1=1, axis2=2)
    np.testing.assert_allclose(mean, matching.implicit(s, trace), rtol=1e-12)
    pairs = [np.stack([a, b])[:, None].repeat(3, 1) for a in signs for b in signs]
    two = [of(s, v, (jacobian @ v[..., None])[..., 0]) for v in pairs]
    half = variance.given_x(objective, PLANE, turned, x, m=2, kind="rademacher", sigma=0.1)[1]
    np.testing.assert_allclose(np.var(two, 0), half, rtol=1e-12)
    unit = matching.units(3, 2)
    exactly = matching.along(unit, (jacobian @ unit[..., None])[..., 0]).sum(0)
    np.testing.assert_allclose(exactly, trace, rtol=1e-12)


def test_denoising_given_the_noisy_point_by_scipy() -> None:
    """Mean and variance of 1/2 |s + (x~ - x)/sigma^2|^2 over x given x~, as ratios of integrals.
    Mutants: the components' means not told apart; the cross term; C without 1 / sigma^2."""
    sigma, at = 0.5, 0.2

    def field(x: np.ndarray) -> Slopes:
        return exact.slopes(exact.round_mixture([1.0], [0.3], [1.0]), x)

    s = float(field(np.array([[at]])).score[0, 0])

    def joint(x: float) -> float:
        p = 0.35 * norm.pdf(x, -1, 0.5) + 0.65 * norm.pdf(x, 1.5, 0.8)
        return float(p * norm.pdf(at, x, sigma))

    total, first, second = (
        quad(lambda x, k=k: joint(x) * (0.5 * (s + (at - x) / sigma**2) ** 2) ** k, -8, 8,
             points=[-1, 0, 1.5], epsabs=1e-13)[0]
        for k in range(3)
    )  # fmt: skip
    mean, var = variance.given_x("denoising", LINE, field, np.array([[at]]), m=1,
                                 kind="rademacher", sigma=sigma)  # fmt: skip
    assert mean[0] == pytest.approx(first / total, rel=1e-8)
    assert var[0] == pytest.approx(second / total - (first / total) ** 2, rel=1e-8)


@pytest.mark.parametrize("objective", variance.OBJECTIVES)
def test_dials_measure_what_they_tell(objective) -> None:
    """Means and variances of 20,000 examples within 4.5 standard errors of the exact ones: the
    sampled half of ISM = ESM + constant. Mutants: probes drawn once for all examples; noise drawn
    with sigma^2; a cost that forgets the score itself."""
    p = PLANE if objective != "denoising" else LINE
    field = other if objective != "denoising" else lambda x: exact.slopes(LINE, x)
    d = variance.dial(objective, p, field, n=20_000, m=3, kind="gaussian", sigma=0.5, rng=RNG(6))
    assert abs(d.measured_mean.value - d.mean.value) < 4.5 * d.measured_mean.error
    assert abs(d.measured_variance.value - d.variance) < 4.5 * d.measured_variance.error
    cost = {"explicit": 1, "implicit": 3, "hutchinson": 4, "sliced": 4, "denoising": 1}
    assert d.evaluations == cost[objective]
    assert d.per_cost == pytest.approx(d.variance * cost[objective])


def test_denoising_with_little_noise_is_all_noise() -> None:
    """Its variance times sigma^4 tends to d / 2. Mutant: C without its square."""
    var = moments("denoising", LINE, lambda x: exact.slopes(LINE, x), sigma=0.01)[1]
    assert var * 0.01**4 == pytest.approx(0.5, rel=0.01)


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="probes are"):
        matching.probes("uniform", 1, 2, 2, rng=RNG(0))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="between 1 and"):
        matching.probes("gaussian", 0, 2, 2, rng=RNG(0))
    with pytest.raises(ValueError, match="sigma must be positive"):
        exact.points(np.zeros((2, 2)), 0.0)
    with pytest.raises(ValueError, match="no objective"):
        variance.draw("esm", PLANE, other, n=2, rng=RNG(0))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="standard deviation"):
        exact.round_mixture([1.0], [0.0], [0.0])
