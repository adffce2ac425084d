"""Finite Markov chains against linear algebra, enumeration and simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dgmlib.markov import chain, walkers

CYCLE = np.roll(np.eye(4), 1, axis=1)
MIXED = np.array([[0.5, 0.5, 0, 0], [0.2, 0.8, 0, 0], [0.1, 0.2, 0.3, 0.4], [0, 0, 0, 1.0]])


def random_chain(seed: int, n: int, sparsity: float) -> np.ndarray:
    """A chain with some arrows missing; every row keeps at least one."""
    rng = np.random.default_rng(seed)
    w = rng.random((n, n)) * (rng.random((n, n)) > sparsity)
    w[np.arange(n), rng.integers(0, n, n)] += 0.1
    return w / w.sum(1, keepdims=True)


@settings(deadline=None, max_examples=60)  # a busy machine is not a failure
@given(st.integers(0, 10_000), st.integers(1, 6), st.floats(0, 0.9))
def test_classes_periods_and_stationary_distributions(seed: int, n: int, sparsity: float) -> None:
    """Mutants: weak for strong components; recurrent where leaving is possible; a period from
    shortest returns only; the transposed matrix. Against powers of the reachability matrix."""
    P = random_chain(seed, n, sparsity)
    reach = [np.linalg.matrix_power((P > 0).astype(float), t) > 0 for t in range(3 * n * n + 2)]
    ever = np.any(reach, axis=0)  # t = 0 counts: every state reaches itself
    for c in chain.classes(P):
        i = c.states[0]
        together = [j for j in range(n) if ever[i, j] and ever[j, i]]
        assert list(c.states) == together
        assert c.recurrent == all(ever[j, i] for j in range(n) if ever[i, j])
        returns = [t for t in range(1, len(reach)) if reach[t][i, i]]
        assert c.period == (np.gcd.reduce(returns) if returns else 0)
    pis = chain.stationary(P)
    assert len(pis) == sum(c.recurrent for c in chain.classes(P)) >= 1
    for pi in pis:
        assert pi.sum() == pytest.approx(1, abs=1e-14)
        assert (pi >= 0).all()
        np.testing.assert_allclose(pi @ P, pi, rtol=0, atol=1e-13)
    if len(pis) == 1:  # the average over time converges even when the chain has a period
        average = chain.evolve(np.eye(n)[0], P, 4000)[2000:].mean(0)
        assert np.abs(average - pis[0]).max() < 0.05


def test_the_corrected_definitions() -> None:
    """Irreducible is not aperiodic: the cycle has one stationary distribution and no limit."""
    assert chain.is_irreducible(CYCLE)
    assert chain.classes(CYCLE)[0].period == 4
    np.testing.assert_allclose(chain.stationary(CYCLE), [[0.25] * 4])
    assert chain.spectral_gap(CYCLE) < 1e-12
    path = chain.evolve([1, 0, 0, 0], CYCLE, 40)
    assert (chain.distance(path, [0.25] * 4) == 0.75).all()
    assert [c.recurrent for c in chain.classes(MIXED)] == [True, False, True]
    assert len(chain.stationary(MIXED)) == 2


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_reversible_chains_keep_the_spectral_bound(seed: int, n: int) -> None:
    """Mutants: the gap for the second eigenvalue; the bound without its constant; detailed
    balance without pi."""
    w = np.random.default_rng(seed).random((n, n))
    w = w + w.T
    P, pi = w / w.sum(1, keepdims=True), w.sum(1) / w.sum()
    np.testing.assert_allclose(chain.stationary(P)[0], pi, rtol=0, atol=1e-13)
    assert chain.is_reversible(P, pi)
    bound = chain.spectral_bound(P, pi, 12)
    worst = np.max([chain.distance(chain.evolve(np.eye(n)[i], P, 12), pi) for i in range(n)], 0)
    assert (worst <= bound + 1e-14).all()
    rates = worst[1:8] / np.maximum(worst[:7], 1e-300)
    if worst[7] > 1e-6:  # far enough from rounding: the distance falls at the second eigenvalue
        assert rates[-1] <= 1 - chain.spectral_gap(P) + 0.35
    assert chain.flow(P, pi).sum() == pytest.approx(1)


def test_a_turning_chain_is_not_reversible() -> None:
    P = 0.5 * np.eye(3) + 0.5 * np.roll(np.eye(3), 1, axis=1)
    pi = chain.stationary(P)[0]
    assert not chain.is_reversible(P, pi)
    np.testing.assert_allclose(chain.net_flow(P, pi).sum(1), 0, atol=1e-15)
    with pytest.raises(ValueError, match="reversible chains"):
        chain.spectral_bound(P, pi, 3)


def test_walkers_follow_the_exact_distributions() -> None:
    """Mutants: rows and columns exchanged; one uniform shared by all walkers; the first step lost.
    Chi-squared of 20,000 walkers at every time: beyond 40 with 3 degrees has probability 1e-8."""
    rng = np.random.default_rng(5)
    for P in (MIXED, random_chain(3, 4, 0.2)):
        path = walkers.walk(P, np.full(20_000, 2), 6, rng=rng)
        exact = chain.evolve(np.eye(4)[2], P, 6)
        seen = walkers.frequencies(path, 4)
        assert (seen[exact == 0] == 0).all()
        safe = np.where(exact > 0, exact, 1)
        assert (((seen - exact) ** 2 / safe).sum(1) * 20_000 < 40).all()


@pytest.mark.parametrize(
    ("P", "words"),
    [
        ([[0.5, 0.4], [0.5, 0.5]], "row 0 must hold probabilities"),
        ([[1.0, 0.0]], "is square"),
        ([[1.5, -0.5], [0, 1]], "row 0"),
        ([[float("nan"), 1], [0, 1]], "row 0"),
    ],
)
def test_what_is_no_chain_is_refused(P: list, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        chain.check(P)
    with pytest.raises(ValueError, match="sum to 1"):
        chain.evolve([0.5, 0.6], np.eye(2), 1)
