"""Entropies of a joint table and InfoGAN's bound: enumeration and the laws of information."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dgmlib.divergences import information, tables

bounded = settings(max_examples=60, deadline=None, derandomize=True)


@st.composite
def joints(draw: st.DrawFn) -> np.ndarray:
    n, m = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    counts = draw(st.lists(st.integers(0, 5), min_size=n * m, max_size=n * m).filter(any))
    p = np.array(counts, dtype=float).reshape(n, m)
    return p / p.sum()


@bounded
@given(joints())
def test_by_enumeration(p):
    """Cell by cell, in Python. Kills: rows for columns; H(X,Y) for H(X|Y), the slip in the notes;
    the mean over y of H(X, Y = y); 0 log 0 as nan.
    """
    i = information.information(p)
    n, m = p.shape
    p_x, p_y = [sum(row) for row in p], [sum(p[:, y]) for y in range(m)]
    cells = [(x, y) for x in range(n) for y in range(m) if p[x, y] > 0]
    given = -sum(p[x, y] * math.log(p[x, y] / p_y[y]) for x, y in cells)
    back = -sum(p[x, y] * math.log(p[x, y] / p_x[x]) for x, y in cells)
    mutual = sum(p[x, y] * math.log(p[x, y] / (p_x[x] * p_y[y])) for x, y in cells)
    assert i.x == pytest.approx(-sum(v * math.log(v) for v in p_x if v > 0), abs=1e-14)
    assert i.y == pytest.approx(-sum(v * math.log(v) for v in p_y if v > 0), abs=1e-14)
    assert i.joint == pytest.approx(-sum(p[c] * math.log(p[c]) for c in cells), abs=1e-14)
    assert i.x_given_y == pytest.approx(given, abs=1e-14)
    assert i.y_given_x == pytest.approx(back, abs=1e-14)
    assert i.mutual == pytest.approx([mutual] * 4, abs=1e-13)


@bounded
@given(joints())
def test_laws(p):
    """Chain rule, conditioning never adds, symmetry. Kills: a conditional entropy above H(X,Y)'s
    part; I of the transpose in another order.
    """
    i, turned = information.information(p), information.information(p.T)
    assert i.joint == pytest.approx(i.y + i.x_given_y, abs=1e-13)
    assert i.joint == pytest.approx(i.x + i.y_given_x, abs=1e-13)
    assert -1e-15 <= i.x_given_y <= i.x + 1e-13
    assert np.all(i.mutual >= -1e-13)
    assert np.all(i.mutual <= min(i.x, i.y) + 1e-13)
    assert turned.x_given_y == i.y_given_x
    assert turned.mutual[[1, 0, 2, 3]] == pytest.approx(i.mutual, abs=1e-14)


def test_the_slip_and_the_correct_form():
    """Two fair coins, one seen: H(X|Y) is log 2 where H(X,Y) is log 4; of a copy it is 0.

    Kills: E_Y[H(X,Y)], which is H(X,Y) for both.
    """
    free = information.information(np.full((2, 2), 0.25))
    copy = information.information(np.eye(2) / 2)
    assert free.x_given_y == pytest.approx(math.log(2), abs=1e-15)
    assert free.joint == pytest.approx(math.log(4), abs=1e-15)
    assert free.mutual == pytest.approx([0] * 4, abs=1e-15)
    assert copy.x_given_y == 0
    assert copy.mutual == pytest.approx([math.log(2)] * 4, abs=1e-15)


def test_a_channel_with_noise():
    """A bit flipped with probability e carries log 2 - H(e); and a batch is a batch.

    Kills: axes of a batch summed over.
    """
    e = np.array([0.0, 0.1, 0.25, 0.5])
    p = 0.5 * np.stack([np.stack([1 - e, e], -1), np.stack([e, 1 - e], -1)], -2)  # (4, 2, 2)
    truth = math.log(2) - tables.entropy(np.stack([e, 1 - e], -1))
    i = information.information(p)
    assert i.mutual == pytest.approx(np.repeat(truth[:, None], 4, 1), abs=1e-15)
    assert i.x.shape == (4,)
    b = information.infogan_bound(p, information.conditional(p))
    assert b.value == pytest.approx(truth, abs=1e-15)


@bounded
@given(joints(), st.integers(0, 10**6))
def test_infogans_bound(p, seed):
    """Below I(c;x) by the mean KL to the posterior, tight there, and I at most H(c).

    Kills: H(c) forgotten; H(x) for it; the KL of q to the posterior; q(x|c) for q(c|x).
    """
    q = np.random.default_rng(seed).dirichlet(np.ones(p.shape[1]), size=len(p))
    b, i = information.infogan_bound(p, q), information.information(p)
    cells = [(x, c) for x in range(len(p)) for c in range(p.shape[1]) if p[x, c] > 0]
    value = sum(p[x, c] * math.log(q[x, c]) for x, c in cells)
    assert b.value == pytest.approx(value + float(i.y), rel=1e-12, abs=1e-12)
    assert b.mutual == pytest.approx(i.mutual[3], abs=1e-13)
    assert b.entropy == i.y
    assert b.value + b.gap == pytest.approx(float(b.mutual), rel=1e-12, abs=1e-12)
    assert b.gap >= 0
    assert b.value <= b.mutual + 1e-12
    assert b.mutual <= b.entropy + 1e-13
    tight = information.infogan_bound(p, information.conditional(p))
    assert tight.value == pytest.approx(float(b.mutual), abs=1e-13)
    assert tight.gap == pytest.approx(0, abs=1e-15)


def test_many_guesses_of_one_table():
    """One joint, five readers: every field has one entry a reader, each as if asked alone.

    Mutant: I and H(c) without the axis of the readers."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(6)).reshape(3, 2)
    q = rng.dirichlet(np.ones(2), size=(5, 3))
    together = information.infogan_bound(p, q)
    alone = [information.infogan_bound(p, one) for one in q]
    for name in information.Bound._fields:
        assert getattr(together, name).shape == (5,)
        np.testing.assert_array_equal(getattr(together, name), [getattr(b, name) for b in alone])


def test_a_ruled_out_truth_costs_everything():
    """Kills: 0 times minus infinity as nan, or as nothing; a row without mass that counts."""
    p = np.array([[0.5, 0.0], [0.0, 0.5], [0.0, 0.0]])
    q = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    b = information.infogan_bound(p, q)
    assert b.value == -math.inf
    assert b.gap == math.inf
    q[1] = [0.0, 1.0]
    assert information.infogan_bound(p, q).value == pytest.approx(math.log(2), abs=1e-15)
    assert information.conditional(p)[2].tolist() == [0.5, 0.5]


def test_nonsense_is_refused():
    for bad, match in (
        ([0.5, 0.5], "two axes"),
        (np.zeros((0, 2)), "two axes"),
        ([[0.5, 0.6]], "divide it by its sum"),
        ([[1.5, -0.5]], "not negative"),
        ([[np.nan, 1.0]], "finite"),
    ):
        with pytest.raises(ValueError, match=match):
            information.information(bad)
    for rows in ([[0.5], [0.5]], [[0.5, 0.5], [0.5, 0.5]]):
        with pytest.raises(ValueError, match="a row per x"):
            information.infogan_bound([[0.5, 0.5]], rows)
    with pytest.raises(ValueError, match="sum to 1"):
        information.infogan_bound([[0.5, 0.5]], [[0.5, 0.4]])
