"""Langevin dynamics on scores: laws on the line, chains within them, and weights lost and found."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chi2, norm

from dgmlib.divergences import adaptive, mixture1d
from dgmlib.mixtures import gmm
from dgmlib.samplers import langevin
from dgmlib.scores import annealed, chains, exact, law, weights

RNG = np.random.default_rng
TWO = weights.modes(0.3, 1.2, std=0.6)


def slope(p: gmm.Params):
    return lambda x: exact.score(p, x)


def log_p(p: gmm.Params):
    return lambda x: gmm.log_prob(p, x)


def chance(x: np.ndarray, grid: np.ndarray, mass: np.ndarray, cells: int = 20) -> float:
    """The p-value of chains x (C,) in cells of equal mass."""
    below = np.cumsum(mass) - 0.5 * mass
    edges = np.interp(np.arange(1, cells) / cells, below / mass.sum(), grid)
    seen = np.bincount(np.searchsorted(edges, x), minlength=cells)
    expected = np.diff(np.interp(edges, grid, below), prepend=0.0, append=1.0) * len(x)
    return float(chi2.sf(((seen - expected) ** 2 / expected).sum(), cells - 1))


@pytest.mark.parametrize("step", [0.05, 0.8])
def test_ula_settles_at_the_variance_of_its_closed_form(step: float) -> None:
    """On N(0, 0.7^2), with the law on the grid a Gaussian of that variance. Mutants: noise sqrt(e);
    half the drift; a kernel with x and y exchanged."""
    p = exact.round_mixture([1.0], [0.0], [0.7])
    x = law.grid(-16, 16, step)
    mass = law.settled(law.ula_kernel(slope(p), x, step))
    right = langevin.ula_variance(0.49, step)
    assert mass @ x**2 == pytest.approx(right, rel=1e-6)
    density = norm.pdf(x, 0, right**0.5)
    np.testing.assert_allclose(mass, density / density.sum(), atol=1e-8)


def test_a_step_too_large_never_settles() -> None:
    """From e = 2 s^2 on. Mutant: rows made whole without a look at what left."""
    p = exact.round_mixture([1.0], [0.0], [0.5])
    with pytest.raises(ValueError, match="leaves at every step"):
        law.settled(law.ula_kernel(slope(p), law.grid(-9, 9, 0.6), 0.6))


@pytest.mark.parametrize("rule", chains.RULES)
def test_chains_end_where_the_law_says(rule: chains.Rule) -> None:
    """6000 chains after 12 steps, chi-squared in 20 cells; and not by accident: the law of the
    other rule, or of one step fewer from so far away, is refused.

    Mutants: a MALA that accepts all; an ULA with noise sqrt(e); a law without the refused mass.
    """
    step, n = 0.25, 12
    x = law.grid(-9, 9, step, 16)
    ula, mala = (
        law.ula_kernel(slope(TWO), x, step),
        law.mala_kernel(slope(TWO), log_p(TWO), x, step),
    )
    start = law.cells(lambda y: norm.logpdf(y[:, 0], 1.5, 0.4), x)
    begin = RNG(1).normal(1.5, 0.4, (6000, 1))
    run = chains.run(rule, chains.of_mixture(TWO), begin, step_size=step, n_steps=n, rng=RNG(2))
    at = {"ula": law.push(start, ula, n)[-1], "mala": law.push(start, mala, n)[-1]}
    assert chance(run.x[-1][:, 0], x, at[rule]) > 1e-3
    assert chance(run.x[-1][:, 0], x, at["mala" if rule == "ula" else "ula"]) < 1e-6


def test_mala_is_exact_with_any_drift() -> None:
    """On the grid p K = p in detailed balance, also if the drift was learned badly, and rows sum
    to 1. Mutants: the proposal's density left out of the ratio; ratio upside down."""
    x, step = law.grid(-7, 7, 0.1), 0.1
    for drift in (slope(TWO), lambda y: -0.3 * y + 0.5):
        kernel = law.mala_kernel(drift, log_p(TWO), x, step)
        np.testing.assert_allclose(kernel.sum(1), 1.0, rtol=1e-12)
        flow = law.cells(log_p(TWO), x)[:, None] * kernel
        np.testing.assert_allclose(flow, flow.T, atol=1e-16)
    ula = law.settled(law.ula_kernel(slope(TWO), x, step))
    assert np.abs(ula - law.cells(log_p(TWO), x)).sum() > 0.02  # it has a bias to remove


def test_mala_chains_with_a_wrong_drift_by_chi_squared() -> None:
    """4000 chains that start in p stay in p. Mutant: MALA that forgets the drift in its ratio."""
    begin = gmm.sample(TWO, 4000, rng=RNG(3))[0]
    target = chains.of_score(lambda y: -0.3 * y + 0.5, 1, log_prob=log_p(TWO))
    run = chains.run("mala", target, begin, step_size=0.3, n_steps=15, rng=RNG(4))
    x = law.grid(-7, 7, 0.02)
    assert chance(run.x[-1][:, 0], x, law.cells(log_p(TWO), x)) > 1e-3


def test_a_score_alone_has_no_mala() -> None:
    """Mutant: MALA on a density that is 0 everywhere, which would accept by the drift alone."""
    target = chains.of_score(slope(TWO), 1)
    with pytest.raises(ValueError, match="needs a density"):
        chains.run("mala", target, np.zeros((2, 1)), step_size=0.1, n_steps=1, rng=RNG(0))
    one, other = (
        chains.run("ula", t, np.zeros((2, 1)), step_size=0.1, n_steps=3, rng=RNG(0)).x
        for t in (target, chains.of_mixture(TWO))
    )
    np.testing.assert_array_equal(one, other)


def test_annealing_a_gaussian_step_by_step() -> None:
    """v <- (1 - e_i / (s^2 + sigma_i^2))^2 v + 2 e_i by hand, against the law and 4000 chains.

    Mutants: e_i by sigma_i / sigma_L without its square, or upside down; levels from the last to
    the first; noise of the first level throughout; data shrunk as in diffusion.
    """
    s, sigmas, steps, e = 0.5, annealed.geometric(4.0, 0.5, 4), 3, 0.05
    np.testing.assert_allclose(sigmas, [4, 2, 1, 0.5])
    sizes = annealed.step_sizes(sigmas, e)
    np.testing.assert_allclose(sizes, [3.2, 0.8, 0.2, 0.05])
    v = 6.0**2 / 3
    for sigma, size in zip(sigmas, sizes, strict=True):
        for _ in range(steps):
            v = (1 - size / (s**2 + sigma**2)) ** 2 * v + 2 * size
    p = exact.round_mixture([1.0], [0.0], [s])
    x, mass = law.annealed(
        lambda sigma: slope(exact.smoothed(p, sigma)), sigmas, sizes, steps=steps, reach=6,
        extent=4,
    )  # fmt: skip
    assert mass @ x**2 == pytest.approx(v, rel=1e-4)  # of the start, in 800 cells
    path = annealed.sample(annealed.of_mixture(p), sigmas, RNG(5).uniform(-6, 6, (4000, 1)),
                           steps=steps, step_size=e, rng=RNG(6), every=5)  # fmt: skip
    assert path.x[-1].var() == pytest.approx(v, rel=4.5 * (2 / 4000) ** 0.5)
    np.testing.assert_array_equal(path.done, [0, 5, 10, 12])
    np.testing.assert_allclose(path.sigma, [4, 2, 0.5, 0.5])


def test_annealing_repairs_the_proportions() -> None:
    """Chains from anywhere share far modes by basin, 1/2 each; annealed ones near 0.2. Chains
    agree with the law within 4.5 standard errors.

    Mutants: levels from quiet to noisy; the score of the last level at all of them; truth put in
    for an estimate; the first mode taken for the second.
    """
    seen = weights.compare(weights.modes(0.2, 4.0, std=0.5, dim=2), annealed.geometric(8, 0.2, 8),
                           steps=10, step_size=0.02, reach=8, n=1500, rng=RNG(7))  # fmt: skip
    assert abs(seen.plain.value - seen.plain_exact.value) < 4.5 * seen.plain.error
    assert abs(seen.annealed.value - seen.annealed_exact.value) < 4.5 * seen.annealed.error
    assert seen.plain_exact.value == pytest.approx(0.5, abs=0.02)
    assert seen.annealed_exact.value == pytest.approx(seen.truth, abs=0.06)
    assert max(seen.plain_exact.error, seen.annealed_exact.error) < 1e-3
    assert seen.truth == 0.2


def test_annealed_mala_on_exact_densities() -> None:
    """Long enough at the last level, MALA leaves no bias of the step: N(0, 0.5^2 + 0.3^2) at a step
    where ULA's variance is a quarter too large. Mutant: the rule ignored."""
    p, sigmas = exact.round_mixture([1.0], [0.0], [0.5]), np.array([0.6, 0.3])
    var = {}
    for rule in chains.RULES:
        path = annealed.sample(
            annealed.of_mixture(p), sigmas, RNG(8).normal(0, 1, (4000, 1)), steps=30,
            step_size=0.14, rng=RNG(9), rule=rule, every=60,
        )  # fmt: skip
        var[rule] = path.x[-1].var()
    slack = 4.5 * (2 / 4000) ** 0.5
    assert var["mala"] == pytest.approx(0.34, rel=slack)
    assert var["ula"] == pytest.approx(langevin.ula_variance(0.34, 0.14), rel=slack)


def test_the_score_is_blind_to_weights() -> None:
    """KL against the exact divergences and its limit, F against SciPy. Mutants: q's score twice;
    KL(q||p); F without its half."""
    seen = weights.blind([1.5, 3.0, 6.0], 0.2, 0.5)
    for a, f, kl in zip(seen.distance, seen.fisher, seen.kl, strict=True):
        p, q = (mixture1d.mixture([w, 1 - w], [-a, a], [1, 1]) for w in (0.2, 0.5))
        assert kl == pytest.approx(adaptive.kl(p, q).value, rel=1e-8)

        def miss(x: float, p=p, q=q) -> float:
            gap = mixture1d.score(p, [x]) - mixture1d.score(q, [x])
            return 0.5 * np.exp(float(mixture1d.log_prob(p, np.array([x]))[0])) * float(gap[0]) ** 2

        right = quad(miss, -a - 8, a + 8, points=[-a, -0.5, 0, 0.5, a], epsabs=0, limit=200)[0]
        assert f == pytest.approx(right, rel=1e-6)
    limit = 0.2 * np.log(0.2 / 0.5) + 0.8 * np.log(0.8 / 0.5)
    assert seen.kl[-1] == pytest.approx(limit, rel=1e-6)
    assert seen.fisher[-1] < 1e-7


def test_half_of_the_middle_cell_is_left() -> None:
    """Mutant: the middle of a grid is 0 only if rounding leaves it so."""
    middles = []
    for width in np.linspace(1, 9, 50):
        x = np.linspace(-width, width, 333)
        middles.append(x[166])
        assert weights.left(x, np.full(333, 1 / 333)) == pytest.approx(0.5, rel=1e-12)
    assert np.any(np.array(middles) != 0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: annealed.geometric(1.0, 2.0, 3), "first >= last"),
        (lambda: annealed.check_sigmas([0.1, 1.0]), "fall"),
        (lambda: law.grid(-100, 100, 1e-4), "larger step_size"),
        (lambda: law.ula_kernel(slope(TWO), np.linspace(-5, 5, 10), 0.01), "wider than the noise"),
        (lambda: weights.modes(1.0, 2.0), "0 < weight < 1"),
        (lambda: chains.stepper("hmc", chains.of_mixture(TWO)), "the rule is"),  # type: ignore
    ],
)  # fmt: skip
def test_what_is_refused(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_mass_that_leaves_a_narrow_grid_is_told() -> None:
    x = law.grid(-2, 2, 0.1)
    with pytest.raises(ValueError, match="left the grid"):
        law.push(law.cells(log_p(TWO), x), law.ula_kernel(slope(TWO), x, 0.1), 3)


def test_chains_that_leave_are_told() -> None:
    p = exact.round_mixture([1.0], [0.0], [0.1])
    with pytest.raises(FloatingPointError, match="lower step_size"), np.errstate(all="ignore"):
        list(annealed.stream(annealed.of_mixture(p), [0.01], np.ones((2, 1)), steps=400,
                             step_size=1.0, rng=RNG(0)))  # fmt: skip
