r"""The generator stands still while two critics learn: one of probabilities, one of slopes.

    V(D) -> -log 4 + 2 JS, from below; G's gradient by log(1 - D) -> the slope of -2 JS, next to
            nothing where q is far
    E_p f - E_q f <= K W1; G's gradient by -f stays as large as f is steep

p and q are mixtures on the line and G can only shift q, so everything a critic says is integrated,
not sampled, and what it should say is exact. Both critics meet the same batches.

References:
    Towards principled methods for training generative adversarial networks
    (Arjovsky & Bottou, 2017) https://arxiv.org/abs/1701.04862
    Wasserstein GAN (Arjovsky, Chintala & Bottou, 2017) https://arxiv.org/abs/1701.07875
"""

from typing import NamedTuple

import numpy as np
import torch

from dgmlib.divergences import adaptive, wasserstein
from dgmlib.divergences.mixture1d import Mixture1D, log_prob, sample
from dgmlib.divergences.quadrature import nodes
from dgmlib.gan import lipschitz, optimal, players, train
from dgmlib.gan.methods import DEFAULTS, Settings
from dgmlib.gan.players import Player
from dgmlib.jobs import Job, Progress
from dgmlib.vae.arrays import sigmoid, softplus


class Exact(NamedTuple):
    """What the two critics are on the way to."""

    value: float  # -log 4 + 2 JS
    js: float
    w1: float
    saturating: float  # |E_q push| of the best critic of each loss
    non_saturating: float
    logit: np.ndarray  # (g,) log p - log q


class Frozen(NamedTuple):
    """Time first: F frames; gradients are those of a G that can only shift q."""

    p: Mixture1D
    q: Mixture1D
    x: np.ndarray  # (g,)
    exact: Exact
    steps: np.ndarray  # (F,) moves of each critic so far
    logit: np.ndarray  # (F, g) of the logistic critic
    value: np.ndarray  # (F,) V, integrated
    saturating: np.ndarray  # (F,) |dG/dshift| by log(1 - D)
    non_saturating: np.ndarray  # (F,) by -log D
    potential: np.ndarray  # (F, g) f of the Lipschitz critic
    estimate: np.ndarray  # (F,) E_p f - E_q f, integrated
    bound: np.ndarray  # (F,) K: estimate <= K W1
    wasserstein: np.ndarray  # (F,) |dG/dshift| by -f


def freeze(
    p: Mixture1D, q: Mixture1D, *, seed: int, steps: int = 600, frames: int = 60, width: int = 64,
    grid: int = 200, settings: Settings | None = None,
) -> Job[Frozen]:  # fmt: skip
    """A job: trains both critics of single mixtures ``p`` (data) and ``q`` (generator)."""
    if p.mean.ndim != 1 or q.mean.ndim != 1 or steps < 1 or frames < 2:
        raise ValueError("give two single mixtures, at least one step and two frames")
    settings = settings or DEFAULTS["wgan-gp"]._replace(penalty=10.0)
    edges = adaptive.breaks(p, q)
    x, dx = nodes(np.linspace(edges[0], edges[-1], 401), 8)
    near = np.linspace(*_ends(p, q), grid)
    mass = np.exp(log_prob(p, x)) * dx, np.exp(log_prob(q, x)) * dx
    return _learn(p, q, (x, near, *mass), seed, steps, frames, width, settings)


def exact(p: Mixture1D, q: Mixture1D, x: np.ndarray) -> Exact:
    return Exact(
        optimal.best_value(p, q).value,
        adaptive.js(p, q).value,
        wasserstein.w1(p, q).value,
        abs(optimal.pull("saturating", p, q).value),
        abs(optimal.pull("non-saturating", p, q).value),
        optimal.logit(p, q, x),
    )


def _learn(
    p: Mixture1D, q: Mixture1D, at: tuple[np.ndarray, ...], seed: int, steps: int, frames: int,
    width: int, settings: Settings,
) -> Job[Frozen]:  # fmt: skip
    rng = np.random.default_rng(seed)
    js = slow = players.init((1, width, width, 1), rng=rng)
    when = set(np.linspace(0, steps, min(frames, steps + 1)).round().astype(int).tolist())
    rows = [(0, *_look(js, slow, *at))]
    for k in range(1, steps + 1):
        real, fake = (_column(sample(m, settings.batch, rng=rng)) for m in (p, q))
        share = _column(rng.random(settings.batch))
        js, _, _ = train.critic_move("gan", js, (), real, fake, share, settings)
        slow, _, _ = train.critic_move("wgan-gp", slow, (), real, fake, share, settings)
        if k in when:
            rows.append((k, *_look(js, slow, *at)))
            yield Progress(k, steps, f"step {k} of {steps}")
    columns = (np.array(column) for column in zip(*rows, strict=True))
    return Frozen(p, q, at[1], exact(p, q, at[1]), *columns)


def _look(
    js: Player, slow: Player, x: np.ndarray, near: np.ndarray, p: np.ndarray, q: np.ndarray
) -> tuple[np.ndarray | float, ...]:
    """The columns of ``Frozen`` from the logit on; masses p and q of the points x."""
    t, slope_t = _on_the_line(js, x)
    f, slope_f = _on_the_line(slow, x)
    return (
        _on_the_line(js, near)[0],
        -float(p @ softplus(-t) + q @ softplus(t)),
        abs(float(q @ (sigmoid(t) * slope_t))),
        abs(float(q @ (sigmoid(-t) * slope_t))),
        _on_the_line(slow, near)[0],
        float(p @ f - q @ f),
        lipschitz.bound(players.arrays(slow)),
        abs(float(q @ slope_f)),
    )


def _on_the_line(critic: Player, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Its answers and slopes at ``x`` (n,), in float64."""
    double = {k: w.astype(float) for k, w in players.arrays(critic).items()}
    f, slope = lipschitz.value_and_slope(double, x[:, None])
    return f, slope[:, 0]


def _ends(p: Mixture1D, q: Mixture1D) -> tuple[float, float]:
    low = min(float((m.mean - 4 * m.std).min()) for m in (p, q))
    high = max(float((m.mean + 4 * m.std).max()) for m in (p, q))
    return low, high


def _column(a: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(a.astype(np.float32)[:, None])
