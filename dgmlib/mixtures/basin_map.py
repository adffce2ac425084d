"""Where a start ends: EM from every place one mean may begin, the others held where they are."""

from typing import NamedTuple

import numpy as np

from dgmlib.mixtures.basins import Many, fit_many
from dgmlib.mixtures.gmm import Params
from dgmlib.mixtures.prior import Prior
from dgmlib.mixtures.runs import Run, climb
from dgmlib.mixtures.starts import from_means

WORK = 90_000  # starts x points x components


class BasinMap(NamedTuple):
    """Start ``i`` stands at ``xs[i % W], ys[i // W]``."""

    xs: np.ndarray  # (W,)
    ys: np.ndarray  # (H,)
    ends: Many  # S = H W
    others: np.ndarray  # (K - 1, 2): the means that begin at the same place every time
    run: Run  # from the start the map was made around

    @property
    def log_likelihood(self) -> np.ndarray:
        """(H, W): at the end; of the last good step where the run collapsed."""
        return self.ends.log_likelihood.reshape(len(self.ys), len(self.xs))

    @property
    def place(self) -> np.ndarray:
        """(H, W), int: which component of the best optimum, from left to right, the first mean
        became; -1 for the other ends. It may be any of them: the names mean nothing."""
        best = self.ends.best.mean[:, 0].argsort()
        target = self.ends.best.mean[best]  # (K, d), from left to right
        first = self.ends.params.mean[:, 0]  # (S, d)
        place = ((first[:, None] - target) ** 2).sum(-1).argmin(-1)
        return np.where(self.ends.optimum == 0, place, -1).reshape(self.collapsed.shape)

    @property
    def collapsed(self) -> np.ndarray:
        """(H, W), bool."""
        return self.ends.collapsed.reshape(len(self.ys), len(self.xs))

    @property
    def empty(self) -> np.ndarray:
        """(H, W), bool: of those, the runs in which a component lost all its points."""
        return self.ends.empty.reshape(len(self.ys), len(self.xs))


class Optimum(NamedTuple):
    """One end that several starts share."""

    log_likelihood: float
    share: float  # of the starts
    n_iterations: float  # median


def basin_map(
    x: np.ndarray,
    start: Params,
    *,
    covariance: str = "full",
    prior: Prior | None = None,
    resolution: int | None = None,
    n_iterations: int = 60,
    tol: float = 1e-6,
) -> BasinMap:
    """Moves the first mean of ``start`` over a grid around the points x (n, 2).

    Without a ``resolution`` the grid is as fine as a tenth of a second allows, 10 to 16 a side.
    """
    resolution = resolution or int(np.clip(np.sqrt(WORK / start.weight.size / len(x)), 10, 16))
    low, high = x.min(0), x.max(0)
    pad = 0.06 * (high - low)
    xs, ys = (np.linspace(low[j] - pad[j], high[j] + pad[j], resolution) for j in (0, 1))
    grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 1, 2)  # (S, 1, 2)
    others = start.mean[1:]
    mean = np.concatenate([grid, np.broadcast_to(others, (len(grid), *others.shape))], axis=1)
    ends = fit_many(
        x,
        from_means(x, mean, covariance=covariance),
        covariance=covariance,
        prior=prior,
        n_iterations=n_iterations,
        tol=tol,
        same=0.05,  # nats: slow runs stop a little below their optimum
    )
    run = climb(x, start, covariance=covariance, prior=prior, n_steps=2 * n_iterations, tol=tol)
    return BasinMap(xs, ys, ends, others, run)


def optima(ends: Many) -> list[Optimum]:
    """The different ends of the runs that arrived, best first."""
    found = []
    for i in range(int(ends.optimum.max(initial=-1)) + 1):
        here = (ends.optimum == i) & ends.converged
        if not here.any():
            continue
        found.append(
            Optimum(
                float(ends.log_likelihood[here].max()),
                float(here.mean()),
                float(np.median(ends.n_iterations[here])),
            )
        )
    return found
