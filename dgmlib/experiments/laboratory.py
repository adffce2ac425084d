r"""One chain of each of two samplers, recorded to be looked at.

    running mean    m_t = (x_1 + ... + x_t) / t
    distance        sqrt(mean over j of ((m_t)_j - mu_j)^2 / Sigma_jj):  in deviations of the target

Independent draws would have a root mean square distance of 1 / sqrt(t). Give two records
generators that begin alike and they use the same random numbers.
"""

import copy
from typing import NamedTuple

import numpy as np

from dgmlib.experiments.arena import Arena, Plane
from dgmlib.experiments.by_name import begin
from dgmlib.samplers import chain, hmc, langevin

LOST = 100.0  # times the size of the plane: ULA will not come back


class Record(NamedTuple):
    """A chain in the plane, time first. Step t leads from x[t] to x[t + 1]."""

    name: str
    x: np.ndarray  # (T + 1, 2)
    proposal: np.ndarray  # (T, 2)
    accepted: np.ndarray  # (T,), bool
    swapped: np.ndarray  # (T,), bool: a warmer chain took the place (tempering)
    way: np.ndarray  # (T, P, 2): how the proposal was reached, with both its ends
    mean: np.ndarray  # (T + 1, 2): of x[1] to x[t]; NaN at t = 0 and once lost
    distance: np.ndarray  # (T + 1,)
    evaluations: int  # of one step
    gradients: int  # how many of them are gradients
    lost: int  # the first step that left for infinity; -1 if none did
    biased: np.ndarray | None  # (2, 2): where ULA's covariance settles on a Gaussian


class Duel(NamedTuple):
    plane: Plane
    first: Record
    second: Record
    start: np.ndarray  # (2,)
    moved: bool  # the start that was wished for lies where the density is 0, or out of sight


def record(
    name: str,
    arena: Arena,
    start: np.ndarray,
    *,
    n_steps: int,
    step: float,
    n_leapfrog: int,
    rng: np.random.Generator,
) -> Record:
    """``n_steps`` steps from ``start`` (2,)."""
    t, again = arena.target, copy.deepcopy(rng)
    with np.errstate(all="ignore"):  # ULA may leave for infinity; it is cut off below
        s = begin(name, arena, start[None], step=step, n_leapfrog=n_leapfrog, rng=rng)
        run = chain.run(s.step, s.state, n_steps)
        proposal, accepted, swapped, way = _steps(name, run)
        if name == "HMC":
            v = _velocities(n_steps, t.dim, again)
            way = hmc.path(run.x[:-1, 0], v, t, step_size=step, n_leapfrog=n_leapfrog).x
            way = way.swapaxes(0, 1)  # (T, L + 1, 2)
    size, middle = float(np.diff(t.extent).max()), np.mean(t.extent, axis=1)
    x, lost = _cut(run.x[:, 0], middle, LOST * size)
    # What is drawn stays finite: a path that has left the plane ten times over ends there.
    low, high = middle - 10 * size, middle + 10 * size
    proposal, way = (np.clip(np.nan_to_num(a, nan=np.inf), low, high) for a in (proposal, way))
    if lost >= 0:
        proposal[lost:], way[lost:] = x[-1], x[-1]
    mean = np.full(x.shape, np.nan)
    mean[1:] = x[1:].cumsum(0) / np.arange(1, n_steps + 1)[:, None]
    if lost >= 0:
        mean[lost + 1 :] = np.nan
    distance = np.sqrt(((mean - t.mean) ** 2 / np.diag(t.cov)).mean(1))
    biased = ula_cov(t.cov, step**2 / 2) if name == "ULA" and arena.gaussian else None
    return Record(name, x, proposal, accepted, swapped, way, mean, distance, s.evaluations,
                  s.gradients, lost, biased)  # fmt: skip


def ula_cov(cov: np.ndarray, step_size: float) -> np.ndarray | None:
    """The covariance of ULA on N(m, cov), direction by direction; None if it never settles."""
    values, axes = np.linalg.eigh(cov)
    settled = np.array([langevin.ula_variance(float(v), step_size) for v in values])
    return (axes * settled) @ axes.T if np.isfinite(settled).all() else None


def _steps(name: str, run: chain.Chain) -> tuple[np.ndarray, ...]:
    """Proposals (T, 2), whether they were taken, whether places were swapped (T,), the ways."""
    x, info, T = run.x[:, 0], run.info, len(run.x) - 1
    never = np.zeros(T, dtype=bool)
    if name == "Gibbs":  # every sweep is taken, one coordinate after the other
        return x[1:], ~never, never, np.concatenate([x[:-1, None], info.path[:, :, 0]], axis=1)
    swapped = never
    proposal, accepted = info.proposal[:, 0], info.accepted[:, 0]
    if name == "tempering":  # the cold rung
        proposal, accepted, swapped = proposal[:, 0], accepted[:, 0], info.swapped[:, 0, 0]
    return proposal, accepted, swapped, np.stack([x[:-1], proposal], axis=1)


def _velocities(n_steps: int, dim: int, rng: np.random.Generator) -> np.ndarray:
    """Those that a run of HMC has drawn (T, d), from a copy of its generator as it was before."""
    v = np.empty((n_steps, dim))
    for i in range(n_steps):
        v[i] = rng.standard_normal((1, dim))[0]
        rng.random(1)  # the one that decides about the proposal
    return v


def _cut(x: np.ndarray, middle: np.ndarray, far: float) -> tuple[np.ndarray, int]:
    """x with its last state near the plane repeated once a state is not, and that step."""
    out = ~(np.abs(x - middle).max(1) < far)  # NaN is out, too
    if not out.any():
        return x, -1
    first = int(np.argmax(out))
    x = x.copy()
    x[first:] = x[first - 1]
    return x, first - 1
