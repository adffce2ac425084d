"""Training that survives a kill, ends with the same weights, and measures what it writes."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from dgmlib.checkpoints import __main__ as command
from dgmlib.checkpoints import making, state, store, vae_losses, vae_scores
from dgmlib.checkpoints.measuring import measure
from dgmlib.checkpoints.recipe import Phase, Recipe, held_out_bits, one_hot
from dgmlib.checkpoints.recipes import RECIPES
from dgmlib.checkpoints.training import Run, device_for, generator
from dgmlib.data.images import Images
from dgmlib.vae import vae

ROOT = Path(__file__).parents[1]
CPU = torch.device("cpu")
LATENT = 2


def shapes() -> Images:
    """300 images of 16 pixels: one of ten bars, in grey, with noise; made anew in every process."""
    rng = np.random.default_rng(5)
    labels = rng.integers(10, size=400).astype(np.uint8)
    bars = rng.random((10, 16)) < 0.4
    grey = np.where(bars[labels], 230, 20) + rng.integers(-20, 20, (400, 16))
    x = grey.astype(np.uint8)
    return Images("shapes", "made for a test", x[:300], labels[:300], x[:0], x[300:],
                  labels[300:], 256, 4)  # fmt: skip


def shift(weights, images, rng):  # what VaDE's mixture is to VaDE: a change before a phase
    return weights | {"decoder.1.bias": weights["decoder.1.bias"] + rng.normal(size=16).astype("f")}


def recipe(*, k: int = 3, epochs: int = 3) -> Recipe:
    """A VAE small enough to be trained in a second, in two phases like the real ones."""
    settings = dict(model="vae", data="dynamic-mnist", latent=LATENT, beta=1.0, k=k, classes=0)
    return Recipe(
        "tiny", "A VAE of bars", settings, shapes,
        lambda mean, rng: vae.init(16, [8], LATENT, pixel_mean=mean, rng=rng),
        [
            Phase("one draw", epochs, partial(vae_losses.bound, latent=LATENT), (1e-2, 1e-2)),
            Phase("more draws", epochs, partial(vae_losses.importance, latent=LATENT, k=k),
                  (1e-2, 1e-4), begin=shift),
        ],
        partial(vae_losses.measure, latent=LATENT, draws_each=30),
        partial(vae_scores.of_vae, settings=settings, draws=30),
        batch=50,
    )  # fmt: skip


def drain(run: Run) -> dict[str, np.ndarray]:
    for _ in run.steps():
        pass
    return run.state().weights


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


@pytest.mark.parametrize("after", [1, 5, 6, 17, 18, 19, 30, 36])
def test_an_interrupted_run_ends_with_the_same_weights(after: int, tmp_path: Path) -> None:
    """6 steps an epoch, 18 a phase: within an epoch, at its end, at a phase's end, just before.

    Mutants: Adam's moments not restored, or its count of steps; the order of an epoch or the
    noise of a step drawn from a running stream; ``begin`` called again on resuming; the cosine
    begun anew.
    """
    whole = drain(Run(recipe(), shapes(), CPU))
    run = Run(recipe(), shapes(), CPU)
    for step in run.steps():
        if step.done == after:
            break
    path, mark = tmp_path / "tiny.state", recipe().fingerprint(shapes())
    state.save(run.state(), path, mark)
    again = Run(recipe(), shapes(), CPU, state.load(path, mark))
    assert same(drain(again), whole)


def test_training_goes_down_and_seeds_differ() -> None:
    """Mutants: the loss with the wrong sign; no update; the seed ignored."""
    losses = [step.loss for step in Run(recipe(epochs=20), shapes(), CPU).steps()]
    assert np.mean(losses[-20:]) < np.mean(losses[:5]) - 1.0  # nats; it falls by about three
    other = drain(Run(replace(recipe(), seed=1), shapes(), CPU))
    assert not same(other, drain(Run(recipe(), shapes(), CPU)))


def test_every_epoch_sees_every_image_once() -> None:
    """Mutants: batches drawn with replacement; every epoch in the order of the file."""
    run, seen = Run(replace(recipe(), dynamic=False), shapes(), CPU), []
    kept, rows = run._batch, shapes().train / np.float32(255)

    def watch(rows_of: torch.Tensor, draws: torch.Generator):
        batch = kept(rows_of, draws)
        seen.append([int(np.flatnonzero((rows == x).all(1))[0]) for x in batch.x.numpy()])
        return batch

    run._batch = watch  # type: ignore[method-assign]
    for step in run.steps():
        if step.done == 12:
            break
    first, second = np.concatenate(seen[:6]), np.concatenate(seen[6:])
    assert sorted(first) == sorted(second) == list(range(300))
    assert list(first) != list(range(300))
    assert list(first) != list(second)


def test_pixels_are_drawn_anew_with_their_grey_values() -> None:
    """Mutants: a threshold instead of a draw; the same bits at every step; grey values kept."""
    run = Run(recipe(), shapes(), CPU)
    x = torch.stack([run._batch(run._rows(), generator(CPU, 9, i)).x for i in range(400)])
    assert set(x.unique().tolist()) == {0.0, 1.0}
    grey = shapes().train[run._order[:50]] / 255
    error = np.sqrt(grey * (1 - grey) / 400)
    assert (np.abs(x.mean(0).numpy() - grey) < 5 * error + 1e-9).all()  # 800 pixels: 5 sd


def test_the_learning_rate_follows_its_cosine() -> None:
    """From the first to the last of each phase. Mutants: constant; begun anew every epoch."""
    run = Run(recipe(), shapes(), CPU)
    rates = [run._own.adam.param_groups[0]["lr"] for _ in run.steps()]
    assert rates[:18] == [1e-2] * 18
    expected = 1e-4 + (1e-2 - 1e-4) * (1 + np.cos(np.pi * np.arange(18) / 17)) / 2
    assert rates[18:] == pytest.approx(list(expected), rel=1e-12, abs=0)


def test_no_two_steps_share_their_noise() -> None:
    """Mutants: one stream for a phase, begun anew at every step; phases that share theirs."""
    run, seeds = Run(recipe(), shapes(), CPU), []
    kept = run._batch

    def watch(rows: torch.Tensor, draws: torch.Generator):
        seeds.append(draws.initial_seed())
        return kept(rows, draws)

    run._batch = watch  # type: ignore[method-assign]
    drain(run)
    assert len(set(seeds)) == len(seeds) == 36


def test_killed_and_resumed_from_outside(tmp_path: Path) -> None:
    """SIGKILL in training and in measuring: the same files as a run that was left alone.

    Mutants: the state written in place (a kill leaves half a file); measured images not kept in
    order; measuring's noise from a running stream; the state left behind at the end.
    """
    making.train(recipe(epochs=40), tmp_path / "alone", device="cpu", say=lambda text: None)
    program = (
        "import sys, time, warnings; sys.path.insert(0, 'tests')\n"
        "import test_checkpoint_training as t\n"
        "from pathlib import Path\n"
        "from dgmlib.checkpoints import making, measuring\n"
        "making.SAVE_EVERY, measuring.AT_ONCE = 0.02, 50\n"
        "slow = t.recipe(epochs=40)\n"
        "measure = slow.measure\n"
        "def later(*a): time.sleep(0.3); return measure(*a)\n"
        "object.__setattr__(slow, 'measure', later)\n"
        "making.train(slow, Path(sys.argv[1]), device='cpu', say=print)\n"
    )
    folder = tmp_path / "killed"
    path = folder / ".training" / "tiny.state"

    def start() -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-c", program, str(folder)], cwd=ROOT, stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    def kept() -> dict:
        try:
            mark = recipe(epochs=40).fingerprint(shapes())
            found = state.load(path, mark)
        except FileNotFoundError:
            return {}
        return dict(step=found.phase * 1000 + found.step, images=len(found.measured))

    for reached in (lambda s: s.get("step", 0) >= 1, lambda s: s.get("images", 0) >= 1):
        process = start()
        deadline = time.monotonic() + 150
        while not reached(kept()):
            assert time.monotonic() < deadline, "the run did not come so far"
            assert process.poll() is None, "the run ended before it could be killed"
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert start().wait(150) == 0
    one, other = (load_file(tmp_path / f / "tiny.safetensors") for f in ("alone", "killed"))
    assert same(one, other)
    cards = [json.loads((tmp_path / f / "tiny.json").read_text()) for f in ("alone", "killed")]
    assert cards[0]["scores"] == cards[1]["scores"]
    assert cards[0]["sha256"] == cards[1]["sha256"]
    assert not path.exists()


def test_minutes_pause_and_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is over at the first look, then at every 150th: 480 steps and 2 x 50 images.

    Mutants: the checkpoint written although the time was over; the work of before lost.
    """
    say: list[str] = []
    train = partial(making.train, recipe(epochs=40), tmp_path, device="cpu", say=say.append)
    looks = iter(range(10_000))
    monkeypatch.setattr(making._Clock, "over", lambda clock: next(looks) % 150 == 0)
    assert not train(minutes=1.0)
    assert not (tmp_path / "tiny.safetensors").exists()
    calls = 1
    while not train(minutes=1.0):
        calls += 1
    assert calls == 4  # at steps 151, 301 and 451; then it ends
    assert sum("resumed" in text for text in say) == 4
    alone = drain(Run(recipe(epochs=40), shapes(), CPU))
    written = load_file(tmp_path / "tiny.safetensors")
    assert same(written, {k: v.astype(np.float16) for k, v in alone.items()})
    with pytest.raises(ValueError, match="--minutes must be positive"):
        train(minutes=0)


def test_the_clock_ends() -> None:
    """Mutants: seconds for minutes; a clock without an end that stops."""
    assert making._Clock(1e-9).over()
    assert not making._Clock(1.0).over()
    assert not making._Clock(None).over()


def test_a_state_of_another_recipe_is_refused(tmp_path: Path) -> None:
    """Mutants: any state taken; the data left out of the fingerprint."""
    train = partial(making.train, folder=tmp_path, device="cpu", say=lambda text: None)
    train(recipe(epochs=40), minutes=1e-9)
    with pytest.raises(ValueError, match=r"tiny\.state is the state of another recipe.*--fresh"):
        train(recipe(epochs=41))
    changed = shapes()._replace(train=shapes().train[::-1].copy())
    with pytest.raises(ValueError, match="of other data"):
        train(replace(recipe(epochs=40), data=lambda: changed))
    assert train(recipe(epochs=1), fresh=True)


def test_a_loss_that_is_no_number_stops_the_run() -> None:
    """Mutant: training on, and writing weights of nan."""

    def broken(params, batch, draws):
        return torch.stack([p.sum() for p in params.values()]).sum() * float("nan")

    bad = replace(recipe(), phases=[Phase("broken", 1, broken, (1e-3, 1e-3))])
    with pytest.raises(FloatingPointError, match="the loss of step 1 is nan"):
        drain(Run(bad, shapes(), CPU))


def test_the_card_speaks_of_the_file(tmp_path: Path) -> None:
    """Its scores are those of the stored float16 weights, measured again.

    Mutants: scores of the float32 weights; the sha256 of the state; scores of the training images.
    """
    making.train(recipe(epochs=40), tmp_path, device="cpu", say=lambda text: None)
    card = json.loads((tmp_path / "tiny.json").read_text())
    again = making.evaluate(recipe(epochs=40), tmp_path, device="cpu")
    assert card["scores"] == again
    assert card["data"]["test"] == 100
    assert card["parameters"] == sum(
        v.size for v in load_file(tmp_path / "tiny.safetensors").values()
    )
    few = making.evaluate(recipe(epochs=40), tmp_path, device="cpu", limit=50)
    assert "50 test images" in few[0]["protocol"]


def test_measured_numbers_are_the_bounds(tmp_path: Path) -> None:
    """With many draws: ELBO = - distortion - rate, below the importance weighted bound, below 0.

    Mutants: log K forgotten in the bound; the rate averaged over latents; the class left out.
    """
    r = recipe(epochs=20)
    weights, found = drain(Run(r, shapes(), CPU)), {}
    for draws, name in ((1, "one"), (2_000, "many")):
        measured: dict[str, np.ndarray] = {}
        one = replace(r, measure=partial(vae_losses.measure, latent=LATENT, draws_each=draws))
        assert list(measure(one, weights, shapes(), CPU, measured)) == [50, 100]
        found[name] = measured
    many = found["many"]
    elbo = -many["distortion"] - many["rate"].sum(1)
    assert (many["log_likelihood"] > elbo - 0.05).all()  # each from the same 2,000 draws
    # one draw of log w is the ELBO with noise: on average over 100 images within 5 errors
    gap = found["one"]["log_likelihood"] - elbo
    assert abs(gap.mean()) < 5 * gap.std() / 10
    bits = held_out_bits(shapes(), dynamic=True)
    split = vae.split(weights, bits, np.random.default_rng(0).normal(size=(2_000, 100, LATENT)))
    assert many["rate"] == pytest.approx(split.rate, rel=1e-4, abs=1e-6)
    assert many["distortion"].mean() == pytest.approx(split.distortion.mean(), abs=0.05)


def test_accuracy_is_of_the_best_naming() -> None:
    """By brute force over all namings of the ten clusters that differ from the true ones.

    Mutants: clusters named by majority (two may get one name); no renaming.
    """
    label = np.repeat(np.arange(10), 20)
    names = np.array([3, 1, 4, 0, 5, 9, 2, 6, 8, 7])
    cluster = names[label]
    assert vae_scores.clustering_accuracy(cluster, label) == 1.0
    merged = np.where(cluster == 3, 1, cluster)  # class 0 falls into the cluster of class 1
    assert vae_scores.clustering_accuracy(merged, label) == 0.9


def test_a_recipe_can_go_on_from_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mutants: the start ignored; a run resumed although its start was trained anew; no trace."""
    making.train(recipe(epochs=20), tmp_path, device="cpu", say=lambda text: None)
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    child = replace(recipe(), name="child", start="tiny")
    first = next(iter(Run(child, shapes(), CPU).steps())).loss
    assert first < next(iter(Run(recipe(), shapes(), CPU).steps())).loss - 1.0
    making.train(child, tmp_path, device="cpu", say=lambda text: None)
    start = json.loads((tmp_path / "child.json").read_text())["training"]["start"]
    before = child.fingerprint(shapes())
    assert start["sha256"] == json.loads((tmp_path / "tiny.json").read_text())["sha256"]
    making.train(recipe(epochs=21), tmp_path, device="cpu", say=lambda text: None)
    assert child.fingerprint(shapes()) != before


def test_devices_by_name() -> None:
    """Mutant: an unknown device quietly becomes the CPU."""
    assert device_for("cpu").type == "cpu"
    with pytest.raises(ValueError, match=r"there is no device 'abacus' here; there is .*cpu"):
        device_for("abacus")


@pytest.mark.skipif(device_for().type == "cpu", reason="this machine has no GPU")
def test_a_gpu_trains_and_measures_alike() -> None:
    """Other random streams, so alike on average: rate and distortion of one set of weights."""
    weights, r = drain(Run(recipe(epochs=40), shapes(), CPU)), recipe(epochs=40)
    scores = []
    for device in (CPU, device_for()):
        measured: dict[str, np.ndarray] = {}
        list(measure(r, weights, shapes(), device, measured))
        scores.append(measured)
    assert scores[0]["rate"] == pytest.approx(scores[1]["rate"], rel=1e-3, abs=1e-4)
    assert scores[0]["mean"] == pytest.approx(scores[1]["mean"], rel=1e-3, abs=1e-3)
    ends = [drain(Run(recipe(epochs=40), shapes(), device_for())) for _ in range(2)]
    assert same(*ends)


def test_recipes_are_read_without_torch() -> None:
    """Mutant: ``import torch`` at the head of a recipe: `list` and a page would wait for it."""
    program = (
        "import sys\nfrom dgmlib.checkpoints.recipes import RECIPES\n"
        "assert len(RECIPES) == 30, len(RECIPES)\nassert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_recipes_are_what_their_names_say() -> None:
    """Mutants: beta and K swapped between recipes; the static recipes drawing pixels anew; one
    network of the sweep trained longer than the others."""
    for name, r in RECIPES.items():
        assert r.name == name
        assert r.dynamic == (r.settings["data"] == "dynamic-mnist")
        assert r.grey == (r.family != "vae")
        if name.startswith("beta-"):
            assert r.settings["beta"] == float(name.removeprefix("beta-"))
            assert [(p.epochs, p.lr) for p in r.phases] == [(20, (1e-3, 1e-5))]
        if "iwae" in name:
            assert f"iwae{r.settings['k']}-" in name
    assert sum(name.startswith("beta-") for name in RECIPES) == 8
    assert sum(r.settings.get("beta", 1) != 1 for r in RECIPES.values()) == 7


def test_classes_are_one_hot() -> None:
    assert one_hot(np.array([2, 0]), 2)[:, :3].tolist() == [[0, 0, 1], [1, 0, 0]]
    assert one_hot(None, 4).shape == (4, 0)


def test_the_command_says_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """Mutants: a traceback; exit code 0."""
    assert command.main(["train", "no-such"]) == 1
    assert "there is no recipe 'no-such'; there are vae-2d" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        command.main(["dance"])
    assert stopped.value.code == 2
    assert "invalid choice" in capsys.readouterr().err
