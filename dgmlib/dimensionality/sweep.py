r"""One dimension more, a hundred times: counting, volumes, lengths and distances for d = 1 .. 100.

All exact (`counts`, `balls`), beside what a few draws say: the lengths of Gaussian points, the
spread of distances between random points of the cube, and how much farther the farthest of 100
points is than the nearest. The draws are made once in 100 dimensions; d uses the first d
coordinates, so that a point can be followed through the sweep.

The standard error of the spread r = sd / mean of a square distance v is that of the mean of its
influence ((v / mean - 1)^2 - r^2) / (2 r) - r (v / mean - 1).

The contrast (farthest - nearest) / nearest has no mean at d = 1 and no variance at d = 2, because
the nearest point can be as near as it likes: median and quantiles over the queries are kept.
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import chi

from dgmlib.dimensionality import balls, counts, typical

D = 100
POINTS, PAIRS, QUERIES = 60, 400, 30  # drawn lengths; pairs; queries, each to 100 points


class Sweep(NamedTuple):
    """One row for each d; shares and counts as floats."""

    d: np.ndarray  # (D,)
    k: int  # states of a variable
    order: int  # of the Markov assumption
    full: np.ndarray  # (D,) free numbers of the full table
    markov: np.ndarray  # (D,)
    gaussian: np.ndarray  # (D,)
    independent: np.ndarray  # (D,)
    ball: np.ndarray  # (D,) share of the cube
    shell: np.ndarray  # (D,) share of the ball within ``thickness`` of its surface
    thickness: float
    r: np.ndarray  # (R,)
    density: np.ndarray  # (D, R) of |x|
    bounds: np.ndarray  # (D, 2): 95 % of the lengths lie between
    near_mode: np.ndarray  # (D,) P(|x| < 1)
    lengths: np.ndarray  # (D, POINTS) of drawn points
    spread: np.ndarray  # (D,) sd / mean of the square distance, exact
    spread_drawn: np.ndarray  # (D,)
    spread_error: np.ndarray  # (D,) standard error
    contrast: np.ndarray  # (D,) median over queries that share their 100 points
    contrast_range: np.ndarray  # (D, 2): 10 % and 90 % of the queries
    typical_share: np.ndarray  # (D,) of 0.1-coins, within 0.1 bits of the entropy
    typical_bits: np.ndarray  # (D,) log2 of the set's size; -inf when empty


def sweep(*, k: int, order: int, thickness: float, rng: np.random.Generator) -> Sweep:
    """Everything for d = 1 .. 100."""
    d = np.arange(1, D + 1)
    r = np.linspace(0.0, 13.5, 136)
    density = chi.pdf(r, d[:, None])
    lengths = np.sqrt(np.cumsum(rng.standard_normal((POINTS, D)) ** 2, axis=1)).T
    exact = balls.cube_distance_moments(d)
    drawn, error = _spread(rng.random((PAIRS, D)) - rng.random((PAIRS, D)))
    near_far = _contrast(rng.random((100, D)), rng.random((QUERIES, D)))  # (D, QUERIES)
    sets = [typical.bernoulli(int(n), 0.1, 0.1) for n in d]
    return Sweep(
        d=d, k=k, order=order,
        full=np.array([float(counts.full(int(n), k)) for n in d]),
        markov=np.array([float(counts.markov(int(n), order, k)) for n in d]),
        gaussian=np.array([float(counts.gaussian(int(n))) for n in d]),
        independent=np.array([float(counts.independent(int(n), k)) for n in d]),
        ball=balls.ball_in_cube(d), shell=balls.shell_share(d, thickness), thickness=thickness,
        r=r, density=density, bounds=chi.ppf([0.025, 0.975], d[:, None]),
        near_mode=balls.mass_near_mode(d), lengths=lengths,
        spread=exact.std / exact.mean, spread_drawn=drawn, spread_error=error,
        contrast=np.median(near_far, axis=1),
        contrast_range=np.quantile(near_far, [0.1, 0.9], axis=1).T,
        typical_share=np.array([s.probability for s in sets]),
        typical_bits=np.array([s.log2_size for s in sets]),
    )  # fmt: skip


def _spread(away: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """sd / mean of the square lengths of the first d columns of away (n, D), and its error."""
    v = np.cumsum(away**2, axis=1)
    v /= v.mean(0)
    r = v.std(0)
    influence = ((v - 1) ** 2 - r**2) / (2 * r) - r * (v - 1)
    return r, influence.std(0, ddof=1) / np.sqrt(len(v))


def _contrast(x: np.ndarray, query: np.ndarray) -> np.ndarray:
    """(farthest - nearest) / nearest in the first d coordinates, for each query: (D, m)."""
    square = np.zeros((len(query), len(x)))
    found = np.empty((x.shape[1], len(query)))
    for i in range(x.shape[1]):
        square += (query[:, i, None] - x[:, i]) ** 2
        found[i] = np.sqrt(square.max(1) / square.min(1)) - 1
    return found
