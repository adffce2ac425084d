r"""What a score does not know: how much each of two far modes weighs.

    p = w N(-a, s^2) + (1 - w) N(a, s^2):    near each mode grad log p is that of the mode alone

Far apart, the score of any two weights is the same wherever there is data: F(p || q) falls as
exp(-a^2 / 2 s^2) while KL(p || q) stays. Chains that start anywhere end in the mode that is
nearer, whatever w is; under enough noise w shows again, and annealing finds it.
In the plane the modes lie at (-a, 0) and (a, 0): the first coordinate moves as on the line, so the
exact shares are those of :mod:`.law` in either case.

References:
    Generative modeling by estimating gradients of the data distribution, section 3.2
    (Song & Ermon, 2019) https://arxiv.org/abs/1907.05600
    Blindness of score-based methods to isolated components and mixing proportions
    (Wenliang & Kanagawa, 2020) https://arxiv.org/abs/2008.10087
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.divergences.quadrature import Estimate
from dgmlib.mixtures import gmm
from dgmlib.scores import annealed, chains, exact, fisher, law
from dgmlib.scores.exact import Score

GOOD = 3e-4  # an exact share is known to this at least


class Blind(NamedTuple):
    """How different two mixtures are that differ in their weights alone, by half distance a."""

    distance: np.ndarray  # (n,) a
    fisher: np.ndarray  # (n,)
    fisher_error: np.ndarray  # (n,) numerical
    kl: np.ndarray  # (n,) nats
    kl_error: np.ndarray  # (n,) numerical


class Shares(NamedTuple):
    """Of the chains that end nearer to the first mode; errors are standard errors."""

    truth: float  # of the density
    plain: Estimate
    annealed: Estimate
    plain_exact: Estimate  # of the same chains, had there been infinitely many; numerical errors
    annealed_exact: Estimate


def modes(weight: float, distance: float, *, std: float = 1.0, dim: int = 1) -> gmm.Params:
    """w N(-a, s^2 I) + (1 - w) N(a, s^2 I), with a along the first axis."""
    if not (0 < weight < 1 and distance > 0) or dim < 1:
        raise ValueError(f"0 < weight < 1 and a distance above 0, got {weight} and {distance}")
    mean = distance * np.eye(dim)[0]
    return exact.round_mixture([weight, 1 - weight], [-mean, mean], [std, std])


def blind(distances: ArrayLike, weight: float, other: float, *, std: float = 1.0) -> Blind:
    """F and KL between weights ``weight`` and ``other``, at every half distance a of (n,)."""
    rows = []
    for a in np.atleast_1d(np.asarray(distances, dtype=float)):
        p, q = (modes(w, float(a), std=std) for w in (weight, other))
        kl = fisher.expect(p, lambda x, p=p, q=q: gmm.log_prob(p, x) - gmm.log_prob(q, x))
        rows.append((a, *fisher.between(p, q), *kl))
    return Blind(*np.array(rows).T)


def share(x: np.ndarray, p: gmm.Params) -> Estimate:
    """Of chains x (C, d) nearest to the first mean of p, with the error of independent chains."""
    away = np.linalg.norm(x[:, None] - p.mean, axis=-1)
    part = float((away.argmin(1) == 0).mean())
    return Estimate(part, (part * (1 - part) / len(x)) ** 0.5)


def compare(
    p: gmm.Params, sigmas: ArrayLike, *, steps: int, step_size: float, reach: float, n: int,
    rng: np.random.Generator,
) -> Shares:  # fmt: skip
    """n chains from anywhere in [-reach, reach]^d, as many steps with as without annealing.

    p is one of :func:`modes`. Both run ULA; ``step_size`` is the last level's, and the plain one's.
    """
    levels = annealed.check_sigmas(sigmas)
    start = rng.uniform(-reach, reach, (n, p.mean.shape[1]))
    plain = chains.run("ula", chains.of_mixture(p), start, step_size=step_size,
                       n_steps=len(levels) * steps, rng=rng).x[-1]  # fmt: skip
    *_, (last, _) = annealed.stream(
        annealed.of_mixture(p), levels, start, steps=steps, step_size=step_size, rng=rng
    )
    line = gmm.Params(p.weight, p.mean[:, :1], p.cov[:, :1, :1])
    clean = Estimate(*_exact(line, np.zeros(1), np.array([step_size]), len(levels) * steps, reach))
    sizes = annealed.step_sizes(levels, step_size)
    noisy = Estimate(*_exact(line, levels, sizes, steps, reach))
    return Shares(float(p.weight[0]), share(plain, p), share(last.x, p), clean, noisy)


def left(x: np.ndarray, mass: np.ndarray) -> float:
    """The mass left of 0 on an even grid; of a cell at 0 but for rounding, half."""
    middle = np.abs(x) < 1e-9 * (x[1] - x[0])
    return float(mass[(x < 0) & ~middle].sum() + 0.5 * mass[middle].sum())


def fineness(p: gmm.Params, sigmas: np.ndarray, sizes: np.ndarray) -> float:
    """Cells in the noise of a step: more where the score is steep between :func:`modes`.

    The slope there is (a^2 / v - 1) / v with v = s^2 + sigma^2. Shares are then good to GOOD,
    and mostly to 1e-5.
    """
    v = p.cov[0, 0, 0] + sigmas**2
    steep = (sizes * (np.abs(p.mean).max() ** 2 / v - 1) / v).max()
    return min(2 + 0.6 * max(float(steep), 0.0), 24.0)


def _exact(
    p: gmm.Params, sigmas: np.ndarray, sizes: np.ndarray, steps: int, reach: float
) -> tuple[float, float]:
    """The share left of 0 on the line, and by how much half as fine a grid misses it."""
    extent = float(np.abs(p.mean).max() + 8 * p.cov.max() ** 0.5)

    def score_at(sigma: float) -> Score:
        q = exact.smoothed(p, sigma)
        return lambda x: exact.score(q, x)

    enough = max(fineness(p, sigmas, sizes), law.FINE)
    fine, coarse = (
        left(
            *law.annealed(score_at, sigmas, sizes, steps=steps, reach=reach, extent=extent, fine=f)
        )
        for f in (enough, enough / 2)
    )
    return fine, max(abs(fine - coarse), GOOD)
