"""The recipes of the score networks: what they train on, and what their cards measure."""

import numpy as np
import pytest
import torch

from dgmlib.checkpoints import score_losses, score_recipes
from dgmlib.checkpoints.recipe import Batch
from dgmlib.diffusion import sets
from dgmlib.scores import field_choice, network
from dgmlib.scores.field_choice import SIGMAS
from tests.test_score_matching import BIAS, stiff

RNG = np.random.default_rng


def batch(name: str, n: int) -> Batch:
    x = sets.draw(sets.named(name), n, rng=RNG(0)).astype(np.float32)
    return Batch(torch.from_numpy(x), torch.zeros(n, 0))


def tensors() -> dict[str, torch.Tensor]:
    return {k: torch.from_numpy(v) for k, v in stiff().items()}


def test_all_noise_levels_weigh_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """s = b / sigma costs 1/2 E|b + e|^2 at every level, and log sigma is spread evenly.

    Mutants: weighted by sigma; noise that is not scaled; sigma spread evenly; its ends forgotten.
    """
    told, right = [], network.score

    def listen(params, x, sigma):
        told.append(sigma)
        return right(params, x, sigma)

    monkeypatch.setattr(network, "score", listen)
    n = 40_000
    loss = score_losses.denoise(tensors(), batch("ring", n), torch.Generator().manual_seed(0))
    wanted = 0.5 * (BIAS @ BIAS + 2)
    error = (BIAS @ BIAS + 1) ** 0.5 / n**0.5  # of 1/2 |b + e|^2: its variance is |b|^2 + 1
    assert abs(loss.item() - wanted) < 4 * error
    log = np.log(told[0][:, 0].numpy())
    even = np.linspace(np.log(SIGMAS[0]), np.log(SIGMAS[-1]), n)
    np.testing.assert_allclose(np.sort(log), even, atol=1e-3)


def test_what_a_card_measures() -> None:
    """Of a network that says b / sigma. Mutants: errors of another level; the leftover of the
    network and not of the exact score; empty places that are not empty; the square too small."""
    found = score_losses.measure(
        tensors(), batch("two unequal", 4000), torch.Generator().manual_seed(1), data="two unequal"
    )
    fisher, left, empty = (found[k].numpy() for k in ("fisher", "left", "empty"))
    p, rng = sets.named("two unequal"), RNG(5)
    for i, sigma in enumerate(SIGMAS.tolist()):
        noise = rng.standard_normal((4000, 2))
        x = sets.draw(p, 4000, rng=rng) + sigma * noise
        right = field_choice.score(p, x, sigma)
        mine = 0.5 * ((BIAS / sigma - right) ** 2).sum(1)
        assert abs(fisher[:, i].mean() - mine.mean()) < 5 * (2 * mine.var() / 4000) ** 0.5
        mine = 0.5 * ((sigma * right + noise) ** 2).sum(1)
        assert abs(left[:, i].mean() - mine.mean()) < 5 * (2 * mine.var() / 4000) ** 0.5
        far = rng.uniform(-field_choice.REACH, field_choice.REACH, (4000, 2))
        off = 0.5 * ((BIAS / sigma - field_choice.score(p, far, sigma)) ** 2).sum(1)
        off = off[field_choice.density(p, far, sigma) < field_choice.EMPTY]
        seen = empty[:, i][np.isfinite(empty[:, i])]
        assert abs(len(seen) - len(off)) < 5 * (0.5 * 4000) ** 0.5
        if len(off) > 100:
            assert abs(seen.mean() - off.mean()) < 5 * (2 * off.var() / len(off)) ** 0.5


def test_a_card_tells_levels_by_their_names() -> None:
    """Mutants: columns exchanged; the factor sigma^2 forgotten; nan in a mean."""
    fisher = np.tile(np.arange(13.0), (50, 1))
    empty = np.where(np.arange(50)[:, None] < 10, np.nan, 100 + fisher)
    measured = {"fisher": fisher, "left": 0 * fisher + 0.5, "empty": empty}
    images = score_recipes.points("ring")
    said = {s["name"]: s for s in score_recipes.score(measured, images)}
    assert said["Fisher divergence, sigma = 0.2"]["value"] == 4
    assert said["without data, sigma = 0.8"]["value"] == 108
    assert (
        "; 40 points of the square of half side 4" in said["without data, sigma = 0.8"]["protocol"]
    )
    assert said["excess"]["value"] == pytest.approx((SIGMAS**2 * np.arange(13)).mean(), abs=1e-4)
    assert said["unknowable"]["value"] == 0.5
