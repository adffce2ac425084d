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

from dgmlib.checkpoints.recipe import Batch, Loss, Recipe, one_hot
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


class _Optimiser(NamedTuple):
    """Adam over some of the parameters."""

    names: list[str]
    tensors: list[torch.Tensor]
    adam: torch.optim.Adam
    prefix: str  # of the names of its moments in a state

    def moments(self) -> dict[str, np.ndarray]:
        found = {}
        for name, tensor in zip(self.names, self.tensors, strict=True):
            kept = self.adam.state[tensor]
            found[f"{self.prefix}m/{name}"] = kept["exp_avg"].cpu().numpy().copy()
            found[f"{self.prefix}v/{name}"] = kept["exp_avg_sq"].cpu().numpy().copy()
        return found

    def resume(self, moments: dict[str, np.ndarray], steps: int) -> None:
        kept = {
            i: {
                "step": torch.tensor(float(steps)),
                "exp_avg": torch.from_numpy(moments[f"{self.prefix}m/{k}"].copy()),
                "exp_avg_sq": torch.from_numpy(moments[f"{self.prefix}v/{k}"].copy()),
            }
            for i, k in enumerate(self.names)
        }
        groups = self.adam.state_dict()["param_groups"]
        self.adam.load_state_dict({"state": kept, "param_groups": groups})


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
            phase = self.recipe.phases[state.phase]
            for one in [self._own, self._rivals] if phase.rival else [self._own]:
                state.moments |= one.moments()
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
        self._params = put
        if self.finished:
            return
        phase = self.recipe.phases[state.phase]
        self._own = self._optimiser(phase.trains, resumed=resumed)
        if phase.rival:
            self._rivals = self._optimiser(phase.rival.trains, resumed=resumed, prefix="rival/")

    def _optimiser(
        self, trains: tuple[str, ...], *, resumed: bool, prefix: str = ""
    ) -> "_Optimiser":
        phase = self.recipe.phases[self._state.phase]
        names = [k for k in self._params if k.partition(".")[0] in trains]
        tensors = [self._params[k] for k in names]
        fused = self.device.type != "mps"
        adam = torch.optim.Adam(tensors, lr=phase.lr[0], betas=phase.betas, fused=fused)
        made = _Optimiser(names, tensors, adam, prefix)
        if resumed:
            times = phase.rival.times if prefix and phase.rival else 1
            made.resume(self._state.moments, times * self._state.step)
        return made

    def _update(self, progress: float) -> float:
        recipe, state = self.recipe, self._state
        phase = recipe.phases[state.phase]
        first, last = phase.lr
        lr = last + (first - last) * (1 + math.cos(math.pi * progress)) / 2
        if phase.rival:
            for turn in range(phase.rival.times):
                draws = generator(self.device, recipe.seed, state.phase, state.step, 1 + turn)
                size = (recipe.batch,)
                rows = torch.randint(len(self._pixels), size, generator=draws, device=self.device)
                batch = self._batch(rows, draws)
                self._descend(self._rivals, phase.rival.loss, batch, draws, lr)
        draws = generator(self.device, recipe.seed, state.phase, state.step)
        loss = self._descend(self._own, phase.loss, self._batch(self._rows(), draws), draws, lr)
        if phase.average:
            self._follow(*phase.average)
        return loss.item()

    def _descend(
        self, own: "_Optimiser", loss: Loss, batch: Batch, draws: torch.Generator, lr: float
    ) -> torch.Tensor:
        """One update of the parameters of ``own``; all others stand still and need no gradient."""
        for tensor in own.tensors:
            tensor.requires_grad_(True)
        for group in own.adam.param_groups:
            group["lr"] = lr
        bfloat16 = self.recipe.phases[self._state.phase].bfloat16
        with torch.autocast(self.device.type, torch.bfloat16, enabled=bfloat16):
            value = loss(self._params, batch, draws)
        own.adam.zero_grad()
        value.backward()
        own.adam.step()
        for tensor in own.tensors:
            tensor.requires_grad_(False)
        return value.detach()

    def _follow(self, source: str, to: str, decay: float) -> None:
        """The moving average; over the first steps a plain mean of those there were."""
        decay = min(decay, (1 + self._state.step) / (10 + self._state.step))
        for name, value in self._params.items():
            if name.startswith(f"{source}."):
                self._params[to + name[len(source) :]].lerp_(value, 1 - decay)

    def _rows(self) -> torch.Tensor:
        """Every epoch visits the images in an order of its own."""
        epoch, i = divmod(self._state.step, self.per_epoch)
        key = (self.recipe.seed, self._state.phase, epoch)
        if getattr(self, "_order_of", None) != key:
            order = np.random.default_rng(key).permutation(len(self._pixels))
            self._order, self._order_of = torch.from_numpy(order).to(self.device), key
        return self._order[i * self.recipe.batch : (i + 1) * self.recipe.batch]

    def _batch(self, rows: torch.Tensor, draws: torch.Generator) -> Batch:
        x = self._pixels[rows].float() / (self.images.levels - 1)
        if self.recipe.dynamic:
            x = (torch.rand(x.shape, generator=draws, device=self.device) < x).float()
        return Batch(x, self._classes[rows])

    def _weights(self) -> dict[str, np.ndarray]:
        return {k: v.detach().cpu().numpy().copy() for k, v in self._params.items()}
