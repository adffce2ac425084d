"""Old Faithful (272 eruptions): the figures others have published or computed.

Sources: mclust 6.1.3's vignette (K = 3, common covariance), mixtools' vignette (waiting times
alone, equal sd); the others were computed with scikit-learn to a tolerance of 1e-10.
"""

from pathlib import Path

import numpy as np
import pytest

from dgmlib.mixtures import basins, gmm, kmeans, starts
from dgmlib.mixtures.basins import Many


@pytest.fixture(scope="module")
def faithful(data_dir: Path) -> np.ndarray:
    """Eruption and wait in minutes: (272, 2)."""
    return np.loadtxt(
        data_dir / "old_faithful" / "faithful.csv", delimiter=",", skiprows=1, usecols=(1, 2)
    )


def best(x: np.ndarray, K: int, covariance: str, n_starts: int = 20) -> Many:
    start = starts.start(x, K, covariance=covariance, size=n_starts, rng=np.random.default_rng(0))
    return basins.fit_many(x, start, covariance=covariance, n_iterations=2000, tol=1e-11)


@pytest.mark.parametrize(
    ("K", "covariance", "log_likelihood"),
    [
        (1, "full", -1289.7967),
        (2, "full", -1130.2640),
        (2, "tied", -1140.1868),
        (3, "tied", -1126.3159),
    ],
)
def test_log_likelihoods(
    faithful: np.ndarray, K: int, covariance: str, log_likelihood: float
) -> None:
    """Kills: waiting and eruption mixed up, nats per point for the sum, a poor optimum."""
    many = best(faithful, K, covariance)
    p = many.best
    assert gmm.log_prob(p, faithful).sum() == pytest.approx(log_likelihood, abs=5e-5)
    if (K, covariance) == (3, "tied"):  # mclust stops at 1e-5 and reports minus the BIC
        assert gmm.bic(p, faithful, covariance="tied") == pytest.approx(2314.316, abs=0.03)
        assert gmm.n_parameters(3, 2, "tied") == 11


def test_parameters_of_two_components(faithful: np.ndarray) -> None:
    """Kills: components or covariances interchanged."""
    p = best(faithful, 2, "full").best
    i = np.argsort(p.mean[:, 0])
    np.testing.assert_allclose(p.weight[i], [0.355873, 0.644127], atol=2e-6)
    np.testing.assert_allclose(p.mean[i], [[2.036388, 54.478517], [4.289662, 79.968116]], rtol=1e-6)
    np.testing.assert_allclose(
        p.cov[i],
        [
            [[0.069168, 0.435168], [0.435168, 33.697284]],
            [[0.169968, 0.940609], [0.940609, 36.046206]],
        ],
        rtol=1e-5,  # they are given to six decimals
    )


def test_three_full_components_reach_the_best_of_many(faithful: np.ndarray) -> None:
    """Kills: starts that all end in one poor optimum; a collapse taken for the best."""
    many = best(faithful, 3, "full", 50)
    assert gmm.log_prob(many.best, faithful).sum() >= -1114.44
    assert many.log_likelihood[~many.collapsed].max() < -1100  # higher would be a spike


def test_waiting_alone(faithful: np.ndarray) -> None:
    """mixtools' two components. Kills: variance for standard deviation."""
    wait = faithful[:, 1:]
    p = best(wait, 2, "tied").best
    i = np.argsort(p.mean[:, 0])
    assert gmm.log_prob(p, wait).sum() == pytest.approx(-1034.0018, abs=5e-5)
    np.testing.assert_allclose(p.weight[i], [0.36085, 0.63915], atol=1e-5)
    np.testing.assert_allclose(p.mean[i, 0], [54.61364, 80.09031], atol=1e-4)
    np.testing.assert_allclose(np.sqrt(p.cov[:, 0, 0]), 5.86909, atol=1e-5)
    p = best(wait, 2, "full").best
    i = np.argsort(p.mean[:, 0])
    assert gmm.log_prob(p, wait).sum() == pytest.approx(-1034.0017, abs=5e-5)
    np.testing.assert_allclose(np.sqrt(p.cov[i, 0, 0]), [5.87125, 5.86771], atol=2e-5)


def test_k_means_raw_and_standardised(faithful: np.ndarray) -> None:
    """Kills: standardising with ddof 1 (inertia would be 79.28)."""

    def fit(x: np.ndarray) -> kmeans.Trace:
        seeds = kmeans.plus_plus(x, 2, size=10, rng=np.random.default_rng(0))
        return min((kmeans.fit(x, s) for s in seeds), key=lambda t: t.inertia[-1])

    run = fit(faithful)
    i = np.argsort(run.centre[-1][:, 0])
    assert run.inertia[-1] == pytest.approx(8901.7687, abs=1e-4)
    np.testing.assert_allclose(
        run.centre[-1][i], [[2.09433, 54.75], [4.29793, 80.28488]], atol=5e-6
    )
    assert sorted(np.bincount(run.label[-1])) == [100, 172]
    run = fit((faithful - faithful.mean(0)) / faithful.std(0))
    assert run.inertia[-1] == pytest.approx(79.57596, abs=1e-5)
    assert sorted(np.bincount(run.label[-1])) == [98, 174]
