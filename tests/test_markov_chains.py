"""What the page of Markov chains rests on, against enumeration, linear algebra and networkx."""

from fractions import Fraction
from itertools import pairwise, product

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dgmlib.markov import chain, forgetting, named, returns, reversal, settle, text, walked
from dgmlib.markov.named import CHAINS, Named
from tests.test_markov import random_chain

ALL = pytest.mark.parametrize("name", CHAINS)
chains = st.builds(
    random_chain, st.integers(0, 10_000), st.integers(2, 6), st.floats(0, 0.9)
)  # fmt: skip
several = settings(deadline=None, max_examples=50)  # a busy machine is not a failure


# ---------------------------------------------------------------- text


@several
@given(chains)
def test_a_chain_survives_its_text(P):
    """Mutants: too few digits; a small weight rounded to 0; rows and columns exchanged."""
    P = np.where(P > 1e-8, P, 0)
    P /= P.sum(1, keepdims=True)
    back = text.parse_chain(text.format_chain(P))
    np.testing.assert_allclose(back, P, rtol=0, atol=1e-12)  # twelve digits are written
    assert ((back > 0) == (P > 0)).all()
    assert text.parse_chain("1 2 1, 0 1 0, 1 1 1")[0].tolist() == [0.25, 0.5, 0.25]


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=200)
def test_any_text_is_a_chain_or_refused_in_words(words):
    """Mutants: another exception than ValueError; a row of zeros divided by its sum."""
    try:
        P = text.parse_chain(words)
    except ValueError as error:
        assert " " in str(error)  # noqa: PT017 (both outcomes are right)
    else:
        np.testing.assert_allclose(P.sum(1), 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "2 to 6 rows"),
        ("1", "2 to 6 rows"),
        ("1 0, 0 1, 1 0 0", "row A must hold 3"),
        ("1 0, 1", "row B must hold 2"),
        ("1 0, 0 0", "row B has no weight"),
        ("1 0, -1 2", "row B: weights lie between"),
        ("1 0, nan 2", "row B: weights lie between"),
        ("1 0, 1e400 2", "row B: weights lie between"),
        ("1 0, x 2", "row B must hold 2"),
        ("1 0, 1e-300 2", "row B holds a weight too small"),
        (", ".join(["1 1 1 1 1 1 1"] * 7), "2 to 6 rows, separated by commas, got 7"),
        ("9" * 5000 + " 1, 1 1", "row A: weights lie between"),
    ],
)
def test_a_wrong_row_is_named(words, said):
    """Mutants: the rows counted from 0; a NaN that passes a comparison."""
    with pytest.raises(ValueError, match=said):
        text.parse_chain(words)


def test_a_click_sets_a_probability_and_the_row_follows():
    """Mutants: row 0 at the bottom; x for the row; the rest not rescaled, or rescaled everywhere;
    a row without mass; a height beyond the cell's full mark."""
    P = named.load("five pages", rows="").P
    for i, j in product(range(5), range(5)):
        Q = text.click(P, j + 0.5, 4 - i + 0.5)
        assert Q[i, j] == pytest.approx(0.5)
        others = np.arange(5) != j
        np.testing.assert_allclose(
            Q[i, others] / Q[i, others].sum(), P[i, others] / P[i, others].sum()
        )
        assert np.array_equal(np.delete(Q, i, 0), np.delete(P, i, 0))
        assert Q[i].sum() == pytest.approx(1)
    assert text.click(P, 0.5, 4.02)[0, 0] == text.click(P, 0.5, 4.16)[0, 0] == 0
    assert text.click(P, 0.5, 4.85)[0].tolist() == [1, 0, 0, 0, 0]
    assert text.click(P, 0.5, 4.99)[0].tolist() == [1, 0, 0, 0, 0]
    two = np.array([[1.0, 0.0], [0.5, 0.5]])
    assert text.click(two, 0.5, 1.0)[0].tolist() == [0, 1]  # it cannot stay: it moves on
    assert text.click(two, 0.5, 1.5)[0] == pytest.approx([0.5, 0.5])
    gone = text.set_probability(np.array([[0.0, 1.0], [0.5, 0.5]]), 0, 1, 0.25)
    assert gone[0].tolist() == [0.75, 0.25]  # what nobody shares stays where it is
    for x, y in ((-0.1, 1), (1, 2.1), (np.nan, 1), (np.inf, 1)):
        with pytest.raises(ValueError, match="outside the matrix"):
            text.click(two, x, y)
    with pytest.raises(ValueError, match="no entry"):
        text.set_probability(two, 0, 2, 0.5)


@ALL
def test_named_chains_are_chains_and_their_texts_give_them_back(name):
    P = named.load(name, rows="").P
    assert 2 <= len(P) <= text.MOST
    np.testing.assert_allclose(text.parse_chain(text.format_chain(P)), P, rtol=0, atol=1e-12)


def test_named_chains_are_what_their_names_say():
    """Mutants: accepted with the ratio upside down; damping on the wrong side; a bridge of 0."""
    pi = chain.stationary(CHAINS["Metropolis"].P)[0]
    np.testing.assert_allclose(pi, [0.1, 0.2, 0.4, 0.2, 0.1], atol=1e-15)
    assert chain.is_reversible(CHAINS["Metropolis"].P, pi)
    graph = nx.DiGraph([(a, b) for a, to in zip("ABCDE", ["E", "A", "AB", "AB", "AB"], strict=True)
                        for b in to])  # fmt: skip
    rank = nx.pagerank(graph, alpha=0.85, tol=1e-14, max_iter=1000)
    pages = chain.stationary(CHAINS["five pages"].P)[0]
    np.testing.assert_allclose(pages, [rank[a] for a in "ABCDE"], atol=1e-12)
    assert chain.classes(CHAINS["ring of 6"].P)[0].period == 2
    assert chain.classes(CHAINS["lazy ring of 6"].P)[0].period == 1
    assert [c.recurrent for c in chain.classes(CHAINS["two classes"].P)] == [False, True, True]
    assert 0.98 < 1 - chain.spectral_gap(CHAINS["two islands"].P) < 1
    with pytest.raises(ValueError, match="choose one of"):
        named.load("nobody", rows="")
    with pytest.raises(ValueError, match="no state F; start in one of A to B"):
        named.start("F", 2)
    assert named.start("uniform", 4).tolist() == [0.25] * 4
    assert named.start("B", 3).tolist() == [0, 1, 0]


# ---------------------------------------------------------------- where it ends


@several
@given(chains)
def test_ends_solve_their_linear_equations(P):
    """Mutants: the way back to i counted as leaving; the time of a visit lost; classes mixed up."""
    e, n = settle.ends(P), len(P)
    out = np.array([not e.classes[k].recurrent for k in e.label])
    np.testing.assert_allclose(e.absorbed.sum(1), 1)
    np.testing.assert_allclose(P @ e.absorbed, e.absorbed, atol=1e-12)  # harmonic
    np.testing.assert_allclose(e.steps, np.where(out, 1 + P @ e.steps, 0), rtol=1e-9)
    inside = [c for c in e.classes if c.recurrent]
    for k, c in enumerate(inside):
        assert (e.absorbed[list(c.states), k] == 1).all()
    if out.any():
        visits = np.linalg.inv(np.eye(out.sum()) - P[np.ix_(out, out)])
        np.testing.assert_allclose(e.returns[out], 1 - 1 / np.diag(visits), atol=1e-9)
    assert (e.returns[~out] == 1).all()
    labels = {frozenset(c.states) for c in e.classes}
    found = nx.strongly_connected_components(nx.from_numpy_array(P, create_using=nx.DiGraph))
    assert labels == {frozenset(c) for c in found}
    limit = settle.long_run(P, np.eye(n)[0])
    np.testing.assert_allclose(limit @ P, limit, atol=1e-12)


@several
@given(chains, st.integers(0, 5))
def test_the_long_run_is_the_average_over_time(P, first):
    """Mutants: the mixture of classes in equal parts; a limit taken at an even time.

    The average comes from a matrix: sums of powers, doubled 30 times, lazily convergent as 1 / t.
    """
    n = len(P)
    pi = np.eye(n)[first % n]
    power, total = P.copy(), np.eye(n)
    for _ in range(30):  # total = (I + ... + P^(t-1)) / t, t = 2^k
        total = (total + power @ total) / 2
        power = power @ power
        power /= power.sum(1, keepdims=True)
    np.testing.assert_allclose(pi @ total, settle.long_run(P, pi), atol=1e-4)
    later = [pi @ power @ np.linalg.matrix_power(P, k) for k in range(60)]
    swing = np.ptp(later, axis=0).max()  # 60 is a multiple of every period up to 6
    assert settle.settles(P, pi) == (swing < 1e-9)


def test_a_start_that_is_shared_out_settles_in_spite_of_a_period():
    """Mutant: any period of any class says no."""
    ring = CHAINS["ring of 6"].P
    assert settle.settles(ring, np.full(6, 1 / 6))
    assert settle.settles(ring, [0.5, 0.5, 0, 0, 0, 0])
    assert not settle.settles(ring, np.eye(6)[0])
    assert settle.settles(CHAINS["two classes"].P, np.eye(6)[2])  # it never sees E and F
    assert not settle.settles(CHAINS["two classes"].P, np.eye(6)[0])
    slow = text.parse_chain(", ".join(["1 4e-9 0 0", "1 0 4e-9 0", "1 0 0 4e-9", "0 0 0 1"]))
    assert settle.settles(slow, [1, 0, 0, 0])  # in the last state, after 10^25 steps


def test_the_gambler_agrees_with_the_closed_forms():
    """h(i) = i / N and k(i) = i (N - i) for a fair game; ratios (q/p)^i for another."""
    e = settle.ends(CHAINS["gambler's ruin"].P)
    i = np.arange(6)
    np.testing.assert_allclose(e.absorbed[:, 1], i / 5, atol=1e-15)
    np.testing.assert_allclose(e.steps, i * (5 - i), atol=1e-13)
    r = 0.6 / 0.4
    unfair = settle.ends(named.ruin(6, win=0.4))
    np.testing.assert_allclose(unfair.absorbed[:, 1], (1 - r**i) / (1 - r**5), atol=1e-15)


def test_tiny_probabilities_keep_their_digits():
    """Mutant: (I - Q)^-1, which is singular to rounding here. Against exact fractions."""
    words = ["1 4e-9 0 0 0 0", "1 1 4e-9 0 0 0", "1 0 1 4e-9 0 0", "1 0 0 1 4e-9 0",
             "1 0 0 0 1 4e-9", "0 0 0 0 0 1"]  # fmt: skip
    P = text.parse_chain(", ".join(words))
    exact = [[Fraction(w) for w in row.split()] for row in words]
    up = [row[i + 1] / sum(row) for i, row in enumerate(exact[:5])]
    stay = [row[i] / sum(row) if i else Fraction(0) for i, row in enumerate(exact[:5])]
    k = [Fraction(0)] * 6  # k_i - k_0 = a_i: k_i (1 - stay) = 1 + fall k_0 + up k_{i+1}
    # k_i = k_0 + a_i with a_0 = 0: a_{i+1} = (a_i (1 - stay_i) - 1) / up_i, and k_5 = 0
    a = [Fraction(0)]
    for i in range(5):
        a.append((a[i] * (1 - stay[i]) - 1) / up[i])
    k = [a_i - a[5] for a_i in a]
    np.testing.assert_allclose(settle.ends(P).steps, [float(v) for v in k], rtol=1e-12)
    t = forgetting.mixing_time(P[None], chain.stationary(P)[0])
    assert t[0] == pytest.approx(float(k[0]) * np.log(4), rel=1e-3)  # the last step is exponential


@pytest.mark.parametrize("name", ["five pages", "weather", "loops of 4 and 6", "two islands"])
def test_return_time_is_one_over_pi(name):
    """Kac. The mean comes from first returns: P(first back at t), added until nothing is left.

    Mutants: pi itself; the shortest return.
    """
    P = CHAINS[name].P
    times = settle.ends(P).return_time
    for i in range(len(P)):
        away = P.copy()
        away[:, i] = 0  # steps that do not come back
        now, mean = P[i].copy(), 0.0
        for t in range(1, 30_000):
            mean += t * now[i]
            now[i] = 0
            now = now @ P
            if now.sum() < 1e-15:
                break
        assert mean == pytest.approx(times[i], rel=1e-9)


# ---------------------------------------------------------------- times of return


def test_the_period_is_a_gcd_and_no_shortest_return():
    """Every walk of up to 12 steps is written down. Mutants: the first return for the period; a
    return at time 0 counted."""
    r = returns.returns(CHAINS["loops of 4 and 6"], n_steps=12)
    step = r.chain.P > 0
    walks = [[0]]
    for t in range(1, 13):
        walks = [[*w, j] for w in walks for j in np.flatnonzero(step[w[-1]])]
        assert r.back[t, 0] == any(w[-1] == 0 for w in walks)
    assert np.flatnonzero(r.back[:, 0]).tolist() == [4, 6, 8, 10, 12]
    assert r.gcd[:, 0].tolist() == [0, 0, 0, 0, 4, 4, 2, 2, 2, 2, 2, 2, 2]
    assert r.ends.classes[0].period == 2


@several
@given(chains)
def test_powers_and_returns(P):
    """Mutants: P^(t+1); P^t > 0 decided on floats that became 0; one state's gcd for all."""
    r = returns.returns(Named(P, "random"), n_steps=40)
    for t in (0, 1, 7, 40):
        np.testing.assert_allclose(r.power[t], np.linalg.matrix_power(P, t), atol=1e-12)
    for c in r.ends.classes:
        for i in c.states:
            assert r.gcd[-1, i] == c.period  # 40 steps are enough for 6 states
    if len(r.ends.classes) == 1:
        graph = nx.from_numpy_array(P, create_using=nx.DiGraph)
        assert nx.is_aperiodic(graph) == (r.ends.classes[0].period == 1)
    tiny = np.array([[1, 1e-200, 0], [0, 1, 1e-200], [1, 0, 0]])
    assert returns.possible(tiny, 2)[2, 0, 2]  # 1e-400 is 0 as a float
    assert not returns.possible(tiny, 2)[1, 0, 2]


# ---------------------------------------------------------------- backwards


@several
@given(chains)
def test_the_reversed_chain_shows_the_film_backwards(P):
    """Mutants: P transposed without pi; pi that moves with s; the middle not reversible."""
    u = reversal.turned(Named(P, "random"), start="A")
    pi = u.pi
    np.testing.assert_allclose(u.flow.sum(2), np.broadcast_to(pi, (len(u.s), len(pi))), atol=1e-12)
    np.testing.assert_allclose(u.flow.sum(1), np.broadcast_to(pi, (len(u.s), len(pi))), atol=1e-12)
    np.testing.assert_allclose(u.flow[0], pi[:, None] * P, atol=1e-13)
    np.testing.assert_allclose(u.flow[-1], u.flow[0].T, atol=1e-12)
    middle = u.flow[len(u.s) // 2]
    np.testing.assert_allclose(middle, middle.T, atol=1e-12)
    assert u.s[len(u.s) // 2] == 0.5
    net = u.flow - u.flow.transpose(0, 2, 1)
    np.testing.assert_allclose(net, (1 - 2 * u.s)[:, None, None] * net[0], atol=1e-12)
    assert u.entropy[len(u.s) // 2] == pytest.approx(0, abs=1e-12)


@several
@given(chains)
def test_kolmogorov_agrees_with_detailed_balance(P):
    """Against all simple cycles, written down by networkx. Mutants: cycles of a tree missed; one
    direction only; arrows that are never undone forgotten."""
    if len(chain.classes(P)) > 1:
        P = 0.9 * P + 0.1 / len(P)
    pi = chain.stationary(P)[0]
    for Q in (P, 0.5 * (P + reversal.reverse(P, pi))):
        Q = Q / Q.sum(1, keepdims=True)
        cycle = reversal.one_way_cycle(Q)
        unlike = 0.0
        for way in nx.simple_cycles(nx.from_numpy_array(Q, create_using=nx.DiGraph)):
            here, there = np.array(way), np.roll(way, -1)
            forward, backward = Q[here, there].prod(), Q[there, here].prod()
            unlike = max(unlike, abs(np.log(forward / backward)) if backward > 0 else np.inf)
        assert (cycle is None) == (unlike < 1e-8)
        if cycle is not None:
            here, there = np.array(cycle.states), np.roll(cycle.states, -1)
            assert len(set(cycle.states)) == len(cycle.states) >= 3
            assert cycle.forward == pytest.approx(Q[here, there].prod())
            assert cycle.backward == pytest.approx(Q[there, here].prod())
            assert cycle.forward > 0
            assert not chain.is_reversible(Q, chain.stationary(Q)[0], atol=1e-15)


def test_a_reversible_part_beside_another_is_searched_too():
    """Mutant: only the component of state 0 is looked at."""
    turning = 0.2 * np.eye(3) + 0.5 * np.roll(np.eye(3), 1, 1) + 0.3 * np.roll(np.eye(3), -1, 1)
    P = np.kron(np.diag([1.0, 0]), np.full((3, 3), 1 / 3)) + np.kron(np.diag([0, 1.0]), turning)
    cycle = reversal.one_way_cycle(P)
    assert cycle is not None
    assert sorted(cycle.states) == [3, 4, 5]
    assert sorted([cycle.forward, cycle.backward]) == pytest.approx([0.027, 0.125])


def test_entropy_production_is_the_divergence_between_film_and_reversed_film():
    """By enumeration of all paths of three steps: KL = 3 sigma. Mutants: a factor of 2; pi left
    out; the divergence the wrong way round (they agree at s and 1 - s, not path by path)."""
    P = CHAINS["one way round"].P
    u = reversal.turned(CHAINS["one way round"], start="A")
    pi, kl = u.pi, 0.0
    for way in product(range(4), repeat=4):
        there = pi[way[0]] * np.prod([P[a, b] for a, b in pairwise(way)])
        back = pi[way[-1]] * np.prod([P[b, a] for a, b in pairwise(way)])
        kl += there * np.log(there / back) if there > 0 else 0
    assert u.entropy[0] == pytest.approx(kl / 3)
    assert u.entropy[0] == pytest.approx(0.4 * np.log(3))
    np.testing.assert_allclose(u.entropy, u.entropy[::-1], atol=1e-12)
    assert np.isinf(reversal.turned(CHAINS["loops of 4 and 6"], start="A").entropy[[0, -1]]).all()
    assert reversal.turned(CHAINS["weather"], start="A").entropy == pytest.approx(0, abs=1e-12)


# ---------------------------------------------------------------- forgetting


@several
@given(chains)
def test_distances_and_their_bounds(P):
    """Mutants: the best start for the worst; a bound without its floor, or of d(k + 1); d without
    its half; the spectral bound drawn for a chain that is not reversible."""
    f = forgetting.forgetting(Named(P, "random"), n_steps=25, frames=5)
    for k, a in enumerate(f.lazy):
        Q = (1 - a) * P + a * np.eye(len(P))
        for t in (0, 1, 9, 25):
            rows = np.linalg.matrix_power(Q, t)
            apart = max(0.5 * np.abs(x - y).sum() for x in rows for y in rows)
            assert f.dd[k, t] == pytest.approx(apart, abs=1e-12)
            if f.unique:
                far = max(0.5 * np.abs(x - chain.stationary(P)[0]).sum() for x in rows)
                assert f.d[k, t] == pytest.approx(far, abs=1e-12)
        assert (f.dd[k] <= f.dobrushin[k] + 1e-12).all()
        assert (f.block[k] == 0) == (f.dd[k] > 1 - 1e-12).all()
    assert np.isnan(f.d).all() == (not f.unique)
    if f.unique:
        assert (f.d <= f.dd + 1e-12).all()
        assert (f.dd <= 2 * f.d + 1e-12).all()
    assert f.reversible == (f.irreducible and np.isfinite(f.spectral).all())
    if f.reversible:
        assert (f.d <= f.spectral + 1e-12).all()
    block = forgetting.dobrushin(f.dd[0], 2)
    np.testing.assert_allclose(block[:6], f.dd[0, 2] ** np.array([0, 0, 1, 1, 2, 2]))


@several
@given(chains)
def test_mixing_time_agrees_with_a_step_by_step_search(P):
    """Mutants: one step too few or too many; squares of the wrong order; "never" for slow."""
    pis = chain.stationary(P)
    if len(pis) > 1:
        return
    Ps = forgetting.lazily(P, np.array([0.0, 0.3, 0.9]))
    found = forgetting.mixing_time(Ps, pis[0])
    for Q, t in zip(Ps, found, strict=True):
        now, steps = np.eye(len(P)), 0
        while 0.5 * np.abs(now - pis[0]).sum(1).max() > 0.25 + 1e-12 and steps < 3000:
            now, steps = now @ Q, steps + 1
        assert t == steps or (steps == 3000 and t > 3000)


def test_never_is_said_of_those_that_never_mix_only():
    """Mutants: a search that ends after a million steps; periodic chains that mix by rounding."""
    slow = text.parse_chain("1000000 1, 1 1000000")
    f = forgetting.forgetting(Named(slow, "slow"), n_steps=10)
    # d(t) = (1 - 2 e)^t / 2 with e = 1 / 1,000,001: 1/4 is reached at log 2 / (2 e)
    assert f.mixing[0] == pytest.approx(np.log(2) / 2 * 1_000_001, abs=1.5)
    for name in ("ring of 6", "loops of 4 and 6"):
        f = forgetting.forgetting(CHAINS[name], n_steps=10)
        assert np.isinf(f.mixing[0])
        assert np.isfinite(f.mixing[1:]).all()
        assert f.period == 2
    two = text.parse_chain("0 0.5 0.5, 1 0 0, 1 0 0")
    assert np.isinf(forgetting.mixing_time(two[None], chain.stationary(two)[0]))[0]


@ALL
def test_laziness_moves_the_eigenvalues_on_a_line(name):
    """Mutants: a lambda + (1 - a); the gap from the real part only."""
    P = CHAINS[name].P
    f = forgetting.forgetting(CHAINS[name], n_steps=10)
    for k in (0, 8, 20, 38):
        Q = (1 - f.lazy[k]) * P + f.lazy[k] * np.eye(len(P))
        # the characteristic polynomial is far less sensitive than a defective eigenvalue
        np.testing.assert_allclose(np.poly(f.values[k]), np.poly(Q), atol=1e-12)
        second = np.sort(np.abs(np.linalg.eigvals(Q)))[-2]
        assert f.gap[k] == pytest.approx(1 - second, abs=1e-6)
    ring = forgetting.forgetting(CHAINS["ring of 6"], n_steps=10)
    assert ring.lazy[np.argmax(ring.gap)] == pytest.approx(0.2)  # the exercise
    assert ring.gap.max() == pytest.approx(0.4)


# ---------------------------------------------------------------- walkers


@ALL
def test_walkers_stand_beside_the_exact_distribution(name):
    """Mutants: the error without its root; with the share seen instead of the exact one; steps
    lost. Beyond 6 standard deviations somewhere: probability below 1e-6."""
    w = walked.walked(CHAINS[name], start="uniform", n_walkers=2000, n_steps=30,
                      rng=np.random.default_rng(3))  # fmt: skip
    P = CHAINS[name].P
    for t in (0, 1, 30):
        exact = np.full(len(P), 1 / len(P)) @ np.linalg.matrix_power(P, t)
        np.testing.assert_allclose(w.exact[t], exact, atol=1e-13)
    np.testing.assert_allclose(w.error**2 * 2000, w.exact * (1 - w.exact), atol=1e-12)
    assert (np.abs(w.seen - w.exact) <= 6 * w.error + 1e-12).all()
    for t in (0, 7):
        assert w.seen[t].tolist() == [(w.path[t] == i).mean() for i in range(len(P))]
    np.testing.assert_allclose(w.distance, 0.5 * np.abs(w.exact - w.long_run).sum(1))
    assert w.unique == (len(chain.stationary(P)) == 1)


def test_the_error_bars_are_honest():
    """Over 400 crowds the deviation of a share is the one that is drawn. Its own relative error is
    1 / sqrt(2 * 400) = 3.5 %: four of them are allowed."""
    rng = np.random.default_rng(8)
    runs = [walked.walked(CHAINS["five pages"], start="C", n_walkers=50, n_steps=5, rng=rng)
            for _ in range(400)]  # fmt: skip
    spread = np.std([w.seen[5, 0] for w in runs], ddof=1)
    assert spread == pytest.approx(runs[0].error[5, 0], rel=0.14)
    with pytest.raises(ValueError, match="n_walkers"):
        walked.walked(CHAINS["weather"], start="A", n_walkers=0, n_steps=5, rng=rng)
