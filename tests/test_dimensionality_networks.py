"""Bayesian networks by enumeration, their texts by fuzzing, grey and binary images against SciPy.

Each test names the mutants it kills.
"""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dgmlib.data import digits
from dgmlib.dimensionality import (
    counts,
    gaussian_images,
    graph_text,
    networks,
    pixel_networks,
    trees,
    typical,
)

ALARM = {"B": [], "E": [], "A": ["B", "E"], "J": ["A"], "M": ["A"]}
STATES = {"B": 2, "E": 3, "A": 2, "J": 2, "M": 3}


# ---------------------------------------------------------------- networks of tables


def test_a_network_is_a_distribution() -> None:
    """Total probability and marginals by enumeration in plain loops, draws by chi-squared: 71
    degrees, beyond 150 with probability 2e-7. Mutants: a table indexed by its child first; a row
    that does not sum to one; draws of children before parents."""
    net = networks.random(ALARM, STATES, rng=np.random.default_rng(0))
    total, by_loops = 0.0, {name: np.zeros(k) for name, k in STATES.items()}
    expected = []
    for b, e, a, j, m in product(*(range(k) for k in STATES.values())):
        t = net.tables
        p = t["B"][b] * t["E"][e] * t["A"][b, e, a] * t["J"][a, j] * t["M"][a, m]
        total += p
        expected.append(p)
        for name, state in zip(STATES, (b, e, a, j, m), strict=True):
            by_loops[name][state] += p
    assert total == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(networks.joint(net).ravel(), expected, rtol=1e-12)
    for name, p in networks.marginals(net).items():
        np.testing.assert_allclose(p, by_loops[name], rtol=1e-12)
    drawn = networks.sample(net, 40_000, rng=np.random.default_rng(1))
    at = np.ravel_multi_index([drawn[name] for name in STATES], tuple(STATES.values()))
    seen, want = np.bincount(at, minlength=72), 40_000 * np.array(expected)
    rare = want < 5  # pooled: chi-squared needs a few expected in each cell
    square = ((seen - want)[~rare] ** 2 / want[~rare]).sum()
    assert square + (seen[rare].sum() - want[rare].sum()) ** 2 / max(want[rare].sum(), 1) < 150


def test_numbers_of_a_network_and_its_factors() -> None:
    """Mutants: own states not reduced by one; parents added instead of multiplied."""
    net = networks.random(ALARM, STATES, rng=np.random.default_rng(0))
    assert networks.n_parameters(net) == 1 + 2 + 6 + 2 + 4
    free = sum(table[..., 1:].size for table in net.tables.values())
    assert networks.n_parameters(net) == free
    assert networks.factorisation(ALARM).split(" p(")[0] in ("p(B)", "p(E)")
    assert "p(A | B, E)" in networks.factorisation(ALARM)
    assert networks.states(net) == STATES


def test_an_arrow_changes_the_table_of_its_child_only() -> None:
    """Mutant: one stream for all tables, so that one click redraws them all."""
    before = networks.random(ALARM, STATES, rng=np.random.default_rng(3))
    more = {**ALARM, "J": ["A", "E"]}
    after = networks.random(more, STATES, rng=np.random.default_rng(3))
    for name in ("B", "E", "A", "M"):
        np.testing.assert_array_equal(before.tables[name], after.tables[name])
    assert after.tables["J"].shape == (2, 3, 2)


def test_fitted_tables_are_frequencies() -> None:
    """With pseudo-counts, by counting; and 200,000 draws give the tables back (five standard
    errors of the rarest row). Mutants: pseudo added once a row; rows divided by n."""
    x = {"A": np.array([0, 0, 1, 1, 1]), "B": np.array([0, 1, 1, 1, 0])}
    net = networks.fit({"A": [], "B": ["A"]}, {"A": 2, "B": 2}, x, pseudo=1.0)
    np.testing.assert_allclose(net.tables["A"], [3 / 7, 4 / 7])
    np.testing.assert_allclose(net.tables["B"], [[2 / 4, 2 / 4], [2 / 5, 3 / 5]])
    truth = networks.random(ALARM, STATES, rng=np.random.default_rng(4))
    drawn = networks.sample(truth, 200_000, rng=np.random.default_rng(5))
    found = networks.fit(ALARM, STATES, drawn, pseudo=1e-9)
    for name, table in truth.tables.items():
        above = [drawn[p] for p in ALARM[name]]
        rarest = np.bincount(
            np.ravel_multi_index(above, table.shape[:-1]) if above else np.zeros(200_000, int)
        ).min()
        assert np.abs(found.tables[name] - table).max() < 5 * 0.5 / rarest**0.5
    with pytest.raises(ValueError, match="never seen; use pseudo > 0"):
        networks.fit({"A": [], "B": ["A"]}, {"A": 3, "B": 2}, x, pseudo=0)


def test_wrong_networks_are_refused() -> None:
    with pytest.raises(ValueError, match="cycle"):
        networks.random({"A": ["B"], "B": ["A"]}, {"A": 2, "B": 2}, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="concentration"):
        networks.random({"A": []}, {"A": 2}, concentration=0, rng=np.random.default_rng(0))
    many = {f"x{i}": [] for i in range(21)}
    net = networks.random(many, dict.fromkeys(many, 2), rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="full table would have 2,097,152"):
        networks.joint(net)


# ---------------------------------------------------------------- graphs as texts


def test_a_graph_survives_its_text() -> None:
    g = graph_text.parse("Rain Sprinkler Wet; Rain>Wet, Sprinkler > Wet,Rain>Sprinkler")
    assert g.parents == {"Rain": [], "Sprinkler": ["Rain"], "Wet": ["Rain", "Sprinkler"]}
    assert graph_text.parse(graph_text.format(g)) == g
    assert graph_text.format(graph_text.parse("A B;")) == "A B;"
    for typed in ("A B; A>B,", "A B; A>B , "):  # as one types on
        assert graph_text.format(graph_text.parse(typed)) == "A B; A>B"


def test_a_cycle_is_refused_and_named_along_its_arrows() -> None:
    """Mutants: the cycle named backwards; any second way to a variable taken for a cycle; the
    arrow after a refused one refused too."""
    g = graph_text.parse("A B C D; A>B, B>C, C>A, A>C, C>D")
    assert g.refused == (("C", "A"),)
    assert g.arrows == (("A", "B"), ("B", "C"), ("A", "C"), ("C", "D"))
    assert graph_text.cycle(g.parents, "C", "A") == ["C", "A", "C"]  # the shortest
    chain = graph_text.parse("A B C; A>B, B>C").parents
    assert graph_text.cycle(chain, "C", "A") == ["C", "A", "B", "C"]
    assert graph_text.cycle(chain, "A", "C") == []
    assert graph_text.parse(graph_text.format(g)) == g


def test_a_click_adds_and_takes_away() -> None:
    """Mutants: parent and child exchanged; a refused arrow that stays after its cycle is open."""
    g = graph_text.parse("A B C; A>B, B>C")
    g = graph_text.toggle(g, "C", "A")
    assert g.refused == (("C", "A"),)
    opened = graph_text.toggle(g, "A", "B")
    assert opened.refused == ()
    assert opened.arrows == (("B", "C"), ("C", "A"))
    assert graph_text.toggle(g, "C", "A") == graph_text.parse("A B C; A>B, B>C")
    with pytest.raises(ValueError, match="its own parent"):
        graph_text.toggle(g, "A", "A")


@given(st.text(alphabet="AB1 >;,é\x00'", max_size=40) | st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_nonsense_is_refused_in_words_or_is_a_graph(text: str) -> None:
    """Mutant: any exception but ValueError; a graph that its own text does not give back."""
    try:
        g = graph_text.parse(text)
    except ValueError:
        return
    assert 1 <= len(g.names) <= graph_text.MOST
    assert graph_text.parse(graph_text.format(g)) == g
    networks.ancestral.order(g.parents)  # no cycle


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "names no variables"), ("A B C D E F G H;", "at most 7"), ("A A;", "twice"),
     ("1A;", "is no name"), ("A B; A>A", "ends where it begins"), ("A B; A>C", "is no variable"),
     ("A B; A-B", "is no arrow"), ("A B; A>B, A>B", "drawn twice"),
     ("A B; A>B,,", "'' is no arrow"), ("A B; ,A>B", "'' is no arrow"), ("A" * 400, "is no name")],
)  # fmt: skip
def test_bad_texts_say_what_to_mend(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        graph_text.parse(text)


# ---------------------------------------------------------------- images


def pictures(n: int, side: int, seed: int = 0) -> np.ndarray:
    """Binary images with dependent neighbours."""
    rng = np.random.default_rng(seed)
    smooth = rng.standard_normal((n, side + 1, side + 1))
    smooth = smooth[:, 1:, 1:] + smooth[:, :-1, 1:] + smooth[:, 1:, :-1]
    return (smooth > 0.3).reshape(n, -1).astype(np.uint8)


@pytest.mark.parametrize("kind", pixel_networks.OFFSETS)
def test_a_pixel_network_is_a_distribution(kind: str) -> None:
    """All 512 images of 3 x 3 pixels; draws by chi-squared over the counts of expected images
    (511 degrees: beyond 700 with probability 1e-8). Mutants: a row number of shifted bits; a
    pixel beyond the edge wrapped to the other side; the tables of another pixel."""
    x = pictures(500, 3)
    parents = pixel_networks.neighbours(3, kind)
    net = pixel_networks.fit(x, parents)
    every = np.array(list(product((0, 1), repeat=9)), dtype=np.uint8)
    p = np.exp(pixel_networks.log_prob(net, every))
    assert p.sum() == pytest.approx(1, abs=1e-12)
    n = 200_000
    drawn = pixel_networks.sample(net, n, rng=np.random.default_rng(1))
    seen = np.bincount(drawn @ (2 ** np.arange(8, -1, -1)), minlength=512)
    common = n * p >= 5  # chi-squared needs a few expected in each cell
    assert ((seen - n * p)[common] ** 2 / (n * p)[common]).sum() < 700
    for i, above in enumerate(pixel_networks.neighbours(6, kind)):  # near, and came before
        for j in above[above >= 0]:
            assert j < i
            assert abs(i // 6 - j // 6) <= 2
            assert abs(i % 6 - j % 6) <= 2


def test_one_parent_is_the_tree_and_the_library_agrees() -> None:
    """The vectorised tables against trees.fit and networks.fit. Mutants: pseudo counted once;
    ones and zeros exchanged; rows that cannot occur counted as parameters."""
    x = pictures(300, 4)
    left = pixel_networks.neighbours(4, "left")
    as_tree = trees.fit(x, left[:, 0])
    net = pixel_networks.fit(x, left)
    np.testing.assert_allclose(
        pixel_networks.log_prob(net, x), trees.log_prob(as_tree, x), rtol=1e-12
    )
    assert pixel_networks.n_parameters(net) == trees.n_parameters(as_tree)
    parents = pixel_networks.neighbours(4, "left, above, corner")
    net = pixel_networks.fit(x, parents, pseudo=2.0)
    names = {f"p{i}": [f"p{j}" for j in above if j >= 0] for i, above in enumerate(parents)}
    data = {f"p{i}": x[:, i] for i in range(16)}
    other = networks.fit(names, dict.fromkeys(names, 2), data, pseudo=2.0)
    np.testing.assert_allclose(
        pixel_networks.log_prob(net, x), networks.log_prob(other, data), rtol=1e-12
    )
    assert pixel_networks.n_parameters(net) == networks.n_parameters(other)
    bits, error = pixel_networks.bits_per_pixel(net, x)
    each = -pixel_networks.log_prob(net, x) / np.log(2) / 16
    assert bits == pytest.approx(each.mean())
    assert error == pytest.approx(stats.sem(each))
    with pytest.raises(ValueError, match="come before its pixel"):
        pixel_networks.fit(x, np.arange(16)[:, None])
    with pytest.raises(ValueError, match="no neighbours are called"):
        pixel_networks.neighbours(4, "right")


@pytest.mark.parametrize("diagonal", [False, True])
def test_gaussian_images_agree_with_scipy(diagonal: bool) -> None:
    """Mutants: log det halved twice; the deviation for the variance; n - 1; the shrinkage on the
    diagonal too; log2 L subtracted."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 16, size=(200, 6)) // np.array([1, 1, 2, 2, 4, 8])
    x[:, 1] = (x[:, 0] + x[:, 1]) // 2
    z = gaussian_images.dequantise(x, 16, rng=rng)
    assert z.min() >= 0
    assert z.max() < 1
    np.testing.assert_array_equal(np.floor(16 * z), x)
    g = gaussian_images.fit(z, diagonal=diagonal, shrinkage=0.3, floor=0.05)
    S = np.cov(z.T, bias=True)
    S = np.diag(np.diag(S)) if diagonal else np.where(np.eye(6) > 0, S, 0.7 * S)
    cov: Any = S + 0.05**2 * np.eye(6)
    other = stats.multivariate_normal(z.mean(0), cov)
    np.testing.assert_allclose(gaussian_images.log_prob(g, z), other.logpdf(z), rtol=1e-10)
    bits, error = gaussian_images.bits_per_pixel(g, z, 16)
    each = -other.logpdf(z) / np.log(2) / 6 + 4
    assert bits == pytest.approx(each.mean())
    assert error == pytest.approx(stats.sem(each))
    drawn = gaussian_images.sample(g, 40_000, rng=rng)
    # five standard errors of a covariance: its deviation is at most its variance times sqrt(2 / n)
    top = np.diag(S).max() + 0.05**2
    assert np.abs(np.cov(drawn.T) - cov).max() < 5 * top * (2 / 40_000) ** 0.5


def test_bits_of_a_density_bound_those_of_its_cells() -> None:
    """One pixel of four levels under N(m, s^2): the mass of the cells by the distribution function.
    Mutants: log2 L left out or of the wrong sign; u centred on 0."""
    rng = np.random.default_rng(1)
    x = rng.integers(0, 4, size=(200_000, 1))
    z = gaussian_images.dequantise(x, 4, rng=rng)
    g = gaussian_images.fit(z, diagonal=True)
    edges = stats.norm.cdf(np.arange(5) / 4, g.mean[0], g.root[0])
    discrete = -np.log2(np.diff(edges))[x[:, 0]].mean()
    bits, error = gaussian_images.bits_per_pixel(g, z, 4)
    assert discrete < bits + 5 * error
    assert bits == pytest.approx(discrete, abs=0.05)  # four cells are nearly flat under this q


def test_wrong_images_are_refused() -> None:
    with pytest.raises(ValueError, match="levels run from 0 to 3"):
        gaussian_images.dequantise(np.array([[4]]), 4, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="shrink, or raise the floor"):
        gaussian_images.fit(np.zeros((3, 5)), shrinkage=0.0)
    with pytest.raises(ValueError, match="shrinkage lies in"):
        gaussian_images.fit(np.zeros((3, 5)), shrinkage=2.0)


@pytest.mark.parametrize(("name", "n", "m", "d"), [("14 x 14", 1200, 500, 196),
                                                   ("8 x 8", 1200, 597, 64),
                                                   ("28 x 28", 4000, 1000, 784)])  # fmt: skip
def test_the_bundled_digits_are_the_packages_own(name: str, n: int, m: int, d: int) -> None:
    """Against scikit-learn's loader; the half-size MNIST against the whole one, block by block.
    Mutants: the label left among the pixels; a test image among the training images; rows and
    columns of a block exchanged with those of the image."""
    found = digits.load(name)
    assert found.train.shape == (n, d)
    assert found.test.shape == (m, d)
    assert found.train.max() == found.levels - 1
    assert d == found.side**2
    if name == "8 x 8":
        from sklearn.datasets import load_digits

        other = load_digits(return_X_y=True)[0].astype(np.uint8)
        both = np.concatenate([found.train, found.test])
        assert sorted(map(bytes, both)) == sorted(map(bytes, other))
    if name == "14 x 14":
        large = digits.load("28 x 28").train[:1200].reshape(-1, 28, 28).astype(int)
        four = large[:, ::2, ::2] + large[:, 1::2, ::2] + large[:, ::2, 1::2] + large[:, 1::2, 1::2]
        np.testing.assert_array_equal(found.train.reshape(-1, 14, 14), four // 4)
    seen = {bytes(row) for row in found.train}
    shared = sum(bytes(row) in seen for row in found.test)
    assert shared <= 1  # the images are different ones
    assert not found.train.flags.writeable
    assert digits.binary(np.array([[7, 8, 9]]), 17).tolist() == [[0, 1, 1]]
    assert digits.binary(np.array([[127, 128]]), 256).tolist() == [[0, 1]]
    with pytest.raises(ValueError, match="choose one of"):
        digits.load("nines")


# ---------------------------------------------------------------- typical sets


@pytest.mark.parametrize(("d", "p"), [(8, 0.2), (10, 0.5), (9, 0.7)])
def test_the_typical_set_by_enumeration(d: int, p: float) -> None:
    """All 2^d states. Mutants: H in nats; the binomial without its coefficient; the size of a set
    of counts."""
    every = np.array(list(product((0, 1), repeat=d)))
    prob = np.where(every, p, 1 - p).prod(1)
    H = -p * np.log2(p) - (1 - p) * np.log2(1 - p)
    inside = np.abs(-np.log2(prob) / d - H) <= 0.2
    found = typical.bernoulli(d, p, 0.2)
    assert found.entropy == pytest.approx(H)
    assert found.probability == pytest.approx(prob[inside].sum())
    assert 2**found.log2_size == pytest.approx(inside.sum())
    assert found.mode == pytest.approx(prob.max())
    assert found.mode_inside == inside[prob.argmax()]


def test_the_typical_set_takes_all_the_mass_and_not_the_mode() -> None:
    found = [typical.bernoulli(d, 0.1, 0.1) for d in (10, 100, 2000)]
    assert found[0].probability < found[1].probability < found[2].probability
    assert found[2].probability > 0.999
    assert not found[2].mode_inside
    assert found[2].log2_size / 2000 == pytest.approx(found[2].entropy, abs=0.11)
    with pytest.raises(ValueError, match="0 < p < 1"):
        typical.bernoulli(3, 1.0, 0.1)


def test_cells_hit_by_draws() -> None:
    """Against draws, five standard errors. Mutants: n / cells; (1 - 1 / n)^cells."""
    rng = np.random.default_rng(0)
    shares = [len(np.unique(rng.integers(0, 64, 50))) / 64 for _ in range(2000)]
    assert abs(np.mean(shares) - typical.share_hit(3, 4, 50)) < 5 * np.std(shares) / 2000**0.5
    assert typical.cells(3, 4) == counts.full(3, 4) + 1
    assert typical.share_hit(400, 10, 1000) == 0
