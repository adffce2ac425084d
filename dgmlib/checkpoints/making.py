"""From a recipe to ``<name>.safetensors`` and its card: train, measure, write.

What is measured are the weights as they are stored (float16), so the card speaks of the file.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from tqdm import tqdm

from dgmlib.checkpoints import card, state
from dgmlib.checkpoints.measuring import measure
from dgmlib.checkpoints.recipe import Recipe, Score, Weights, held_out
from dgmlib.checkpoints.training import Run, device_for
from dgmlib.data.images import Images

SAVE_EVERY = 25.0  # seconds of work: what a kill can cost, with room to spare below a minute


def train(
    recipe: Recipe,
    folder: Path,
    *,
    device: str = "auto",
    minutes: float | None = None,
    fresh: bool = False,
    say: Callable[[str], None] = print,
) -> bool:
    """Trains, measures and writes the checkpoint; True when it is finished.

    Goes on from ``<folder>/.training/<name>.state`` if there is one. With ``minutes`` it stops
    after so much work, with its state kept, and the same call goes on later.
    """
    if minutes is not None and not minutes > 0:
        raise ValueError(f"--minutes must be positive, not {minutes:g}")
    where, (images, thinned) = device_for(device), held_out(recipe)
    path = folder / ".training" / f"{recipe.name}.state"
    mark = recipe.fingerprint(images)
    kept = state.load(path, mark) if path.exists() and not fresh else None
    say(f"{recipe.name} on {where}, {images.source}" + (", resumed" if kept else ""))
    run = Run(recipe, images, where, kept)
    clock = _Clock(minutes)
    if not _drain(run, clock, path, mark):
        state.save(run.state(), path, mark)
        say(f"stopped after {minutes:g} minutes; the same command goes on")
        return False
    now = run.state()
    state.save(now, path, mark)
    stored = {k: v.astype(np.float16) for k, v in recipe.keep(now.weights).items()}
    n = len(thinned.test)
    with tqdm(total=n, initial=_count(now.measured), desc="measuring", unit="image") as bar:
        for done in measure(recipe, stored, thinned, where, now.measured):
            bar.update(done - bar.n)
            if clock.due():
                state.save(now, path, mark)
            if clock.over():
                state.save(now, path, mark)
                say(f"stopped after {minutes:g} minutes; the same command goes on")
                return False
    scores = recipe.score(now.measured, thinned)
    write(recipe, stored, images, scores, now, folder)
    path.unlink()
    for score in scores:
        say(line(score))
    return True


def evaluate(
    recipe: Recipe, folder: Path, *, device: str = "auto", limit: int | None = None
) -> list[Score]:
    """Measures the written weights anew, on the first ``limit`` test images or on all."""
    _, images = held_out(recipe)
    stored = load_file(folder / f"{recipe.name}.safetensors")
    measured: Weights = {}
    n = min(limit or len(images.test), len(images.test))
    with tqdm(total=n, desc=recipe.name, unit="image") as bar:
        for done in measure(recipe, stored, images, device_for(device), measured, limit):
            bar.update(done - bar.n)
    return recipe.score(measured, images)


def write(
    recipe: Recipe,
    stored: Weights,
    images: Images,
    scores: list[Score],
    run: state.State,
    folder: Path,
) -> None:
    """The weights, then the card that vouches for them by their sha256."""
    path = folder / f"{recipe.name}.safetensors"
    new = path.with_suffix(".new")
    save_file(stored, new, {"format": "np"})  # two entries would come in an order by chance
    new.chmod(0o644)  # safetensors writes for its owner alone
    new.replace(path)
    facts: dict[str, Any] = dict(
        format=1,
        name=recipe.name,
        about=recipe.about,
        family=recipe.family,
        sha256=card.sha256(path),
        bytes=path.stat().st_size,
        parameters=sum(value.size for value in stored.values()),
        dtype="float16",
        settings=dict(recipe.settings),
        data=dict(
            name=_data_words(recipe, images),
            source=images.source,
            train=len(images.train),
            test=len(images.test),
        ),
        training=dict(
            seed=recipe.seed,
            device=", ".join(run.devices),
            minutes=round(run.seconds / 60, 1),
            steps=sum(p.epochs for p in recipe.phases) * (len(images.train) // recipe.batch),
            batch=recipe.batch,
            torch=torch.__version__.partition("+")[0],
            phases=[
                dict(about=p.about, epochs=p.epochs, lr=list(p.lr), bfloat16=p.bfloat16)
                | ({"rival_updates": p.rival.times} if p.rival else {})
                | ({"betas": list(p.betas)} if p.rival else {})
                | ({"average": p.average[2]} if p.average else {})
                for p in recipe.phases
            ],
        ),
        scores=scores,
        licence="MIT",
    )
    if recipe.start is not None:
        facts["training"]["start"] = dict(name=recipe.start, sha256=recipe.parent()["sha256"])
    card.write(path.with_suffix(".json"), facts)


def line(score: Score) -> str:
    """A score in words, with its error and the published figure."""
    error = "" if score["error"] is None else f" ± {score['error']:g}"
    beside = f"  (published {score['published']:g})" if "published" in score else ""
    return f"{score['name']}: {score['value']:g}{error} {score['unit']}{beside}"


def _drain(run: Run, clock: "_Clock", path: Path, mark: str) -> bool:
    """Takes steps until training is finished (True) or the time is over (False)."""
    if run.finished:
        return True
    with tqdm(desc=run.recipe.name, unit="step", smoothing=0.05) as bar:
        for step in run.steps():
            bar.total, bar.n = step.total, step.done
            bar.set_postfix_str(f"{step.what}: {step.loss:.2f} nats", refresh=False)
            bar.update(0)
            if clock.due():
                state.save(run.state(), path, mark)
            if clock.over() and not run.finished:
                return False
    return True


def _count(measured: Weights) -> int:
    return len(next(iter(measured.values()))) if measured else 0


def _data_words(recipe: Recipe, images: Images) -> str:
    if images.side == 0:
        return f"points in the plane: {images.name}"
    if images.levels == 2:
        return "MNIST, binarised once and for all"
    return "MNIST, binarised anew at every step" if recipe.dynamic else "MNIST in grey"


class _Clock:
    """When to save, and when to stop."""

    def __init__(self, minutes: float | None) -> None:
        self.end = None if minutes is None else time.monotonic() + 60 * minutes
        self.saved = time.monotonic()

    def due(self) -> bool:
        if time.monotonic() - self.saved < SAVE_EVERY:
            return False
        self.saved = time.monotonic()
        return True

    def over(self) -> bool:
        return self.end is not None and time.monotonic() >= self.end
