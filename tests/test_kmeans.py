"""k-means: Lloyd's half-steps, the ++ seeding, empty clusters."""

from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.cluster import KMeans

from dgmlib.mixtures import kmeans


def cloud(n: int = 200, d: int = 2, *, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 3 * rng.normal(size=(4, d))[rng.integers(4, size=n)] + rng.normal(size=(n, d))


@pytest.mark.parametrize("d", [1, 2, 5])
def test_agrees_with_lloyd_of_scikit_learn_from_the_same_start(d: int) -> None:
    """Kills: any other metric; a mean with a wrong count."""
    x = cloud(d=d)
    centre = x[:5]
    ours = kmeans.fit(x, centre, n_steps=1000)
    lloyd: dict[str, Any] = {"init": centre, "n_init": 1, "algorithm": "lloyd"}
    theirs = KMeans(5, tol=0, max_iter=500, **lloyd).fit(x)
    np.testing.assert_array_equal(ours.label[-1], theirs.labels_)
    np.testing.assert_allclose(ours.centre[-1], theirs.cluster_centers_, rtol=1e-10)
    assert ours.inertia[-1] == pytest.approx(theirs.inertia_, rel=1e-10)
    assert ours.converged


def test_no_half_step_raises_the_inertia_and_each_moves_one_thing() -> None:
    """Kills: inertia of the old labels with the new centres; moves before assignments."""
    x = cloud()
    run = kmeans.fit(x, x[:6])
    assert list(run.kind[:4]) == ["start", "assign", "move", "assign"]
    assert (run.label[0] == -1).all()
    assert (np.diff(run.inertia) <= 1e-9 * run.inertia[0]).all()  # rounding of sums
    np.testing.assert_array_equal(run.centre[1::2], run.centre[0:-1:2])
    np.testing.assert_array_equal(run.label[2::2], run.label[1:-1:2])
    for t in range(1, len(run.kind)):
        by_hand = sum(((x[i] - run.centre[t][run.label[t][i]]) ** 2).sum() for i in range(len(x)))
        assert run.inertia[t] == pytest.approx(by_hand, rel=1e-12)


def test_an_empty_cluster_takes_the_farthest_point() -> None:
    """Kills: 0 / 0 = NaN; a centre that stays out of reach for ever; a point taken from a
    cluster of one. Two clusters are empty at once."""
    x = cloud(50)
    centre = np.concatenate([x[:2], [[1e3, 1e3], [2e3, 2e3]]])
    state, _ = kmeans.init(x, centre)
    state, info = kmeans.step(state, x)
    before = info.inertia
    away = ((x - state.centre[state.label]) ** 2).sum(1)
    far = np.argsort(-away)[:2]
    state, info = kmeans.step(state, x)
    assert info.refilled == 2
    assert info.inertia < before
    np.testing.assert_allclose(state.centre[2:], x[far])
    run = kmeans.fit(x, centre)
    assert (np.bincount(run.label[-1], minlength=4) > 0).all()
    assert np.isfinite(run.centre).all()
    # the farthest point is alone in its cluster: emptying that one would win nothing
    lone = np.array([[0.0], [1.0], [2.0], [100.0]])
    run = kmeans.fit(lone, np.array([[0.0], [150.0], [1e3]]))
    assert np.isfinite(run.centre).all()
    np.testing.assert_allclose(run.centre[2][1:], [[100.0], [2.0]])
    # as many clusters as points: everyone gets one, whatever the start
    few = x[:4]
    run = kmeans.fit(few, centre)
    assert run.inertia[-1] == pytest.approx(0, abs=1e-20)


def test_plus_plus_draws_in_proportion_to_the_squared_distance() -> None:
    """Against enumeration of all pairs. Kills: the distance not squared; uniform seeding; the
    first point drawn again (Arthur & Vassilvitskii, 2007, section 2.2)."""
    x, n = np.array([[0.0], [1.0], [3.0], [7.0]]), 40_000
    first_second = kmeans.plus_plus(x, 2, size=n, rng=np.random.default_rng(1))[..., 0]
    square = (x - x.T) ** 2
    p = square / square.sum(1, keepdims=True) / 4  # (first, second)
    at = np.searchsorted(x[:, 0], first_second)
    counts = np.zeros((4, 4))
    np.add.at(counts, (at[:, 0], at[:, 1]), 1)
    assert np.trace(counts) == 0
    off = ~np.eye(4, dtype=bool)
    assert stats.chisquare(counts[off], n * p[off]).pvalue > 1e-3
    # the third looks at the nearest of those chosen, not at the last
    three = kmeans.plus_plus(x, 3, size=2000, rng=np.random.default_rng(2))[..., 0]
    assert (np.diff(np.sort(three, 1), axis=1) > 0).all()


def test_wrong_inputs_are_refused_with_the_remedy() -> None:
    """Kills: duplicates that make ++ divide by zero; centres of another dimension."""
    rng = np.random.default_rng(3)
    twice = np.repeat([[0.0, 1.0], [2.0, 3.0]], 5, axis=0)
    with pytest.raises(ValueError, match="fewer than K = 3 different points: lower K"):
        kmeans.plus_plus(twice, 3, rng=rng)
    with pytest.raises(ValueError, match=r"shape \(K, 2\), got \(2, 3\)"):
        kmeans.fit(twice, np.zeros((2, 3)))
    with pytest.raises(ValueError, match="finite"):
        kmeans.fit(twice, np.array([[0.0, np.nan]]))
    with pytest.raises(ValueError, match="lower K"):
        kmeans.fit(twice, np.zeros((11, 2)))
    with pytest.raises(ValueError, match="at least 1, got 0"):
        kmeans.fit(twice, twice[:1], n_steps=0)
