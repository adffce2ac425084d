r"""What a score network is trained on: sets in the plane, noise levels, and the right answer.

    p       = sum_i w_i N(c_i, s^2 I)
    p_sigma = p * N(0, sigma^2 I) = sum_i w_i N(c_i, (s^2 + sigma^2) I)
    grad log p_sigma(x) = (sum_i r_i(x) c_i - x) / (s^2 + sigma^2)

with r_i(x) the probability that x came from Gaussian i: one width for all makes the general formula
of :mod:`.exact` this short, and quick for sets of many Gaussians.
"""

import numpy as np

from dgmlib.checkpoints import store
from dgmlib.data.points import decode
from dgmlib.diffusion import sets
from dgmlib.diffusion.exact import recall
from dgmlib.diffusion.sets import MOST, Set
from dgmlib.mixtures import gmm
from dgmlib.scores import exact, network

DATA = ("two unequal", "8 Gaussians", "two moons")
OWN = 0.08  # width of a reader's own points
REACH = 4.0  # half a side of the square that is looked at
EMPTY = 1e-3  # of the largest density: below it there are no data
SIGMAS = 0.05 * 2 ** (0.5 * np.arange(13))  # 0.05 to 3.2


def chosen(name: str, points: str = "") -> Set:
    """A set by its name; a reader's own ``points``, a text of ``data.points``, go first.

    Each is a Gaussian of width OWN. They stay where they are painted; points that reach beyond the
    square are moved to mean 0 and mean square 2.
    """
    if not points:
        return sets.named(name)
    x = decode(points)
    if len(x) > MOST:
        raise ValueError(f"there are {len(x)} points of your own; at most {MOST} can be used: "
                         "remove them and paint fewer, or open a shorter CSV file")  # fmt: skip
    if np.abs(x).max() > REACH:
        return sets.own(x, std=OWN)
    return Set("own", x, np.full(len(x), 1 / len(x)), OWN)


def checkpoint(name: str) -> str:
    """The name of a set's score network: "score-two-moons"."""
    return f"score-{name.lower().replace(' ', '-')}"


def score(data: Set, x: np.ndarray, sigma: float) -> np.ndarray:
    """grad log p_sigma at x (n, 2), as (n, 2)."""
    a = 1 / (1 + exact.check_sigma(sigma) ** 2)
    r = recall(data.centre, a**0.5 * x, a, std=data.std, weight=data.weight)
    return (r @ data.centre - x) / (data.std**2 + sigma**2)


def density(data: Set, x: np.ndarray, sigma: float) -> np.ndarray:
    """p_sigma at x (n, 2), over the largest density at any centre: (n,)."""
    top = log_density(data, data.centre, sigma).max()
    return np.exp(log_density(data, x, sigma) - top)


def log_density(data: Set, x: np.ndarray, sigma: float) -> np.ndarray:
    """log p_sigma at x (n, 2), in nats: (n,)."""
    var = data.std**2 + sigma**2
    square = ((x[:, None] - data.centre) ** 2).sum(-1)
    top = gmm.soft_max(np.log(data.weight) - 0.5 * square / var)[1]
    return top - np.log(2 * np.pi * var)


def trained(name: str) -> dict[str, np.ndarray]:
    """The weights of a set's network, in float32."""
    if name not in DATA:
        raise ValueError(f"no network learned {name!r}; there are {', '.join(DATA)}")
    return store.load(checkpoint(name)).weights


def said(params: network.Params, x: np.ndarray, sigma: float) -> np.ndarray:
    """What a network that is told the noise says at x (n, 2), in float32."""
    told = np.full((len(x), 1), sigma, np.float32)
    return network.score(params, x.astype(np.float32), told)
