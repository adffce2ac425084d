"""The latent-space page and its trained networks: programs run, presets and prediction are true."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dgmlib.checkpoints import store
from dgmlib.data import own_digit
from dgmlib.ui import code, spec
from dgmlib.vae import encoded, holes, paths, vae

PAGE = spec.of("vae_latent_space")
WORDS = Path(__file__).parents[1] / "pages" / "vae_latent_space.md"


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
    """About one in nine, about 11%. Mutants: other weights, another factor, another disc."""
    found = holes.find(encoded.density("vae-2d"), factor=10.0)
    assert PAGE.params().factor == 10.0
    assert PAGE.prediction is not None
    assert PAGE.prediction.answer == 1
    assert re.search(r"About (\d+)% of", PAGE.prediction.because)[1] == f"{found.total:.0%}"[:-1]  # type: ignore[index]
    assert abs(found.total - 1 / 9) < 0.01


def test_the_encoder_misses_where_the_preset_says_so() -> None:
    """q far from where the posterior is. Mutant: a digit with an ordinary gap."""
    _, r = preset("The encoder misses")
    p = r.posterior
    assert p.gap > 50
    x = np.linspace(p.extent[0], p.extent[1], p.density.shape[1])
    far = abs(x[p.density.sum(0).argmax()] - p.q.mean[0]) / np.exp(p.q.log_var[0] / 2)
    y = np.linspace(p.extent[2], p.extent[3], p.density.shape[0])
    away = abs(y[p.density.sum(1).argmax()] - p.q.mean[1]) / np.exp(p.q.log_var[1] / 2)
    assert max(far, away) > 5  # deviations of q


@pytest.mark.parametrize("digit", ["n:8", "n:21", "n:63", own_digit.of_bits(np.zeros(784))])
def test_the_close_up_misses_nothing_of_a_posterior(digit: str) -> None:
    """Where it is narrower than a cell, or has two tops. Mutants: the density at the middles of the
    cells; a square around the highest node of a coarse grid."""
    p = PAGE.views["digit"].compute(PAGE.params(digit=digit)).posterior
    x0, x1, y0, y1 = p.extent
    # what is left out on four sides
    assert p.density.mean() * (x1 - x0) * (y1 - y0) == pytest.approx(1, abs=0.009)


def test_a_scribble_is_no_digit_to_the_model_and_has_a_narrow_code_all_the_same() -> None:
    """Below every one of 40 bundled digits. Mutant: a preset that shows a plausible digit."""
    _, r = preset("No digit at all")
    assert r.digit.label is None
    usual = [
        PAGE.views["digit"].compute(PAGE.params(digit=f"n:{n}")).posterior.log_p for n in range(40)
    ]
    assert r.posterior.log_p < min(usual)
    assert np.exp(r.posterior.q.log_var / 2).max() < 0.2


def test_the_other_presets_show_what_they_promise() -> None:
    """Mutants: a place that is no hole; a straight way inside the shell; the class told is right;
    a scribble that is refused."""
    view, r = preset("A hole, decoded")
    assert view == "map"
    assert r.picked.log_p - r.picked.log_q > np.log(30)
    _, ways = preset("Straight through the middle")
    middle = len(ways.t) // 2
    assert ways.norm[0, middle] < ways.shell[0] - 0.5
    assert ways.doubt[0, middle] > ways.doubt[1, middle]
    _, told = preset("Told the wrong class")
    assert told.told != told.digit.label
    assert told.bound.argmax() == told.digit.label
    _, seen = preset("A scribble must belong somewhere")
    assert seen.chance.sum() == pytest.approx(1, abs=1e-4)


def test_what_the_words_say_of_many_digits() -> None:
    """Half of 60 digits have a gap below 1.5 nats and the mean is above; Bayes' rule is right for
    most of 30 digits. The text's own counts are of more of them. Mutant: a text of other
    weights."""
    gaps = [
        PAGE.views["digit"].compute(PAGE.params(digit=f"n:{n}")).posterior.gap for n in range(60)
    ]
    assert np.median(gaps) < 1.5 < np.mean(gaps)
    assert min(gaps) > 0
    right = 0
    for n in range(30):
        told = PAGE.views["classes"].compute(PAGE.params(digit=f"n:{n}", seed=n))
        right += told.bound.argmax() == own_digit.bundled().labels[n]
    assert right >= 25


def test_the_doubt_halfway_is_as_the_words_say() -> None:
    """Sixty pairs of seed 0, decoded halfway. Mutants: the two ways exchanged; the means of q for
    draws; numbers of other weights; another seed."""
    rng, halfway = np.random.default_rng(0), np.array([0.5])
    params, bits = store.load("vae-dynamic").weights, own_digit.bundled().bits
    ends = []
    for _ in range(60):
        pair = rng.integers(0, own_digit.COUNT, 2)
        q = vae.encode(params, bits[pair].astype(np.float32))
        ends.append(q.mean + np.exp(0.5 * q.log_var) * rng.standard_normal((2, 50)))
        rng.standard_normal((own_digit.COUNT, 50))  # those of the codes: see paths.between
    middles = [
        [way(a, b, halfway)[0] for a, b in ends] for way in (paths.straight, paths.spherical)
    ]
    doubt = paths.entropy(
        vae.decode(params, np.array(middles, np.float32)).astype(float)
    )  # (2, 60)
    less = doubt[0] - doubt[1]
    said = (
        f"{doubt[0].mean():.0f} nats of doubt on the straight way and {doubt[1].mean():.0f} on the "
        f"spherical one, {less.mean():.1f} ± {less.std(ddof=1) / 60**0.5:.1f} less, and "
        f"{(less > 0).mean():.0%} of the pairs went the same way"
    )
    assert said in " ".join(WORDS.read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    ("digit", "exact"), [("n:8", True), ("n:21", True), ("blank", False), ("ink", False)]
)
def test_no_log_p_beyond_the_grid(digit: str, exact: bool) -> None:
    """All ink is explained from beyond |z| = 6, a blank pad in part: then "at least", not "=".

    Mutants: the share beyond never asked for; the sign of "at least" on one of the rows.
    """
    bits = {"blank": np.zeros(784), "ink": np.ones(784)}
    text = own_digit.of_bits(bits[digit]) if digit in bits else digit
    view = PAGE.views["digit"]
    r = view.compute(PAGE.params(digit=text, centre=False))
    scene, table = view.show(r)
    assert r.exact == exact
    rows = {row[0]: str(row[1]) for row in table.rows}
    assert rows["log p(x)"].startswith("≥") != exact
    assert rows["gap = KL(q ‖ p(z|x))"].startswith("≥") != exact
    assert rows["at z: log p(z|x)"].startswith("≤") != exact
    assert ("at least" in scene.captions[0]) != exact
    assert ("log p(x) =" in scene.captions[0]) == exact
