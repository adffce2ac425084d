"""The page of InfoGAN: its pictures on random networks, then its words about the trained ones.

Each test names the mutants it kills.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dgmlib.checkpoints import store
from dgmlib.data import own_digit
from dgmlib.figures import infogan_codes, infogan_information, infogan_plane, infogan_reader
from dgmlib.figures.scene import Bars, HeatMap, Images, Lines, Points, Text
from dgmlib.figures.scene import Path as Line
from dgmlib.gan import (
    digit_information,
    digit_looks,
    digit_net,
    digit_plane,
    digit_reader,
    digit_sweep,
    digit_text,
)
from dgmlib.ui import code, spec
from tests import random_digits


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("checkpoints")
    random_digits.write(to)
    return to


@pytest.fixture
def shelf(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(store, "FOLDER", folder)
    return folder


def drawing(shown: list[Any]) -> list[Any]:
    """What a figure gives: a scene, then tables."""
    return shown


def layers(scene: Any, kind: type, panel: int) -> list[Any]:
    return [found for found in scene.panels[panel].layers if isinstance(found, kind)]


# ---------------------------------------------------------------- pictures


def test_the_sheet_shows_every_picture_at_its_place(shelf: Path) -> None:
    """Mutants: rows and columns exchanged; the frame around another picture; the truth of the code
    that stands still."""
    r = digit_sweep.turn("infogan", which=1, picked=(2, 6), times=0.5, seed=4)
    scene, table = drawing(infogan_codes.codes_scene(r))
    images = layers(scene, Images, 0)[0]
    assert images.columns == 10
    assert images.value[7, 10 * 2 + 6].reshape(784) == pytest.approx(r.grid[7, 2, 6])
    around = layers(scene, Line, 0)[0].xy
    middle = (around.min(0) + around.max(0)) / 2
    encode = digit_text.of_click(rows=3, columns=10)
    assert encode({"xy": middle.tolist()}) == "3 7"
    truth = layers(scene, Lines, 2)[1]
    assert (truth.y == np.stack([np.zeros(9), r.values])).all()
    assert layers(scene, Bars, 1)[0].height.sum(1) == pytest.approx(1)
    words = layers(scene, Text, 0)[1].text
    column = r.seen[3, :, 6]
    assert int(words[3][6]) in column
    assert [row[-1] == "yes" for row in table.rows] == [
        len(set(r.seen[2:7, :, c].ravel().tolist())) == 1 for c in range(10)
    ]


@pytest.fixture
def known(shelf: Path) -> digit_information.Known:
    return digit_information.know("infogan", images=100, times=2.0, seed=2)


def test_the_picture_of_the_information(known: digit_information.Known) -> None:
    """Mutants: the table's axes exchanged; its words elsewhere; the marked column another one."""
    scene, table, _ = drawing(infogan_information.information_scene(known))
    heat, words = layers(scene, HeatMap, 0)[0], layers(scene, Text, 0)[0]
    assert (heat.value == known.table).all()  # row: put in, row 0 at the foot; column: read
    for (x, y), word in zip(words.xy, words.text, strict=True):
        assert int(word or 0) == known.table[int(y), int(x)]
    assert scene.start == 16
    bars = layers(scene, Bars, 2)
    assert (bars[0].height == known.posterior).all()
    shown = dict(zip((row[0] for row in table.rows), (row[1] for row in table.rows), strict=True))
    assert shown["H(c), put in"] == "2.3026"
    assert f"{known.entropies.mutual[0]:.4f}" == shown["I(c; r) = H(c) − H(c|r)"]
    xy = layers(scene, Points, 3)[1].xy
    assert xy[:, 0] == pytest.approx(known.u[:, 1])


def test_the_picture_of_a_read_digit(shelf: Path) -> None:
    """Mutants: the census' axes exchanged; another digit's answers; the card's number lost."""
    rng = np.random.default_rng(0)
    r = digit_reader.look("infogan", "n:7", centre=True, rng=rng)
    q = digit_net.read(digit_net.load("infogan"), digit_looks.grey()[[7]])
    scene, table = drawing(infogan_reader.reader_scene(r))
    words = layers(scene, Text, 3)[0]
    for (x, y), word in zip(words.xy, words.text, strict=True):
        assert int(word or 0) == r.census.table[int(y), int(x)]
    assert layers(scene, Bars, 1)[0].height == pytest.approx(np.exp(q.log_p[0]))
    assert "61.50 ± 0.50%" in table.caption


def test_the_scores_are_those_of_the_cards(shelf: Path) -> None:
    """Mutants: the floor as a row of its own; a score under another network; a published figure
    lost; the nearest digit of another picture."""
    r = digit_plane.look(("infogan", 3, 0), times=2.0, seed=5)
    scene, table, near = drawing(infogan_plane.plane_scene(r))
    rows = {row[0]: row for row in table.rows}
    assert list(rows) == ["Frechet distance", "code accuracy"]
    assert rows["Frechet distance"][1:5] == ["2", "2", "2", "0.25"]
    assert rows["code accuracy"][1:5] == ["", "", "61.5 ± 0.5", ""]
    assert rows["code accuracy"][6] == "95: Chen"
    for f in (0, 9):
        pair = layers(scene, Images, 3)[0].value[f].reshape(2, 784)
        assert pair[0] == pytest.approx(r.grids[2][f, 3, 0])
        away = np.linalg.norm(digit_looks.grey() - pair[0], axis=1)
        assert pair[1] == pytest.approx(digit_looks.grey()[away.argmin()])
        assert f"number {away.argmin():,}, a" in scene.captions[f]
        assert layers(scene, Points, 4)[-1].xy[f, 0, 0] == pytest.approx(away.min(), rel=1e-5)
    assert scene.start == r.near[2].distance[:, 3, 0].argmin()
    assert layers(scene, Line, 2)[0].xy.min(0).tolist() == [0, 0]
    assert not layers(scene, Line, 0)
    assert [row[1] for row in near.rows] == ["16", "16", "160", "200"]


# ---------------------------------------------------------------- the page and its trained networks

PAGE = spec.of("infogan")


def preset(name: str) -> tuple[str, Any]:
    p = PAGE.params(**PAGE.presets[name])
    view = PAGE.view_of(p)
    return view, PAGE.views[view].compute(p)


@pytest.mark.parametrize("view", PAGE.views)
def test_the_shown_program_runs_alone(view: str) -> None:
    """Mutant: a program that uses what the page defines."""
    found: dict[str, Any] = {}
    p = PAGE.params(view=view)
    exec(code.snippet(PAGE.views[view].compute, p), found)
    shown: list[Any] = list(PAGE.views[view].show(found["result"]))
    assert shown[0].pack() == PAGE.views[view].show(PAGE.views[view].compute(p))[0].pack()


def test_the_prediction_is_true() -> None:
    """About nine in ten, while L is almost log 10. Mutants: other weights; accuracy by majority."""
    assert PAGE.prediction is not None
    assert PAGE.prediction.answer == 1
    c = digit_reader.census("infogan")
    assert 0.87 < c.accuracy < 0.94
    said = re.search(r"(\d+\.\d)% of the bundled", PAGE.prediction.because)
    assert said is not None
    assert said[1] == f"{100 * c.accuracy:.1f}"
    known = PAGE.views["information"].compute(PAGE.params())
    assert known.bound[16] > 2.29


def test_a_code_changes_the_digit_where_the_preset_says_so() -> None:
    """Inside the training. Mutants: another picture; a change beyond -1 .. 1."""
    view, r = preset("A code changes the digit")
    row, c = r.picked
    inside = np.abs(r.values) <= 1
    assert view == "codes"
    assert r.seen[inside, row, c].tolist() == [3, 3, 8, 8, 8]
    assert (r.reading.log_p[inside].argmax(1) == c).all()  # it says the same category all along


def test_beyond_the_training_a_code_is_lost() -> None:
    """At both ends it is read short, and the category wrong. Mutants: a picture that is read well;
    another seed."""
    _, r = preset("Beyond the training")
    miss = np.abs(r.reading.mean[:, r.which] - r.values)
    inside = np.abs(r.values) <= 1
    assert miss[[0, -1]].min() > 2 * miss[inside].max()
    q = np.exp(r.reading.log_p[:, r.picked[1]])
    assert q[[0, -1]].max() < 0.2  # and another category is read
    assert q[inside].min() > 0.99


def test_the_other_presets_show_what_they_promise() -> None:
    """Mutants: noise too little to matter; a digit read right, or with doubt; a scribble refused;
    a picture with a nearer one beside it."""
    _, noisy = preset("Too much noise")
    assert float(noisy.entropies.mutual[0]) < 2.0
    assert noisy.bound[16] < noisy.bound.max() - 0.1  # it is too sure of itself
    _, wrong = preset("A digit misread")
    assert wrong.census.name[wrong.category] != wrong.digit.label
    assert wrong.reading.log_p[0].max() > np.log(0.99)
    _, odd = preset("A scribble has a category")
    assert odd.digit.label is None
    assert np.exp(odd.reading.log_p).sum() == pytest.approx(1)
    view, r = preset("The nearest to a copy")
    k, i, j = r.picked
    assert view == "three"
    assert r.near[k].distance[:, i, j].min() == r.near[k].distance.min()
    assert r.near[k].distance.min() > r.real.min()  # and still no copy


def test_the_words_are_true_of_these_weights() -> None:
    """Every number of the text that is computed here. Mutant: other weights, the same words."""
    words = " ".join((spec.PAGES / "infogan.md").read_text(encoding="utf-8").split())

    def said(pattern: str) -> list[float]:
        found = re.search(pattern.replace("#", r"(\d+\.\d+)"), words)
        assert found is not None, pattern
        return [float(one.replace("−", "-")) for one in found.groups()]

    c = digit_reader.census("infogan")
    card_ = next(s for s in store.load("infogan").card["scores"] if s["name"] == "code accuracy")
    wanted = [round(100 * c.accuracy, 1), round(card_["value"], 1)]
    assert said(r"it, #% of the bundled digits and #% of MNIST") == wanted
    scores = {name: {s["name"]: s["value"] for s in store.load(name).card["scores"]}
              for name in digit_plane.NAMES}  # fmt: skip
    assert "InfoGAN is the farthest of the three" in words
    for score in ("Frechet distance", "sure images"):
        assert max(scores, key=lambda name, score=score: scores[name][score]) == "infogan"
    q = digit_net.read(digit_net.load("infogan"), digit_looks.grey()).log_p
    wrong = c.name[q.argmax(1)] != own_digit.bundled().labels
    sure = np.exp(q.max(1)[wrong]) > 0.99
    assert said(r"the (\d+) bundled digits that it misreads, (\d+)%") == [
        wrong.sum(), round(100 * sure.mean())
    ]  # fmt: skip
    known = digit_information.know("infogan", images=500, times=1.0, seed=1)
    assert said(r"\$L\$ is # nats of at most #") == [
        round(float(known.bound[16]), 3), round(np.log(10), 3)
    ]  # fmt: skip
    miss = np.sqrt(((known.u - known.reading.mean) ** 2).mean(0))
    assert said(r"missed by # in root mean square where \$q\$ expects #") == [
        round(miss[1], 2), round(known.reading.std[:, 1].mean(), 2)
    ]  # fmt: skip
    assert said(r"its bound is \$# \\pm #\$") == [
        round(known.u_bound[1], 2), round(known.u_error[1], 2)
    ]  # fmt: skip
    assert said(r"still shows # nats") == [
        round(digit_information.know("infogan", images=200, times=1.0, seed=1).floor, 2)
    ]
    by = []
    for which in (0, 1):
        looks = [
            digit_sweep.turn("infogan", which=which, picked=(0, 0), times=1.0, seed=s).looks
            for s in range(1, 5)
        ]
        by.append(np.mean(looks, 0)[6] - np.mean(looks, 0)[2])  # from u = -1 to u = 1
    assert said(r"by # standard deviations of real digits, but gain # of ink") == [
        round(by[0][1], 1), round(by[0][0], 1)
    ]  # fmt: skip
    assert said(r"takes away # of ink, and # of width") == [
        round(-by[1][0], 1), round(-by[1][2], 1)
    ]  # fmt: skip
    first = digit_looks.grey()[: digit_plane.REAL]
    moved = np.roll(first.reshape(-1, 28, 28), 1, 2).reshape(-1, 784)
    assert said(r"is # away from itself, in the median, and real digits are #") == [
        round(float(np.median(np.linalg.norm(moved - first, axis=1))), 1),
        round(float(np.median(digit_plane.real_distances())), 1),
    ]
