"""A schedule drawn by hand: through its knots, falling, and whatever hands do to it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgmlib.diffusion import health, line, own_schedule
from dgmlib.figures.scene import Handles, Scene
from dgmlib.ui import spec

heights = st.lists(st.floats(-1, 2), min_size=4, max_size=4)


@pytest.mark.parametrize("T", [5, 200, 1000])
def test_the_curve_runs_through_the_knots(T: int) -> None:
    """Mutants: shares taken for alpha_bar; knots at other times."""
    shares = (0.97, 0.9, 0.2, 0.03)
    left = np.sqrt(own_schedule.through(shares, T).alpha_bar)
    at = np.array([1 / 4, 1 / 2, 3 / 4, 1]) * T
    whole = at == at.round()
    assert left[at[whole].astype(int)] == pytest.approx(np.array(shares)[whole], abs=1e-12)
    assert np.interp(at, np.arange(T + 1), left) == pytest.approx(
        shares, abs=0.1 if T < 9 else 0.01
    )


@given(heights, st.integers(1, 1000))
def test_whatever_is_dragged_is_a_schedule(ys: list[float], T: int) -> None:
    """Mutants: a handle above the one before it; a share of 0; a fall lost by rounding."""
    text = own_schedule.of_handles({"xy": [[0.0, y] for y in ys]})
    s = own_schedule.through(own_schedule.parse(text), T)
    assert (np.diff(s.alpha_bar) < 0).all()
    assert len(s.beta) == T + 1


def test_a_handle_moves_its_own_share() -> None:
    """Mutant: neighbours move although there is room."""
    dragged = {"xy": [[0.25, 0.8], [0.5, 0.7], [0.75, 0.4], [1.0, 0.05]]}
    assert own_schedule.of_handles(dragged) == "0.8 0.7 0.4 0.05"


@pytest.mark.parametrize(
    ("text", "word"),
    [("", "4 numbers"), ("0.9 0.6 0.3", "4 numbers"), ("a b c d", "4 numbers"),
     ("nan 0.6 0.3 0.1", "4 numbers"), ("0.9 0.6 0.3 0", "between"), ("1 0.6 0.3 0.1", "between"),
     ("0.6 0.9 0.3 0.1", "below"), ("0.9 0.6 0.6 0.1", "below")],
)  # fmt: skip
def test_what_is_no_schedule_is_said(text: str, word: str) -> None:
    """Mutants: a bound that is not checked; two equal shares, between which no noise is added."""
    with pytest.raises(ValueError, match=word):
        own_schedule.parse(text)


def test_the_page_draws_the_reader_s_schedule_with_handles_on_it() -> None:
    """Mutants: handles off the curve, or on a schedule that is not the reader's."""
    page = spec.of("diffusion_line")
    view, text = page.views["health"], "0.9 0.6 0.5 0.4"
    p = page.params(view="health", plan="your own", own=text)
    scene = view.show(view.compute(p))[0]
    assert isinstance(scene, Scene)
    [grips] = [x for x in scene.panels[0].layers if isinstance(x, Handles)]
    assert np.array(grips.xy)[:, 1].tolist() == [0.9, 0.6, 0.5, 0.4]
    assert view.edits[grips.name].encode({"xy": grips.xy}) == text
    assert "40.0 % of x₀ is left" in scene.captions[0]
    assert all("not healthy" in words for words in scene.captions)
    plain = view.show(view.compute(page.params(view="health")))[0]
    assert not any(isinstance(x, Handles) for x in plain.panels[0].layers)
    assert not health.check(line.plan(text, 50), [0.0], [[1.0]]).well
