"""Laws of sampling on the line: the targets, the proposals, the exact errors, the recorded runs."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad
from scipy.stats import binom

from dgmlib.experiments import line_chain, line_importance, line_inverse
from dgmlib.experiments.line_proposal import Proposal, of_handle, parse, proposal, smallest_log_k
from dgmlib.experiments.line_race import CHAIN, EXACT, IMPORTANCE, REJECTION, mcse, race
from dgmlib.experiments.line_rejection import EDGES, frames, histogram, reject, wilson
from dgmlib.experiments.line_variance import rejection_rmse, spread
from dgmlib.experiments.line_walk import (
    acceptance,
    autocorrelation,
    follow,
    kernel,
    mean_rmse,
    refined,
    walk,
)
from dgmlib.samplers import importance, metropolis
from dgmlib.targets import choose
from dgmlib.targets.line import Line, mixture
from dgmlib.targets.polyline import polyline

LINES = [choose.choose(name) for name in choose.NAMES]
BY_NAME = pytest.mark.parametrize("p", LINES, ids=choose.NAMES)
HEIGHTS = st.lists(st.floats(0, 1), min_size=9, max_size=9).filter(lambda h: max(h) >= 0.01)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def integral(p: Line, f) -> float:
    """SciPy's adaptive quadrature over the extent, told where the kinks are."""
    inside = [b for b in p.breaks if p.extent[0] < b < p.extent[1]]
    edges = [p.extent[0], *inside, p.extent[1]]
    middle = [0.25 * a + 0.75 * b for a, b in pairwise(edges)]
    points = sorted({*edges, *middle, *np.linspace(*p.extent, 12)})
    return sum(
        quad(lambda x: float(f(np.asarray(x))), a, b, epsabs=1e-13, limit=200)[0]
        for a, b in pairwise(points)
    )


# ---------------------------------------------------------------- targets


@BY_NAME
def test_lines_know_themselves(p: Line) -> None:
    """Mutants: Z of another scale; the variance of a painted density without its first moments;
    a mixture's variance without the spread of its means; Gamma(2) with mean 1."""
    tail = 2e-7  # outside the extent lie at most 1e-8 of the mass, at most 5 deviations away
    assert integral(p, p.shape) == pytest.approx(np.exp(p.log_z), rel=tail)
    mean = integral(p, lambda x: x * p.pdf(x))
    assert mean == pytest.approx(p.mean, abs=5 * tail)
    variance = integral(p, lambda x: (x - p.mean) ** 2 * p.pdf(x))
    assert variance == pytest.approx(p.variance, rel=10 * tail)
    grid = np.linspace(-5, 5, 100_001)
    assert p.shape(grid).max() == pytest.approx(1, abs=1e-7)  # grid of 1e-4 near a smooth top
    for x in (-2.3, -1.0, 0.4, 1.9):
        left = p._replace(extent=(p.extent[0], x))
        assert integral(left, p.pdf) == pytest.approx(float(p.cdf(np.asarray(x))), abs=1e-10)


@BY_NAME
def test_quantiles_invert(p: Line) -> None:
    """Mutants: the unstable root of the quadratic; one Newton step; the cell to the right."""
    u = np.concatenate([rng().random(4000), [1e-12, 1e-9, 1e-6, 0.5, 1 - 1e-6, 1 - 1e-9]])
    x = p.quantile(u)
    np.testing.assert_allclose(p.cdf(x), u, rtol=0, atol=1e-12)  # rounding of F, 1e-16 an operation
    assert (np.diff(p.quantile(np.linspace(0, 1, 999))) >= 0).all()
    assert np.isfinite(p.quantile(np.array([0.0, 1.0]))).all()


def test_named_lines_are_scipys() -> None:
    """Mutants: a Gamma of another shape; a mixture of variances for deviations."""
    x = np.linspace(-5, 8, 301)
    np.testing.assert_allclose(LINES[2].pdf(x), stats.gamma.pdf(x, 2, loc=-3), atol=1e-15)
    p = mixture("m", [3, 1], [-1, 2], [0.5, 1.5])
    wanted = 0.75 * stats.norm.pdf(x, -1, 0.5) + 0.25 * stats.norm.pdf(x, 2, 1.5)
    np.testing.assert_allclose(p.pdf(x), wanted, rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(HEIGHTS)
def test_any_painting_is_a_density(heights: list[float]) -> None:
    """Mutants: a gap of height 0 that F^-1 lands in; equal heights divide by the slope 0."""
    p = polyline(choose.KNOTS, heights)
    u = rng(1).random(200)
    x = p.quantile(u)
    np.testing.assert_allclose(p.cdf(x), u, rtol=0, atol=1e-9)
    assert (p.shape(x) >= 0).all()
    # two nodes a cell integrate x^3 exactly: p x^2 is a cubic between two knots
    a, d = choose.KNOTS[:-1, None], 1.0
    at = a + d * (0.5 + np.array([-0.5, 0.5]) / np.sqrt(3))
    mass = 0.5 * d * p.pdf(at)
    assert mass.sum() == pytest.approx(1, abs=1e-12)
    assert (mass * at).sum() == pytest.approx(p.mean, abs=1e-11)
    assert (mass * (at - p.mean) ** 2).sum() == pytest.approx(p.variance, abs=1e-10)


def refusal(read: Any, text: str) -> str:
    """What a text is refused with; "" if it is taken."""
    try:
        read(text)
    except ValueError as error:
        return str(error)
    return ""


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=40) | st.lists(st.floats(), max_size=12).map(lambda v: " ".join(map(str, v)))
)
def test_nonsense_is_refused_with_a_remedy(text: str) -> None:
    """Mutants: NaN passes a comparison; nine zeros; a text of a megabyte is echoed."""
    for read in (choose.parse_heights, parse):
        said = refusal(read, text)
        assert len(said) < 250
        assert said or np.isfinite(read(text)).all()
    for bad in ("0 " * 9, "nan " * 9, "2 " * 9, "1 " * 100_000):
        with pytest.raises(ValueError, match=r"heights|painted"):
            choose.parse_heights(bad)
    for bad in ("0 nan", "0 0", "9 1", "1", "0 1 2", "9" * 5000):
        with pytest.raises(ValueError, match=r"centre|width"):
            parse(bad)


@settings(deadline=None)
@given(st.lists(st.floats(-2, 3), min_size=9, max_size=9), st.floats(-9, 9), st.floats(-9, 9))
def test_dragged_texts_are_read_back(heights: list[float], centre: float, width: float) -> None:
    """Mutants: x for y; nine heights of 0; a width outside its bounds."""
    text = choose.heights_of_handles({"xy": [[i, h] for i, h in enumerate(heights)]})
    found = choose.parse_heights(text)
    wanted = np.clip(heights, 0, 1)
    assert np.abs(found - wanted).max() <= 0.01 + 1e-12
    again = choose.heights_of_handles({"xy": [[0, h] for h in found]})
    assert again == text
    c, w = parse(of_handle({"xy": [[centre, 0.3]], "width": [width]}))
    assert abs(c - np.clip(centre, -4, 4)) <= 0.005 + 1e-9
    assert abs(w - np.clip(width, 0.2, 4)) <= 0.005 + 1e-9


# ---------------------------------------------------------------- proposals


@pytest.mark.parametrize("tail", [0.0, 0.05, 0.2, 0.5, 1.0])
def test_proposals_draw_what_they_say(tail: float) -> None:
    """Mutants: nu for 1 / nu; the width left out of the density; chi for chi squared."""
    q = Proposal(-1.0, 0.7, tail)
    named: Any = stats.norm(-1, 0.7) if tail == 0 else stats.t(1 / tail, -1, 0.7)
    x = np.linspace(-9, 9, 101)
    np.testing.assert_allclose(q.log_q(x), named.logpdf(x), rtol=1e-10, atol=1e-12)
    assert stats.kstest(q.draw((20_000,), rng(3)), named.cdf).pvalue > 1e-4
    assert proposal("-1 0.7", tail) == q


@BY_NAME
@pytest.mark.parametrize("q", [Proposal(0, 2, 0.2), Proposal(-1, 1, 0), Proposal(3, 0.4, 1)])
def test_the_smallest_constant(p: Line, q: Proposal) -> None:
    """It covers everywhere and touches somewhere, or grows without bound.

    Mutants: the best point of a coarse grid, unpolished; a maximum outside the extent missed."""
    log_k, at = smallest_log_k(p, q)
    x = np.concatenate([np.linspace(-40, 40, 160_001), 0.5 * sum(p.extent) + np.geomspace(40, 9e3)])
    ratio = p.log_shape(x) - q.log_q(x)
    if log_k == np.inf:
        assert p.name == "skewed"
        assert q.tail == 0
        assert ratio[-1] > 1e3
        return
    assert ratio.max() <= log_k + 1e-9
    assert float(p.log_shape(np.asarray(at)) - q.log_q(np.asarray(at))) == pytest.approx(log_k)
    assert log_k - ratio.max() < 1e-4  # a grid of 5e-4 comes that near


def test_gaussian_tails_against_gaussian_tails() -> None:
    """An envelope needs s >= t, a finite variance of the weights s^2 > t^2 / 2.

    Mutants: the conditions exchanged; s > t / 2."""
    p = mixture("one", [1], [0], [1])
    for s, covered, finite in ((1.1, True, True), (0.8, False, True), (0.72, False, True),
                               (0.70, False, False), (0.4, False, False)):  # fmt: skip
        q = Proposal(0.5, s, 0.0)
        assert (smallest_log_k(p, q)[0] < np.inf) == covered
        assert np.isfinite(spread(p, q).second) == finite


# ---------------------------------------------------------------- exact errors


def closed_second(p: tuple, q: tuple) -> tuple[float, float]:
    """int p^2 / q and int p^2 / q x^2 for Gaussians, by completing the square."""
    (m, t), (c, s) = p, q
    precision = 2 / t**2 - 1 / s**2
    centre = (2 * m / t**2 - c / s**2) / precision
    log = -(m**2) / t**2 + c**2 / (2 * s**2) + 0.5 * precision * centre**2
    mass = (
        s * np.sqrt(2 * np.pi) / (2 * np.pi * t**2) * np.sqrt(2 * np.pi / precision) * np.exp(log)
    )
    return mass, mass * (1 / precision + centre**2)


def test_second_moments() -> None:
    """Mutants: p / q for p^2 / q; the mean not taken off; a range that ends too early; an integral
    that diverges given as a number."""
    for s in (0.75, 1.0, 2.0):  # 0.75: the integrand is three times as wide as p
        found = spread(mixture("one", [1], [0.5], [1]), Proposal(0.0, s, 0.0))
        mass, square = closed_second((0.5, 1.0), (0.0, s))
        assert found.second == pytest.approx(mass, rel=1e-9)
        assert found.plain == pytest.approx(square - 0.25, rel=1e-9)
    for p in LINES:
        q = Proposal(0.3, 1.7, 0.2)
        found = spread(p, q)
        f = lambda x, p=p, q=q: p.pdf(x) ** 2 / np.exp(q.log_q(x))  # noqa: E731
        assert found.second == pytest.approx(integral(p, f), rel=1e-6)
        own = integral(p, lambda x, f=f, p=p: f(x) * (x - p.mean) ** 2)
        assert found.own == pytest.approx(own, rel=1e-5)  # what lies outside the extent
    assert spread(LINES[2], Proposal(0, 4, 0)).own == np.inf  # e^-x against e^-x^2


@BY_NAME
def test_importance_never_loses_to_rejection(p: Line) -> None:
    """int (p / q) p (x - mu)^2 <= k / Z var: the claim behind the prediction.

    Mutant: an envelope that is not one (half the constant) breaks it."""
    for centre in (-1.5, 0.0, 2.0):
        for width in (0.5, 1.5, 3.0):
            for tail in (0.0, 0.2, 1.0):
                q = Proposal(centre, width, tail)
                log_k, _ = smallest_log_k(p, q)
                if log_k < np.inf:
                    most = np.exp(log_k - p.log_z) * p.variance
                    assert spread(p, q).own <= most * (1 + 1e-9)


def test_rejection_keeps_a_random_number() -> None:
    """E[1 / M | M > 0] by enumeration with SciPy. Mutants: 1 / E[M]; M = 0 counted."""
    p = LINES[0]
    for n, share in ((8, 0.25), (100, 0.03), (1000, 0.5), (5, 1.0)):
        m = np.arange(1, n + 1)
        prob = stats.binom.pmf(m, n, share)
        wanted = np.sqrt(p.variance * (prob / m).sum() / prob.sum())
        assert rejection_rmse(p, np.array([n]), share)[0] == pytest.approx(wanted, rel=1e-9)


def test_the_walk_is_metropolis() -> None:
    """The same jumps and uniforms through the library's own step, state by state.

    Mutants: a refused proposal drops the state; log u compared with the wrong ratio; the density
    of the proposal kept after a refusal."""

    class Replay:
        """A generator that says again what was said."""

        def __init__(self, z, u):
            self.z, self.u = iter(z), iter(u)

        def standard_normal(self, shape):
            return next(self.z).reshape(shape)

        def random(self, shape):
            return next(self.u)

    for p in LINES:
        z, u = rng(4).standard_normal((300, 5)), rng(5).random((300, 5))
        start = p.quantile(np.linspace(0.1, 0.9, 5))
        mine = follow(p, start, 1.7 * z, np.log(u))
        again = Replay(z, u)
        log_prob = lambda x, p=p: p.log_shape(x[..., 0])  # noqa: E731
        state = metropolis.init(start[:, None], log_prob)
        for t in range(300):
            state, info = metropolis.step(state, log_prob, scale=1.7, rng=again)  # type: ignore[arg-type]
            np.testing.assert_allclose(mine.x[t + 1], state.x[:, 0], rtol=0, atol=1e-12)
            assert (mine.accepted[t] == info.accepted).all()
    with pytest.raises(ValueError, match="starts where the density"):
        walk(LINES[3], np.array([9.0]), 5, scale=1.0, rng=rng())
    with pytest.raises(ValueError, match="step must be positive"):
        walk(LINES[3], np.array([0.0]), 5, scale=0.0, rng=rng())


@BY_NAME
def test_the_kernel_predicts_the_chain(p: Line) -> None:
    """2,000 real walks against the exact error, acceptance and memory of the grid.

    Mutants: U_n for U_{n-1} in V_n; the start left out; a kernel without what is refused; the
    cross term once instead of twice. 5 standard errors."""
    start, scale = float(p.quantile(np.array(0.1))), 1.5
    k = kernel(p, scale)
    np.testing.assert_allclose(k.step.sum(1), 1, atol=1e-12)
    assert k.step.min() >= 0
    flow = k.prob[:, None] * k.step
    np.testing.assert_allclose(flow, flow.T, atol=1e-15)  # detailed balance
    n = np.array([1, 2, 7, 60])
    exact = mean_rmse(k, start, n)
    x = walk(p, np.full(2000, start), 59, scale=scale, rng=rng(6)).x
    for m, wanted in zip(n, exact, strict=True):
        square = (x[:m].mean(0) - p.mean) ** 2
        grid = 0.01 * wanted**2  # O(h^2) of the grid
        assert abs(square.mean() - wanted**2) < 5 * square.std(ddof=1) / 2000**0.5 + grid
    settled = p.quantile(rng(7).random(2000))
    after = walk(p, settled, 3, scale=scale, rng=rng(8))
    taken = after.accepted.mean()
    assert abs(taken - acceptance(k, scale)) < 5 * 0.5 / 6000**0.5
    rho = autocorrelation(k, 3)
    for lag in (1, 3):
        each = (after.x[0] - p.mean) * (after.x[lag] - p.mean) / p.variance
        assert abs(each.mean() - rho[lag]) < 5 * each.std() / 2000**0.5


def test_the_grid_is_fine_enough() -> None:
    """Halving the cells changes no exact error by more than 1 %, at the smallest step too.

    Mutant: a grid of 40 cells."""
    for p in LINES:
        for scale in (0.1, 2.4, 8.0):
            start, n = float(p.quantile(np.array(0.1))), np.array([10, 300])
            coarse, fine = (mean_rmse(kernel(p, scale, cells=c), start, n) for c in (200, 400))
            np.testing.assert_allclose(coarse, fine, rtol=0.01)


def test_shares_and_correlations_do_not_depend_on_the_grid() -> None:
    """Against a grid four times finer, whose own error is a sixteenth of the coarse one's.

    Mutants: no extrapolation (off by 0.003 at small steps); the cell's own proposals left out."""
    for p in LINES:
        for scale in (0.1, 2.4):
            fine = kernel(p, scale, cells=1600)
            for f in (lambda k, s=scale: acceptance(k, s), lambda k: autocorrelation(k, 3)):
                np.testing.assert_allclose(refined(p, scale, f), f(fine), atol=4e-4)


def test_the_band_of_the_share_is_honest_from_the_first_proposal() -> None:
    """Coverage by enumeration of the binomial. Mutant: +-2 standard errors, 0 % at n = 1."""
    for n in (1, 2, 5, 12, 26, 500):
        for share in (0.05, 0.249, 0.6):
            k = np.arange(n + 1)
            low, high = wilson(k / n, np.full(n + 1, n))
            covered = binom.pmf(k, n, share)[(low <= share) & (share <= high)].sum()
            assert covered > 0.9, (n, share)  # Wilson's interval has 0.95 on average over shares


# ---------------------------------------------------------------- recorded runs


@pytest.mark.parametrize("name", choose.NAMES)
def test_errors_are_the_exact_ones(name: str) -> None:
    """Every method's measured error over 300 repetitions, against theory.

    Mutants: variance for deviation; weights forgotten; accepted and refused exchanged; the chain
    without its start; importance without the ratio. The square of each error has its own standard
    error over the repetitions; 5 of them, and 8 % for importance, whose theory is for large n."""
    p, q = choose.choose(name), Proposal(0.0, 2.0, 0.3)
    r = race(p, q, budget=512, scale=2.0, repeats=300, rng=rng(9))
    for f in (len(r.n) // 2, -1):
        slack = 5 * r.rmse_error[f] + 0.01 * r.theory[f]
        slack[IMPORTANCE] += 0.07 * r.theory[f, IMPORTANCE]
        assert (np.abs(r.rmse[f] - r.theory[f]) < slack).all(), (r.n[f], r.rmse[f], r.theory[f])
    gaussian = r.rmse[-1, EXACT] / 600**0.5  # of the root of a chi-squared with 300 degrees
    assert r.rmse_error[-1, EXACT] == pytest.approx(gaussian, rel=0.25)
    bias = r.estimate[-1].mean(1) - p.mean
    wide = r.rmse[-1] / 300**0.5
    assert (np.abs(bias[[EXACT, REJECTION]]) < 5 * wide[[EXACT, REJECTION]]).all()
    assert r.empty[:, [EXACT, IMPORTANCE, CHAIN]].max() == 0


def test_the_race_counts_what_rejection_could_not_say() -> None:
    """Mutants: an empty run counted as the estimate 0; a constant for tails that have none."""
    p = LINES[1]
    q = Proposal(0.0, 2.0, 0.0)
    r = race(p, q, budget=64, scale=1.0, repeats=400, rng=rng(10))
    share = np.exp(p.log_z - smallest_log_k(p, q)[0])
    for n, empty in zip(r.n, r.empty[:, REJECTION], strict=True):
        wanted = 400 * (1 - share) ** n
        assert abs(empty - wanted) < 5 * np.sqrt(wanted + 1)
    none = race(LINES[2], Proposal(0.0, 2.0, 0.0), budget=64, scale=1.0, rng=rng())
    assert none.k == np.inf
    assert np.isnan(none.rmse[:, REJECTION]).all()
    assert np.isinf(none.theory[:, IMPORTANCE]).all()


def test_claimed_errors_are_the_library_s() -> None:
    """The running formulas against importance.self_normalised at every budget.

    Mutants: w for w^2 in the claim; the running sums one draw late."""
    p, q = LINES[0], Proposal(0.0, 2.0, 0.2)
    r = race(p, q, budget=200, scale=1.0, repeats=2, rng=rng(11))
    g = rng(11)
    g.random(400)
    x = q.draw((2, 200), g)[0]
    log_w = p.log_shape(x) - q.log_q(x)
    for f, n in enumerate(r.n):
        wanted = importance.self_normalised(x[:n], log_w[:n])
        assert r.estimate[f, IMPORTANCE, 0] == pytest.approx(wanted.value, abs=1e-9)
        assert r.error[f, IMPORTANCE] == pytest.approx(wanted.error, abs=1e-9)
    assert np.isnan(mcse(np.full(20, 0.1)))  # nothing moved: nothing is known


@BY_NAME
def test_a_low_envelope_gives_the_minimum(p: Line) -> None:
    """What a careless sampler keeps follows min(p~, k q) / A, in number and in distribution.

    Mutants: p for the minimum; A / Z for A / k; the constant multiplied the wrong way round."""
    q = Proposal(0.2, 2.0, 0.2)
    r = reject(p, q, multiple=0.4, n=20_000, rng=rng(12))
    assert "exceeds the envelope" in r.raised
    share = r.accepted.mean()
    assert abs(share - r.exact_share) < 5 * np.sqrt(share / 20_000)
    kept = r.x[r.accepted]
    assert abs(kept.mean() - r.outcome_mean) < 5 * kept.std() / len(kept) ** 0.5
    low = lambda x: min(float(p.shape(x)), r.k * float(np.exp(q.log_q(x))))  # noqa: E731
    area = integral(p, low)
    assert r.exact_share == pytest.approx(area / r.k, rel=1e-6)
    assert r.cut == pytest.approx(1 - area / np.exp(p.log_z), abs=1e-6)
    x = r.picture.x
    wanted = [low(np.asarray(v)) / area for v in x[::25]]
    np.testing.assert_allclose(r.outcome[::25], wanted, rtol=1e-6)
    right = reject(p, q, multiple=1.0, rng=rng(12))
    assert right.raised == ""
    assert right.cut == pytest.approx(0, abs=2e-8)
    assert right.exact_share == pytest.approx(np.exp(p.log_z) / right.smallest, rel=1e-7)


def test_weights_are_the_samplers() -> None:
    """The record at each frame is what the library says of the first n draws.

    Mutants: one draw too many; weights not normalised by Z; the largest of all draws."""
    p, q = LINES[2], Proposal(-1.0, 1.5, 0.3)
    r = line_importance.watch(p, q, n=500, rng=rng(13))
    np.testing.assert_allclose(np.exp(r.log_w), p.pdf(r.x) / np.exp(q.log_q(r.x)), rtol=1e-12)
    for f, n in enumerate(r.at):
        w = np.exp(r.log_w[:n])
        assert r.ess[f] == pytest.approx(w.sum() ** 2 / (w**2).sum())
        assert r.own[f] == pytest.approx((w * r.x[:n]).sum() / w.sum())
        assert r.plain[f] == pytest.approx((w * r.x[:n]).mean())
        assert r.total[f] == pytest.approx(w.mean())
        assert r.largest[f] == pytest.approx(w.max() / w.sum())
        assert r.heaviest[f] == r.x[:n][w.argmax()]
        assert r.decades[f].sum() + r.zeros[f] == pytest.approx(n)


def test_too_few_large_weights_have_no_tail() -> None:
    """Mutant: an error where the sampler promises infinity. Three draws of 100 hold all."""
    log_w = np.full(100, -np.inf)
    log_w[:3] = [0.0, 0.1, 0.2]
    assert importance.pareto_k(log_w) == np.inf
    assert importance.pareto_k(np.zeros(100)) == -np.inf


def test_plain_is_unbiased_and_the_ratio_is_consistent() -> None:
    """Over 4,000 estimates from 20 draws the plain mean is centred and the ratio is biased; the
    bias falls like 1 / n. A slip: the ratio taken for unbiased.

    Delta method: bias of the ratio is about -int p^2 / q (x - mu) / n."""
    p, q = LINES[0], Proposal(1.0, 1.5, 0.2)
    lean = -integral(p, lambda x: p.pdf(x) ** 2 / np.exp(q.log_q(x)) * (x - p.mean))
    bias = []
    for n, repeats in ((20, 8000), (200, 8000)):
        x = q.draw((repeats, n), rng(14))
        w = p.pdf(x) / np.exp(q.log_q(x))
        plain, own = (w * x).mean(1), (w * x).sum(1) / w.sum(1)
        assert abs(plain.mean() - p.mean) < 5 * plain.std() / repeats**0.5
        error = 5 * own.std() / repeats**0.5
        assert abs(own.mean() - p.mean - lean / n) < error + 6 * abs(lean) / n**1.5
        bias.append((own.mean() - p.mean, error))
    assert abs(bias[0][0]) > bias[0][1]  # seen at 20 draws
    assert abs(bias[1][0]) < 0.3 * abs(bias[0][0])


def test_the_chain_record_is_its_walk() -> None:
    """Mutants: the mean without the start; acceptance of the step to come; NaN where nothing
    moves."""
    r = line_chain.watch(LINES[0], scale=2.4, n=300, rng=rng(15))
    for f, n in enumerate(r.at):
        assert r.mean[f] == pytest.approx(r.x[:n].mean())
        assert r.share[f] == pytest.approx(r.accepted[: n - 1].mean())
    np.testing.assert_array_equal(r.x[1:][r.accepted], r.proposal[r.accepted])
    np.testing.assert_array_equal(r.x[1:][~r.accepted], r.x[:-1][~r.accepted])
    spike = choose.choose("painted", "0 0 0 0 0.01 0 0 0 0")
    r = line_chain.watch(spike, scale=8.0, n=60, rng=rng(16))
    assert np.isfinite(r.rho).all()
    still = [f for f, n in enumerate(r.at) if np.ptp(r.x[:n]) == 0]
    assert still  # nothing has moved: it remembers everything
    assert (r.rho[still, 1:8] == 1).all()
    assert np.isnan(r.claimed[still]).all()


def test_stripes_hold_one_each() -> None:
    """After 2^j numbers every stripe of width 2^-j holds exactly one.

    Mutants: stripes in order; a random order; uniforms that leave their stripe."""
    u = line_inverse.stripes(8, rng=rng(17))
    for j in range(9):
        assert sorted(np.floor(u[: 2**j] * 2**j)) == list(range(2**j))


@BY_NAME
def test_normal_numbers_lean_left(p: Line) -> None:
    """u ~ N(0, 1) kept between 0 and 1 gives p(x) phi(F(x)) / (Phi(1) - Phi(0)): chi-squared.

    Mutants: p for that density; numbers outside folded back. 20 bins: beyond 60 has 4e-6."""
    u = rng(18).standard_normal(60_000)
    x = p.quantile(u[(u > 0) & (u < 1)])
    edges = p.quantile(np.linspace(0, 1, 21))
    seen = np.histogram(x, edges)[0]
    cells = np.diff(stats.norm.cdf(np.linspace(0, 1, 21)))
    wanted = len(x) * cells / cells.sum()
    assert ((seen - wanted) ** 2 / wanted).sum() < 60
    r = line_inverse.invert(p, source="normal numbers", rng=rng(18))
    f = p.cdf(r.picture.x)
    wanted = p.pdf(r.picture.x) * stats.norm.pdf(f) / (stats.norm.cdf(1) - 0.5)
    np.testing.assert_allclose(r.outcome, wanted, rtol=1e-12, atol=1e-15)
    lean = integral(p, lambda v: v * p.pdf(v) * stats.norm.pdf(p.cdf(v))) / (
        stats.norm.cdf(1) - 0.5
    )
    assert r.limit == pytest.approx(lean, abs=2e-4)  # F^-1 rises steeply in the tails
    assert r.used[-1] == np.isfinite(r.x).sum()
    assert (np.isfinite(r.x) == ((r.u > 0) & (r.u < 1))).all()


def test_histograms_and_frames() -> None:
    """Mutants: draws outside the window forgotten in the total; the last frame missing."""
    x = np.array([-9.0, 0.05, 0.05, 4.9])
    found = histogram(x, np.ones(4), np.array([1, 3, 4]))
    width = EDGES[1] - EDGES[0]
    assert found[0].sum() == 0
    assert found[1].sum() * width == pytest.approx(2 / 3)
    assert found[2].max() * width == pytest.approx(0.5)
    at = frames(500, 52)
    assert at[0] == 1
    assert at[-1] == 500
    assert (np.diff(at) > 0).all()


def test_bad_input_says_what_to_do() -> None:
    p, q = LINES[0], Proposal(0.0, 2.0, 0.2)
    for match, ask in {
        "budget of 16": lambda: race(p, q, budget=4, scale=1.0, rng=rng()),
        "multiple": lambda: reject(p, q, multiple=0.0, rng=rng()),
        "at least 20": lambda: line_importance.watch(p, q, n=5, rng=rng()),
        "at least 50": lambda: line_chain.watch(p, scale=1.0, n=5, rng=rng()),
        "is not one of": lambda: choose.choose("none"),
        "equal stripes": lambda: line_inverse.invert(p, source="none", rng=rng()),
        "tails lie between": lambda: proposal("0 1", 2.0),
        "rising knots": lambda: polyline([0, 0], [1, 1]),
        "heights >= 0": lambda: polyline([0, 1], [1, -1]),
        "must be positive": lambda: mixture("m", [1], [0], [0]),
        "K of each": lambda: mixture("m", [1], [0, 1], [1]),
    }.items():
        with pytest.raises(ValueError, match=match):
            ask()
