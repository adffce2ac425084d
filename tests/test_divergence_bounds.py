"""The table of divergences: every entry lies within the error it states, and the error is small."""

import numpy as np
import pytest
from scipy.special import ndtr

from dgmlib.divergences import adaptive, crossings, grid, tilted, wasserstein
from dgmlib.divergences.mixture1d import Mixture1D, gaussian, log_prob, mixture, moments
from dgmlib.divergences.quadrature import EPS, Estimate


def by_adaptive(p: Mixture1D, q: Mixture1D, alpha: float) -> dict[str, Estimate]:
    return {
        "forward": adaptive.kl(p, q),
        "reverse": adaptive.kl(q, p),
        "jeffreys": adaptive.jeffreys(p, q),
        "js": adaptive.js(p, q),
        "alpha": tilted.alpha(p, q, alpha),
        "hellinger2": adaptive.hellinger2(p, q),
        "tv": adaptive.tv(p, q),
        "w1": wasserstein.w1(p, q),
        "w2": wasserstein.w2(p, q),
    }


def random_mixture(rng: np.random.Generator) -> Mixture1D:
    """One to four modes, deviations 0.05 to 5, together or up to 96 apart."""
    k = int(rng.integers(1, 5))
    w = rng.uniform(0.05, 1, k)
    mean = rng.uniform(-6, 6, k) * rng.choice([0.2, 1, 8])
    return mixture(w / w.sum(), mean, np.exp(rng.uniform(np.log(0.05), np.log(5), k)))


def other(kind: str, p: Mixture1D, rng: np.random.Generator) -> Mixture1D:
    if kind == "equal":
        return p
    if kind == "moments":
        return gaussian(float(moments(p).mean), float(moments(p).var) ** 0.5)
    if kind == "nearly a mode":
        return gaussian(p.mean[0] + 1e-9, p.std[0])
    if kind == "anywhere":
        return gaussian(rng.normal(0, 6), np.exp(rng.normal()))
    return random_mixture(rng)


HARD = {
    # log p turns within 0.003 beside a panel of width 1.4; and the roots of narrow modes have feet
    # of 1e-9 that reach beyond nine deviations.
    "turn": mixture([0.4818, 0.5182], [1.0624, -4.4331], [0.0735, 0.2213]),
    "feet": mixture(
        [0.3907, 0.0864, 0.2705, 0.2524],
        [-18.2797, -11.9787, -23.1174, 12.609],
        [0.3599, 0.0794, 0.1423, 0.1005],
    ),
}


@pytest.mark.parametrize("kind", ["equal", "moments", "nearly a mode", "anywhere", "a mixture"])
def test_every_entry_lies_within_its_bound(kind):
    """Against adaptive quadrature, which states an error of its own.

    Kills: the coarse value reported for the fine one; a bound of a twentieth of the difference; W1
    without the roots of F - G; W2 without panels where T jumps.
    """
    rng = np.random.default_rng(0)
    for _ in range(12):
        p = random_mixture(rng)
        check(p, other(kind, p, rng), float(rng.choice([0, 0.1, 0.5, 0.9, 1])))


def check(p: Mixture1D, q: Mixture1D, alpha: float) -> None:
    table = grid.table(p, q, alpha=alpha)
    for name, exact in by_adaptive(p, q, alpha).items():
        value, error = (float(a[0]) for a in getattr(table, name))
        assert abs(value - exact.value) <= error + exact.error, (name, p, q)
        # Four digits are shown. Where two mixtures are equal, the root of what rounding
        # leaves of W2 squared, 1e-16 of the square of their extent: up to 100.
        small = 1e-6 if name == "w2" and len(q.mean) > 1 else 1e-9
        assert error <= max(1e-6 * exact.value, small), (name, p, q)
    assert table.jeffreys.error[0] >= max(table.forward.error[0], table.reverse.error[0])


@pytest.mark.parametrize("name", HARD)
def test_narrow_modes_beside_a_wide_gaussian(name):
    """Kills: panels out to nine deviations of a narrow mode only."""
    p = HARD[name]
    for alpha in (0.05, 0.5, 0.95):
        check(p, gaussian(float(moments(p).mean), float(moments(p).var) ** 0.5), alpha)


def test_from_itself_everything_has_divergence_zero():
    """Exactly known, so the bound has to cover the value. Kills: W2 without the uncertainty of a
    quantile where there is no mass."""
    rng = np.random.default_rng(3)
    for _ in range(30):
        p = random_mixture(rng)
        for name, (value, error) in grid.table(p, p)._asdict().items():
            assert value[0] <= error[0], (name, p)


@pytest.mark.parametrize("at", [0.0, 1e3, -1e5])
def test_far_from_zero_digits_are_lost_and_said_to_be(at):
    """Two Gaussians of deviation 0.01, in closed form. Kills: no rounding in TV, KL, W2."""
    s, mean = 0.01, at + 0.01 * np.geomspace(0.01, 3, 40)
    p, q = gaussian(at, s), gaussian(mean, s)
    d = np.abs(mean - at)  # as the floats are
    exact = {
        "forward": 0.5 * (d / s) ** 2, "reverse": 0.5 * (d / s) ** 2, "jeffreys": (d / s) ** 2,
        "hellinger2": -np.expm1(-((d / s) ** 2) / 8), "tv": 2 * ndtr(d / s / 2) - 1,
        "w1": d, "w2": d,
    }  # fmt: skip
    table = grid.table(p, q)
    for name, value in exact.items():
        ours, error = getattr(table, name)
        assert np.all(np.abs(ours - value) <= error + 4 * EPS * value), name
        assert np.all(error < 1e-8 * max(1.0, abs(at))), name  # EPS * |at| / s, some tens of it


def test_roots_between_nodes_are_found():
    """Two crossings that no two neighbouring nodes tell by their signs.

    Kills: roots looked for only where neighbouring nodes differ in sign.
    """
    p, q = mixture([0.5, 0.5], [-0.8971, 0.8971], 0.8), gaussian(0, 1.5)  # p < q within 0.03 of 0
    wide, close = np.arange(-14.55, 14.6, 0.3)[None], np.linspace(-14.55, 14.55, 30_001)[None]
    found = []
    for x in (wide, close):
        gap = log_prob(p, x) - log_prob(q, x)
        cells = crossings.cells(p, q, x, gap, 30 * EPS * np.abs(gap))
        found.append((*crossings.variation(p, q, cells, 1), *crossings.area(p, q, cells, 1)))
    assert np.all(np.sign(gap[0, np.abs(x[0]) < 0.01]) == -1)
    gap = log_prob(p, wide) - log_prob(q, wide)
    assert np.all(np.sign(gap[0, np.abs(wide[0]) < 0.5]) == 1)
    (tv, tv_error, w1, w1_error), (tv_close, _, w1_close, _) = np.array(found)[..., 0]
    assert abs(tv - tv_close) <= tv_error + 1e-15
    assert abs(w1 - w1_close) <= w1_error
    assert tv_error < 1e-12
    assert tv == pytest.approx(adaptive.tv(p, q).value, abs=1e-12)
