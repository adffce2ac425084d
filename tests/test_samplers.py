"""Laws of the samplers. Each names the wrong implementations it kills."""

from functools import partial

import numpy as np
import pytest

from dgmlib.samplers import (
    ancestral,
    chain,
    diagnostics,
    gibbs,
    hastings,
    hmc,
    importance,
    inverse,
    langevin,
    metropolis,
    rejection,
    tempering,
)
from dgmlib.targets import closed, eight_schools, painted
from dgmlib.targets.target import Target

ROUND = closed.gaussian((0.0,), ((1.0,),))
TILTED = closed.gaussian((1.0, -1.0), ((2.0, 1.2), (1.2, 1.0)))
BANANA = closed.banana(1.0, 0.5)
FUNNEL = closed.funnel(1.0)
TARGETS = {"round": ROUND, "tilted": TILTED, "banana": BANANA, "funnel": FUNNEL}


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def kernel(name: str, t: Target, g: np.random.Generator):
    """A sampler with settings that move it about, and its start at exact draws."""
    assert t.sample is not None
    x = t.sample(64, g)
    drift = hastings.drift(np.full(t.dim, 0.4), 1.0)
    wide = [
        (float(m - 8 * s), float(m + 8 * s))
        for m, s in zip(t.mean, np.diag(t.cov) ** 0.5, strict=False)
    ]
    return {
        "metropolis": (
            partial(metropolis.step, log_prob=t.log_prob, scale=1.5, rng=g),
            lambda: metropolis.init(x, t.log_prob),
        ),
        "hastings": (
            partial(hastings.step, log_prob=t.log_prob, proposal=drift, rng=g),
            lambda: hastings.init(x, t.log_prob),
        ),
        "mala": (
            partial(langevin.mala, target=t, step_size=0.25, rng=g),
            lambda: langevin.init(x, t),
        ),
        "hmc": (
            partial(hmc.step, target=t, step_size=0.5, n_leapfrog=5, rng=g),
            lambda: hmc.init(x, t),
        ),
        "gibbs": (
            partial(gibbs.step, conditionals=gibbs.numerical(t.log_prob, wide, n=256), rng=g),
            lambda: gibbs.init(x, t.log_prob),
        ),
        "tempering": (
            partial(
                tempering.step, log_prob=t.log_prob, betas=np.array([1.0, 0.5, 0.2]), scale=1.5,
                rng=g,
            ),
            lambda: tempering.init(x, t.log_prob, betas=np.array([1.0, 0.5, 0.2])),
        ),
    }[name]  # fmt: skip


@pytest.mark.parametrize("target", list(TARGETS))
@pytest.mark.parametrize("name", ["metropolis", "hastings", "mala", "hmc", "gibbs", "tempering"])
def test_chains_that_start_at_the_target_stay_there(name: str, target: str) -> None:
    """Mutants: the Hastings ratio or a proposal density left out, sqrt of the acceptance, a stale
    log-density or gradient after a refusal, refused proposals dropped, a swap that moves x without
    its log-density.

    64 independent chains give an honest error of each mean and second moment. 5 standard errors
    on 64 chains: a Student t with 63 degrees beyond 5 has probability 5e-6, 100 numbers are seen.
    """
    t, g = TARGETS[target], rng(3)
    step, init = kernel(name, t, g)
    x = chain.run(step, init(), 400).x[1:]  # (T, C, d)
    for power, exact in ((1, t.mean), (2, np.diag(t.cov) + t.mean**2)):
        each = (x**power).mean(0)  # (C, d)
        error = each.std(0, ddof=1) / 8
        assert (np.abs(each.mean(0) - exact) < 5 * error).all(), (power, each.mean(0), exact, error)
    if t.dim == 2:
        each = (x[..., 0] * x[..., 1]).mean(0)
        exact = t.cov[0, 1] + t.mean[0] * t.mean[1]
        assert abs(each.mean() - exact) < 5 * each.std(ddof=1) / 8


def flows(to: np.ndarray, forth: np.ndarray, back: np.ndarray, start: np.ndarray) -> None:
    """p(x) q(x'|x) a(x, x') = p(x') q(x|x') a(x', x), in logarithms."""
    np.testing.assert_allclose(forth, back, rtol=0, atol=1e-9)  # nats; rounding of sums near 50
    assert not np.allclose(to, start)


def test_metropolis_hastings_balances_in_detail() -> None:
    """Mutants: Hastings' factor upside down or missing; min(1, sqrt(ratio))."""
    for t, make in ((TILTED, hastings.drift(np.array([0.5, -0.2]), 0.8)),
                    (closed.gaussian((3.0,), ((0.3,),)), hastings.log_normal(0.4))):  # fmt: skip
        g = rng(1)
        x = np.abs(t.sample(300, g)) + 0.1  # type: ignore[misc]
        state = hastings.init(x, t.log_prob)
        _, info = hastings.step(state, t.log_prob, proposal=make, rng=g)
        to = info.proposal
        reverse = t.log_prob(x) - t.log_prob(to) + make.log_q(to, x) - make.log_q(x, to)
        with np.errstate(divide="ignore"):
            forth = t.log_prob(x) + make.log_q(to, x) + np.log(info.accept_prob)
        flows(to, forth, t.log_prob(to) + make.log_q(x, to) + np.minimum(0, reverse), x)


def test_proposals_know_their_own_density() -> None:
    """Mutants: the 1 / x of the log-normal forgotten; a drift taken backwards."""
    from scipy.stats import lognorm, norm

    x, to = np.array([[0.7, 2.0]]), np.array([[1.1, 1.5]])
    exact = lognorm.logpdf(to, 0.3, scale=x).sum(-1)
    np.testing.assert_allclose(hastings.log_normal(0.3).log_q(to, x), exact, rtol=1e-12)
    by = np.array([0.5, -1.0])
    exact = norm.logpdf(to, x + by, 0.4).sum(-1)
    np.testing.assert_allclose(hastings.drift(by, 0.4).log_q(to, x), exact, rtol=1e-12)


def test_mala_balances_in_detail() -> None:
    """Mutants: the proposal's density left out; 2 e for 4 e in its exponent; the gradient at x
    used for the way back."""
    g, e = rng(2), 0.3
    for t in (TILTED, BANANA):
        assert t.sample is not None
        assert t.grad is not None
        x = t.sample(300, g)
        _, info = langevin.mala(langevin.init(x, t), t, step_size=e, rng=g)
        to = info.proposal

        def log_q(b: np.ndarray, a: np.ndarray, t: Target = t) -> np.ndarray:
            return -((b - a - e * t.need_grad()(a)) ** 2).sum(-1) / (4 * e)

        reverse = t.log_prob(x) - t.log_prob(to) + log_q(to, x) - log_q(x, to)
        forth = t.log_prob(x) + log_q(to, x) + np.log(info.accept_prob)
        flows(to, forth, t.log_prob(to) + log_q(x, to) + np.minimum(0, reverse), x)


def test_a_refused_proposal_leaves_everything_where_it_was() -> None:
    """Mutants: log_p or grad of the proposal kept after a refusal; an early return."""
    for name in ("metropolis", "hastings", "mala", "hmc"):
        step, init = kernel(name, BANANA, rng(5))
        before = init()
        after, info = step(before)
        no = ~info.accepted
        assert 0 < no.sum() < len(no), name
        for old, new in zip(before, after, strict=True):
            np.testing.assert_array_equal(new[no], old[no])
        np.testing.assert_array_equal(after.x[info.accepted], info.proposal[info.accepted])
        np.testing.assert_allclose(after.log_p, BANANA.log_prob(after.x), rtol=0, atol=1e-12)


def test_ula_settles_at_the_biased_variance() -> None:
    """Mutants: sqrt(e) for sqrt(2 e); half the gradient; a Metropolis correction slipped in."""
    t, e = closed.gaussian((0.0,), ((2.0,),)), 0.8
    exact = langevin.ula_variance(2.0, e)
    assert exact == pytest.approx(2.0 / 0.8)
    g = rng(4)
    x = np.sqrt(exact) * g.standard_normal((64, 1))
    run = chain.run(partial(langevin.ula, target=t, step_size=e, rng=g), langevin.init(x, t), 500)
    each = (run.x[1:, :, 0] ** 2).mean(0)
    assert abs(each.mean() - exact) < 5 * each.std(ddof=1) / 8
    assert abs(each.mean() - 2.0) > 5 * each.std(ddof=1) / 8
    assert langevin.ula_variance(2.0, 4.0) == np.inf


def test_leapfrog_is_reversible_and_of_second_order() -> None:
    """Mutants: a full kick at the end (first order); the gradient taken before the move."""
    for t in (TILTED, BANANA):
        assert t.sample is not None
        x, v = t.sample(50, rng(6)), rng(7).standard_normal((50, 2))
        there = hmc.path(x, v, t, step_size=0.1, n_leapfrog=10)
        back = hmc.path(there.x[-1], -there.velocity[-1], t, step_size=0.1, n_leapfrog=10)
        np.testing.assert_allclose(back.x[-1], x, rtol=0, atol=1e-10)  # rounding of 20 steps
        errors = []
        for n in (10, 20, 40):
            path = hmc.path(x, v, t, step_size=1 / n, n_leapfrog=n)
            errors.append(np.abs(path.energy[-1] - path.energy[0]).mean())
        order = np.log2(np.array(errors[:-1]) / errors[1:])
        assert ((order > 1.8) & (order < 2.2)).all(), order


def test_hmc_reports_divergences() -> None:
    """Mutants: NaN counted as fine; the threshold on the wrong side."""
    t = closed.gaussian((0.0,), ((1e-4,),))  # a step of 1 is a hundred times too long
    g = rng(8)
    state = hmc.init(1e-2 * g.standard_normal((32, 1)), t)
    after, info = hmc.step(state, t, step_size=1.0, n_leapfrog=80, rng=g)
    assert info.diverged.all()
    assert not info.accepted.any()
    np.testing.assert_array_equal(after.x, state.x)
    _, fine = hmc.step(state, t, step_size=0.005, n_leapfrog=10, rng=g)
    assert not fine.diverged.any()


def test_gibbs_on_a_correlated_gaussian_forgets_by_rho_squared() -> None:
    """Mutants: conditional mean with rho for rho s_1 / s_2; variance for standard deviation; both
    coordinates drawn from the old state (then the lag-1 autocorrelation is wrong)."""
    rho = 0.8
    cov = np.array([[4.0, rho * 2], [rho * 2, 1.0]])
    t, g = closed.gaussian((1.0, 2.0), cov), rng(9)
    assert t.sample is not None
    step = partial(gibbs.step, conditionals=gibbs.gaussian(t.mean, cov), rng=g)
    x = chain.run(step, gibbs.init(t.sample(64, g), t.log_prob), 800).x
    z = (x - t.mean) / np.sqrt(np.diag(cov))
    each = (z[1:] * z[:-1]).mean(0)  # (64, 2)
    assert (np.abs(each.mean(0) - rho**2) < 5 * each.std(0, ddof=1) / 8).all()
    cross = (z[..., 0] * z[..., 1]).mean(0)
    assert abs(cross.mean() - rho) < 5 * cross.std(ddof=1) / 8


def test_tempering_crosses_where_one_chain_does_not() -> None:
    """Mutants: swaps never accepted; the wrong sign in the swap ratio."""
    t = closed.mixture([0.3, 0.7], [[-5.0], [5.0]], [0.6, 0.6])
    g = rng(10)
    start = np.full((64, 1), -5.0)
    betas = np.array([1.0, 0.3, 0.1, 0.03])
    step = partial(tempering.step, log_prob=t.log_prob, betas=betas, scale=1.0, rng=g)
    x = chain.run(step, tempering.init(start, t.log_prob, betas=betas), 3000).x[1000:, :, 0]
    right = (x > 0).mean(0)
    assert abs(right.mean() - 0.7) < 5 * right.std(ddof=1) / 8
    alone = partial(metropolis.step, log_prob=t.log_prob, scale=1.0, rng=g)
    stuck = chain.run(alone, metropolis.init(start, t.log_prob), 1000).x[..., 0]
    assert (stuck > 0).mean() < 0.05


def test_rejection_accepts_z_over_k_and_draws_the_target() -> None:
    """Mutants: u k q < p without k; u drawn under p; accepted and refused exchanged."""
    t = closed.ring(1.5, 0.4)
    q = closed.gaussian((0.0, 0.0), ((3.0, 0.0), (0.0, 3.0)))
    assert q.sample is not None
    grid = np.stack(np.meshgrid(*[np.linspace(-6, 6, 301)] * 2), -1).reshape(-1, 2)
    log_k = rejection.fit_log_k(t.log_prob, q.log_prob, grid, margin=0.01)
    found = rejection.sample(200_000, t.log_prob, q.log_prob, q.sample, log_k=log_k, rng=rng(11))
    share, error = found.acceptance
    assert abs(share - np.exp(t.log_z - log_k)) < 5 * error
    kept = found.x[found.accepted]
    square = kept**2
    assert (np.abs(square.mean(0) - np.diag(t.cov)) < 5 * square.std(0) / len(kept) ** 0.5).all()


def test_an_envelope_that_is_too_low_is_an_error_that_names_the_point() -> None:
    """Mutants: no check; the check on the accepted draws only."""
    t, q = closed.gaussian((0.0,), ((1.0,),)), closed.gaussian((0.0,), ((4.0,),))
    assert q.sample is not None
    ask = partial(rejection.sample, 1000, t.log_prob, q.log_prob, q.sample, rng=rng(12))
    with pytest.raises(rejection.EnvelopeError, match="exceeds the envelope") as caught:
        ask(log_k=0.5)
    worst = caught.value
    assert worst.log_excess == pytest.approx(
        float(t.log_prob(worst.x) - q.log_prob(worst.x)) - 0.5, abs=1e-12
    )
    ask(log_k=np.log(2) + 1e-12)
    half = lambda x: np.where(x[..., 0] > 0, 0.0, -np.inf)  # noqa: E731
    with pytest.raises(ValueError, match="no constant covers"):
        rejection.fit_log_k(t.log_prob, half, np.linspace(-1, 1, 5)[:, None])


def test_importance_estimates_cover_the_truth() -> None:
    """Mutants: weights q / p; the self-normalised error without the deviation from its value;
    n for sqrt(n) in an error. The z-scores of 400 repetitions must have standard deviation 1."""
    t, q = closed.gaussian((0.5,), ((1.0,),)), closed.gaussian((0.0,), ((2.0,),))
    assert q.sample is not None
    shifted = lambda x: t.log_prob(x) + 1.3  # noqa: E731
    g, scores = rng(13), []
    for _ in range(400):
        w = importance.sample(400, shifted, q.log_prob, q.sample, rng=g)
        f = w.x[:, 0]
        z = importance.normaliser(w.log_w)
        plain = importance.plain(f, w.log_w, log_z=1.3)
        own = importance.self_normalised(f, w.log_w)
        scores.append([(z.value - np.exp(1.3)) / z.error, (plain.value - 0.5) / plain.error,
                       (own.value - 0.5) / own.error])  # fmt: skip
    s = np.array(scores)
    # 400 scores: their mean within 5/20; their deviation is 1 within 5/sqrt(800) and a bit for t
    assert (np.abs(s.mean(0)) < 0.25).all(), s.mean(0)
    assert (np.abs(s.std(0) - 1) < 0.2).all(), s.std(0)


def test_ess_and_pareto_k_know_good_weights_from_bad() -> None:
    """Mutants: ess of unnormalised weights; the tail's lower end kept; the shrinkage left out."""
    assert importance.ess(np.zeros(50)) == pytest.approx(50)
    assert importance.ess(np.array([0.0, -800.0, -800.0])) == pytest.approx(1)
    assert importance.ess(np.log([1.0, 3.0]) + 700) == pytest.approx(16 / 10)
    g = rng(14)
    u = g.random((20, 4000))
    for k in (0.2, 0.7, 1.5):  # exact Pareto weights of shape k
        found = np.mean([importance.pareto_k(-k * np.log(row)) for row in u])
        assert abs(found - k) < 0.1
    from arviz_stats.base.array import array_stats

    for n in (30, 400, 5000):
        log_w = 1.5 * g.standard_normal(n)
        theirs = array_stats.psislw(-log_w, r_eff=1)[1]
        assert importance.pareto_k(log_w) == pytest.approx(float(theirs), rel=1e-9)
    draws = u[0, :200] ** -0.5 - 1
    shape, scale = importance.fit_pareto(draws)
    from scipy.stats import genpareto

    fitted = genpareto.fit(draws, floc=0)
    assert abs(shape - fitted[0]) < 0.05
    assert abs(scale - fitted[2]) < 0.05


def test_inverse_transform_reads_the_distribution_function() -> None:
    """Mutants: the wrong side at a step; the cell's width forgotten."""
    from scipy.stats import kstest, norm

    _, x = inverse.sample(20_000, norm.ppf, rng=rng(15))
    assert kstest(x, norm.cdf).pvalue > 1e-4
    f = inverse.histogram_quantile([0, 2, 3, 7], [1, 0, 3])
    np.testing.assert_allclose(f(np.array([0.0, 0.125, 0.25, 0.625, 1.0])), [0, 1, 2, 5, 7])
    table = inverse.table_quantile([0.2, 0.0, 0.8, 0.0])
    assert table(np.array([0.0, 0.19, 0.2, 0.99, 1.0])).tolist() == [0, 0, 2, 2, 2]


def test_ancestral_draws_follow_the_joint_table() -> None:
    """Mutants: children before parents; a table's axes in another order; one uniform for all.
    Chi-squared over the 12 joint states: beyond 45 with 11 degrees has probability 5e-6."""
    parents = {"c": ["a", "b"], "a": [], "b": ["a"]}
    tables = {
        "a": np.array([0.3, 0.7]),
        "b": np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]]),
        "c": np.array([[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]]])
        / np.array([[[3], [7], [11]], [[15], [19], [23]]]),
    }
    assert ancestral.order(parents) == ["a", "b", "c"]
    n = 50_000
    x = ancestral.sample(parents, tables, n, rng=rng(18))
    joint = tables["a"][:, None, None] * tables["b"][..., None] * tables["c"]
    seen = np.zeros((2, 3, 2))
    np.add.at(seen, (x["a"], x["b"], x["c"]), 1)
    assert ((seen - n * joint) ** 2 / (n * joint)).sum() < 45
    with pytest.raises(ValueError, match=r"cycle: (a → b → a|b → a → b)"):
        ancestral.order({"a": ["b"], "b": ["a"]})
    with pytest.raises(ValueError, match="no variable"):
        ancestral.order({"a": ["z"]})


def test_eight_schools_agrees_with_quadrature() -> None:
    """Mutants: the Jacobian of log tau forgotten; tau for tau^2; the half of the half-Cauchy.

    Published quadrature figures to six digits, and 64 chains of HMC within 3 MCSE."""
    e = eight_schools.exact()
    published = [4.396821, 3.597705, 6.211884, 4.940178, 3.927004, 4.757098, 3.615477, 4.042613,
                 6.296724, 4.854253]  # fmt: skip
    np.testing.assert_allclose(e.mean, published, rtol=0, atol=6e-7)
    spread = [3.317704, 3.219958, 5.593126, 4.674268, 5.262615, 4.780297, 4.657453, 4.826866,
              5.077849, 5.290801]  # fmt: skip
    np.testing.assert_allclose(e.std, spread, rtol=0, atol=6e-7)
    assert e.log_evidence == pytest.approx(-31.311347, abs=6e-7)
    t, g = eight_schools.non_centred(), rng(16)
    step = partial(hmc.step, target=t, step_size=0.35, n_leapfrog=8, rng=g)
    x = chain.run(step, hmc.init(0.5 * g.standard_normal((64, 10)), t), 800).x[200:]
    p = eight_schools.parameters(x, is_centred=False)
    each = p.mean(0)
    assert (np.abs(each.mean(0) - e.mean) < 3 * each.std(0, ddof=1) / 8).all()
    # both parameterisations are the same posterior up to the change of variable theta -> eta
    theta = np.concatenate([x[-1][:, :2], p[-1][:, 2:]], 1)
    change = eight_schools.centred().log_prob(theta) + 8 * x[-1][:, 1]
    np.testing.assert_allclose(change, t.log_prob(x[-1]), rtol=1e-12)


@pytest.mark.parametrize(
    "t",
    [TILTED, BANANA, FUNNEL, closed.funnel(0.7, 4), closed.ring(), closed.box(3.0), closed.box(0.5),
     closed.mixture([1, 3], [[0, 0], [2, 1]], [0.5, 1.0]),
     painted.painted(np.arange(12.0).reshape(3, 4) ** 2, ((-1, 3), (0, 2)))],
    ids=lambda t: f"{t.name}-{t.dim}",
)  # fmt: skip
def test_targets_know_their_own_moments(t: Target) -> None:
    """Mutants: a wrong closed form of a variance; rows and columns of the painting exchanged;
    draws of another density (checked through the gradient's mean, which is 0, and log Z)."""
    assert t.sample is not None
    n = 100_000
    x = t.sample(n, rng(17))
    assert (np.abs(x.mean(0) - t.mean) < 5 * x.std(0) / n**0.5).all()
    square = (x - t.mean) ** 2
    assert (np.abs(square.mean(0) - np.diag(t.cov)) < 5 * square.std(0) / n**0.5).all()
    if t.dim == 2:  # log Z and the draws against a Riemann sum over fine cells
        axes = [np.linspace(*span, 801) for span in t.extent]
        middle = [0.5 * (a[1:] + a[:-1]) for a in axes]
        grid = np.stack(np.meshgrid(*middle), -1)
        area = np.prod([a[1] - a[0] for a in axes])
        mass = np.exp(t.log_prob(grid) - t.log_z).sum() * area
        assert abs(mass - 1) < 6e-3  # what lies outside the extent, and cells cut by a cliff
        inside = np.histogram2d(x[:, 1], x[:, 0], bins=[axes[1][::100], axes[0][::100]])[0] / n
        p = np.exp(t.log_prob(grid) - t.log_z) * area
        coarse = p.reshape(8, 100, 8, 100).sum((1, 3))
        assert np.abs(inside - coarse).max() < 5 * 0.5 / n**0.5 + 3e-3
    if t.grad is not None:
        h, y = 1e-6, x[:20]
        numeric = [(t.log_prob(y + h * e) - t.log_prob(y - h * e)) / (2 * h) for e in np.eye(t.dim)]
        np.testing.assert_allclose(t.grad(y), np.stack(numeric, -1), rtol=1e-5, atol=1e-5)


def test_bad_input_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="start where the density is positive"):
        metropolis.init(np.array([[0.0, 0.0], [5.0, 0.0]]), closed.box().log_prob)
    with pytest.raises(ValueError, match=r"one chain is x\[None\]"):
        metropolis.init(np.zeros(2), lambda x: np.zeros(()))
    state = metropolis.init(np.zeros((1, 1)), ROUND.log_prob)
    with pytest.raises(ValueError, match="scale must be positive"):
        metropolis.step(state, ROUND.log_prob, scale=-1.0, rng=rng())
    with pytest.raises(ValueError, match="no gradient; Metropolis and Gibbs need none"):
        langevin.init(np.zeros((1, 2)), closed.box())
    with pytest.raises(ValueError, match="n_leapfrog"):
        hmc.step(hmc.init(np.zeros((1, 1)), ROUND), ROUND, step_size=1.0, n_leapfrog=0, rng=rng())
    with pytest.raises(ValueError, match="fall from 1"):
        tempering.init(np.zeros((1, 1)), ROUND.log_prob, betas=np.array([1.0, 1.0]))
    with pytest.raises(ValueError, match="positive definite"):
        closed.gaussian((0, 0), ((1, 2), (2, 1)))
    with pytest.raises(ValueError, match="weights >= 0"):
        painted.painted(np.zeros((3, 3)))
    with pytest.raises(ValueError, match="too few"):
        diagnostics.rhat(np.zeros((3, 4)))
    with pytest.raises(ValueError, match="left for infinity"):
        diagnostics.ess(np.full((20, 2), np.inf))
