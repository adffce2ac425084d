r"""One chain of each of two samplers, recorded to be looked at.

    running mean    m_t = (x_1 + ... + x_t) / t
    distance        sqrt(mean over j of ((m_t)_j - mu_j)^2 / Sigma_jj):  in deviations of the target

Independent draws would have a root mean square distance of 1 / sqrt(t). Give two records
generators that begin alike and they use the same random numbers.
"""

import copy
from typing import NamedTuple

import numpy as np

from dgmlib.samplers import chain, hmc, langevin
from dgmlib.samplers.arena import Arena, Plane
from dgmlib.samplers.by_name import begin

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
        x, info = run.x[:, 0], run.info
        swapped = np.zeros(n_steps, dtype=bool)
        if name == "Gibbs":
            proposal, accepted = x[1:], np.ones(n_steps, dtype=bool)
            way = np.concatenate([x[:-1, None], info.path[:, :, 0]], axis=1)
        elif name == "tempering":
            proposal, accepted = info.proposal[:, 0, 0], info.accepted[:, 0, 0]
            swapped = info.swapped[:, 0, 0]
            way = np.stack([x[:-1], proposal], axis=1)
        else:
            proposal, accepted = info.proposal[:, 0], info.accepted[:, 0]
            way = np.stack([x[:-1], proposal], axis=1)
        if name == "HMC":
            v = np.empty_like(proposal)
            for i in range(n_steps):  # the velocities that the run has drawn
                v[i] = again.standard_normal((1, t.dim))[0]
                again.random(1)
            way = hmc.path(x[:-1], v, t, step_size=step, n_leapfrog=n_leapfrog).x.swapaxes(0, 1)
    size = float(np.diff(t.extent).max())
    middle = np.mean(t.extent, axis=1)
    x, lost = _cut(x, middle, LOST * size)
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


def _cut(x: np.ndarray, middle: np.ndarray, far: float) -> tuple[np.ndarray, int]:
    """x with its last state near the plane repeated once a state is not, and that step."""
    out = ~(np.abs(x - middle).max(1) < far)  # NaN is out, too
    if not out.any():
        return x, -1
    first = int(np.argmax(out))
    x = x.copy()
    x[first:] = x[first - 1]
    return x, first - 1
