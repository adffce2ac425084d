"""Divergences of mixtures in the plane: closed forms, products, rotations, stated errors."""

import re

import numpy as np
import pytest

from dgmlib.divergences import (
    adaptive,
    gaussian,
    gaussian_nd,
    mixture1d,
    plane_mixture,
    quadrature,
)
from dgmlib.mixtures.gmm import Params

P = mixture1d.mixture([0.3, 0.7], [-1, 2], [0.5, 1.0])
Q = mixture1d.mixture([0.6, 0.4], [0, 3], [1.0, 0.4])


def _one(mean, cov) -> Params:
    return Params(np.ones(1), np.array([mean], dtype=float), np.array([cov], dtype=float))


def _product(m: mixture1d.Mixture1D, mean: float, std: float) -> Params:
    """``m`` along the first axis, a Gaussian along the second."""
    cov = np.array([np.diag([s**2, std**2]) for s in m.std])
    return Params(m.weight, np.stack([m.mean, 0 * m.mean + mean], 1), cov)


@pytest.mark.parametrize(
    ("m_p", "s_p", "m_q", "s_q"),
    [
        ([0, 0], [[1, 0.6], [0.6, 2]], [1, -1], [[0.5, -0.2], [-0.2, 0.8]]),
        ([0, 0], [[1, 0.99], [0.99, 1]], [0, 0], [[1, 0], [0, 1]]),
        ([5, 5], [[1, 0], [0, 1]], [5, 5.001], [[1, 0], [0, 1]]),
        ([0, 0], [[1, 0], [0, 1]], [3, 0], [[0.04, 0], [0, 2]]),
    ],
)
def test_single_gaussians_in_closed_form(m_p, s_p, m_q, s_q):
    """Kills: no Jacobian; forward and reverse exchanged; a ridge between nodes; an error that is
    none.
    """
    d = plane_mixture.divergences(_one(m_p, s_p), _one(m_q, s_q), tv_tol=1e-3)
    p, q = gaussian_nd.gaussian(m_p, s_p), gaussian_nd.gaussian(m_q, s_q)
    for found, truth in ((d.forward, gaussian_nd.kl(p, q)), (d.reverse, gaussian_nd.kl(q, p))):
        assert abs(found.value - truth) <= found.error + 1e-13 * truth
        assert found.error < 1e-8 * truth + 1e-13
    assert 0 <= d.js.value <= np.log(2)


def test_products_reduce_to_the_line():
    """A common second factor changes nothing, whatever the frame.

    Kills: weights of components dropped; JS with another mean; TV without its half; axes of a
    frame transposed.
    """
    p, q = _product(P, 0.5, 0.7), _product(Q, 0.5, 0.7)
    c, s = np.cos(0.7), np.sin(0.7)
    turn = np.array([[c, -s], [s, c]])
    moved = [Params(m.weight, m.mean @ turn.T + 7, turn @ m.cov @ turn.T) for m in (p, q)]
    truth = (adaptive.kl(P, Q), adaptive.kl(Q, P), adaptive.js(P, Q), adaptive.tv(P, Q))
    for pair in ((p, q), moved):
        d = plane_mixture.divergences(*pair, tv_tol=1e-3)
        for found, exact, most in zip(d, truth, (1e-9, 1e-9, 1e-9, 1e-3), strict=True):
            assert abs(found.value - exact.value) <= found.error
            assert found.error < most


def test_independent_factors_add():
    """``KL`` of products is the sum; TV of a shift is a Gaussian's along it.

    Kills: coordinates exchanged between p and q.
    """
    p, q = _product(P, 0.0, 1.0), _product(Q, 0.5, 2.0)
    d = plane_mixture.divergences(p, q, tv_tol=1e-3)
    total = adaptive.kl(P, Q).value + float(gaussian.kl(0, 1, 0.5, 2))
    assert abs(d.forward.value - total) <= d.forward.error
    d = plane_mixture.divergences(_one([0, 0], np.eye(2)), _one([0.6, 0.8], np.eye(2)), tv_tol=1e-5)
    assert abs(d.tv.value - float(gaussian.tv(0, 1, 1, 1))) <= d.tv.error < 1e-5


def test_the_extremes():
    """Equal: 0. Far apart: JS log 2, TV 1. Kills: half of log 2; a negative KL of equal ones."""
    p = _product(P, 0, 1)
    for each in plane_mixture.divergences(p, p):
        assert 0 <= each.value <= each.error < 1e-12
    far = plane_mixture.divergences(_one([0, 0], np.eye(2)), _one([40, 0], np.eye(2)))
    assert far.js.value == pytest.approx(np.log(2), abs=1e-12)
    assert far.tv.value == pytest.approx(1, abs=1e-12)
    assert abs(far.forward.value - 800) <= far.forward.error < 1e-9


def test_a_short_allowance_is_admitted():
    """With few squares the error grows to cover what is missing. Kills: the error of the last
    round only.
    """
    p, q = _product(P, 0.5, 0.7), _product(Q, 0.5, 0.7)
    d = plane_mixture.divergences(p, q, tv_tol=1e-9, max_squares=4000)
    assert 1e-9 < d.tv.error < 1e-3
    assert abs(d.tv.value - adaptive.tv(P, Q).value) <= d.tv.error


@pytest.mark.parametrize("ridge", [[[1, 2.9], [2.9, 9]], [[1, -0.995], [-0.995, 1]]])
def test_a_ridge_that_both_share(ridge):
    """Far longer than wide, and not along an axis. Kills: axes of the frame transposed; covariances
    taken into the frame by its transpose; a distance by the square root in place of its inverse.
    """
    shift = np.array([1.5, -2.0])
    d = plane_mixture.divergences(_one([0, 0], ridge), _one(shift, ridge), tv_tol=1e-2)
    truth = 0.5 * shift @ np.linalg.solve(ridge, shift)
    distance = np.sqrt(2 * truth)
    for found in (d.forward, d.reverse):
        assert abs(found.value - truth) <= found.error < 1e-9 * truth
    assert abs(d.tv.value - float(gaussian.tv(0, 1, distance, 1))) <= d.tv.error


def test_a_small_component_far_away():
    """Components that do not overlap: every divergence is that of their weights.

    Kills: a region around the origin, blind to where the means are; a big square that counts as far
    from everything because its centre is.
    """
    mean, cov = np.array([[0, 0], [60, 60]]), np.stack([np.eye(2), 0.01 * np.eye(2)])
    w, v = np.array([0.999, 0.001]), np.array([0.998, 0.002])
    d = plane_mixture.divergences(Params(w, mean, cov), Params(v, mean, cov), tv_tol=1e-5)
    m = 0.5 * (w + v)
    js = 0.5 * np.sum(w * np.log(w / m) + v * np.log(v / m))
    truth = (np.sum(w * np.log(w / v)), np.sum(v * np.log(v / w)), js, 0.001)
    for found, exact in zip(d, truth, strict=True):
        assert abs(found.value - exact) <= found.error + 1e-16
        assert found.error < 1e-5


def _coarsely(monkeypatch, p, q, **asked) -> tuple[plane_mixture.PlaneDivergences, int]:
    """With 3 nodes a side in place of 8, so that some squares need cutting; and their number."""
    z, w = quadrature.nodes(np.array([-1.0, 1.0]), 3)
    sums, looked = plane_mixture._sums, []
    with monkeypatch.context() as patch:
        patch.setattr(plane_mixture, "NODES", np.stack(np.meshgrid(z, z), -1).reshape(-1, 2))
        patch.setattr(plane_mixture, "WEIGHTS", np.outer(w, w).ravel())
        patch.setattr(plane_mixture, "_sums", lambda f, s: looked.append(len(s.half)) or sums(f, s))
        return plane_mixture.divergences(p, q, **asked), sum(looked)


def test_what_is_asked_for_is_reached(monkeypatch):
    """Kills: a tolerance that is ignored; squares that are done when one of the three divergences
    is; the coarser value; a tolerance of tv that is relative.
    """
    s_p, s_q, m_q = [[1, 0.6], [0.6, 2]], [[0.5, -0.2], [-0.2, 0.8]], [1, -1]
    p, q = _one([0, 0], s_p), _one(m_q, s_q)
    exact = [gaussian_nd.gaussian([0, 0], s_p), gaussian_nd.gaussian(m_q, s_q)]
    truth = gaussian_nd.kl(*exact), gaussian_nd.kl(*exact[::-1])
    before = 0
    for rtol in (1e-1, 1e-4, 1e-6):
        d, looked = _coarsely(monkeypatch, p, q, rtol=rtol, tv_tol=1.0)
        assert looked > before
        before = looked
        for found in d[:3]:
            assert found.error < rtol * found.value
        for found, kl in zip(d, truth, strict=False):
            assert abs(found.value - kl) < 0.1 * found.error  # it is that of the coarser rule
    narrow = _one([2, 0], 0.01 * np.eye(2))  # where the three are hard in different places
    d, _ = _coarsely(monkeypatch, _one([0, 0], np.eye(2)), narrow, rtol=1e-6, tv_tol=1.0)
    assert all(found.error < 1e-6 * found.value for found in d[:3])
    near = _one([0, 1e-3], np.eye(2))
    d, few = _coarsely(monkeypatch, _one([0, 0], np.eye(2)), near, tv_tol=1e-3)
    assert few == _coarsely(monkeypatch, _one([0, 0], np.eye(2)), near, tv_tol=1.0)[1]
    for tol in (1e-4, 1e-5, 1e-6):
        d, _ = _coarsely(monkeypatch, p, q, rtol=1e-1, tv_tol=tol)
        assert d.tv.error < tol


def test_nonsense_is_refused():
    good = _one([0, 0], np.eye(2))
    for bad, match in (
        (Params(np.ones(1), np.zeros((1, 3)), np.eye(3)[None]), "in the plane"),
        (good._replace(weight=np.array([0.5])), "sum to 1"),
        (Params(np.array([1.5, -0.5]), np.zeros((2, 2)), np.stack([np.eye(2)] * 2)), ">= 0"),
        (_one([0, 0], [[1, 2], [2, 1]]), "positive definite"),
        (_one([0, 0], [[1, 0.5], [0.1, 1]]), "symmetric"),
    ):
        for pair, name in (((good, bad), "q"), ((bad, good), "p")):
            with pytest.raises(ValueError, match=match) as error:
                plane_mixture.divergences(*pair)
            assert re.search(rf"\b{name}\b", str(error.value))
    with pytest.raises(ValueError, match="max_squares"):
        plane_mixture.divergences(good, _one([0, 0], np.diag([1, 1e-8])))
