"""InfoGAN on digits: codes, information, reader and plane, on small networks of random weights.

Each test names the mutants it kills.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special, stats
from scipy.spatial.distance import cdist

from dgmlib.checkpoints import store
from dgmlib.classifiers import digit_cnn
from dgmlib.data import own_digit
from dgmlib.gan import (
    digit_information,
    digit_looks,
    digit_net,
    digit_plane,
    digit_reader,
    digit_sweep,
    digit_text,
    pixels,
)
from tests import random_digits
from tests.random_digits import NOISE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("checkpoints")
    random_digits.write(to)
    return to


@pytest.fixture
def shelf(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(store, "FOLDER", folder)
    return folder


# ---------------------------------------------------------------- the network of a card


def test_codes_enter_in_the_order_of_the_training(shelf: Path, monkeypatch: Any) -> None:
    """Noise, one-hot category, continuous. Mutants: another order; a category too far; axes that
    broadcast the wrong way; a batch that loses its last images."""
    monkeypatch.setattr(digit_net, "AT_ONCE", 5)
    net, rng = digit_net.load("infogan"), np.random.default_rng(0)
    assert net.shape == (NOISE - 1, 10, 2, 0.3)
    noise, u = rng.standard_normal((3, 1, NOISE - 1)), rng.uniform(-1, 1, 2)
    made = digit_net.draw(net, noise, np.array([7, 2]), u)
    assert made.shape == (3, 2, 784)
    for i in range(3):
        for j, c in enumerate((7, 2)):
            z = np.concatenate([noise[i, 0], np.eye(10)[c], u]).astype(np.float32)
            assert made[i, j] == pytest.approx(pixels.generate(net.params, z[None])[0], abs=1e-5)
    plain = digit_net.load("gan")
    z = rng.standard_normal((2, NOISE)).astype(np.float32)
    assert digit_net.draw(plain, z) == pytest.approx(pixels.generate(plain.params, z), abs=1e-5)
    with pytest.raises(ValueError, match="no GAN"):
        digit_net.load("digit-cnn")


def test_the_reader_gives_log_probabilities_and_deviations(shelf: Path, monkeypatch: Any) -> None:
    """Against SciPy. Mutants: logits left as they are; the variance as a deviation."""
    monkeypatch.setattr(digit_net, "AT_ONCE", 2)
    net, x = digit_net.load("infogan"), np.random.default_rng(0).random((5, 784))
    seen = pixels.features(net.params, x.astype(np.float32))
    q = pixels.read(net.params, seen, 10)
    found = digit_net.read(net, x)
    assert found.log_p == pytest.approx(special.log_softmax(q.logits, 1), abs=1e-5)
    assert found.mean == pytest.approx(q.mean, abs=1e-5)
    assert found.std**2 == pytest.approx(np.exp(q.log_var), rel=1e-4)


# ---------------------------------------------------------------- looks


def sheet(pixels_: list[tuple[int, int]]) -> np.ndarray:
    x = np.zeros((28, 28))
    for row, column in pixels_:
        x[row, column] = 1
    return x.reshape(784)


def test_looks_of_known_figures() -> None:
    """A stroke that goes one to the right for two up leans by atan(1/2); n columns have the
    variance (n^2 - 1) / 12, also when it leans. Mutants: y downwards; x and y exchanged; the
    regression of y on x; a variance for a deviation; the ink's sum for its mean; a wide one
    because it leans."""
    stroke = sheet([(20 - 2 * k, 8 + k) for k in range(7)])
    found = digit_looks.looks(stroke)
    assert found[0] == pytest.approx(7 / 784)
    assert found[1] == pytest.approx(np.degrees(np.arctan(0.5)))
    mirrored = stroke.reshape(28, 28)[:, ::-1].reshape(784)
    assert digit_looks.looks(mirrored)[1] == pytest.approx(-found[1])
    bar = sheet([(i, j) for i in range(5, 20) for j in range(10, 17)])
    assert digit_looks.looks(0.5 * bar) == pytest.approx(
        [0.5 * 15 * 7 / 784, 0, np.sqrt((7**2 - 1) / 12)]
    )
    sheared = sheet([(i, j + (20 - i)) for i in range(10, 20) for j in range(7, 12)])
    assert digit_looks.looks(sheared)[1:] == pytest.approx([45, np.sqrt((5**2 - 1) / 12)])
    wide = sheet([(10 - k // 3, 5 + k) for k in range(9)] + [(12, 9)])
    xy = np.argwhere(wide.reshape(28, 28))[:, ::-1] * [1, -1]
    slope = np.polyfit(xy[:, 1], xy[:, 0], 1)[0]  # x on y
    assert digit_looks.looks(wide)[1] == pytest.approx(np.degrees(np.arctan(slope)))
    assert (digit_looks.looks(np.zeros(784)) == 0).all()


def test_deviations_are_of_the_real_digits() -> None:
    """Mutants: divided by the variance; not centred. And grey is the digits' order."""
    away = digit_looks.in_deviations(digit_looks.grey())
    assert away.mean(0) == pytest.approx(0, abs=1e-6)
    assert away.std(0) == pytest.approx(1)
    assert ((digit_looks.grey() >= 0.5) == own_digit.bundled().bits).all()


# ---------------------------------------------------------------- one code turned


def test_one_code_turns_and_nothing_else(shelf: Path) -> None:
    """Mutants: the other code turns; the noise differs between frames; columns are not the
    categories; the spread ignored; another picture is read."""
    r = digit_sweep.turn("infogan", which=1, picked=(2, 6), times=0.5, seed=4)
    assert r.values[[0, 4, -1]].tolist() == [-2, 0, 2]
    net = digit_net.load("infogan")
    noise = 0.5 * 0.3 * np.random.default_rng(4).standard_normal((3, NOISE - 1))
    for f, i, c in ((0, 0, 0), (8, 2, 6), (3, 1, 9)):
        z = np.concatenate([noise[i], np.eye(10)[c], [0, r.values[f]]]).astype(np.float32)
        one = pixels.generate(net.params, z[None])
        assert r.grid[f, i, c] == pytest.approx(one[0], abs=1e-5)
        answers = digit_cnn.log_prob(store.load("digit-cnn").weights, one)
        assert r.seen[f, i, c] == answers.argmax()
    alone = digit_net.read(net, r.grid[:, 2, 6])
    assert r.reading.mean == pytest.approx(alone.mean, abs=1e-5)
    by_hand = digit_looks.in_deviations(r.grid[5].reshape(-1, 784)).mean(0)
    assert r.looks[5] == pytest.approx(by_hand)
    still = digit_sweep.turn("infogan", which=1, picked=(0, 0), times=0.0, seed=4)
    assert still.grid[:, 0] == pytest.approx(still.grid[:, 2], abs=1e-6)
    with pytest.raises(ValueError, match="which"):
        digit_sweep.turn("infogan", which=2, picked=(0, 0), times=0.1, seed=4)
    with pytest.raises(ValueError, match="no image"):
        digit_sweep.turn("infogan", which=0, picked=(3, 0), times=0.1, seed=4)


# ---------------------------------------------------------------- which picture is picked


def test_a_click_names_the_picture_under_it() -> None:
    """Mutants: rows counted from below; x and y exchanged; counted from 0; no clipping."""
    encode = digit_text.of_click(rows=3, columns=10)
    assert encode({"xy": [0.2, 2.9]}) == "1 1"
    assert encode({"xy": [6.5, 0.1]}) == "3 7"
    assert encode({"xy": [-4.0, 9.0]}) == "1 1"
    assert digit_text.parse("3 7", rows=3, columns=10) == (2, 6)
    named = digit_text.of_click("wgan-gp", rows=4, columns=4)({"xy": [3.5, 3.5]})
    assert digit_text.parse_sheet(named, digit_plane.NAMES, rows=4, columns=4) == ("wgan-gp", 0, 3)
    for text in ("", "0 1", "4 1", "1 11", "1", "1 2 3", "1.0 2", "x y", "-1 2", "１ 1"):
        with pytest.raises(ValueError, match="no picture"):
            digit_text.parse(text, rows=3, columns=10)
    with pytest.raises(ValueError, match="begin with"):
        digit_text.parse_sheet("vae 1 1", digit_plane.NAMES, rows=4, columns=4)
    with pytest.raises(ValueError, match="two numbers"):
        encode({"xy": [np.nan, 1.0]})


# ---------------------------------------------------------------- information


@pytest.fixture
def known(shelf: Path) -> digit_information.Known:
    return digit_information.know("infogan", images=100, times=2.0, seed=2)


def drawn() -> tuple[np.ndarray, np.ndarray, digit_net.Reading]:
    """The same pictures, by hand."""
    net, rng = digit_net.load("infogan"), np.random.default_rng(2)
    c = np.arange(100) % 10
    u = rng.uniform(-1, 1, (100, 2))
    noise = 2 * 0.3 * rng.standard_normal((100, NOISE - 1))
    z = np.concatenate([noise, np.eye(10)[c], u], 1).astype(np.float32)
    return c, u, digit_net.read(net, pixels.generate(net.params, z))


def test_entropies_are_those_of_the_table(known: digit_information.Known) -> None:
    """Against SciPy. Mutants: rows are what is read; H(c|r) without its weights, or the mean of
    H(c, r); a table of everything that q says."""
    c, _, q = drawn()
    table = np.zeros((10, 10))
    for i in range(100):
        table[c[i], q.log_p[i].argmax()] += 1
    assert (known.table == table).all()
    e, p = known.entropies, table / 100
    assert e.x == pytest.approx(np.log(10))
    rest = sum(p[:, y].sum() * stats.entropy(p[:, y]) for y in range(10) if p[:, y].sum())
    assert e.x_given_y == pytest.approx(rest)
    assert e.mutual[0] == pytest.approx(np.log(10) - rest)
    assert e.joint == pytest.approx(stats.entropy(p.ravel()))
    assert 0.2 < float(e.mutual[0]) < 2.2  # the random nets leave something to lose


def test_the_bound_is_what_its_formula_says(known: digit_information.Known) -> None:
    """By hand, with SciPy. Mutants: T multiplies; no normalisation; H(c) left out; the error of all
    draws as if the category were drawn; a sum over the continuous codes."""
    c, u, q = drawn()
    for f in (0, 16, 25):
        T = known.temperature[f]
        told = special.log_softmax(q.log_p / T, 1)[np.arange(100), c]
        assert known.bound[f] == pytest.approx(np.log(10) + told.mean(), rel=1e-4)
        within = np.mean([told[c == k].var(ddof=1) for k in range(10)])
        assert known.error[f] == pytest.approx(np.sqrt(within / 100), rel=1e-3)
    assert known.temperature[16] == 1
    log_u = stats.norm.logpdf(u, q.mean, q.std)
    assert known.u_bound == pytest.approx(np.log(2) + log_u.mean(0), rel=1e-4)
    assert known.u_error == pytest.approx(stats.sem(log_u), rel=1e-3)


def test_the_error_is_that_of_repeated_draws() -> None:
    """Categories far apart, equally many of each. Mutant: what varies between them is an error."""
    rng, c = np.random.default_rng(0), np.arange(60) % 3
    values = rng.standard_normal((4000, 60)) * np.array([0.5, 1, 3])[c] + 100 * c
    error = digit_information.stratified_error(values, c, 3)
    truth = values.mean(1).std()  # within 2% with 4,000 repetitions
    assert np.sqrt((error**2).mean()) == pytest.approx(truth, rel=0.05)


def test_the_gap_is_the_kl_between_the_bars(known: digit_information.Known) -> None:
    """I(c; r) less the bound told r is the mean KL, at every T, and the bars are its parts.

    Mutants: q averaged over c instead of r; KL the other way; rows of q that do not sum to 1; the
    bars of another r.
    """
    q = drawn()[2]
    r = q.log_p.argmax(1)
    p = known.table.T / 100  # rows: read
    for f in (4, 16, 28):
        q_T = special.softmax(q.log_p / known.temperature[f], 1)
        kl = value = 0.0
        for y in np.unique(r):
            mean = q_T[r == y].mean(0)
            kl += p[y].sum() * stats.entropy(p[y], mean)
            value += (p[y] * np.log(mean)).sum()
            if y == known.hardest:
                assert known.guess[f] == pytest.approx(mean, abs=1e-4)
        mutual = float(known.entropies.mutual[0])
        assert known.told_r.gap[f] == pytest.approx(kl, rel=1e-3)
        assert known.told_r.value[f] == pytest.approx(np.log(10) + value, rel=1e-3)
        assert known.told_r.value[f] + known.told_r.gap[f] == pytest.approx(mutual)
    doubts = {y: stats.entropy(p[y]) for y in np.unique(r)}
    assert doubts[known.hardest] == max(doubts.values())
    assert known.posterior == pytest.approx(p[known.hardest] / p[known.hardest].sum())


def test_a_shuffled_table_shows_what_chance_gives(shelf: Path) -> None:
    """(K - 1)^2 / 2n to first order where all cells are met (Miller & Madow). Mutants: the true
    table returned; one shuffle of the code with itself."""
    r = digit_information.know("infogan", images=500, times=2.0, seed=2)
    met = (r.table.sum(0) > 0).sum()
    assert r.floor == pytest.approx(9 * (met - 1) / 1000, rel=0.35)
    assert r.n == r.table.sum() == 500
    assert (r.table.sum(1) == 50).all()
    for n in (10, 105):
        with pytest.raises(ValueError, match="multiple of 10"):
            digit_information.know("infogan", images=n, times=2.0, seed=2)


# ---------------------------------------------------------------- a real digit read


def test_a_digit_is_read_in_grey_and_drawn_back(shelf: Path) -> None:
    """Mutants: black and white for the bundled ones; the codes of another category; noise in the
    first picture; the census by rows and columns exchanged; counts named by majority."""
    rng = np.random.default_rng(0)
    r = digit_reader.look("infogan", "n:7", centre=True, rng=rng)
    assert (r.x == digit_looks.grey()[7]).all()
    assert len(np.unique(r.x)) > 10
    net = digit_net.load("infogan")
    q = digit_net.read(net, r.x[None])
    assert r.category == q.log_p[0].argmax()
    z = np.concatenate([np.zeros(NOISE - 1), np.eye(10)[r.category], q.mean[0]])
    wanted = pixels.generate(net.params, z[None].astype(np.float32))[0]
    assert r.back[0] == pytest.approx(wanted, abs=1e-4)
    assert r.every[r.category] == pytest.approx(wanted, abs=1e-4)
    assert abs(r.back[1] - wanted).max() > 1e-3
    c, labels = r.census, own_digit.bundled().labels
    some = digit_net.read(net, digit_looks.grey()[:300]).log_p.argmax(1)
    for k in np.unique(some):
        for y in range(10):
            assert c.table[k, y] >= ((some == k) & (labels[:300] == y)).sum()
    assert (c.table.sum(0) == 500).all()
    held = c.name >= 0
    assert len(set(c.name[held].tolist())) == held.sum()
    assert c.accuracy == pytest.approx(c.table[held, c.name[held]].sum() / 5000)
    assert c.error == pytest.approx(np.sqrt(c.accuracy * (1 - c.accuracy) / 5000))
    assert r.card == (61.5, 0.5)
    own = own_digit.of_bits(own_digit.bundled().bits[7])
    mine = digit_reader.look("infogan", own, centre=False, rng=rng)
    assert (mine.x == own_digit.bundled().bits[7]).all()


# ---------------------------------------------------------------- three networks, one plane


def test_the_plane_goes_through_three_draws(shelf: Path) -> None:
    """Mutants: a plane through the origin; rows and columns exchanged; InfoGAN's noise unscaled;
    its categories all the same; the networks exchanged."""
    z = digit_plane.plane(NOISE, np.random.default_rng(5))
    a, b, c = np.random.default_rng(5).standard_normal((3, NOISE))
    assert z[0, 0] == pytest.approx(a)
    assert z[0, -1] == pytest.approx(b)
    assert z[-1, 0] == pytest.approx(c)
    assert z[-1, -1] == pytest.approx(b + c - a)
    assert z[1, 2] == pytest.approx(a + (b - a) * 2 / 3 + (c - a) / 3)
    r = digit_plane.look(("wgan-gp", 1, 2), times=2.0, seed=5)
    for k, (name, spread) in enumerate({"gan": 0.7, "wgan-gp": 1.0}.items()):
        noise = 2 * spread * z[1, 2][None].astype(np.float32)
        wanted = pixels.generate(store.load(name).weights, noise)
        assert r.grids[k][0, 1, 2] == pytest.approx(wanted[0], abs=1e-4)
    code = np.concatenate([2 * 0.3 * z[1, 2, :-1], np.eye(10)[8], [0, 0]]).astype(np.float32)
    wanted = pixels.generate(store.load("infogan").weights, code[None])[0]
    assert r.grids[2][8, 1, 2] == pytest.approx(wanted, abs=1e-4)
    assert r.picked == (1, 1, 2)
    assert r.norm[1, 2] == pytest.approx(np.linalg.norm(z[1, 2]))


def test_the_nearest_digit_is_the_nearest() -> None:
    """Against SciPy's distances of all pairs. Mutants: |x|^2 forgotten where it matters; the
    squared distance; a digit is its own nearest."""
    rng, all_ = np.random.default_rng(0), digit_looks.grey()
    x = np.clip(all_[[3, 40, 4999]] + 0.2 * rng.standard_normal((3, 784)), 0, 1)
    far = cdist(x, all_)
    found = digit_plane.nearest(x)
    assert (found.index == far.argmin(1)).all()
    assert found.distance == pytest.approx(far.min(1), rel=1e-5)
    assert digit_plane.nearest(all_[[17]]).distance == 0
    alone = cdist(all_[:3], all_)
    alone[np.arange(3), np.arange(3)] = np.inf
    assert digit_plane.real_distances()[:3] == pytest.approx(alone.min(1), rel=1e-5)
    assert digit_plane.label(17) == own_digit.bundled().labels[17]
