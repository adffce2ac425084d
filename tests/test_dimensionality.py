"""Counts by enumeration, volumes against quadrature and draws, trees by brute force."""

from itertools import islice, product
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate
from scipy.stats import norm

from dgmlib.dimensionality import balls, bernoulli_mixture, counts, trees


def test_counts_by_enumeration() -> None:
    """Mutants: k^d; a chain's first table counted in full; d^2 for d (d + 1) / 2."""
    for d, k in product(range(1, 5), (2, 3)):
        assert counts.full(d, k) == len(list(product(range(k), repeat=d))) - 1
        assert sum(counts.chain_rule(d, k)) == counts.full(d, k) == counts.markov(d, d, k)
        assert counts.markov(d, 0, k) == counts.independent(d, k) == d * (k - 1)
        rows = sum(k ** min(i, 1) for i in range(d))  # every pixel but the first has k rows
        assert counts.markov(d, 1, k) == rows * (k - 1)
    assert counts.full(784) == 2**784 - 1
    assert counts.gaussian(5) == 5 + len({tuple(sorted(p)) for p in product(range(5), repeat=2)})
    assert counts.gaussian(5, diagonal=True) == 10
    assert counts.gaussian_mixture(2, 3) == 2 + 3 * 5
    assert counts.bernoulli_mixture(784, 10) == 9 + 7840
    earthquake = {"b": [], "e": [], "a": ["b", "e"], "j": ["a"], "m": ["a"]}
    sizes = counts.network(earthquake, dict.fromkeys(earthquake, 2))
    assert sizes == {"b": 1, "e": 1, "a": 4, "j": 2, "m": 2}
    with pytest.raises(ValueError, match="at least 1 dimension"):
        counts.full(0)


def test_volumes_against_known_ones_and_draws() -> None:
    """Mutants: Gamma(d / 2) without + 1; the diameter for the radius; e^d for (1 - e)^d."""
    known = [2, np.pi, 4 * np.pi / 3, np.pi**2 / 2, 8 * np.pi**2 / 15]
    np.testing.assert_allclose(np.exp(balls.log_ball_volume(np.arange(1, 6))), known, rtol=1e-12)
    assert np.exp(balls.log_ball_volume(3, 2.0)) == pytest.approx(8 * known[2])
    x = np.random.default_rng(0).uniform(-1, 1, (200_000, 4))
    inside = ((x**2).sum(1) < 1).mean()
    assert abs(inside - balls.ball_in_cube(4)) < 5 * 0.5 / 200_000**0.5
    r = np.sqrt((x**2).sum(1))
    skin = (r[r < 1] > 0.9).mean()
    assert abs(skin - balls.shell_share(4, 0.1)) < 5 * 0.5 / (r < 1).sum() ** 0.5
    assert balls.shell_share(1000, 0.01) == pytest.approx(1 - 0.99**1000, rel=1e-12)
    assert balls.shell_share(7, 1.0) == 1


def test_where_a_gaussian_keeps_its_mass() -> None:
    """Mutants: the density of the square; d for d - 1 in the mode; ln for log2; 1 - (1 - P), which
    is 0 where P is small."""
    for d in (1, 2, 7, 60):

        def moment(k: int, far: float = d**0.5 + 12, d: int = d) -> float:
            return integrate.quad(lambda r: r**k * balls.norm_density(r, d), 0, far)[0]

        assert moment(0) == pytest.approx(1, abs=1e-9)
        mean, square = moment(1), moment(2)
        found = balls.norm_moments(d)
        assert found.mean == pytest.approx(mean, rel=1e-9)
        assert found.std == pytest.approx((square - mean**2) ** 0.5, rel=1e-6)
        assert balls.mass_near_mode(d, 1.5) == pytest.approx(moment(0, 1.5), rel=1e-8, abs=0)
    assert balls.mass_near_mode(1, 1.0) == pytest.approx(norm.cdf(1) - norm.cdf(-1))
    low, high = (balls.norm_moments(d).std for d in (9999.0, 10001.0))  # where the formula changes
    assert low == pytest.approx(high, rel=1e-6)
    z = np.random.default_rng(1).standard_normal((4000, 100))
    each = -norm.logpdf(z).sum(1) / 100
    exact = balls.information_moments(100)
    assert abs(each.mean() - exact.mean) < 5 * exact.std / 4000**0.5
    assert each.std() == pytest.approx(exact.std, rel=0.06)  # 5 standard errors of a deviation


def test_all_points_end_up_equally_far() -> None:
    """Mutants: the mean of |x - y| for that of its square; nearest and farthest exchanged."""
    rng = np.random.default_rng(2)
    for d in (1, 10, 300):
        square = ((rng.random((20_000, d)) - rng.random((20_000, d))) ** 2).sum(1)
        exact = balls.cube_distance_moments(d)
        assert abs(square.mean() - exact.mean) < 5 * exact.std / 20_000**0.5
        assert square.std() == pytest.approx(exact.std, rel=0.04)
    shrinks = [
        balls.contrast(rng.random((500, d)), rng.random((20, d))).mean() for d in (2, 20, 200)
    ]
    assert shrinks[0] > 5 > 1 > shrinks[2] > 0
    x, q = np.array([[0.0], [3.0]]), np.array([[1.0]])
    assert balls.contrast(x, q) == pytest.approx([1.0])
    with pytest.raises(ValueError, match="lies on a point"):
        balls.contrast(x, x)


def pictures(n: int = 400, d: int = 5, seed: int = 0) -> np.ndarray:
    """Binary draws with strong and weak dependences."""
    rng = np.random.default_rng(seed)
    x = np.zeros((n, d), dtype=int)
    x[:, 0] = rng.random(n) < 0.4
    for i in range(1, d):
        x[:, i] = np.where(rng.random(n) < 0.75, x[:, rng.integers(0, i)], rng.random(n) < 0.5)
    return x


@pytest.mark.parametrize("parent", ["independent", "chain", "tree"])
def test_a_tree_is_a_distribution(parent: str) -> None:
    """Total probability by enumeration, and draws against it: chi-squared over 32 images, 31
    degrees: beyond 80 with probability 3e-6. Mutants: a root's table used for its children; states
    exchanged; children drawn before their parents."""
    x = pictures()
    make = {"independent": trees.independent(5), "chain": trees.chain(5),
            "tree": trees.chow_liu(x, root=4)}[parent]  # fmt: skip
    tree = trees.fit(x, make)
    assert (make < 0).sum() == (5 if parent == "independent" else 1)
    np.testing.assert_array_equal(*tree.p_one[make < 0].T)  # a root's row does not look at parents
    every = np.array(list(product((0, 1), repeat=5)))
    p = np.exp(trees.log_prob(tree, every))
    assert p.sum() == pytest.approx(1, abs=1e-12)
    drawn = trees.sample(tree, 40_000, rng=np.random.default_rng(3))
    seen = np.bincount(drawn @ (2 ** np.arange(4, -1, -1)), minlength=32)
    assert ((seen - 40_000 * p) ** 2 / (40_000 * p)).sum() < 80
    assert trees.n_parameters(tree) == {"independent": 5, "chain": 9, "tree": 9}[parent]


def test_no_tree_is_better_than_chow_and_lius() -> None:
    """Mutants: the minimum spanning tree; entropies in place of information. All 125 labelled trees
    on 5 pixels, by their likelihood without pseudo-counts."""
    x = pictures()
    best = trees.log_prob(trees.fit(x, trees.chow_liu(x, pseudo=0), pseudo=0), x).sum()
    found = []
    for code in product(range(5), repeat=3):  # Pruefer
        degree = 1 + np.bincount(code, minlength=5)
        edges = []
        for node in code:
            leaf = int(np.flatnonzero(degree == 1)[0])
            edges.append((leaf, node))
            degree[leaf] -= 1
            degree[node] -= 1
        edges.append(tuple(np.flatnonzero(degree == 1)))
        parent, seen = np.full(5, -1), {0}
        while len(seen) < 5:
            for a, b in edges:
                for child, above in ((a, b), (b, a)):
                    if above in seen and child not in seen:
                        parent[child] = above
                        seen.add(child)
        found.append(trees.log_prob(trees.fit(x, parent, pseudo=0), x).sum())
    assert len(found) == 125
    assert best == pytest.approx(max(found), rel=1e-12)
    information = trees.mutual_information(x, pseudo=0)
    entropy = -sum(p * np.log(p) for p in (x[:, 0].mean(), 1 - x[:, 0].mean()))
    assert information[0, 0] == pytest.approx(entropy)
    gain = sum(information[i, p] for i, p in enumerate(trees.chow_liu(x, pseudo=0)) if p >= 0)
    alone = trees.log_prob(trees.fit(x, trees.independent(5), pseudo=0), x).sum()
    assert best - alone == pytest.approx(len(x) * gain)


def test_bad_trees_and_images_are_refused() -> None:
    with pytest.raises(ValueError, match="its own ancestor"):
        trees.fit(pictures(), np.array([-1, 2, 1, 0, 0]))
    with pytest.raises(ValueError, match="values 0 or 1"):
        trees.fit(np.full((3, 2), 0.5), trees.chain(2))
    with pytest.raises(ValueError, match="5 pixels need 5 parents"):
        trees.fit(pictures(), trees.chain(4))


def test_em_on_bernoullis_climbs_to_a_distribution() -> None:
    """Mutants: off.sum() of the wrong sign; pseudo-counts in one place only; stale
    responsibilities. Total probability by enumeration; draws by chi-squared (31 degrees)."""
    rng = np.random.default_rng(4)
    truth = bernoulli_mixture.State(np.array([0.3, 0.7]), np.array([[0.9] * 5, [0.2] * 4 + [0.7]]))
    x, _ = bernoulli_mixture.sample(truth, 3000, rng=rng)
    run = list(islice(bernoulli_mixture.fit(x, bernoulli_mixture.init(x, 2, rng=rng)), 200))
    climb = np.array([info.objective for _, info in run])
    assert (np.diff(climb) > -1e-9 * np.abs(climb[1:])).all()
    state = run[-1][0]
    every = np.array(list(product((0, 1), repeat=5)))
    p = np.exp(bernoulli_mixture.log_prob(state, every))
    assert p.sum() == pytest.approx(1, abs=1e-12)
    drawn, k = bernoulli_mixture.sample(state, 40_000, rng=rng)
    seen = np.bincount(drawn @ (2 ** np.arange(4, -1, -1)), minlength=32)
    assert ((seen - 40_000 * p) ** 2 / (40_000 * p)).sum() < 80
    assert abs((k == 0).mean() - state.weight[0]) < 5 * 0.5 / 200
    small = state.weight.argmin()
    assert state.weight[small] == pytest.approx(0.3, abs=0.05)  # 5 standard errors at n = 3,000
    np.testing.assert_allclose(state.p[small], 0.9, atol=0.08)
    one = bernoulli_mixture.fit(x, bernoulli_mixture.init(x, 1, rng=rng))
    (alone, _), _ = islice(one, 2)
    product_ = trees.fit(x, trees.independent(5))
    np.testing.assert_allclose(alone.p[0], product_.p_one[:, 0], rtol=1e-12)


def test_real_digits_under_each_assumption(data_dir: Path) -> None:
    """Held-out nats of independent pixels on the fixed binarisation: 205.793, recomputed twice
    elsewhere. Mutants: Laplace's counts left out (an image becomes impossible); the mean taken on
    the test images. Every arrow that is added must help on 50,000 images."""
    packed = np.load(data_dir / "binarized_mnist_static" / "binarized_mnist_static_packed.npz")
    train, test = (np.unpackbits(packed[part], axis=1)[:, :784] for part in ("train", "test"))
    nats = [
        -trees.log_prob(trees.fit(train, parent), test).mean()
        for parent in (trees.independent(784), trees.chain(784), trees.chow_liu(train))
    ]
    assert nats[0] == pytest.approx(205.793, abs=6e-4)
    assert nats[0] > nats[1] + 20
    assert nats[1] > nats[2] + 10
