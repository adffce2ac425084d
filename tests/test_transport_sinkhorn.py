"""Entropic transport: closed forms, the exact limit, the log domain, POT."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logsumexp

from dgmlib.divergences import sinkhorn, transport

bounded = settings(max_examples=25, deadline=None, derandomize=True)


def _problem(n: int, m: int, seed: int, share: float) -> sinkhorn.Problem:
    """``share``: epsilon over the largest cost."""
    rng = np.random.default_rng(seed)
    cost = transport.ground_cost(rng.normal(size=(n, 2)), 1 + rng.normal(size=(m, 2)), 2)
    a, b = rng.random(n) + 0.1, rng.random(m) + 0.1
    return sinkhorn.problem(cost, share * float(cost.max()), a=a, b=b)


def _reference(p: sinkhorn.Problem, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The textbook: everything in logarithms, always."""
    f, g = np.zeros(len(p.a)), np.zeros(len(p.b))
    for _ in range(n):
        over_y = logsumexp((g - p.cost) / p.epsilon + np.log(p.b), axis=1)
        f = -p.epsilon * np.asarray(over_y)
        over_x = logsumexp((f[:, None] - p.cost) / p.epsilon + np.log(p.a)[:, None], axis=0)
        g = -p.epsilon * np.asarray(over_x)
    return f, g


def test_two_points_in_closed_form():
    """Costs 0 on the diagonal and c off it: the share that stays is 1 / (1 + exp(-c / e)).

    Kills: e in the wrong place; costs of the other sign; entropy relative to 1 in place of a b
    (the value is then off by e log 4).
    """
    c, e = 1.7, 0.6
    p = sinkhorn.problem([[0, c], [c, 0]], e)
    state = sinkhorn.solve(p, tol=1e-14)
    stays = expit(c / e)
    assert sinkhorn.plan(p, state) == pytest.approx(
        0.5 * np.array([[stays, 1 - stays], [1 - stays, stays]]), abs=1e-13
    )
    kl = stays * np.log(2 * stays) + (1 - stays) * np.log(2 * (1 - stays))
    i = sinkhorn.info(p, state)
    assert i.transport == pytest.approx((1 - stays) * c, rel=1e-12)
    assert i.dual == pytest.approx((1 - stays) * c + e * kl, rel=1e-12)


@bounded
@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 10**6), st.sampled_from([1, 0.1, 0.01]))
def test_what_a_step_says_is_so(n, m, seed, share):
    """Against the plan itself: marginals, cost, and a dual value that rises to the primal one.

    Kills: the error of the exact marginal; the cost of the kernel without u and v; potentials
    without the part that was absorbed; g before f.
    """
    p = _problem(n, m, seed, share)
    state, last = sinkhorn.init(p), -np.inf
    for _ in range(30):
        state, i = sinkhorn.step(p, state)
        plan = sinkhorn.plan(p, state)
        assert plan.sum(0) == pytest.approx(p.b, abs=1e-14)
        assert i.error == pytest.approx(np.abs(plan.sum(1) - p.a).sum(), abs=1e-14)
        assert i.transport == pytest.approx((plan * p.cost).sum(), rel=1e-10)
        slack = (i.f[:, None] + i.g - p.cost) / p.epsilon
        assert plan == pytest.approx(p.a[:, None] * p.b * np.exp(slack), rel=1e-9)
        assert i.dual == pytest.approx(p.a @ i.f + p.b @ i.g, rel=1e-12)
        assert i.dual >= last - 1e-12
        last = i.dual
        early = i
    end = sinkhorn.info(p, sinkhorn.solve(p, tol=1e-13))
    plan = sinkhorn.plan(p, sinkhorn.solve(p, tol=1e-13))
    entropy = np.sum(plan * np.log(plan / (p.a[:, None] * p.b)))
    assert end.dual == pytest.approx(end.transport + p.epsilon * entropy, rel=1e-9)
    assert early.dual - 1e-12 <= end.dual <= early.dual + early.gap + 1e-12


def test_steps_add_up():
    """Kills: n - 1 iterations for n; a kernel product of an older v."""
    p = _problem(6, 9, 0, 0.05)
    one = sinkhorn.init(p)
    for _ in range(3):
        one, _ = sinkhorn.step(p, one)
    three, _ = sinkhorn.step(p, sinkhorn.init(p), n=3)
    f, g = _reference(p, 3)
    for state in (one, three):
        at = sinkhorn.potentials(p, state)
        assert at[0] == pytest.approx(f, rel=1e-12)
        assert at[1] == pytest.approx(g, rel=1e-12)


@pytest.mark.parametrize("share", [1e-2, 1e-3, 1e-4, 1e-6])
def test_the_logarithms_are_only_a_matter_of_range(share):
    """Down to exponents of 1e6 the iterates are the textbook's.

    Kills: the absorbed part dropped or counted twice; a nan passed on; weights forgotten in the
    log-sum-exp; rows for columns.
    """
    p = _problem(7, 5, 1, share)
    state = sinkhorn.init(p)
    for _ in range(8):
        state, i = sinkhorn.step(p, state, n=5)
    f, g = _reference(p, 40)
    scale = float(p.cost.max())
    assert i.f == pytest.approx(f, abs=1e-12 * scale)
    assert i.g == pytest.approx(g, abs=1e-12 * scale)


def test_more_rows_than_are_taken_at_a_time():
    """Kills: costs or potentials of the first rows for all; the last rows left out."""
    p = _problem(2 * sinkhorn.BLOCK + 7, 4, 3, 0.05)
    state, i = sinkhorn.step(p, sinkhorn.init(p), n=6)
    f, g = _reference(p, 6)
    assert i.f == pytest.approx(f, abs=1e-12)
    assert i.g == pytest.approx(g, abs=1e-12)
    assert i.transport == pytest.approx((sinkhorn.plan(p, state) * p.cost).sum(), rel=1e-12)


def test_the_logarithms_go_on_from_where_the_scalings_are(monkeypatch):
    """Kills: the potentials of the last kernel, without what u and v have gained since."""
    p = _problem(7, 5, 1, 2e-3)
    monkeypatch.setattr(sinkhorn, "FAR", 1e300)  # nothing is absorbed
    state = sinkhorn.iterate(p, sinkhorn.init(p), 9)
    assert max(state.u.max(), state.v.max()) > 1e3
    found = sinkhorn.potentials(p, sinkhorn._in_logs(p, state, 2))
    for ours, theirs in zip(found, _reference(p, 11), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-11)


def test_large_costs_are_no_reason_for_logarithms(monkeypatch):
    """All costs far above epsilon, as of clouds far apart: the first kernel has no empty row.

    Kills: a start from f = 0, without the smallest cost of each row, be g given or not.
    """
    p = _problem(6, 8, 4, 0.1)
    p = p._replace(cost=p.cost + 1e4 * p.epsilon)
    monkeypatch.setattr(sinkhorn, "_in_logs", None)
    found = sinkhorn.potentials(p, sinkhorn.iterate(p, sinkhorn.init(p), 3))
    for ours, theirs in zip(found, _reference(p, 3), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-9)
    again = sinkhorn.iterate(p, sinkhorn.init(p, g=found[1]), 1)
    assert sinkhorn.potentials(p, again)[0] == pytest.approx(_reference(p, 4)[0], rel=1e-12)


def test_large_scalings_are_absorbed(monkeypatch):
    """Kills: u and v that keep their size beside the kernel that has swallowed them."""
    p = _problem(9, 8, 2, 3e-3)
    plain = sinkhorn.info(p, sinkhorn.solve(p, max_iter=200))
    made = []
    real = sinkhorn._absorbed
    monkeypatch.setattr(sinkhorn, "_absorbed", lambda *a: made.append(1) or real(*a))
    monkeypatch.setattr(sinkhorn, "FAR", 10.0)
    often = sinkhorn.info(p, sinkhorn.solve(p, max_iter=200))
    assert len(made) > 2
    assert often.f == pytest.approx(plain.f, abs=1e-12)
    assert often.transport == pytest.approx(plain.transport, rel=1e-11)


def test_units_of_the_cost():
    """Kills: a gap, a dual value or potentials in units of epsilon."""
    p = _problem(6, 9, 0, 0.05)
    i = sinkhorn.step(p, sinkhorn.init(p), n=2)[1]
    large = p._replace(cost=1e3 * p.cost, epsilon=1e3 * p.epsilon)
    j = sinkhorn.step(large, sinkhorn.init(large), n=2)[1]
    assert j.error == pytest.approx(i.error, rel=1e-12)
    for name in ("f", "g", "transport", "dual", "gap"):
        assert getattr(j, name) == pytest.approx(1e3 * getattr(i, name), rel=1e-12)


def test_a_small_epsilon_gives_exact_transport():
    """``W <= OT_e <= W + e log n``, as the plan's relative entropy is at most log n.

    Kills: a cost that does not tend to the exact one; the temperature inverted.
    """
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(12, 2)), rng.normal(size=(12, 2)) + 1
    exact = transport.wasserstein(x, y, order=2).value ** 2
    last = np.inf
    for e in (1.0, 0.3, 0.1):
        p = sinkhorn.problem(transport.ground_cost(x, y, 2), e)
        i = sinkhorn.info(p, sinkhorn.solve(p, tol=1e-5))
        assert i.error <= 1e-5
        assert exact - i.gap <= i.transport <= min(last, exact + e * np.log(12)) + i.gap
        assert exact - i.gap <= i.dual <= exact + e * np.log(12)
        last = i.transport
    assert last == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize(("n", "m"), [(20, 20), (12, 31)])
def test_pot_finds_the_same_plan(n, m):
    """Kills: weights exchanged; a stop at the wrong tolerance."""
    p = _problem(n, m, 5, 0.02)
    ot = transport._pot()
    theirs = ot.sinkhorn(p.a, p.b, p.cost, p.epsilon, stopThr=1e-13)
    state = sinkhorn.solve(p, tol=1e-12)
    assert sinkhorn.plan(p, state) == pytest.approx(theirs, abs=1e-11)
    assert sinkhorn.marginal_error(p, state) <= 1e-12


def test_where_it_ends():
    """At the limit of iterations, with the error said; and from a known g, at once.

    Kills: a warm start ignored; a limit ignored; the tolerance taken for reached.
    """
    p = _problem(20, 20, 6, 1e-3)
    short = sinkhorn.solve(p, tol=1e-12, max_iter=10)
    assert sinkhorn.info(p, short).error > 1e-6
    ten = sinkhorn.potentials(p, sinkhorn.iterate(p, sinkhorn.init(p), 10))
    for ours, theirs in zip(sinkhorn.potentials(p, short), ten, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-9)
    p = p._replace(epsilon=0.05 * float(p.cost.max()))
    g = sinkhorn.info(p, sinkhorn.solve(p, tol=1e-13)).g
    assert sinkhorn.step(p, sinkhorn.init(p, g=g))[1].error < 1e-12
    assert sinkhorn.step(p, sinkhorn.init(p))[1].error > 1e-3


@pytest.mark.parametrize("epsilon", [1.0, 4.0, 30.0])
def test_the_divergence_of_a_translation(epsilon):
    """``S(x, x + t) = |t|^2`` for every epsilon, as the cross term of the cost is separable.

    Kills: OT_e itself, which is biased by its self-terms; their whole in place of their half.
    """
    rng = np.random.default_rng(1)
    x, a = rng.normal(size=(15, 2)), rng.random(15)
    t = np.array([1.0, -2.0])
    value, error = sinkhorn.divergence(x, x + t, epsilon, x_weight=a, y_weight=a, tol=1e-7)
    assert value == pytest.approx(5.0, abs=1e-5)
    assert abs(value - 5.0) <= error + 1e-12
    assert error < 1e-5
    value, error = sinkhorn.divergence(x, x, epsilon, x_weight=a, y_weight=a)
    assert abs(value) <= error + 1e-12


def test_the_divergence_between_extremes():
    """Small e: near W_2^2. Large e: the energy distance, for squared costs the gap of the means.

    Kills: the order ignored; weights of one side ignored.
    """
    rng = np.random.default_rng(2)
    x, y, b = rng.normal(size=(20, 2)), 1 + 2 * rng.normal(size=(14, 2)), rng.random(14)
    near = sinkhorn.divergence(x, y, 0.1, y_weight=b, tol=1e-6).value
    exact = transport.wasserstein(x, y, order=2, y_weight=b).value ** 2
    assert near == pytest.approx(exact, rel=0.05)
    assert near != pytest.approx(exact, rel=1e-4)
    gap = x.mean(0) - np.average(y, axis=0, weights=b)
    far = sinkhorn.divergence(x, y, 1e6, y_weight=b).value
    assert far == pytest.approx(gap @ gap, rel=1e-4)
    energy = sinkhorn.divergence(x, y, 1e6, y_weight=b, order=1).value

    def mean(s, t, u, v):
        return u @ transport.ground_cost(s, t, 1) @ v

    a, b = np.full(20, 1 / 20), b / b.sum()
    truth = mean(x, y, a, b) - 0.5 * (mean(x, x, a, a) + mean(y, y, b, b))
    assert energy == pytest.approx(truth, rel=1e-4)
    back = sinkhorn.divergence(y, x, 0.5, x_weight=b)
    there = sinkhorn.divergence(x, y, 0.5, y_weight=b)
    assert back.value == pytest.approx(there.value, abs=back.error + there.error)
    assert there.value > there.error


def test_a_point_without_mass_changes_nothing():
    """Kills: log 0 as nan; a marginal error that counts it."""
    p = _problem(5, 4, 7, 1e-3)
    cost = np.insert(np.insert(p.cost, 2, 1e3, axis=0), 0, 1e3, axis=1)
    more = sinkhorn.problem(cost, p.epsilon, a=np.insert(p.a, 2, 0), b=np.insert(p.b, 0, 0))
    plain = sinkhorn.info(p, sinkhorn.solve(p, tol=1e-10))
    with_it = sinkhorn.info(more, sinkhorn.solve(more, tol=1e-10))
    assert with_it.error <= 1e-10
    assert with_it.transport == pytest.approx(plain.transport, rel=1e-8)
    assert with_it.dual == pytest.approx(plain.dual, rel=1e-8)
    assert np.all(np.isfinite(with_it.f))
    rng = np.random.default_rng(3)
    x, y, a = rng.normal(size=(6, 2)), rng.normal(size=(5, 2)), rng.random(6)
    far = np.insert(x, 2, 1e3, axis=0)
    both = [sinkhorn.divergence(x, y, 1.0, x_weight=a),
            sinkhorn.divergence(far, y, 1.0, x_weight=np.insert(a, 2, 0))]  # fmt: skip
    assert both[0] == pytest.approx(both[1], rel=1e-12)


def test_a_tolerance_of_the_divergence():
    """A looser one is quicker and says so. Kills: a tolerance that is ignored."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(12, 2)), 1 + rng.normal(size=(12, 2))
    loose, tight = (sinkhorn.divergence(x, y, 0.05, tol=tol) for tol in (1e-2, 1e-8))
    assert abs(loose.value - tight.value) <= loose.error + tight.error
    assert loose.error > 1e3 * tight.error


def test_nonsense_is_refused():
    for cost, e, more, match in (
        ([1.0, 2.0], 1, {}, "finite table"),
        ([[np.inf]], 1, {}, "finite table"),
        (np.zeros((0, 3)), 1, {}, "finite table"),
        ([[1.0]], np.inf, {}, "positive and finite"),
        ([[1.0]], 0, {}, "transport.wasserstein"),
        ([[1.0]], np.nan, {}, "positive"),
        ([[1.0]], 1, {"a": [1, 1]}, "a must be 1"),
        ([[1.0]], 1, {"b": [-1]}, "b must be 1"),
    ):
        with pytest.raises(ValueError, match=match):
            sinkhorn.problem(cost, e, **more)
    for g in (np.zeros(3), np.array([0.0, np.nan])):
        with pytest.raises(ValueError, match="g must be 2"):
            sinkhorn.init(sinkhorn.problem([[0.0, 1.0]], 1), g=g)
    with pytest.raises(ValueError, match="1 or 2"):
        sinkhorn.divergence([[0.0]], [[1.0]], 1, order=3)
