"""Energy-based models: Z in closed form, the signs of two forces, what short chains leave out."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gamma

from dgmlib.mixtures import gmm
from dgmlib.scores import contrastive, energy, features
from dgmlib.scores.contrastive import Settings

RNG = np.random.default_rng
POWERS = features.powers()
SEEN = energy.table(POWERS)
THETA = np.array([0.3, -1.2, 0.1])
HUMPS = features.wells()
DATA = gmm.sample(HUMPS, 300, rng=RNG(0))[0]
FLAT = features.bumps([[-1.0, 0.5], [1.0, 0.0], [0.0, -1.0]], 0.8, spread=1.2)


def test_z_is_the_integral() -> None:
    """int exp(-x^4 / 4) = Gamma(1/4) / sqrt(2) and 2 pi spread^2 in closed form; any theta by
    SciPy. Mutants: exp(+f); log Z without the base; weights of one axis in the plane.
    """
    value, error = energy.log_z(SEEN, np.zeros(3))
    assert abs(value - np.log(gamma(0.25) / 2**0.5)) <= error < 1e-11
    plane = energy.table(FLAT)
    value, error = energy.log_z(plane, np.zeros(3))
    assert value == pytest.approx(np.log(2 * np.pi * 1.2**2), abs=1e-8)  # the box cuts 1e-9 off
    assert error < 1e-8

    def density(x: float) -> float:
        return float(np.exp(-(x**4 / 4 + THETA @ [x, x**2, x**3])))

    right = quad(density, -8, 8, points=[-1.5, 0, 1.5], epsabs=1e-12)[0]
    assert energy.log_z(SEEN, THETA).value == pytest.approx(np.log(right), rel=1e-9)
    third = quad(lambda x: x**3 * density(x), -8, 8, points=[-1.5, 0, 1.5], epsabs=1e-12)[0] / right
    assert energy.mean_phi(SEEN, THETA)[0][2] == pytest.approx(third, rel=1e-8)


@pytest.mark.parametrize("what", [POWERS, FLAT], ids=["powers", "bumps"])
def test_the_gradient_has_the_right_sign(what: features.Features) -> None:
    """The two forces against differences of the exact log-likelihood. Mutant: the slip
    grad log p = + grad f - E grad f, both forces turned round; one of the two alone."""
    seen, data = energy.table(what), 0.8 * RNG(1).standard_normal((40, what.dim))
    theta, h = 0.5 * RNG(2).standard_normal(3), 1e-5
    slope = [
        (energy.log_likelihood(what, seen, theta + h * e, data).value
         - energy.log_likelihood(what, seen, theta - h * e, data).value) / (2 * h)
        for e in np.eye(3)
    ]  # fmt: skip
    found = energy.forces(what, seen, theta, data)
    np.testing.assert_allclose(found.gradient, slope, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(found.positive, -what.phi(data).mean(0), rtol=1e-12)
    assert found.error.max() < 1e-8


@pytest.mark.parametrize("what", [POWERS, FLAT], ids=["powers", "bumps"])
def test_the_score_is_minus_the_slope_of_the_energy(what: features.Features) -> None:
    """By differences, and log p sums to 1. Mutants: + grad f; the base's slope forgotten."""
    x, h = RNG(3).standard_normal((6, what.dim)), 1e-5
    target = energy.target(what, energy.table(what), THETA)
    slope = np.stack(
        [(target.log_prob(x + h * e) - target.log_prob(x - h * e)) / (2 * h)
         for e in np.eye(what.dim)], -1,
    )  # fmt: skip
    np.testing.assert_allclose(target.need_grad()(x), slope, rtol=1e-6, atol=1e-8)
    if what.dim == 1:
        total = quad(
            lambda y: np.exp(target.log_prob(np.array([[y]]))[0] - target.log_z), -8, 8,
            points=[-1.5, 0, 1.5],
        )[0]  # fmt: skip
        assert total == pytest.approx(1.0, rel=1e-8)


def test_learning_with_the_exact_force_climbs_to_the_moments() -> None:
    """log p of the data never falls, and E_p phi comes to E_data phi. Mutant: down the
    gradient; the likelihood told after the step and not before."""
    told, grads = [], []
    for _, info in contrastive.stream(POWERS, DATA, Settings("exact", lr=0.02), steps=300, seed=0):
        told.append(info.log_likelihood.value)
        grads.append(info.exact.gradient)
    assert told[0] == pytest.approx(-np.log(gamma(0.25) / 2**0.5) - (DATA**4).mean() / 4, rel=1e-9)
    assert (np.diff(told) > -1e-12).all()
    assert np.abs(grads[-1]).max() < 0.02 * np.abs(grads[0]).max()


@pytest.mark.parametrize("rule", ["ula", "mala"])
def test_cd_k_pulls_as_its_exact_mean_says(rule) -> None:
    """4000 chains after k = 3 steps within 4.5 standard errors of the law on the grid, data and
    all. Mutants: chains that start anywhere; k - 1 steps; the forces' signs exchanged."""
    settings = Settings("cd", k=3, step_size=0.03, rule=rule, n=4000)
    start = gmm.sample(HUMPS, 4000, rng=RNG(4))[0]
    target = energy.target(POWERS, SEEN, THETA)
    ends = contrastive.walk(target, start, settings, rng=RNG(5))
    moved = POWERS.phi(ends) - POWERS.phi(start)
    right = contrastive.expected(POWERS, THETA, HUMPS, settings, np.array([0, 3]))
    np.testing.assert_array_equal(right[0], 0.0)
    error = moved.std(0) / 4000**0.5
    assert (np.abs(moved.mean(0) - right[1]) < 4.5 * error).all()
    assert np.abs(right[1] / error).min() > 6  # so that a wrong k or sign is seen


def test_cd_infinity_is_the_gradient() -> None:
    """As k grows the mean of CD-k tends to E_p phi - E_data phi: with MALA all the way, with ULA
    short of it by the bias of the step; CD-1 is far from it.

    Mutants: a kernel that does not keep p; data's own mean left out.
    """
    data = np.array([quad_mean(k) for k in (1, 2, 3)])
    right = energy.mean_phi(SEEN, THETA)[0] - data
    ks = np.array([1, 1500])
    found = contrastive.expected(POWERS, THETA, HUMPS, Settings(step_size=0.1), ks)
    np.testing.assert_allclose(found[1], right, atol=2e-3)
    assert np.abs(found[0] - right).max() > 0.5 * np.abs(right).max()
    biased = contrastive.expected(
        POWERS, THETA, HUMPS, Settings(step_size=0.03, rule="ula"), np.array([4000])
    )[0]
    assert 2e-3 < np.abs(biased - right).max() < 0.3 * np.abs(right).max()


def quad_mean(k: int) -> float:
    """E x^k of the humps, by its closed form."""
    m, v = HUMPS.mean[:, 0], HUMPS.cov[:, 0, 0]
    return float(HUMPS.weight @ {1: m, 2: m**2 + v, 3: m**3 + 3 * m * v}[k])


def test_long_chains_estimate_the_exact_force() -> None:
    """300 steps of MALA from anywhere: the negative force within 4.5 standard errors. Mutant: the
    error without its root; -mean phi of the chains."""
    settings = Settings("long", k=300, step_size=0.1, n=1500)
    state = contrastive.init(POWERS, settings, seed=1)._replace(theta=THETA)
    _, info = contrastive.step(state, POWERS, SEEN, DATA, settings)
    assert (np.abs(info.used.negative - info.exact.negative) < 4.5 * info.used.error).all()
    np.testing.assert_array_equal(info.used.positive, info.exact.positive)
    wide = POWERS.phi(np.linspace(-2, 2, 400)[:, None]).std(0) / 1500**0.5
    assert (info.used.error < 2 * wide).all()


def test_where_chains_start() -> None:
    """cd at data anew, persistent where it ended, long anywhere; and a step is a function of its
    state. Mutants: persistent that starts again; cd that goes on; a generator that is kept; the
    same noise at every step."""
    ends = {}
    for how in ("cd", "persistent", "long"):
        settings = Settings(how, k=2, n=50)
        zero = contrastive.init(POWERS, settings, seed=2)
        first, _ = contrastive.step(zero, POWERS, SEEN, DATA, settings)
        begin = contrastive.starts(first, POWERS, DATA, settings, rng=RNG(6))
        assert (begin is first.chains) == (how == "persistent")
        assert np.isin(begin, DATA).all() == (how == "cd")
        again = [contrastive.step(first, POWERS, SEEN, DATA, settings)[0] for _ in range(2)]
        np.testing.assert_array_equal(again[0].theta, again[1].theta)
        later, _ = contrastive.step(first._replace(steps=7), POWERS, SEEN, DATA, settings)
        assert not np.array_equal(later.chains, again[0].chains)
        ends[how] = again[0].chains
        assert again[0].steps == 2
    assert not np.array_equal(ends["cd"], ends["long"])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: features.bumps(np.zeros((2, 3)), 1.0), "centres"),
        (lambda: features.bumps(np.zeros((2, 1)), 0.0), "positive"),
        (lambda: contrastive.init(POWERS, Settings("cd1"), seed=0), "the force is one of"),  # type: ignore
        (lambda: contrastive.init(POWERS, Settings(k=0), seed=0), "1 step and 2 chains"),
        (lambda: contrastive.expected(FLAT, THETA, HUMPS, Settings(), np.array([1])), "line"),
    ],
)  # fmt: skip
def test_what_is_refused(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
