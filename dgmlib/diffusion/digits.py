r"""Digits out of noise, as a page shows them: the whole way, with x_0-hat, the guess of its end.

    sixteen    a class or all ten, guided or not, by any sampler
    forks      a way back taken up again in the middle, eight times with fresh noise
    returned   a given digit noised to some level, eight times, and taken back

All start from ``ddpm``'s weights; levels are those of a thinned cosine schedule of 1,000 steps.
Pictures are kept as bytes: x_0-hat between -1 and 1, x_t between -3 and 3, cut off there.

References:
    Classifier-free diffusion guidance (Ho & Salimans, 2022) https://arxiv.org/abs/2207.12598
    SDEdit: guided image synthesis and editing with stochastic differential equations
    (Meng et al., 2022) https://arxiv.org/abs/2108.01073 (noise a picture, and take it back)
"""

from typing import Any, NamedTuple

import numpy as np

from dgmlib.checkpoints import store
from dgmlib.classifiers import digit_cnn
from dgmlib.data import own_digit
from dgmlib.diffusion import digit_net, process, samplers, schedule
from dgmlib.diffusion.samplers import Rule
from dgmlib.diffusion.unet import NO_CLASS
from dgmlib.gan import digit_looks
from dgmlib.jobs import Job, Progress

NAME, YARDSTICK = "ddpm", "digit-cnn"
T = 1000
ALL, ANY = "all ten", "none named"
CLASSES = (ALL, ANY, *(str(k) for k in range(10)))
SAMPLERS: dict[str, Rule] = {"DDIM": "ddim", "DDPM": "ddpm", "Heun": "heun"}
MANY, FORKS = 16, 8
NOTHING = np.empty(0, np.uint8)
MOST = 3.0  # of x_t as it is drawn
LOOK = 0.0011  # seconds of one core that the network looks at a digit, measured


class Course(NamedTuple):
    """Time first: S + 1 frames from noise to digit, n digits."""

    label: np.ndarray  # (n,) the class asked for, or NO_CLASS
    alpha_bar: np.ndarray  # (S + 1,)
    x: np.ndarray  # (S + 1, n, 784) bytes of x_t
    x0: np.ndarray  # (S + 1, n, 784) bytes of the guess made at the frame; the last is the digit
    clipped: np.ndarray  # (S,) share of pixels of the guess that were cut to black or white
    seen: np.ndarray  # (n, 10) what the classifier makes of the digits, probabilities
    begun: int  # the frame at which these digits part; 0 if they never were one
    given: np.ndarray  # (784,) bytes of the digit that was noised; empty if there is none
    drawn: np.ndarray  # (784,) the same as it was drawn, before it was moved to the middle
    words: str  # where the weights come from


class Track(NamedTuple):
    """A stretch of the way: k steps of m digits."""

    x: np.ndarray  # (k + 1, m, 784) with the start
    x0: np.ndarray  # (k, m, 784)
    clipped: np.ndarray  # (k,)


def sixteen(
    label: str, *, guidance: float, steps: int, sampler: str, seed: int, n: int = MANY
) -> Job[Course]:
    """A job of n digits from n draws of noise; two looks of the network a step, if guided.

    Example:
        >>> from dgmlib.jobs import finish
        >>> two = finish(sixteen("7", guidance=1.0, steps=3, sampler="DDIM", seed=0, n=2))
        >>> two.x0.shape, two.label.tolist()
        ((4, 2, 784), [7, 7])
    """
    asked, rng, levels = classes(label, n), np.random.default_rng(seed), grid(steps)
    noise = rng.standard_normal((n, 784)).astype(np.float32)
    yield Progress(0, steps, "loading the network")
    params, words = weights()
    eps = digit_net.asked(params, asked, guidance=guidance)
    track = yield from _walk(eps, levels, noise, SAMPLERS[sampler], rng)
    return _course(asked, levels, track, words=words)


def forks(
    label: str, at: float, *, guidance: float, steps: int, seed: int, n: int = FORKS
) -> Job[Course]:
    """A job: one way back by DDPM until the share ``at`` of the steps is done, then n ways on."""
    if not 0 <= at < 1:
        raise ValueError(f"the fork lies between 0 and 1, got {at}")
    asked, rng, levels = classes(label, n), np.random.default_rng(seed), grid(steps)
    asked[:] = asked[0]
    k = int(at * steps)
    yield Progress(0, steps, "loading the network")
    params, words = weights()
    noise = rng.standard_normal((1, 784)).astype(np.float32)
    track = Track(noise[None], np.empty((0, 1, 784), np.float32), np.empty(0))
    if k:
        alone = digit_net.asked(params, asked[:1], guidance=guidance)
        track = yield from _walk(alone, levels, noise, "ddpm", rng, until=steps - k)
    eps = digit_net.asked(params, asked, guidance=guidance)
    start = np.repeat(track.x[-1], n, 0)
    rest = yield from _walk(eps, levels[: steps - k + 1], start, "ddpm", rng)
    return _course(asked, levels, _joined(track, rest, n), words=words, begun=k)


def returned(
    digit: str, at: float, label: str, *, guidance: float, steps: int, seed: int,
    centre: bool = True, n: int = FORKS,
) -> Job[Course]:  # fmt: skip
    """A job: the digit of a link noised n times to where ``at`` of all steps are left, and back."""
    if not 0 < at <= 1:
        raise ValueError(f"the share of the way is above 0 and at most 1, got {at}")
    given = own_digit.parse(digit, centre=centre)
    text = digit or own_digit.TEXT
    bundled = text.startswith("n:")
    ink = digit_looks.grey()[own_digit.number(text)] if bundled else given.bits.astype(np.float32)
    asked, rng = classes(label, n), np.random.default_rng(seed)
    levels = grid(steps)[: max(1, round(at * steps)) + 1]
    noise = rng.standard_normal((n, 784)).astype(np.float32)
    start = process.leap(2 * ink - 1, float(levels[-1]), noise).astype(np.float32)
    yield Progress(0, len(levels), "loading the network")
    params, words = weights()
    eps = digit_net.asked(params, asked, guidance=guidance)
    track = yield from _walk(eps, levels, start, "ddim", rng)
    drawn = given.bits if given.drawn is None else given.drawn
    shown = _bytes(2 * ink - 1, 1.0), (255 * drawn).astype(np.uint8)
    return _course(asked, levels, track, words=words, given=shown)


def classes(label: str, n: int) -> np.ndarray:
    """(n,) class numbers of one of ``CLASSES``."""
    if label not in CLASSES:
        raise ValueError(f"there is no class {label!r}; there are {', '.join(CLASSES)}")
    if label == ALL:
        return np.arange(n) % 10
    return np.full(n, NO_CLASS if label == ANY else int(label))


def grid(steps: int) -> np.ndarray:
    """(steps + 1,) noise levels from 1 down."""
    return schedule.cosine(T).alpha_bar[schedule.thin(T, steps)]


def seconds(n: int, steps: float, guidance: float, sampler: str) -> float:
    """How long n digits take on one core, about."""
    looks = steps * (2 if guidance else 1) * (2 if sampler == "Heun" else 1)
    return 0.3 + LOOK * n * looks


def weights() -> tuple[dict[str, Any], str]:
    """The checkpoint, as torch tensors: three times as fast as NumPy for sixteen digits."""
    import torch

    torch.set_num_threads(1)
    found = store.load(NAME)
    return {k: torch.from_numpy(v.copy()) for k, v in found.weights.items()}, found.told


def judged(x: np.ndarray) -> np.ndarray:
    """The classifier's probabilities of digits (n, 784) in bytes, (n, 10)."""
    params = store.load(YARDSTICK).weights
    return np.exp(digit_cnn.log_prob(params, x / np.float32(255)))


def _walk(
    eps: Any, levels: np.ndarray, x: np.ndarray, rule: Rule, rng: np.random.Generator,
    *, until: int = 0,
) -> Job[Track]:  # fmt: skip
    """Down the levels, to the one at place ``until``."""
    total = len(levels) - 1
    xs, guesses, clipped = [x], [], []
    for state, info in samplers.stream(eps, levels, x, rule=rule, clip=1.0, rng=rng):
        xs.append(state.x)
        guesses.append(info.x0)
        clipped.append(info.clipped)
        yield Progress(total - state.at, total, f"step {total - state.at} of {total}")
        if state.at == until:
            break
    return Track(np.stack(xs), np.stack(guesses), np.array(clipped))


def _joined(trunk: Track, rest: Track, n: int) -> Track:
    """One digit that becomes n."""
    return Track(
        np.concatenate([np.repeat(trunk.x[:-1], n, 1), rest.x]),
        np.concatenate([np.repeat(trunk.x0, n, 1), rest.x0]),
        np.append(trunk.clipped, rest.clipped),
    )


def _course(
    asked: np.ndarray, levels: np.ndarray, track: Track, *, words: str, begun: int = 0,
    given: tuple[np.ndarray, np.ndarray] = (NOTHING, NOTHING),
) -> Course:  # fmt: skip
    end = _bytes(track.x[-1], 1.0)
    guesses = np.concatenate([_bytes(track.x0, 1.0), end[None]])
    return Course(asked, levels[::-1], _bytes(track.x, MOST), guesses, track.clipped, judged(end),
                  begun, *given, words)  # fmt: skip


def _bytes(x: np.ndarray, most: float) -> np.ndarray:
    """-most .. most as 0 .. 255."""
    return np.round(127.5 * (np.clip(x / most, -1, 1) + 1)).astype(np.uint8)
