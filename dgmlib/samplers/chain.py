"""The loop shared by every Markov chain sampler, and what the samplers share."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

LogProb = Callable[[np.ndarray], np.ndarray]  # (..., d) -> (...)


class Chain(NamedTuple):
    """A finished run, time first: ``x[:t]`` is what was known at t."""

    x: np.ndarray  # (T + 1, C, d), with the start
    info: Any  # the sampler's Info, every field with T as its first axis


def run(step: Callable[[Any], tuple[Any, Any]], state: Any, n_steps: int) -> Chain:
    """Applies ``step`` to ``state`` ``n_steps`` times and keeps everything."""
    if n_steps < 1:
        raise ValueError(f"n_steps must be at least 1, got {n_steps}")
    x, infos = [state.x], []
    for _ in range(n_steps):
        state, info = step(state)
        x.append(state.x)
        infos.append(info)
    return Chain(
        np.stack(x), type(infos[0])(*(np.stack(part) for part in zip(*infos, strict=True)))
    )


def check_start(x: np.ndarray, log_p: np.ndarray) -> np.ndarray:
    """The starts as floats (C, d), or a ValueError that names the first impossible one."""
    x = np.array(x, dtype=float)
    if x.ndim != 2:
        raise ValueError(f"starts need shape (chains, d), got {x.shape}; one chain is x[None]")
    if log_p.shape != x.shape[:1]:
        raise ValueError(f"log_prob of {x.shape} must have shape {x.shape[:1]}, got {log_p.shape}")
    bad = ~np.isfinite(log_p)
    if bad.any():
        i = int(np.flatnonzero(bad)[0])
        raise ValueError(f"chain {i} starts at {x[i]}, where the log-density is {log_p[i]}; "
                         "start where the density is positive and finite")  # fmt: skip
    return x


def accept(log_ratio: np.ndarray, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """min(1, e^log_ratio) and whether each proposal is taken. A ratio that is NaN is refused."""
    prob = np.exp(np.minimum(0.0, np.where(np.isnan(log_ratio), -np.inf, log_ratio)))
    return prob, rng.random(prob.shape) < prob


def check_positive(name: str, value: Any) -> None:
    """ValueError unless every number is positive and finite."""
    v = np.asarray(value, dtype=float)
    if not (np.isfinite(v).all() and (v > 0).all()):
        raise ValueError(f"{name} must be positive and finite, got {value}")
