"""Exact and sliced optimal transport: enumeration, POT, SciPy, and the laws of a distance."""

import itertools
import os
import subprocess
import sys
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dgmlib.divergences import sliced, transport, wasserstein

ot = transport._pot()
bounded = settings(max_examples=40, deadline=None, derandomize=True)
SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4), st.integers(0, 10**6))


def _clouds(n: int, m: int, d: int, seed: int):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, d)), 0.5 + rng.normal(size=(m, d))
    return x, y, rng.random(n) + 0.01, rng.random(m) + 0.01


# Exact


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("d", [1, 2, 5])
def test_equal_clouds_by_all_permutations(order, d):
    """An optimal plan of n equal points against n is a permutation: 720 of them, tried.

    Kills: no root, or a root of W_1; squared distances for order 1; costs of sorted coordinates.
    """
    x, y, _, _ = _clouds(6, 6, d, 3)
    cost = np.linalg.norm(x[:, None] - y, axis=-1) ** order
    least = min(cost[range(6), list(s)].mean() for s in itertools.permutations(range(6)))
    found = transport.wasserstein(x, y, order=order)
    assert found.value == pytest.approx(least ** (1 / order), rel=1e-13)
    assert sorted(found.target.tolist()) == list(range(6))


@bounded
@given(SHAPES, st.sampled_from([1, 2]))
def test_the_plan_ships_the_masses_and_pays_the_value(shape, order):
    """And POT finds the same cost. Kills: source and target exchanged; weights not divided by
    their sum; the plan of unweighted points; an error that is negative or loose.
    """
    x, y, a, b = _clouds(*shape)
    value, error, source, target, mass = transport.wasserstein(
        x, y, order=order, x_weight=7 * a, y_weight=b
    )
    a, b = a / a.sum(), b / b.sum()
    assert np.bincount(source, mass, len(x)) == pytest.approx(a, abs=1e-14)
    assert np.bincount(target, mass, len(y)) == pytest.approx(b, abs=1e-14)
    assert np.all(mass > 0)
    assert len(mass) <= len(x) + len(y) - 1
    cost = np.linalg.norm(x[source] - y[target], axis=1) ** order
    assert value**order == pytest.approx(mass @ cost, rel=1e-12)
    theirs = ot.emd2(a, b, np.linalg.norm(x[:, None] - y, axis=-1) ** order)
    assert value**order == pytest.approx(theirs, rel=1e-10)
    assert 0 <= error < 1e-12


@bounded
@given(SHAPES, st.sampled_from([1, 2]))
def test_laws_of_a_distance(shape, order):
    """Kills: an asymmetric cost; W^p in place of W; a distance that forgets dimensions."""
    x, y, a, b = _clouds(*shape)
    rng = np.random.default_rng(shape[-1])

    def w(x, a, y, b):
        return transport.wasserstein(x, y, order=order, x_weight=a, y_weight=b).value

    t = rng.normal(size=x.shape[1])
    far = w(x, a, y, b)
    assert w(x + t, a, x, a) == pytest.approx(np.linalg.norm(t), rel=1e-10)
    assert w(y, b, x, a) == pytest.approx(far, rel=1e-12)
    assert w(-3 * x, a, -3 * y, b) == pytest.approx(3 * far, rel=1e-12)
    assert w(x + 100 * t, a, y + 100 * t, b) == pytest.approx(far, rel=1e-10)
    z, c = rng.normal(size=(4, x.shape[1])), rng.random(4)
    assert far <= w(x, a, z, c) + w(z, c, y, b) + 1e-12
    assert w(x, a, x, a) == pytest.approx(0, abs=1e-12)
    one, two = (transport.wasserstein(x, y, order=p, x_weight=a, y_weight=b).value for p in (1, 2))
    assert one <= two + 1e-12  # Jensen


@pytest.mark.parametrize("unit", [1e-150, 1e-9, 1e9, 1e150])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("d", [1, 2])
def test_any_unit_of_length(unit, order, d):
    """Kills: tolerances of order 1 in other units (everything below 1e-9 counted as reached)."""
    x, y, a, b = _clouds(8, 6, d, 1)
    plain = transport.wasserstein(x, y, order=order, x_weight=a, y_weight=b).value
    there = transport.wasserstein(unit * x, unit * y, order=order, x_weight=a, y_weight=b).value
    assert there == pytest.approx(unit * plain, rel=1e-9, abs=0)


@pytest.mark.parametrize("d", [1, 2])
def test_a_point_without_mass_is_not_there(d):
    """Kills: indices into the points that are left; a far weightless point in the dual bound."""
    x, y, a, b = _clouds(5, 4, d, 2)
    plain = transport.wasserstein(x, y, x_weight=a, y_weight=b)
    more = transport.wasserstein(
        np.insert(x, 1, 1e3, axis=0), np.insert(y, 0, -1e3, axis=0),
        x_weight=np.insert(a, 1, 0), y_weight=np.insert(b, 0, 0),
    )  # fmt: skip
    assert more.value == pytest.approx(plain.value, rel=1e-12)
    assert more.error < 1e-12
    pairs = sorted(zip(plain.source, plain.target, strict=True))
    moved = sorted((i + (i > 0), j + 1) for i, j in pairs)
    assert sorted(zip(more.source, more.target, strict=True)) == moved


def test_the_error_does_not_believe_the_solver(monkeypatch):
    """A solver that gives up early is found out. Kills: primal minus primal; an infeasible dual."""
    x, y, a, b = _clouds(6, 5, 2, 4)
    truth = transport.wasserstein(x, y, x_weight=a, y_weight=b).value

    def lazy(a, b, cost, **_):
        return np.outer(a, b), {"v": 3 * np.sin(np.arange(len(b)))}

    monkeypatch.setattr(transport, "_pot", lambda: SimpleNamespace(emd=lazy))
    value, error, *_ = transport.wasserstein(x, y, x_weight=a, y_weight=b)
    assert value > 1.1 * truth
    assert value - error <= truth


def test_pot_does_not_bring_torch():
    """A page that draws a plan must not wait for torch. Kills: a plain ``import ot``; the switch
    left in the environment.
    """
    program = (
        "import os, sys\nbefore = dict(os.environ)\nimport numpy as np\n"
        "from dgmlib.divergences import transport\n"
        "assert 'ot' not in sys.modules\n"
        "transport.wasserstein(np.eye(2), np.ones((3, 2)))\n"
        "assert 'ot' in sys.modules and 'torch' not in sys.modules\n"
        "assert dict(os.environ) == before\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ}
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_pot_is_asked_without_backends_that_nobody_uses(tmp_path, monkeypatch):
    """A stand-in for POT tells what it found while it was imported.

    Kills: torch switched off for a program that has it already; a reader's own setting overruled,
    or taken away afterwards; a switch that stays.
    """
    names = "POT_BACKEND_DISABLE_PYTORCH", "POT_BACKEND_DISABLE_JAX"
    text = f"import os\nfound = [os.environ.get(name) for name in {names}]\n"
    (tmp_path / "ot.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    for own, torch, found in (
        ((None, None), False, ["1", "1"]),
        ((None, None), True, [None, "1"]),
        (("0", None), False, ["0", "1"]),
    ):
        for name, value in zip(names, own, strict=True):
            monkeypatch.delenv(name, raising=False)
            if value is not None:
                monkeypatch.setenv(name, value)
        for module in ("ot", "torch", "jax"):
            monkeypatch.delitem(sys.modules, module, raising=False)
        if torch:
            monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))
        assert transport._pot().found == found
        assert [os.environ.get(name) for name in names] == list(own)


# On the line


@bounded
@given(SHAPES, st.booleans(), st.booleans())
def test_the_line_is_scipys_and_the_planes(shape, weighted, ties):
    """Kills: weights left in the order of unsorted points; levels off by one; ties counted once;
    equal sizes assumed.
    """
    x, y, a, b = _clouds(*shape)
    x, y = x[:, 0], y[:, 0]
    if ties:
        x, y = np.round(x), np.round(y)
    u, v = (a, b) if weighted else (None, None)
    w1 = transport.line(x, y, x_weight=u, y_weight=v)
    assert w1 == pytest.approx(stats.wasserstein_distance(x, y, u, v), rel=1e-12, abs=1e-14)
    w2 = transport.line(x, y, order=2, x_weight=u, y_weight=v)
    theirs = wasserstein.w_samples(x, y, order=2, x_weight=u, y_weight=v)
    assert w2 == pytest.approx(theirs, rel=1e-7, abs=1e-7)  # of a root: of 1e-16 it is 1e-8
    for order, value in ((1, w1), (2, w2)):
        flat = np.zeros((2, max(len(x), len(y))))
        on_a_plane = transport.wasserstein(
            np.stack([x, flat[0, : len(x)]], 1), np.stack([y, flat[1, : len(y)]], 1),
            order=order, x_weight=u, y_weight=v,
        )  # fmt: skip
        assert value == pytest.approx(on_a_plane.value, rel=1e-7, abs=1e-7)


def test_equal_levels_end_no_empty_shipment():
    """0.1 + 0.2 and 0.3 differ by rounding. Kills: a pair of mass 1e-17 drawn as an arrow."""
    found = transport.wasserstein(
        np.arange(10.0)[:, None], np.arange(5.0)[:, None], x_weight=[1, 2] * 5
    )
    assert len(found.mass) <= 14
    assert found.mass.min() > 0.01
    assert found.mass.sum() == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize("order", [1, 2])
def test_a_small_mass_far_away_is_shipped(order):
    """A millionth that goes a million far is all there is to pay. Kills: small masses dropped."""
    x, y, a = np.array([[0.0], [1e6]]), np.array([[0.0]]), [1 - 1e-6, 1e-6]
    found = transport.wasserstein(x, y, order=order, x_weight=a)
    assert found.value**order == pytest.approx(1e-6 * 1e6**order, rel=1e-9)
    assert transport.line(x[:, 0], y[:, 0], order=order, x_weight=a) == pytest.approx(
        found.value, rel=1e-9
    )
    tiny = transport.wasserstein(x, y, order=order, x_weight=[1 - 1e-12, 1e-12])
    assert tiny.value**order == pytest.approx(1e-12 * 1e6**order, rel=1e-3)
    assert len(tiny.mass) == 2


@pytest.mark.parametrize("order", [1, 2])
def test_weights_on_one_side_alone(order):
    """Kills: the other side's mass n instead of 1; weights that are taken for both sides."""
    x, y, a, b = (v[:, 0] if v.ndim == 2 else v for v in _clouds(6, 4, 1, 8))
    equal = {"x": np.ones(6), "y": np.ones(4)}
    for side, w in (("x", a), ("y", b)):
        both = {f"{k}_weight": v for k, v in (equal | {side: w}).items()}
        one = transport.line(x, y, order=order, **cast(Any, {f"{side}_weight": w}))
        assert one == pytest.approx(transport.line(x, y, order=order, **cast(Any, both)), rel=1e-12)


def test_the_error_covers_rounding():
    """A shift by (3, 4) is 5 exactly, on the line one by 5. Kills: an error of primal minus dual
    alone, which is 0 where both are off by the same last digits; no error on the line.
    """
    rng = np.random.default_rng(0)
    for n in range(2, 30):
        x = rng.integers(-99, 99, (n, 2)).astype(float)
        for order in (1, 2):
            value, error, *_ = transport.wasserstein(x, x + np.array([3, 4]), order=order)
            assert value - error <= 5 <= value + error
            assert error < 1e-11
            a = rng.random(n)
            value, error, *_ = transport.wasserstein(
                x[:, :1], x[:, :1] + 5, order=order, x_weight=a, y_weight=a
            )
            assert value - error <= 5 <= value + error
            assert error < 1e-11


# Sliced


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n", "m"), [(40, 40), (40, 23), (1, 7)])
def test_the_same_directions_give_pots_number(order, weighted, n, m):
    """Kills: the mean of W instead of W^p; directions in columns; weights of one side for both."""
    x, y, a, b = _clouds(n, m, 3, 0)
    u = sliced.directions(30, 3, rng=np.random.default_rng(1))
    a, b = (a / a.sum(), b / b.sum()) if weighted else (None, None)
    ours = sliced.sliced(x, y, projections=u, order=order, x_weight=a, y_weight=b)
    theirs = ot.sliced_wasserstein_distance(x, y, a, b, projections=u.T, p=order)
    assert ours.value == pytest.approx(theirs, rel=1e-12)
    each = [transport.line(x @ w, y @ w, order=order, x_weight=a, y_weight=b) for w in u]
    assert ours.each == pytest.approx(each, rel=1e-12)
    assert ours.value <= transport.wasserstein(x, y, order=order, x_weight=a, y_weight=b).value


@pytest.mark.parametrize("order", [1, 2])
def test_the_standard_error_is_one(order):
    """Of a translation by t, SW_2 = |t| / sqrt(d) and SW_1 = |t| E|u_1|, which is |t| / 2 in space.

    Kills: the deviation of one direction for that of the mean; no chain rule through the root;
    directions from a cube.
    """
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, 3))
    t = np.array([3.0, 3.0, 3.0])  # along a diagonal, where a cube has too many directions
    truth = np.linalg.norm(t) * (0.5 if order == 1 else 1 / np.sqrt(3))
    runs = [sliced.sliced(x, x + t, n_proj=200, rng=rng, order=order) for _ in range(400)]
    z = np.array([(r.value - truth) / r.error for r in runs])
    assert abs(z.mean()) < 0.25  # 5 standard errors of a mean of 400
    assert 0.85 < z.std() < 1.15  # 4 of a standard deviation


def test_the_error_of_two_directions_by_hand():
    """Along x and along y the shift is 3 and 4. Kills: a deviation over L instead of L - 1; a
    distance of 0 that divides by itself.
    """
    x = np.random.default_rng(0).normal(size=(4, 2))
    y = x + np.array([3, 4])
    one, two = (sliced.sliced(x, y, projections=np.eye(2), order=p) for p in (1, 2))
    assert (one.value, one.error) == pytest.approx((3.5, 0.5), rel=1e-12)
    root = np.sqrt(12.5)  # of the mean of 9 and 16, whose error is 3.5
    assert (two.value, two.error) == pytest.approx((root, 3.5 / (2 * root)), rel=1e-12)
    assert two.each == pytest.approx([3, 4], rel=1e-12)
    assert sliced.sliced(x, x, projections=np.eye(2))[:2] == (0, 0)


def test_one_dimension_has_one_direction():
    """Kills: directions that are not of length 1; a standard error of 0 from one direction."""
    x, y, _, _ = _clouds(7, 5, 1, 0)
    found = sliced.sliced(x, y, n_proj=4, rng=np.random.default_rng(0))
    assert found.value == pytest.approx(transport.wasserstein(x, y, order=2).value, rel=1e-12)
    assert found.error == pytest.approx(0, abs=1e-12)
    assert np.isnan(sliced.sliced(x, y, projections=[[1.0]]).error)


# Nonsense


def test_nonsense_is_refused():
    x = np.zeros((3, 2))
    cases: tuple[tuple[dict, str], ...] = (
        (dict(x=x[:, 0], y=x), r"x\[:, None\]"),
        (dict(x=x, y=np.zeros((3, 3))), "got"),
        (dict(x=x[:0], y=x), "got"),
        (dict(x=x + np.nan, y=x), "finite"),
        (dict(x=x, y=x + np.nan), "finite"),
        (dict(x=x, y=x, order=3), "1 or 2"),
        (dict(x=x, y=x, order=1.5), "1 or 2"),
        (dict(x=x, y=x, x_weight=[1, 1]), "x_weight must be 3"),
        (dict(x=x, y=x, y_weight=[1, -1, 1]), "y_weight"),
        (dict(x=x, y=x, y_weight=[0, 0, 0]), "not all 0"),
        (dict(x=x, y=x, x_weight=[1, np.nan, 1]), "x_weight"),
        (dict(x=x, y=x, x_weight=[1, np.inf, 1]), "3 finite weights"),
    )
    for bad, match in cases:
        with pytest.raises(ValueError, match=match):
            transport.wasserstein(**cast(Any, bad))
    with pytest.raises(ValueError, match="on the line"):
        transport.line(x, x)
    with pytest.raises(ValueError, match="finite"):
        transport.line([np.inf], [0.0])
    with pytest.raises(ValueError, match="1 or 2"):
        transport.line([1.0], [0.0], order=3)
    with pytest.raises(ValueError, match="not both"):
        sliced.sliced(x, x)
    with pytest.raises(ValueError, match="not both"):
        sliced.sliced(x, x, projections=np.eye(2), rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="divide each row"):
        sliced.sliced(x, x, projections=2 * np.eye(2))
    for bad in (np.ones((2, 3)), np.ones((0, 2))):
        with pytest.raises(ValueError, match="one direction a row"):
            sliced.sliced(x, x, projections=bad)
    with pytest.raises(ValueError, match="n_proj"):
        sliced.sliced(x, x, n_proj=0, rng=np.random.default_rng(0))
