r"""How steep a critic of two clouds becomes while it learns, under three ways to keep it flat.

    max E_p f - E_q f,    where f may be anything        "nothing": grows without end
                          w in [-c, c]                   "clipping"
                          E (|grad f| - 1)^2 is charged  "penalty"
                          every layer over its gain      "spectral norm"
    E_p f - E_q f <= K W_1(p, q),    K >= |grad f| everywhere

Both clouds are finite and every step sees all of their points, so the two averages and W_1 are
exact and the inequality holds to the digit. K is the product of the layers' gains: certified, but
rarely reached. Its ratio to the slopes on the grid says how much room that leaves.

References:
    Wasserstein GAN (Arjovsky, Chintala & Bottou, 2017) https://arxiv.org/abs/1701.07875
    Improved training of Wasserstein GANs (Gulrajani et al., 2017) https://arxiv.org/abs/1704.00028
    Spectral normalization for generative adversarial networks (Miyato et al., 2018)
    https://arxiv.org/abs/1802.05957
"""

from typing import NamedTuple

import numpy as np

from dgmlib.gan import lipschitz
from dgmlib.jobs import Job

WAYS = ("nothing", "clipping", "penalty", "spectral norm")
STRENGTHS = ("loose", "usual", "tight")
AMOUNTS: dict[str, tuple[float, float, float]] = {  # in the order of STRENGTHS
    "nothing": (0.0, 0.0, 0.0),
    "clipping": (0.3, 0.1, 0.02),  # c
    "penalty": (0.1, 10.0, 300.0),  # lambda
    "spectral norm": (4.0, 1.0, 0.25),  # K
}
POINTS = 256  # of each cloud
REACH = 3.2  # the grid is [-REACH, REACH] on both axes
EDGE, BINS = 0.5, 41  # of the histogram of the weights


class Steep(NamedTuple):
    """Time first: F frames."""

    way: str
    amount: float  # c, lambda or K
    real: np.ndarray  # (n, 2)
    fake: np.ndarray  # (n, 2)
    w1: float  # exact, of the two clouds
    axis: np.ndarray  # (g,) of the grid, both ways
    edges: np.ndarray  # (bins + 1,) of the weights
    steps: np.ndarray  # (F,) of the critic so far
    slope: np.ndarray  # (F, g, g) |grad f|, row = y
    largest: np.ndarray  # (F,) of |grad f| on the grid and between pairs of points
    usual: np.ndarray  # (F,) root mean square of |grad f| between pairs of points
    bound: np.ndarray  # (F,) K, certified
    estimate: np.ndarray  # (F,) E_p f - E_q f
    counts: np.ndarray  # (F, bins) weights and biases that f is computed with
    pinned: np.ndarray  # (F,) share of them at the ends of [-c, c]; 0 without clipping


def amount(way: str, strength: str) -> float:
    if way not in WAYS or strength not in STRENGTHS:
        raise ValueError(f"choose one of {', '.join(WAYS)}, and {', '.join(STRENGTHS)}")
    return AMOUNTS[way][STRENGTHS.index(strength)]


def clouds(*, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Real points in two heaps above, generated ones in one below: (n, 2) and (n, 2) float32."""
    heap = np.array([[-1.4, 1.0], [1.4, 1.0]])[rng.integers(2, size=POINTS)]
    real = heap + 0.35 * rng.standard_normal((POINTS, 2))
    fake = np.array([0.0, -1.4]) + 0.45 * rng.standard_normal((POINTS, 2))
    return real.astype(np.float32), fake.astype(np.float32)


def train(
    way: str, strength: str, *, seed: int, steps: int = 400, frames: int = 41,
    width: int = 64, grid: int = 33,
) -> Job[Steep]:  # fmt: skip
    """A job: ``steps`` steps of a critic 2-``width``-``width``-1 against two clouds."""
    amount(way, strength)
    if steps < 1 or frames < 2 or grid < 2:
        raise ValueError("give at least one step, two frames and a grid of two")
    from dgmlib.gan import steep_train  # imports torch

    return steep_train.learn(way, strength, seed, steps, frames, width, grid)


def beside(
    way: str, strength: str, seed: int, w1: float,
    steps: np.ndarray, slope: np.ndarray, *rest: np.ndarray,
) -> Steep:  # fmt: skip
    """What was trained, with what it was trained on; columns of ``Steep`` from ``steps`` on."""
    real, fake = clouds(rng=np.random.default_rng([seed, 0]))
    axis = np.linspace(-REACH, REACH, slope.shape[-1])
    edges = np.linspace(-EDGE, EDGE, BINS + 1)
    return Steep(way, amount(way, strength), real, fake, w1, axis, edges, steps, slope, *rest)


def look(
    params: dict[str, np.ndarray], place: np.ndarray, pairs: np.ndarray, real: np.ndarray,
    fake: np.ndarray, c: float,
) -> tuple[np.ndarray | float, ...]:  # fmt: skip
    """The columns of ``Steep`` from the slope on, for weights clipped to [-c, c] if c > 0."""
    exact = {k: w.astype(float) for k, w in params.items()}
    on_grid, between = (
        np.linalg.norm(lipschitz.slope(exact, a.reshape(-1, 2)), axis=-1) for a in (place, pairs)
    )
    f_real, f_fake = (lipschitz.value_and_slope(exact, a.astype(float))[0] for a in (real, fake))
    every = np.concatenate([w.ravel() for w in params.values()])
    return (
        on_grid.reshape(place.shape[:2]),
        float(max(on_grid.max(), between.max())),
        float(np.sqrt((between**2).mean())),
        lipschitz.bound(exact),
        float(f_real.mean() - f_fake.mean()),
        lipschitz.histogram(every, np.linspace(-EDGE, EDGE, BINS + 1)),
        float((np.abs(every) > 0.999 * c).mean()) if c > 0 else 0.0,
    )
