r"""EM as ascent of one function in two coordinates: q in the E step, theta in the M step.

    F(q, theta) = E_q[log p(X, Z | theta)] + H(q) = log p(X | theta) - KL(q || p(Z | X, theta))
    E:  raise F by moving q, theta held;    M:  raise F by moving theta, q held

A whole E step makes the gap zero, and then the likelihood cannot fall either. A step that goes
part of the way, or a family of q that does not hold the posterior, still never lowers F; of
log p(X | theta) nothing is promised. Part of the way is taken in natural parameters, along which
KL(q || posterior) falls all the time.

References:
    A View of the EM Algorithm that Justifies Incremental, Sparse, and other Variants
    (Neal & Hinton, 1998) https://doi.org/10.1007/978-94-011-5014-9_12
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

from dgmlib.latent import loading, mixture

KINDS = ("mixture: a mean", "mixture: a weight", "one loading")
E_STEPS = ("whole", "part of the way", "certain q")
N, ROUNDS = 40, 14
ENDS: dict[str, tuple[float, float]] = {  # of theta
    "mixture: a mean": (-5.0, 5.0), "mixture: a weight": (0.01, 0.99), "one loading": (-5.0, 5.0),
}  # fmt: skip
EDGE = 1e-12  # of a responsibility whose logit is taken


class Ascent(NamedTuple):
    """F half-steps; T values of theta; n points. Nats, summed over the points."""

    kind: str
    e_step: str
    share: float
    x: np.ndarray  # (n, d)
    grid: np.ndarray  # (T,)
    log_p: np.ndarray  # (T,) log p(X | theta)
    curve: np.ndarray  # (F, T) the bound of the q of each frame
    theta: np.ndarray  # (F,)
    bound: np.ndarray  # (F,)
    gap: np.ndarray  # (F,) by its own formula
    value: np.ndarray  # (F,) log p(X | theta) of each frame's theta
    q: np.ndarray  # (F, n): q(z_n = 2), or the mean of q(z_n)
    posterior: np.ndarray  # (F, n): the same of the posterior under each frame's theta
    spread: np.ndarray  # (F, 2): deviation of q and of the posterior; 0 where z is discrete
    top: tuple[float, float]  # theta of the highest likelihood, and log p(X | theta) there


def within(kind: str, theta: float) -> float:
    """The nearest value that theta may have in this model."""
    low, high = ENDS[kind]
    return min(max(theta, low), high)


def of_handle(edit: Mapping[str, Any]) -> str:
    """A dragged start to text."""
    return f"{float(edit['xy'][0][0]):.2f}"


def ascent(
    kind: str, *, start: float, e_step: str = "whole", share: float = 0.3, rng: np.random.Generator
) -> Ascent:
    """Start, E, M, E, M, ...: ``ROUNDS`` rounds from a q that knows nothing of the points."""
    if kind not in KINDS:
        raise ValueError(f"no model is called {kind!r}; choose one of {', '.join(KINDS)}")
    if e_step not in E_STEPS:
        raise ValueError(f"no E step is called {e_step!r}; choose one of {', '.join(E_STEPS)}")
    if not 0 < share <= 1:
        raise ValueError(f"an E step goes a share of the way between 0 and 1, got {share}")
    low, high = ENDS[kind]
    if not low <= start <= high:
        raise ValueError(f"theta lies between {low:g} and {high:g}, got {start:g}")
    run = _continuous if kind == KINDS[2] else _discrete
    return run(kind, float(start), e_step, share, rng)


def _discrete(kind: str, start: float, e_step: str, share: float, rng) -> Ascent:
    unknown = mixture.MEAN if kind == KINDS[0] else mixture.WEIGHT
    x, grid = mixture.draw(unknown, N, rng=rng), np.linspace(*ENDS[kind], 241)
    first = 0.5 if unknown == mixture.MEAN else start
    r = np.zeros(N) if e_step == E_STEPS[2] else np.full(N, first)
    states = [(start, r)]
    for _ in range(ROUNDS):
        theta, r = states[-1]
        to = mixture.logits(unknown, x, theta)
        if e_step == E_STEPS[2]:
            r = (to > 0).astype(float)
        else:
            part = 1.0 if e_step == E_STEPS[0] else share
            r = expit((1 - part) * logit(np.clip(r, EDGE, 1 - EDGE)) + part * to)
        states.append((theta, r))
        theta = float(np.clip(mixture.m_step(unknown, x, r, theta), *ENDS[kind]))
        states.append((theta, r))
    theta, q = np.array([s[0] for s in states]), np.array([s[1] for s in states])
    here = [mixture.parts(unknown, x, r, np.array(t)) for t, r in states]
    curves = [mixture.parts(unknown, x, r, grid) for r in q]
    posterior = expit(np.array([mixture.logits(unknown, x, float(t)) for t in theta]))
    log_p = curves[0].free_energy
    return Ascent(kind, e_step, share, x, grid, log_p, np.array([c.bound for c in curves]), theta,
                  np.array([float(h.bound) for h in here]), np.array([float(h.gap) for h in here]),
                  np.array([float(h.free_energy) for h in here]), q, posterior,
                  np.zeros((len(theta), 2)), _top(grid, log_p, lambda t: float(
                      mixture.parts(unknown, x, q[0], np.array(t)).free_energy)))  # fmt: skip


def _continuous(kind: str, start: float, e_step: str, share: float, rng) -> Ascent:
    x, grid = loading.draw(N, rng=rng), np.linspace(*ENDS[kind], 241)
    certain = e_step == E_STEPS[2]
    states = [(start, loading.Q(np.zeros(N), loading.CERTAIN**2 if certain else 1.0))]
    for _ in range(ROUNDS):
        theta, q = states[-1]
        to = loading.posterior(x, theta)
        if certain:  # the best q of this width
            q = loading.Q(to.mean, loading.CERTAIN**2)
        else:
            q = to if e_step == E_STEPS[0] else loading.toward(q, to, share)
        states.append((theta, q))
        states.append((float(np.clip(loading.m_step(x, q), *ENDS[kind])), q))
    theta = np.array([s[0] for s in states])
    true = [loading.posterior(x, t) for t, _ in states]
    log_p = loading.log_p(x, grid)
    return Ascent(kind, e_step, share, x, grid, log_p,
                  np.array([loading.bound(x, q, grid) for _, q in states]), theta,
                  np.array([float(loading.bound(x, q, np.array(t))) for t, q in states]),
                  np.array([loading.gap(x, q, t) for t, q in states]), loading.log_p(x, theta),
                  np.array([q.mean for _, q in states]), np.array([p.mean for p in true]),
                  np.sqrt([[q.var, p.var] for (_, q), p in zip(states, true, strict=True)]),
                  _top(grid, log_p, lambda t: float(loading.log_p(x, np.array(t)))))  # fmt: skip


def _top(grid: np.ndarray, log_p: np.ndarray, of: Callable[[float], float]) -> tuple[float, float]:
    """The highest value of the grid, polished between its neighbours."""
    i = int(log_p.argmax())
    ends = (grid[max(i - 1, 0)], grid[min(i + 1, len(grid) - 1)])
    r: Any = minimize_scalar(
        lambda t: -of(t), bounds=ends, method="bounded", options={"xatol": 1e-7}
    )
    best = (float(r.x), -float(r.fun))
    return best if best[1] >= log_p[i] else (float(grid[i]), float(log_p[i]))
