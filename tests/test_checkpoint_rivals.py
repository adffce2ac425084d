"""Training with a rival: a critic before every update of the generator, and its moving average."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dgmlib.checkpoints import gan_losses, state, store
from dgmlib.checkpoints.gan_recipes import RECIPES
from dgmlib.checkpoints.measuring import measure
from dgmlib.checkpoints.recipe import Batch, Measure, Phase, Recipe, Rival
from dgmlib.checkpoints.training import Run, generator
from dgmlib.checkpoints.vae_losses import jitter
from dgmlib.data import own_digit
from dgmlib.data.images import Images
from dgmlib.gan import codes, pixels
from dgmlib.vae import vade

CPU = torch.device("cpu")
SHAPE = codes.Shape(3, 4, 2)


def points() -> Images:
    x = np.random.default_rng(0).integers(0, 256, (40, 4)).astype(np.uint8)
    return Images("points", "made for a test", x[:30], None, x[:0], x[30:], None, 256, 2)


def own_loss(params, batch: Batch, draws: torch.Generator):
    noise = torch.randn(len(batch.x), 4, generator=draws)
    return ((noise @ params["generator.w"]) * params["critic.w"]).sum(1).mean()


def rival_loss(params, batch: Batch, draws: torch.Generator):
    return ((params["critic.w"] - batch.x) ** 2).sum(1).mean() + params["generator.w"].mean()


def recipe(times: int = 2, **changes) -> Recipe:
    phase = Phase(
        "a game", 3, own_loss, (1e-2, 1e-3), ("generator",), rival=Rival(rival_loss, ("critic",),
        times), betas=(0.5, 0.9), average=("generator", "mean", 0.9))  # fmt: skip

    def init(mean: np.ndarray, rng: np.random.Generator):
        w = rng.standard_normal((4, 4)).astype(np.float32)
        return {"generator.w": w, "mean.w": w.copy(), "critic.w": np.zeros(4, np.float32)}

    made = Recipe("game", "a game", {}, points, init, [phase], lambda *a: {}, lambda *a: [],
                  dynamic=False, batch=10)  # fmt: skip
    return replace(made, **changes)


def drain(run: Run) -> dict[str, np.ndarray]:
    for _ in run.steps():
        pass
    return run.state().weights


@pytest.mark.parametrize("after", [1, 4, 8])
def test_an_interrupted_game_ends_with_the_same_weights(after: int, tmp_path: Path) -> None:
    """Mutants: the rival's moments not kept, or kept under the generator's names; its count of
    steps that of the generator; the average begun anew."""
    whole = drain(Run(recipe(), points(), CPU))
    run = Run(recipe(), points(), CPU)
    for step in run.steps():
        if step.done == after:
            break
    mark = recipe().fingerprint(points())
    state.save(run.state(), tmp_path / "game.state", mark)
    again = drain(Run(recipe(), points(), CPU, state.load(tmp_path / "game.state", mark)))
    assert whole.keys() == again.keys()
    assert all(np.array_equal(whole[k], again[k]) for k in whole)


def test_each_moves_its_own_parameters_as_often_as_said() -> None:
    """Beside a loop with plain Adam. Mutants: the rival once whatever ``times`` says, or after the
    generator; one optimiser for both; betas ignored; the generator moved by the rival's loss."""
    for times in (1, 3):
        r = recipe(times)
        run = Run(r, points(), CPU)
        w = {k: torch.from_numpy(v.copy()) for k, v in r.weights(points()).items()}
        g, c = (w[k].requires_grad_(True) for k in ("generator.w", "critic.w"))
        own = torch.optim.Adam([g], lr=1e-2, betas=(0.5, 0.9))
        rival = torch.optim.Adam([c], lr=1e-2, betas=(0.5, 0.9))
        x = torch.from_numpy(points().train / np.float32(255))
        for turn in range(times):
            draws = generator(CPU, 0, 0, 0, 1 + turn)
            rows = torch.randint(len(x), (10,), generator=draws)
            rival.zero_grad()
            rival_loss(w, Batch(x[rows], x[rows]), draws).backward()
            rival.step()
        own.zero_grad()
        own_loss(w, Batch(x[:10], x[:10]), generator(CPU, 0, 0, 0)).backward()
        own.step()
        next(run.steps())
        found = run.state().weights
        np.testing.assert_allclose(found["critic.w"], c.detach(), rtol=1e-5)
        np.testing.assert_allclose(found["generator.w"], g.detach(), rtol=1e-5)


def test_the_average_follows() -> None:
    """After step t it is d m + (1 - d) w with d = min(0.9, (1 + t) / (10 + t)).

    Mutants: the weights of the two swapped; taken before the update; the start kept for ever.
    """
    run = Run(recipe(), points(), CPU)
    mean = recipe().weights(points())["mean.w"].astype(float)
    for t, _ in enumerate(run.steps()):
        now = run.state().weights
        d = min(0.9, (1 + t) / (10 + t))
        mean = d * mean + (1 - d) * now["generator.w"]
        np.testing.assert_allclose(now["mean.w"], mean, rtol=1e-5)


def real(n: int = 6) -> tuple[dict[str, torch.Tensor], Batch]:
    rng = np.random.default_rng(0)
    params = pixels.init_generator(SHAPE.latent, rng=rng) | pixels.init_critic(rng=rng)
    params |= pixels.init_reader(4, 2, rng=rng)
    x = torch.from_numpy(rng.random((n, 784), np.float32))
    return {k: torch.from_numpy(v) for k, v in params.items()}, Batch(x, x[:, :0])


def parts_with_gradient(loss) -> set[str]:
    params, batch = real()
    for tensor in params.values():
        tensor.requires_grad_(True)
    loss(params, batch, generator(CPU, 1)).backward()
    return {k.partition(".")[0] for k, v in params.items() if v.grad is not None and v.grad.any()}


def test_who_learns_from_which_loss() -> None:
    """Mutants: the critic's turn that moves the generator (its pictures not detached); the
    generator's turn whose pictures are detached; the reader that learns from one of them only."""
    for info, reader in ((0.0, set()), (1.0, {"reader"})):
        turn: Any = dict(kind="non-saturating", shape=SHAPE, info=info)
        judge = parts_with_gradient(partial(gan_losses.judge_turn, **turn))
        own = parts_with_gradient(partial(gan_losses.generator_turn, **turn))
        assert judge == {"critic"} | reader
        assert own == {"critic", "generator"} | reader


def test_what_teaches_through_a_picture_or_a_slope() -> None:
    """Mutants: the reader's loss on detached pictures, which would leave the generator untaught;
    a penalty whose slope is a constant, which would not teach the critic."""
    found = []
    for info in (0.0, 1.0):
        params, batch = real()
        for tensor in params.values():
            tensor.requires_grad_(True)
        gan_losses.generator_turn(
            params, batch, generator(CPU, 1), kind="non-saturating", shape=SHAPE, info=info
        ).backward()
        found.append(params["generator.1.weight"].grad)
    assert not torch.allclose(found[0], found[1])
    params, batch = real()
    params["critic.1.weight"].requires_grad_(True)
    gan_losses.slope(params, batch.x).sum().backward()
    grad = params["critic.1.weight"].grad
    assert grad is not None
    assert grad.any()


def test_penalties_are_of_the_slope_at_their_points() -> None:
    """R1: gamma / 2 |grad D(x)|^2 at real images. WGAN-GP: (|grad D| - 1)^2 between the two.

    Mutants: the penalty on generated images; one image's share for all; without the half; the
    slope of another image added; the norm not squared.
    """
    params, batch = real(8)
    turn = partial(gan_losses.judge_turn, shape=SHAPE)
    plain = turn(params, batch, generator(CPU, 2), kind="non-saturating")
    full = turn(params, batch, generator(CPU, 2), kind="non-saturating", r1=3.0)
    x = batch.x[::4].numpy().astype(float)
    slope = numeric_slope(params, x)
    assert (full - plain).item() == pytest.approx(1.5 * (slope**2).mean(), rel=2e-3)
    plain = turn(params, batch, generator(CPU, 3), kind="wasserstein")
    full = turn(params, batch, generator(CPU, 3), kind="wasserstein", penalty=10.0)
    draws = generator(CPU, 3)
    z = codes.draw(SHAPE, 8, draws)
    fake, share = pixels.generate(params, z), torch.rand(8, 1, generator=draws)
    slope = numeric_slope(params, (share * batch.x + (1 - share) * fake).numpy().astype(float))
    assert (full - plain).item() == pytest.approx(10 * ((slope - 1) ** 2).mean(), rel=2e-3)


def test_a_teacher_names_real_digits_and_then_leaves() -> None:
    """The added term is the cross-entropy of q_reader(c | moved x) under q_vade(c | x).

    Mutants: the two exchanged; the images unmoved; the teacher in the last phase, too; its
    categories averaged over the batch.
    """
    rng = np.random.default_rng(0)
    params = pixels.init_generator(17, rng=rng) | pixels.init_critic(rng=rng)
    params |= pixels.init_reader(10, 2, rng=rng)
    tensors = {k: torch.from_numpy(v) for k, v in params.items()}
    x = torch.from_numpy(own_digit.bundled().bits[:12].astype(np.float32))
    turn = partial(gan_losses.judge_turn, kind="non-saturating", shape=codes.Shape(5, 10, 2))
    plain = turn(tensors, Batch(x, x), generator(CPU, 2))
    taught = turn(tensors, Batch(x, x), generator(CPU, 2), teacher="vade")
    stored = store.load("vade", source="bundled").weights
    named = vade.clusters(stored, vade.encode(stored, x.numpy()).mean)  # (12, 10)
    np.testing.assert_allclose(named.sum(1), 1.0, rtol=1e-4)
    draws = generator(CPU, 2)
    codes.draw(codes.Shape(5, 10, 2), 12, draws)  # what the turn draws before it moves the digits
    moved = jitter(x, draws).numpy()
    logits = pixels.read(params, pixels.features(params, moved), 10).logits
    log_q = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    assert (taught - plain).item() == pytest.approx(-(named * log_q).sum(1).mean(), rel=1e-3)
    first, last = RECIPES["infogan"].phases
    for phase, taught_now in ((first, True), (last, False)):
        assert phase.rival is not None
        losses = [phase.rival.loss(tensors_of_recipe(), Batch(x, x), generator(CPU, 3))]
        losses.append(gan_losses.judge_turn(
            tensors_of_recipe(), Batch(x, x), generator(CPU, 3), kind="non-saturating",
            shape=codes.Shape(62, 10, 2), r1=1.0, info=1.0, teacher="vade" if taught_now else "",
        ))  # fmt: skip
        assert losses[0].item() == pytest.approx(losses[1].item(), rel=1e-6)


def tensors_of_recipe() -> dict[str, torch.Tensor]:
    weights = RECIPES["infogan"].init(np.zeros(784), np.random.default_rng(1))
    return {k: torch.from_numpy(v) for k, v in weights.items()}


def numeric_slope(params, x: np.ndarray) -> np.ndarray:
    """(n,) norms of the gradient by central differences in float64, coordinate by coordinate."""
    arrays = {k: v.detach().numpy().astype(float) for k, v in params.items()}
    h, found = 1e-5, []
    for one in x:
        steps = h * np.eye(784)
        up, down = pixels.judge(arrays, one + steps), pixels.judge(arrays, one - steps)
        found.append(np.linalg.norm((up - down) / (2 * h)))
    return np.array(found)


def test_a_real_recipe_stores_what_draws_and_reads() -> None:
    """Mutants: the last generator instead of the average; the critic's head stored; the reader
    forgotten; measured on bits instead of grey images."""
    black, grey = np.zeros((64, 784), np.uint8), np.full((3, 784), 100, np.uint8)
    images = Images("few", "made for a test", black, None, black[:0], grey, None, 256, 28)
    for name in ("gan", "wgan-gp", "infogan"):
        r = RECIPES[name]
        start = r.weights(images)
        marked = {k: v + (1 if k.startswith("mean.") else 0) for k, v in start.items()}
        kept = r.keep(marked)
        heads = {k.rpartition(".")[0] for k in kept}
        want = {f"generator.{i}" for i in range(4)}
        if name == "infogan":
            want |= {"critic.0", "critic.1", "critic.2", "reader.0", "reader.1"}
        assert heads == want
        np.testing.assert_array_equal(kept["generator.0.weight"], start["generator.0.weight"] + 1)
        measured: dict[str, np.ndarray] = {}
        list(measure(replace(r, measure=watched(r.measure)), kept, images, CPU, measured))
        assert measured["made"].shape == (3, 784)
        assert measured["seen"].flat[0] == pytest.approx(100 / 255)


def watched(inner: Measure) -> Measure:
    return lambda params, batch, draws: inner(params, batch, draws) | {"seen": batch.x}
