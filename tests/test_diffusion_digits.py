"""Digits out of noise: ways that are the sampler's, forks, returns, recordings, captions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dgmlib.checkpoints import card, diffusion_scores, store
from dgmlib.diffusion import digit_net, digits, digits_recorded, process, samplers
from dgmlib.diffusion.unet import NO_CLASS
from dgmlib.figures import diffusion_digits
from dgmlib.gan import digit_looks
from dgmlib.jobs import finish
from dgmlib.ui import spec

PAGE = spec.of("diffusion_digits")
RNG = np.random.default_rng


def greys(x: np.ndarray, most: float = 1.0) -> np.ndarray:
    return np.round(127.5 * (np.clip(x / most, -1, 1) + 1))


@pytest.mark.parametrize("sampler", list(digits.SAMPLERS))
def test_the_way_is_the_samplers(sampler: str) -> None:
    """Three digits in four steps against ``samplers.sample`` with NumPy's network.

    Mutants: frames of another order; the guess of the next frame; guidance without its second
    half; the classes shifted; x_0-hat not cut off.
    """
    c = finish(digits.sixteen("7", guidance=2.0, steps=4, sampler=sampler, seed=3, n=3))
    rng = RNG(3)
    noise = rng.standard_normal((3, 784)).astype("f")
    eps = digit_net.asked(store.load("ddpm").weights, [7, 7, 7], guidance=2.0)
    path = samplers.sample(
        eps, digits.grid(4), noise, rule=digits.SAMPLERS[sampler], clip=1.0, rng=rng
    )
    assert np.abs(c.x - greys(path.x, digits.MOST)).max() <= 1
    assert np.abs(c.x0[:-1] - greys(path.x0)).max() <= 1
    assert np.abs(c.x0[-1] - greys(path.x[-1])).max() <= 1
    np.testing.assert_allclose(c.clipped, path.clipped, atol=1e-3)
    np.testing.assert_array_equal(c.alpha_bar, path.alpha_bar)
    np.testing.assert_allclose(c.seen.sum(1), 1, rtol=1e-5)


def test_before_the_fork_they_are_one() -> None:
    """Alike up to the fork, different after it; and the trunk is the way of one digit.

    Mutants: forked one step late; eight noises before the fork; the same noise after it.
    """
    c = finish(digits.forks("3", 0.5, guidance=0.0, steps=6, seed=1, n=3))
    assert c.begun == 3
    assert c.x.shape == (7, 3, 784)
    for f in range(c.begun + 1):
        assert (c.x[f] == c.x[f][0]).all()
    for f in range(c.begun + 1, 7):
        assert (c.x[f] != c.x[f][0])[1:].any(1).all()
    assert (c.x0[c.begun] == c.x0[c.begun][0]).all()  # the first guess of the fork
    alone = finish(digits.forks("3", 0.5, guidance=0.0, steps=6, seed=1, n=1))
    assert np.abs(c.x[: c.begun + 1, :1].astype(int) - alone.x[: c.begun + 1]).max() <= 1
    at_once = finish(digits.forks("3", 0.0, guidance=0.0, steps=3, seed=1, n=2))
    assert at_once.begun == 0
    assert len(at_once.x) == 4


def test_little_noise_gives_the_digit_back() -> None:
    """A bundled digit with 10 % of the way comes back within 0.1 of a pixel on average; with all
    of it the ends have no more to do with it than other digits have.

    Mutants: the digit turned to white on black; noise without the digit; one noise for all.
    """
    c = finish(digits.returned("n:50", 0.1, digits.ANY, guidance=0.0, steps=20, seed=0, n=4))
    ink = greys(2 * digit_looks.grey()[50] - 1)
    assert np.abs(c.given - ink).max() <= 1
    assert np.abs(c.x0[-1] - ink).mean() / 255 < 0.05
    level = float(c.alpha_bar[0])
    start = process.leap(2 * digit_looks.grey()[50] - 1, level, RNG(0).standard_normal((4, 784)))
    assert np.abs(c.x[0] - greys(start, digits.MOST)).max() <= 1
    far = finish(digits.returned("n:50", 1.0, digits.ANY, guidance=0.0, steps=6, seed=0, n=4))
    assert np.abs(far.x0[-1] - ink).mean() > 3 * np.abs(c.x0[-1] - ink).mean()


@pytest.mark.parametrize("name", list(digits_recorded.RUNS))
def test_recordings_can_be_computed_again(name: str) -> None:
    """The page's defaults, byte for byte but for rounding. Mutants: another seed, other weights,
    a field of another view.
    """
    kept = digits_recorded.read(name)
    again = finish(digits_recorded.play(name))
    assert kept is not None
    for field, value in again._asdict().items():
        had = getattr(kept, field)
        if isinstance(value, np.ndarray) and value.dtype == np.uint8:
            assert value.shape == had.shape
            assert (np.abs(value.astype(int) - had) > 2).mean() < 2e-3 if value.size else True, (
                field
            )
        elif isinstance(value, np.ndarray):
            np.testing.assert_allclose(value, had, atol=0.02, err_msg=field)
        else:
            assert value == had


def test_the_first_view_is_recorded() -> None:
    """The defaults need no network; other parameters do. Mutant: a parameter that is not asked."""
    p = PAGE.params()
    for name, view in PAGE.views.items():
        assert view.recorded(p) is not None, name
        assert view.recorded(PAGE.params(seed=1)) is None
        assert view.recorded(PAGE.params(steps=24)) is None
    four = PAGE.views["sixteen"].recorded(PAGE.params(steps=4))
    assert len(four.x) == 5
    assert digits_recorded.read("sixteen", Path("nowhere")) is None


def test_captions_count() -> None:
    """Mutants: sure counted at 0.5; a digit that nobody asked for counted as right."""
    kept = digits_recorded.read("sixteen")
    assert kept is not None
    seen = np.eye(10)[[1, 2, 3]] * 0.95 + 0.005
    seen[2] = 0.1
    few = kept._replace(seen=seen, label=np.array([1, 3, NO_CLASS]))
    assert diffusion_digits._end(few) == (
        "At the end the classifier is surer than 0.9 of 2 of 3, and 1 of 2 are what was asked for."
    )
    free = few._replace(label=np.full(3, NO_CLASS))
    assert diffusion_digits._end(free).endswith("of 2 of 3.")
    for show, name in ((diffusion_digits.sixteen_scene, "sixteen"),
                       (diffusion_digits.forks_scene, "forks"),
                       (diffusion_digits.returned_scene, "returned")):  # fmt: skip
        course: Any = digits_recorded.read(name)
        scene = show(course)
        assert len(scene.captions) == len(course.x)
        grids = [p for p in scene.panels if p.title.startswith("x̂₀")]
        np.testing.assert_array_equal(
            np.round(255 * np.asarray(grids[0].layers[0].value)).reshape(course.x0.shape),  # pyright: ignore[reportAttributeAccessIssue]
            course.x0,
        )


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (lambda: digits.sixteen("ten", guidance=0, steps=2, sampler="DDIM", seed=0), "no class"),
        (lambda: digits.sixteen("1", guidance=0, steps=0, sampler="DDIM", seed=0), "between 1"),
        (lambda: digits.sixteen("1", guidance=-1, steps=2, sampler="DDIM", seed=0), "guidance"),
        (lambda: digits.forks("1", 1.0, guidance=0, steps=2, seed=0), "between 0 and 1"),
        (lambda: digits.returned("n:1", 0.0, "1", guidance=0, steps=2, seed=0), "above 0"),
    ],
)
def test_bad_input_is_named(job, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        finish(job())


def test_classes_by_name() -> None:
    """Mutants: all ten from 1; none named as class 0."""
    assert digits.classes(digits.ALL, 12).tolist() == [*range(10), 0, 1]
    assert digits.classes(digits.ANY, 2).tolist() == [NO_CLASS] * 2
    assert digits.classes("0", 2).tolist() == [0, 0]


def test_the_prose_quotes_the_card() -> None:
    """Mutant: the checkpoint is trained anew and the words stay."""
    said = " ".join((spec.PAGES / "diffusion_digits.md").read_text(encoding="utf-8").split())
    scores = {s["name"]: s["value"] for s in card.read(store.FOLDER / "ddpm.json")["scores"]}
    for quote in (
        f"Of {scores['sure images, no class']:.0f} % of such digits the classifier is surer than "
        f"0.9, of {scores['sure images, 25 steps']:.0f} % if a class is named, of real digits "
        f"{scores['sure images, real']:.0f} %",
        f"sure of {scores['sure images, guided']:.0f} %",
        f"from {scores['Frechet distance, 25 steps']:.1f} to "
        f"{scores['Frechet distance, guided']:.1f}, where as many real digits have "
        f"{scores['Frechet distance, real']:.1f}",
    ):
        assert quote in said, quote


def test_the_later_the_fork_the_more_the_ends_share() -> None:
    """Standard deviation of a pixel among eight ends. Mutants: noise that all eight share, or a
    fork that begins anew; another class after the fork.
    """
    apart = []
    for at in (0.0, 0.5, 0.8):
        r = finish(digits.forks("4", at, guidance=1.0, steps=12, seed=0))
        apart.append(np.sqrt((r.x0[-1] / 255).var(0).mean()))
        assert (r.seen.argmax(1) == 4).all()
    assert apart[0] > 1.3 * apart[1] > 1.69 * apart[2] > 0.01


def test_time_is_told_a_digit() -> None:
    """Mutant: of a whole batch."""
    told = diffusion_scores.of_time({"seconds": np.array([0.1, 0.3])})
    assert (told["value"], told["unit"]) == (pytest.approx(0.2), "s a digit")


def test_four_guided_steps_give_digits() -> None:
    """As the page says. Mutants: the class is not passed on; guidance of no weight."""
    r = finish(digits.sixteen("all ten", guidance=1.0, steps=4, sampler="DDIM", seed=0))
    assert (r.seen.argmax(1) == r.label).mean() > 0.9
