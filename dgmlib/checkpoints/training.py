"""Training as a stream of steps over a state that can be saved after any of them.

Every random number depends on (seed, phase, step) alone, so a run that was killed and resumed ends
with the weights of one that was not.

References:
    Adam: a method for stochastic optimization (Kingma & Ba, 2015) https://arxiv.org/abs/1412.6980
    SGDR: stochastic gradient descent with warm restarts (Loshchilov & Hutter, 2017)
    https://arxiv.org/abs/1608.03983 (the cosine)
"""

import math
import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch

from dgmlib.checkpoints.recipe import Batch, Recipe, one_hot
from dgmlib.checkpoints.state import State
from dgmlib.data.images import Images


class Step(NamedTuple):
    """Where a run stands."""

    what: str
    done: int  # of all phases together
    total: int
    loss: float  # of this step's batch, nats an image
    seconds: float  # of work so far, over all resumptions


def device_for(name: str = "auto") -> torch.device:
    """The named device, or the best there is (cuda, mps, cpu). ValueError if it is not there."""
    found = ["cpu"]
    if torch.backends.mps.is_available():
        found.insert(0, "mps")
    if torch.cuda.is_available():
        found.insert(0, "cuda")
    if name == "auto":
        return torch.device(found[0])
    if name.partition(":")[0] not in found:
        raise ValueError(f"there is no device {name!r} here; there is {', '.join(found)}")
    return torch.device(name)


def generator(device: torch.device, *numbers: int) -> torch.Generator:
    """A random stream of its own for every combination of numbers."""
    seed = int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))
    return torch.Generator(device).manual_seed(seed)


class Run:
    """A recipe being trained on a device, from its beginning or from a state."""

    def __init__(
        self, recipe: Recipe, images: Images, device: torch.device, state: State | None = None
    ) -> None:
        self.per_epoch = len(images.train) // recipe.batch
        if self.per_epoch == 0:
            raise ValueError(f"{len(images.train)} images do not fill a batch of {recipe.batch}")
        self.recipe, self.images, self.device = recipe, images, device
        if state is None:
            state = State(recipe.weights(images))
        self._state = state
        if device.type not in state.devices:
            state.devices.append(device.type)
        self._pixels = torch.from_numpy(images.train.copy()).to(device)
        self._classes = torch.from_numpy(one_hot(images.train_labels, len(images.train))).to(device)
        self._start_phase(resumed=state.step > 0)

    @property
    def finished(self) -> bool:
        return self._state.phase == len(self.recipe.phases)

    def steps(self) -> Iterator[Step]:
        """Yields after every update. FloatingPointError names the step whose loss is no number."""
        state, phases = self._state, self.recipe.phases
        lengths = [p.epochs * self.per_epoch for p in phases]
        while not self.finished:
            phase, before = phases[state.phase], sum(lengths[: state.phase])
            while state.step < lengths[state.phase]:
                started = time.monotonic()
                loss = self._update(state.step / max(1, lengths[state.phase] - 1))
                state.step += 1
                state.seconds += time.monotonic() - started
                done = before + state.step
                if not math.isfinite(loss):
                    raise FloatingPointError(
                        f"{self.recipe.name}: the loss of step {done} is {loss}"
                    )
                yield Step(phase.about, done, sum(lengths), loss, state.seconds)
            state.weights = self._weights()
            state.phase, state.step, state.moments = state.phase + 1, 0, {}
            self._start_phase(resumed=False)

    def state(self) -> State:
        """All of it, copied to arrays: what :func:`dgmlib.checkpoints.state.save` writes."""
        state = self._state
        state.weights = self._weights()
        if state.step:
            for name in self._trained:
                kept = self._adam.state[self._params[name]]
                state.moments[f"m/{name}"] = kept["exp_avg"].cpu().numpy().copy()
                state.moments[f"v/{name}"] = kept["exp_avg_sq"].cpu().numpy().copy()
        return state

    def _start_phase(self, *, resumed: bool) -> None:
        """Puts parameters and optimiser on the device for the phase that comes."""
        state = self._state
        if not self.finished and not resumed:
            begin = self.recipe.phases[state.phase].begin
            if begin is not None:
                started = time.monotonic()
                rng = np.random.default_rng((self.recipe.seed, state.phase))
                state.weights = begin(state.weights, self.images, rng)
                state.seconds += time.monotonic() - started
        put = {k: torch.from_numpy(v.copy()).to(self.device) for k, v in state.weights.items()}
        self._params, self._trained = put, []
        if self.finished:
            return
        phase = self.recipe.phases[state.phase]
        self._trained = [k for k in put if k.partition(".")[0] in phase.trains]
        tensors = [put[k].requires_grad_(True) for k in self._trained]
        self._adam = torch.optim.Adam(tensors, lr=phase.lr[0], fused=self.device.type != "mps")
        if resumed:
            kept = {
                i: {
                    "step": torch.tensor(float(state.step)),
                    "exp_avg": torch.from_numpy(state.moments[f"m/{k}"].copy()),
                    "exp_avg_sq": torch.from_numpy(state.moments[f"v/{k}"].copy()),
                }
                for i, k in enumerate(self._trained)
            }
            groups = self._adam.state_dict()["param_groups"]
            self._adam.load_state_dict({"state": kept, "param_groups": groups})

    def _update(self, progress: float) -> float:
        recipe, state = self.recipe, self._state
        phase = recipe.phases[state.phase]
        draws = generator(self.device, recipe.seed, state.phase, state.step)
        first, last = phase.lr
        for group in self._adam.param_groups:
            group["lr"] = last + (first - last) * (1 + math.cos(math.pi * progress)) / 2
        batch = self._batch(draws)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=phase.bfloat16):
            loss = phase.loss(self._params, batch, draws)
        self._adam.zero_grad()
        loss.backward()
        self._adam.step()
        return loss.item()

    def _batch(self, draws: torch.Generator) -> Batch:
        """Every epoch visits the images in an order of its own."""
        epoch, i = divmod(self._state.step, self.per_epoch)
        key = (self.recipe.seed, self._state.phase, epoch)
        if getattr(self, "_order_of", None) != key:
            order = np.random.default_rng(key).permutation(len(self._pixels))
            self._order, self._order_of = torch.from_numpy(order).to(self.device), key
        rows = self._order[i * self.recipe.batch : (i + 1) * self.recipe.batch]
        x = self._pixels[rows].float() / (self.images.levels - 1)
        if self.recipe.dynamic:
            x = (torch.rand(x.shape, generator=draws, device=self.device) < x).float()
        return Batch(x, self._classes[rows])

    def _weights(self) -> dict[str, np.ndarray]:
        return {k: v.detach().cpu().numpy().copy() for k, v in self._params.items()}
