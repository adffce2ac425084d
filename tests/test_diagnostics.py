"""Diagnostics of Markov chains against ArviZ on the same draws, and against closed forms."""

from typing import Any

import numpy as np
import pytest
from arviz_stats.base.array import array_stats

from dgmlib.samplers import diagnostics


def ar1(rho: float, T: int, C: int, seed: int = 0) -> np.ndarray:
    """Stationary AR(1) chains (T, C)."""
    rng = np.random.default_rng(seed)
    x = np.empty((T, C))
    x[0] = rng.standard_normal(C)
    for t in range(1, T):
        x[t] = rho * x[t - 1] + np.sqrt(1 - rho**2) * rng.standard_normal(C)
    return x


def draws() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {
        "independent": rng.standard_normal((1000, 4)),
        "odd length": ar1(0.9, 1001, 4),
        "alternating": ar1(-0.6, 500, 3),
        "heavy tails": rng.standard_cauchy((400, 4)),
        "apart": ar1(0.5, 300, 4) + np.arange(4),
        "different spread": ar1(0.5, 300, 4) * np.arange(1, 5),
        "ties": rng.integers(0, 3, (200, 4)).astype(float),
        "short": rng.standard_normal((9, 2)),
        "very slow": ar1(0.99, 300, 4),
    }


@pytest.mark.parametrize("name", list(draws()))
def test_the_same_numbers_as_arviz(name: str) -> None:
    """Mutants: split after ranking; folding about the mean; the first negative pair kept whole;
    no monotone sequence; 0.5 / 0.95 quantiles; ddof. Equal to rounding of an FFT: 1e-9."""
    x = draws()[name]
    of: dict[str, Any] = dict(chain_axis=0, draw_axis=1)
    y = x.T
    found = {
        "rhat": (diagnostics.rhat(x), array_stats.rhat(y, method="rank", **of)),
        "split": (diagnostics.rhat(x, rank=False), array_stats.rhat(y, method="split", **of)),
        "ess": (diagnostics.ess(x), array_stats.ess(y, method="mean", **of)),
        "bulk": (diagnostics.ess_bulk(x), array_stats.ess(y, method="bulk", **of)),
        "tail": (
            diagnostics.ess_tail(x), array_stats.ess(y, method="tail", prob=(0.05, 0.95), **of)
        ),
        "mcse": (diagnostics.mcse(x), array_stats.mcse(y, method="mean", **of)),
    }  # fmt: skip
    for what, (mine, theirs) in found.items():
        assert mine == pytest.approx(theirs, rel=1e-9), what


def test_many_quantities_at_once_are_each_on_their_own() -> None:
    """Mutant: ranks or quantiles taken over all quantities together."""
    x = np.stack([ar1(0.3, 200, 4), 100 + ar1(0.9, 200, 4, seed=2)], -1)
    for f in (diagnostics.rhat, diagnostics.ess, diagnostics.ess_bulk, diagnostics.ess_tail,
              diagnostics.mcse):  # fmt: skip
        np.testing.assert_allclose(f(x), [f(x[..., 0]), f(x[..., 1])], rtol=1e-12)  # rounding


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9, -0.5])
def test_ess_of_an_autoregression(rho: float) -> None:
    """Mutants: tau without the factor 2; a variance within for the total. Exact: n (1-rho)/(1+rho);
    30 runs of 8 chains: 4 standard errors of their mean, and 5 % for the bias of truncation."""
    exact = 8 * 1000 * (1 - rho) / (1 + rho)
    found = np.array([diagnostics.ess(ar1(rho, 1000, 8, seed=i)) for i in range(30)])
    assert abs(found.mean() - exact) < 4 * found.std(ddof=1) / 30**0.5 + 0.05 * exact


def test_autocorrelation_is_rho_to_the_lag() -> None:
    """Mutants: circular correlation (no padding); divided by n - t, unbiased but noisy."""
    x = ar1(0.8, 4000, 16)
    found = diagnostics.autocorrelation(x)
    assert found.shape == x.shape
    assert np.all(found[0] == 1)
    each = found[:20].mean(1)
    error = found[:20].std(1, ddof=1) / 4
    assert (np.abs(each - 0.8 ** np.arange(20)) < 5 * error + 5e-3).all()  # bias of order 1 / n
    short = np.array([1.0, 2.0, 4.0, 3.0])[:, None]
    away = short[:, 0] - 2.5
    direct = [(away[: 4 - t] * away[t:]).sum() / (away @ away) for t in range(4)]
    np.testing.assert_allclose(diagnostics.autocorrelation(short)[:, 0], direct, atol=1e-14)


def test_rank_histograms_are_flat_where_chains_agree() -> None:
    """Mutants: ranks within each chain (always flat); a draw lost at the ends."""
    x = np.random.default_rng(3).standard_normal((500, 4))
    flat = diagnostics.rank_histogram(x, bins=10)
    assert flat.shape == (10, 4)
    assert (flat.sum(0) == 500).all()
    assert (flat.sum(1) == 200).all()
    chi = ((flat - 50) ** 2 / 50).sum()
    assert chi < 70  # 27 degrees of freedom: beyond with probability 1e-5
    apart = diagnostics.rank_histogram(x + 3 * np.arange(4), bins=10)
    assert apart[0, 0] > 150
    assert apart[-1, 3] > 150


def test_chains_that_never_move_are_not_called_converged() -> None:
    """Mutant: NaN replaced by 1."""
    x = np.tile(np.arange(4.0), (100, 1))
    assert not diagnostics.rhat(x) < 1.01
    assert np.isnan(diagnostics.rhat(np.ones((100, 4))))
    assert np.isnan(diagnostics.ess(np.ones((100, 4))))
