"""EM: what every half-step may and may not do, and where the run ends."""

import warnings
from itertools import islice, permutations

import numpy as np
import pytest
from scipy import stats
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from dgmlib.mixtures import basins, em, fast, gmm, half_steps, kmeans, starts, trace
from dgmlib.mixtures.anneal import anneal
from dgmlib.mixtures.collapse import CollapseError
from dgmlib.mixtures.gmm import COVARIANCES, Params
from dgmlib.mixtures.prior import Prior, check_prior, default_prior, log_prior

ROUNDING = 1e-12  # relative, for sums of some hundred terms of either sign


def blobs(n: int = 150, d: int = 2, *, seed: int = 0) -> np.ndarray:
    """Three overlapping stretched clusters, far from the origin: (n, d)."""
    rng = np.random.default_rng(seed)
    k = rng.integers(3, size=n)
    root = rng.normal(size=(3, d, d)) * 0.6 + 0.5 * np.eye(d)
    return (
        20
        + 2 * rng.normal(size=(3, d))[k]
        + np.einsum("nij,nj->ni", root[k], rng.normal(size=(n, d)))
    )


def begin(x: np.ndarray, K: int, covariance: str = "full", *, seed: int = 1) -> Params:
    return starts.start(x, K, covariance=covariance, rng=np.random.default_rng(seed))


@pytest.mark.parametrize("temperature", [0.0, 0.3, 1.0, 2.5])
@pytest.mark.parametrize("with_prior", [False, True])
@pytest.mark.parametrize("covariance", COVARIANCES)
def test_the_objective_never_falls_and_splits_into_bound_and_gap(
    covariance: str, with_prior: bool, temperature: float
) -> None:
    """bound + gap = free energy (= log-likelihood at T = 1) to 1e-10; bound + log prior climbs.

    Kills: H(q) with the wrong sign (the slip); KL(p || q) for KL(q || p); an E-step at another
    temperature than the bound; T left off the entropy; a tied covariance that averages the
    matrices without their counts; a prior term left out of mean, weight or divisor.
    """
    x = blobs()
    prior = default_prior(x, 3) if with_prior else None
    run = trace.fit(
        x,
        begin(x, 3, covariance),
        covariance=covariance,
        temperature=temperature,
        prior=prior,
        n_steps=60,
        tol=-1,
    )
    assert list(run.kind[:5]) == ["start", "E", "M", "E", "M"]
    np.testing.assert_allclose(run.bound + run.gap, run.free_energy, rtol=1e-10)
    assert (run.gap >= 0).all()
    if temperature == 1:
        np.testing.assert_allclose(run.free_energy, run.log_likelihood, rtol=1e-14)
        np.testing.assert_allclose(
            run.log_likelihood, gmm.log_prob(run.params, x).sum(-1), rtol=1e-12
        )
    climb = run.bound + run.log_prior
    slack = ROUNDING * np.abs(climb).max()
    assert np.diff(climb).min() >= -slack
    assert np.diff(run.free_energy + run.log_prior).min() >= -slack
    # the E-step closes the gap and moves no parameter, the M-step opens it and moves no r
    assert run.gap[1::2].max() <= slack
    np.testing.assert_array_equal(run.mean[1::2], run.mean[0:-1:2])
    np.testing.assert_array_equal(run.responsibilities[2::2], run.responsibilities[1:-1:2])
    assert run.gap[2] > 1e-3


def test_bound_and_gap_of_any_responsibilities() -> None:
    """Against sums written out by hand. Kills: a gap that is defined as the difference and a
    bound with the entropy's sign turned (habib 8.4), for r that no E-step made."""
    rng = np.random.default_rng(3)
    x = blobs(20)
    p, r = begin(x, 3), rng.dirichlet(np.ones(3), size=20)
    log_j = gmm.log_joint(p, x)
    posterior = np.exp(log_j) / np.exp(log_j).sum(1, keepdims=True)
    by_hand = sum(r[n, k] * (log_j[n, k] - np.log(r[n, k])) for n in range(20) for k in range(3))
    kl = sum(r[n, k] * np.log(r[n, k] / posterior[n, k]) for n in range(20) for k in range(3))
    assert em.bound(p, r, x) == pytest.approx(by_hand, rel=1e-12)
    assert em.gap(p, r, x) == pytest.approx(kl, rel=1e-12)
    assert em.gap(p, r, x) > 1
    hard = np.eye(3)[log_j.argmax(1)]  # rows with zeros: 0 log 0 = 0
    assert em.bound(p, hard, x) == pytest.approx(log_j.max(1).sum(), rel=1e-12)
    assert em.bound(p, hard, x) + em.gap(p, hard, x) == pytest.approx(
        gmm.log_prob(p, x).sum(), rel=1e-12
    )


@pytest.mark.parametrize("covariance", COVARIANCES)
@pytest.mark.parametrize("with_prior", [False, True])
def test_no_parameters_near_by_beat_the_m_step(covariance: str, with_prior: bool) -> None:
    """The M-step is a maximum within its constraint. Kills: ddof 1, a wrong divisor, a prior
    whose M-step is not the mode of its own density."""
    x, rng = blobs(80), np.random.default_rng(4)
    prior = default_prior(x, 3) if with_prior else None
    r = rng.dirichlet(np.ones(3), size=80)
    best = em.m_step(x, r, covariance=covariance, prior=prior)

    def value(p: Params) -> float:
        v = em.bound(p, r, x)
        if prior is not None:
            v = v + log_prior(*p, prior, covariance=covariance)
        return float(v)

    top = value(best)
    for size in (1e-3, 1e-2):
        for _ in range(60):
            w = best.weight * np.exp(size * rng.normal(size=3))
            turn = size * rng.normal(size=(3, 2, 2))
            if covariance == "tied":
                turn[:] = turn[0]
            elif covariance == "diag":
                turn = turn * np.eye(2)
            elif covariance == "spherical":
                turn = turn[:, :1, :1] * np.eye(2)
            a = np.eye(2) + turn
            near = Params(
                w / w.sum(),
                best.mean + size * rng.normal(size=(3, 2)),
                a @ best.cov @ a.mT,
            )
            assert value(near) < top


@pytest.mark.parametrize("covariance", COVARIANCES)
@pytest.mark.parametrize("d", [1, 2, 4])
def test_agrees_with_scikit_learn_from_the_same_start(covariance: str, d: int) -> None:
    """Parameters and log-likelihood after 12 iterations, to 1e-6. Kills: any wrong M-step."""
    x = blobs(200, d, seed=d)
    start = begin(x, 3, covariance)
    precision = np.linalg.inv(start.cov)
    theirs = GaussianMixture(
        3,
        covariance_type=covariance,
        tol=0,
        reg_covar=0,
        max_iter=12,
        weights_init=start.weight,
        means_init=start.mean,
        precisions_init={
            "full": precision,
            "tied": precision[0],
            "diag": np.diagonal(precision, axis1=1, axis2=2),
            "spherical": precision[:, 0, 0],
        }[covariance],
        init_params="random",
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is told to stop early
        theirs.fit(x)
    run = trace.fit(x, start, covariance=covariance, n_steps=24, tol=-1)
    ours = run.last
    c = np.asarray(theirs.covariances_)
    cov = {
        "full": lambda: c,
        "tied": lambda: np.stack([c] * 3),
        "diag": lambda: c[:, :, None] * np.eye(d),
        "spherical": lambda: c[:, None, None] * np.eye(d),
    }[covariance]()
    np.testing.assert_allclose(ours.weight, np.asarray(theirs.weights_), rtol=1e-6)
    np.testing.assert_allclose(ours.mean, np.asarray(theirs.means_), rtol=1e-6)
    np.testing.assert_allclose(ours.cov, cov, rtol=1e-6, atol=1e-6 * np.abs(c).max())
    np.testing.assert_allclose(run.log_likelihood[-1], theirs.score(x) * 200, rtol=1e-6)


@pytest.mark.parametrize("covariance", COVARIANCES)
@pytest.mark.parametrize("with_prior", [False, True])
def test_the_fast_path_takes_the_same_steps(
    covariance: str, with_prior: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: off-diagonal features counted once for twice, a lost block, forgotten scaling."""
    monkeypatch.setattr(fast, "BLOCK", 1)  # so that 150 points take three blocks, one part full
    x = blobs(150, 3) * np.array([1.0, 100.0, 0.01])
    prior = default_prior(x, 3) if with_prior else None
    start = begin(x, 3, covariance)
    run = trace.fit(x, start, covariance=covariance, prior=prior, n_steps=20, tol=-1)
    steps = list(islice(fast.stream(x, start, covariance=covariance, prior=prior), 10))
    values = [float(s.log_likelihood) for s in steps]
    np.testing.assert_allclose(values, run.log_likelihood[0:-1:2], rtol=1e-11)
    scale = np.sqrt(np.diagonal(run.last.cov, axis1=1, axis2=2))
    last = steps[-1].next
    np.testing.assert_allclose(last.weight, run.last.weight, rtol=1e-9)
    np.testing.assert_allclose(last.mean / scale, run.last.mean / scale, rtol=1e-9)
    unit = scale[:, :, None] * scale[:, None, :]
    np.testing.assert_allclose(last.cov / unit, run.last.cov / unit, atol=1e-8)


def test_the_fast_path_keeps_a_tight_component() -> None:
    """One of sd 1e-4 of the data's, far from the middle. Kills: sums of squares of raw columns,
    which lose it to cancellation: eps (1e4)^2 / 1e-8 of its width."""
    rng = np.random.default_rng(12)
    x = np.concatenate([rng.normal(size=(100, 2)), 3 + 1e-4 * rng.normal(size=(50, 2))]) + 1e4
    cov = np.stack([np.eye(2), 1e-8 * np.eye(2)])
    start = Params(np.array([0.6, 0.4]), np.array([[0.0, 0.0], [3.0, 3.0]]) + 1e4, cov)
    steps = list(islice(fast.stream(x, start), 4))
    run = trace.fit(x, start, n_steps=8, tol=-1)
    # eps |z|^2 / v is near 1e-16 * 10 / 1e-8 = 1e-7 of the scatter; that much for each point
    np.testing.assert_allclose(steps[-1].next.cov[1], run.last.cov[1], rtol=1e-5, atol=1e-13)
    assert float(steps[-1].log_likelihood) == pytest.approx(run.log_likelihood[-3], abs=1e-4)


def test_one_component_is_the_sample_mean_and_covariance() -> None:
    """Kills: ddof 1; a first step that does not arrive."""
    x = blobs()
    p = trace.fit(x, begin(x, 1), n_steps=2).last
    assert p.weight == pytest.approx(1)
    np.testing.assert_allclose(p.mean[0], x.mean(0), rtol=1e-12)
    np.testing.assert_allclose(p.cov[0], np.cov(x, rowvar=False, ddof=0), rtol=1e-10)


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_the_order_of_components_does_not_matter(covariance: str) -> None:
    """K! equal optima: a permuted start gives the permuted run. Kills: ties to an index."""
    x = blobs()
    start = begin(x, 3, covariance)
    run = trace.fit(x, start, covariance=covariance, n_steps=30)
    for order in map(list, permutations(range(3))):
        other = trace.fit(x, Params(*(a[order] for a in start)), covariance=covariance, n_steps=30)
        np.testing.assert_allclose(other.log_likelihood, run.log_likelihood, rtol=1e-10)
        np.testing.assert_allclose(other.mean, run.mean[:, order], rtol=1e-8)
        np.testing.assert_allclose(
            other.responsibilities, run.responsibilities[:, :, order], atol=1e-8
        )


@pytest.mark.parametrize("variance", [0.5, 40.0])
def test_k_means_is_the_limit_of_temperature_zero(variance: float) -> None:
    """Equal balls held still at T = 0: the labels and centres of Lloyd, half-step by half-step.

    Kills: an E-step that keeps soft edges at T = 0, weights or widths that move, T in the wrong
    place (p^T for p^(1/T)).
    """
    x = blobs(200)
    centre = kmeans.plus_plus(x, 3, rng=np.random.default_rng(5))
    lloyd = kmeans.fit(x, centre)
    balls = Params(np.full(3, 1 / 3), centre, np.stack([variance * np.eye(2)] * 3))
    cold = trace.fit(x, balls, temperature=0, update="means", n_steps=len(lloyd.kind) - 1, tol=-1)
    np.testing.assert_array_equal(cold.responsibilities[1:].argmax(2), lloyd.label[1:])
    np.testing.assert_allclose(cold.mean, lloyd.centre, rtol=1e-12)
    # its free energy is the inertia in other units
    constant = 200 * (np.log(1 / 3) - np.log(2 * np.pi * variance))
    np.testing.assert_allclose(
        cold.bound[1:], constant - lloyd.inertia[1:] / (2 * variance), rtol=1e-10
    )
    # and small temperatures approach it
    near = trace.fit(x, balls, temperature=1e-4 / variance, update="means", n_steps=400)
    np.testing.assert_allclose(near.mean[-1], lloyd.centre[-1], atol=1e-3)


def test_temperature_makes_responsibilities_hard_or_flat() -> None:
    """Kills: temperature used as its inverse. Rows sum to 1 at every temperature."""
    x = blobs()
    p = begin(x, 3)
    top = []
    for t in (0, 1e-3, 0.1, 1, 10, 1e9):
        r = em.e_step(p, x, temperature=t)
        np.testing.assert_allclose(r.sum(1), 1, rtol=1e-12)
        top.append(r.max(1).mean())
    assert top[0] == 1
    assert top[-1] == pytest.approx(1 / 3, abs=1e-6)
    assert (np.diff(top) <= 1e-12).all()
    np.testing.assert_array_equal(em.e_step(p, x), gmm.responsibilities(p, x))


def test_annealing_ends_where_em_ends_and_reports_both_objectives() -> None:
    """Kills: temperatures that do not start from the last end; a free energy at T = 1 only."""
    x = blobs()
    start = begin(x, 3)
    cooled = anneal(x, start, [3.0, 1.7, 1.0])
    assert cooled.mean.shape == (3, 3, 2)
    assert cooled.free_energy[-1] == pytest.approx(cooled.log_likelihood[-1], rel=1e-12)
    assert cooled.free_energy[0] > cooled.log_likelihood[0]
    again = trace.fit(x, Params(*(a[1] for a in cooled[1:4])), n_steps=200)
    np.testing.assert_allclose(again.mean[-1], cooled.mean[-1])
    with pytest.raises(ValueError, match=r"give at least one, such as \[4, 2, 1\]"):
        anneal(x, start, [])


def collapsing() -> tuple[np.ndarray, Params]:
    """A cloud and three copies of one point, a component of which starts there."""
    rng = np.random.default_rng(6)
    x = np.concatenate([rng.normal(size=(60, 2)), np.full((3, 2), 6.0)])
    cov = np.stack([np.eye(2), 0.01 * np.eye(2)])
    return x, Params(np.array([0.9, 0.1]), np.array([[0.0, 0.0], [6.0, 6.0]]), cov)


@pytest.mark.parametrize("covariance", ["full", "diag", "spherical"])
def test_a_collapse_is_an_error_that_says_what_to_do(covariance: str) -> None:
    """Kills: NaN or a LinAlgError; the wrong component or iteration named; an empty component
    that hides behind a tied covariance."""
    x, start = collapsing()
    with pytest.raises(CollapseError, match=r"component 1 .* iteration 1.*prior=") as caught:
        trace.fit(x, start, covariance=covariance)
    assert (caught.value.component, caught.value.iteration) == (1, 1)
    assert 0 <= caught.value.eigenvalue < 1e-9
    assert caught.value.count == pytest.approx(3, abs=1e-6)
    with pytest.raises(CollapseError, match=r"component 1 .* iteration 1"):
        next(fast.stream(x, start, covariance=covariance))
    with pytest.raises(CollapseError, match="holds 0 points"):
        em.m_step(x, np.eye(2)[np.zeros(63, dtype=int)], covariance=covariance)
    with pytest.raises(CollapseError, match=r"component 1 .* holds 0 points"):
        em.m_step(x, np.eye(2)[np.zeros(63, dtype=int)], covariance="tied")  # not singular


def test_a_small_unit_is_no_collapse() -> None:
    """Kills: a threshold in absolute units. The run is the same in metres and in nanometres."""
    x = blobs()
    unit = np.array([1e-9, 1e6])
    start = begin(x, 3)
    scaled = Params(start.weight, start.mean * unit, start.cov * np.outer(unit, unit))
    a, b = trace.fit(x, start, n_steps=40), trace.fit(x * unit, scaled, n_steps=40)
    np.testing.assert_allclose(b.mean / unit, a.mean, rtol=1e-7)
    shift = 150 * np.log(unit).sum()
    np.testing.assert_allclose(b.log_likelihood + shift, a.log_likelihood, rtol=1e-9)


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_a_prior_stops_the_collapse(covariance: str) -> None:
    """Kills: a prior not used for covariances. No eigenvalue below what the prior alone allows."""
    x, start = collapsing()
    prior = default_prior(x, 2)
    run = trace.fit(x, start, covariance=covariance, prior=prior, n_steps=400)
    assert run.converged
    assert np.isfinite(run.log_likelihood).all()
    assert np.diff(run.bound + run.log_prior).min() > -1e-9  # rounding near 1e3
    floor = np.linalg.eigvalsh(prior.scale)[0] / (len(x) + prior.dof + 2 + 2)
    assert np.linalg.eigvalsh(run.cov).min() > floor
    dead = em.m_step(x, np.eye(2)[np.zeros(63, dtype=int)], covariance=covariance, prior=prior)
    np.testing.assert_allclose(dead.mean[1], prior.mean)  # an empty component is the prior's
    assert dead.weight[1] == pytest.approx(1 / 65)


def test_the_prior_is_that_of_fraley_and_raftery() -> None:
    """Their hyperparameters, and log p up to its constant against SciPy's inverse Wishart.

    Kills: ddof 0, K^(1/d), nu + d for nu + d + 1, |Sigma|^(1/2) of the mean's density left out.
    """
    x, rng = blobs(), np.random.default_rng(7)
    prior = default_prior(x, 4)
    np.testing.assert_allclose(prior.scale, np.cov(x, rowvar=False) / 4)  # K^(2/d) = 4
    assert (prior.shrinkage, prior.dof) == (0.01, 4.0)
    values = []
    for _ in range(4):
        p = Params(
            rng.dirichlet(np.ones(3)),
            x.mean(0) + rng.normal(size=(3, 2)),
            stats.wishart(5, np.eye(2)).rvs(3, random_state=rng),
        )
        full = stats.dirichlet(np.full(3, 2.0)).logpdf(p.weight)
        for m, c in zip(p.mean, p.cov, strict=True):
            full += stats.invwishart(4, prior.scale).logpdf(c)
            full += stats.multivariate_normal(prior.mean, c / 0.01).logpdf(m)
        values.append(full - float(log_prior(*p, prior, covariance="full")))
    np.testing.assert_allclose(values, values[0], rtol=1e-10)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"shrinkage": 0.0}, "shrinkage > 0"),
        ({"dof": 1.0}, "dof > 1"),
        ({"concentration": 0.5}, "concentration >= 1"),
        ({"scale": np.diag([1.0, 0.0])}, "positive definite"),
        ({"mean": np.zeros(3)}, r"mean \(2,\)"),
    ],
)
def test_wrong_priors_are_refused_with_the_remedy(change: dict, says: str) -> None:
    """Kills: an improper prior that would let a component collapse after all."""
    prior = Prior(np.zeros(2), 0.01, np.eye(2), 4.0, 2.0)
    check_prior(prior, 2)
    x = blobs()
    with pytest.raises(ValueError, match=says):
        trace.fit(x, begin(x, 2), prior=prior._replace(**change))


def test_many_starts_are_the_runs_of_each() -> None:
    """Kills: a start that changes when another leaves the batch; a collapse that spreads."""
    x, bad = collapsing()
    rng = np.random.default_rng(8)
    good = starts.start(x, 2, kind="random", size=12, rng=rng)
    both = Params(
        *(np.concatenate([a[:6], b[None], a[6:]]) for a, b in zip(good, bad, strict=True))
    )
    many = basins.fit_many(x, both, tol=1e-12, n_iterations=2000)
    assert many.collapsed[6]
    assert many.optimum[6] == -1
    assert np.isfinite(many.log_likelihood).all()
    reached = 0
    for i in range(13):
        try:
            one = trace.fit(x, Params(*(a[i] for a in both)), n_steps=4001, tol=1e-12)
        except CollapseError:
            assert many.collapsed[i]
            continue
        reached += 1
        assert not many.collapsed[i]
        assert many.converged[i]
        assert many.log_likelihood[i] == pytest.approx(one.log_likelihood[-1], abs=1e-6)
        # where gains drown in rounding, 1e-13 of the sum, means are still free by its root
        np.testing.assert_allclose(many.params.mean[i], one.last.mean, atol=1e-4)
    assert reached >= 2
    top = many.objective[~many.collapsed].max()
    assert (many.optimum[many.objective == top] == 0).all()
    assert gmm.log_prob(many.best, x).sum() == pytest.approx(top, rel=1e-9)


def test_label_switched_starts_share_one_optimum() -> None:
    """K! starts, one optimum. Kills: optima told apart by the order of their components."""
    x = blobs()
    start = begin(x, 3)
    orders = [list(o) for o in permutations(range(3))]
    six = Params(*(np.stack([a[o] for o in orders]) for a in start))
    for prior in (None, default_prior(x, 3)):
        many = basins.fit_many(x, six, prior=prior)
        assert (many.optimum == 0).all()
        assert len(np.unique(many.params.mean[:, 0].round(3), axis=0)) == 3


def test_a_run_stops_when_it_has_arrived_or_is_told_to() -> None:
    """Kills: a tolerance on the wrong half-step, which stops after the first E; off by one."""
    x = blobs()
    start = begin(x, 3)
    run = trace.fit(x, start, n_steps=5)
    assert len(run.kind) == 6
    assert not run.converged
    run = trace.fit(x, start, n_steps=5000, tol=1e-10)
    assert run.converged
    assert run.kind[-1] == "E"
    assert run.log_likelihood[-1] - run.log_likelihood[-3] < 1e-10 * len(x)
    assert len(run.kind) > 10
    assert np.abs(gmm.gradient_mean(run.last, x)).max() < 0.1  # arrived: a stationary point


def test_the_stream_is_the_trace() -> None:
    """Kills: a step that reports another half-step than it takes."""
    x = blobs()
    start = begin(x, 3)
    run = trace.fit(x, start, n_steps=6, tol=-1)
    state = half_steps.init(x, start)
    for i in range(1, 7):
        state, info = half_steps.step(state, x)
        assert state.kind == run.kind[i]
        assert state.i == i
        np.testing.assert_allclose(state.params.mean, run.mean[i])
        for name in half_steps.Info._fields:
            # sums over the same terms in another order
            assert getattr(info, name) == pytest.approx(getattr(run, name)[i], rel=1e-12, abs=1e-9)


def test_starts_of_every_kind() -> None:
    """Kills: start means that are not where they were dragged; ++ that repeats a point."""
    x, rng = blobs(), np.random.default_rng(9)
    for kind in starts.KINDS:
        one = starts.start(x, 4, kind=kind, rng=rng)
        assert all((x == m).all(1).any() for m in one.mean)
        assert len(np.unique(one.mean, axis=0)) == 4
        many = starts.start(x, 4, kind=kind, size=7, covariance="diag", rng=rng)
        assert many.cov.shape == (7, 4, 2, 2)
        assert len(np.unique(many.mean[:, 0], axis=0)) > 1
    dragged = np.array([[18.0, 21.0], [22.0, 19.0]])
    p = starts.from_means(x, dragged)
    np.testing.assert_array_equal(p.mean, dragged)
    for d in (1, 3):  # each component has half the data's volume: |Sigma|^(1/2) halves
        y = blobs(d=d)
        p = starts.from_means(y, y[:2])
        volume = np.sqrt(np.linalg.det(np.cov(y, rowvar=False, ddof=0).reshape(d, d)))
        np.testing.assert_allclose(np.sqrt(np.linalg.det(p.cov)), volume / 2)
    r = rng.dirichlet(np.ones(3), size=len(x))
    p = starts.from_responsibilities(x, r)
    np.testing.assert_allclose(p.weight, r.mean(0))
    run = trace.fit(x, p, r=r, n_steps=4)
    np.testing.assert_array_equal(run.responsibilities[0], r)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"temperature": -1.0}, "temperature must be a number >= 0"),
        ({"temperature": np.nan}, "temperature must be a number >= 0"),
        ({"update": "mean"}, "'all' or 'means'"),
        ({"covariance": "round"}, "full, tied"),
        ({"n_steps": 0}, "at least 1, got 0"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict, says: str) -> None:
    """Kills: an option that is accepted and ignored."""
    x = blobs(20)
    with pytest.raises(ValueError, match=says):
        trace.fit(x, begin(x, 2), **options)
    with pytest.raises(ValueError, match=r"shape \(K, 2\)"):
        trace.fit(x, begin(blobs(20, 3), 2))
