r"""Four chains watched while they run: what the diagnostics say after n steps, and what is true.

Of a run of n steps the first half is thrown away; R-hat, effective sample sizes and Monte Carlo
standard errors are those of :mod:`dgmlib.samplers.diagnostics` on the rest. Of one coordinate y,

    mean    y-bar,                               error  MCSE(y)
    sd      s = sqrt(mean of (y - y-bar)^2),     error  MCSE((y - y-bar)^2) / (2 s), to first order

A histogram of ranks counts, for each chain, where its draws fall among all: were they independent
draws of one distribution, a bin's count would be hypergeometric, whatever the distribution.

References:
    Rank-normalization, folding, and localization: An improved R-hat for assessing convergence of
    MCMC (Vehtari, Gelman, Simpson, Carpenter & Buerkner, 2021) https://arxiv.org/abs/1903.08008
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import hypergeom

from dgmlib.experiments.arena import Arena, place
from dgmlib.experiments.by_name import begin
from dgmlib.samplers import chain
from dgmlib.samplers import diagnostics as dg

STARTS = ("apart", "together")
BINS = 8
LAGS = 40
SHORTEST = 2 * dg.FEWEST  # draws that are looked at


class Health(NamedTuple):
    """One sampler's four chains, and what is said of them after ``lengths[f]`` steps."""

    name: str
    y: np.ndarray  # (T + 1, 4): the coordinate, with the starts
    mean: np.ndarray  # (F,)
    mean_error: np.ndarray  # (F,)
    sd: np.ndarray  # (F,)
    sd_error: np.ndarray  # (F,)
    rhat: np.ndarray  # (F,): split
    rhat_rank: np.ndarray  # (F,): split, the larger of rank-normalised and folded
    bulk: np.ndarray  # (F,): effective draws
    tail: np.ndarray  # (F,)
    rho: np.ndarray  # (F, LAGS + 1): autocorrelation, averaged over chains; NaN beyond the draws
    ranks: np.ndarray  # (F, BINS, 4): counts
    acceptance: float
    evaluations: int  # of one step of one chain
    lost: int  # the first step at which a chain left for infinity; -1 if none did


class Checkup(NamedTuple):
    first: Health
    second: Health
    lengths: np.ndarray  # (F,): steps so far
    band: np.ndarray  # (F, 2): of a bin's count, 95 % if all draws were independent
    mean: float  # exactly
    sd: float


def starts(arena: Arena, how: str, wished: np.ndarray | None = None) -> np.ndarray:
    """Where four chains begin, (4, 2): spread over the target, or all in one place."""
    if how not in STARTS:
        raise ValueError(f"chains start apart or together, not {how!r}")
    return arena.spread if how == "apart" else np.tile(place(arena, wished)[0], (4, 1))


def lengths(n_steps: int, frames: int = 20) -> np.ndarray:
    """From 20 steps to ``n_steps``, each longer than the last by about the same factor. (F,)

    All, the last as well, are multiples of 4 (rounded down): then the later half is even and the
    bins of ranks are of one size.
    """
    if n_steps < 2 * SHORTEST:
        raise ValueError(f"n_steps must be at least {2 * SHORTEST}, got {n_steps}")
    last = n_steps // 4
    return 4 * np.unique(np.geomspace(min(5, last), last, frames).round().astype(int))


def rank_band(kept: int, *, chains: int = 4, bins: int = BINS, level: float = 0.95) -> np.ndarray:
    """Between which counts a bin lies with probability at least ``level``: (2,).

    Of chains x kept draws one chain holds ``kept``; a bin holds a share of 1 / bins of all.
    """
    total = chains * kept
    if total % bins:
        raise ValueError(f"{total} draws make no {bins} bins of one size; keep more or fewer")
    ends = [(1 - level) / 2, (1 + level) / 2]
    return np.asarray(hypergeom.ppf(ends, total, kept, total // bins))


def watch(
    name: str,
    arena: Arena,
    starts: np.ndarray,
    *,
    lengths: np.ndarray,
    coordinate: int,
    step: float,
    n_leapfrog: int,
    rng: np.random.Generator,
) -> Health:
    """Runs a chain from every start (4, 2) and looks at it after each of ``lengths`` (F,)."""
    n_steps, size = int(lengths[-1]), float(np.diff(arena.target.extent).max())
    with np.errstate(all="ignore"):
        s = begin(name, arena, starts, step=step, n_leapfrog=n_leapfrog, rng=rng)
        run = chain.run(s.step, s.state, n_steps)
        out = ~(np.abs(run.x).max((1, 2)) < 100 * size)
    lost = int(np.argmax(out)) - 1 if out.any() else -1
    y = run.x[:, :, coordinate]  # (T + 1, 4)
    if lost >= 0:
        y = np.where(np.arange(len(y))[:, None] > lost, np.nan, y)
    accepted = getattr(run.info, "accepted", np.ones(1))
    found = [_look(y[1 : n + 1][n // 2 :], bool(0 <= lost < n)) for n in lengths]
    parts = [np.array(part) for part in zip(*found, strict=True)]
    share = float(accepted[..., 0].mean()) if accepted.ndim == 3 else float(accepted.mean())
    return Health._make([name, y, *parts, share, s.evaluations, lost])


def checkup(
    arena: Arena, first: Health, second: Health, at: np.ndarray, coordinate: int
) -> Checkup:
    """Two samplers side by side, with the exact answers."""
    band = np.array([rank_band(n - n // 2) for n in at])
    t = arena.target
    return Checkup(first, second, at, band, float(t.mean[coordinate]),
                   float(np.sqrt(t.cov[coordinate, coordinate])))  # fmt: skip


def _look(y: np.ndarray, lost: bool) -> tuple:
    """All that is said of draws (n, 4); NaN where a chain was lost or nothing moves."""
    rho = np.full(LAGS + 1, np.nan)
    if lost:
        return (*[np.nan] * 8, rho, np.zeros((BINS, y.shape[1])))
    mean, sd = y.mean(), y.std()
    both = np.stack([y, (y - mean) ** 2], -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        error, error_square = dg.mcse(both)
        sd_error = error_square / (2 * sd)
        kept = dg.autocorrelation(y)[: LAGS + 1].mean(1)
        rho[: len(kept)] = kept
        said = dg.rhat(y, rank=False), dg.rhat(y), dg.ess_bulk(y), dg.ess_tail(y)
    return mean, error, sd, sd_error, *said, rho, dg.rank_histogram(y, bins=BINS)
