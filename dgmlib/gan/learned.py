r"""Two critics on the way to what they can reach: :mod:`.freeze` beside the exact answers.

    D -> D* = p / (p + q),    V(D) -> -log 4 + 2 JS from below
    f -> f*,  f*' = sign(F_q - F_p),    E_p f - E_q f -> W_1, up to how steep the penalty lets f be

f* is Kantorovich's potential on the line: it falls by 1 per unit from where mass is missing to
where there is too much. It is drawn 0 at the mean of p, as a constant is of no matter.

References:
    Towards principled methods for training generative adversarial networks
    (Arjovsky & Bottou, 2017) https://arxiv.org/abs/1701.04862
    Wasserstein GAN (Arjovsky, Chintala & Bottou, 2017) https://arxiv.org/abs/1701.07875
"""

from typing import NamedTuple

import numpy as np

from dgmlib.divergences.mixture1d import Mixture1D, moments
from dgmlib.gan import optimal
from dgmlib.gan.perfect import Truth, truth
from dgmlib.jobs import Job


class Course(NamedTuple):
    """What was trained, time first: F frames. As in :class:`dgmlib.gan.freeze.Frozen`."""

    x: np.ndarray  # (g,)
    steps: np.ndarray  # (F,) of each critic so far
    logit: np.ndarray  # (F, g) of D
    value: np.ndarray  # (F,) V, integrated
    saturating: np.ndarray  # (F,) |dG/dshift| by log(1 - D)
    non_saturating: np.ndarray  # (F,) by -log D
    potential: np.ndarray  # (F, g) f
    estimate: np.ndarray  # (F,) E_p f - E_q f, integrated
    bound: np.ndarray  # (F,) K: estimate <= K W_1
    wasserstein: np.ndarray  # (F,) |dG/dshift| by -f


class Learned(NamedTuple):
    p: Mixture1D
    q: Mixture1D
    course: Course
    truth: Truth
    best_logit: np.ndarray  # (g,) log p - log q
    best_potential: np.ndarray  # (g,) f*


def learn(p: Mixture1D, q: Mixture1D, *, seed: int, steps: int = 600) -> Job[Learned]:
    """A job: G stands still at q, both critics take ``steps`` steps."""
    from dgmlib.gan import freeze  # imports torch

    seen = yield from freeze.freeze(p, q, seed=seed, steps=steps)
    return beside(p, q, Course(*(getattr(seen, name) for name in Course._fields)))


def beside(p: Mixture1D, q: Mixture1D, course: Course) -> Learned:
    """What was trained next to what is exact."""
    x = course.x
    best = optimal.logit(p, q, x)
    return Learned(p, q, course, truth(p, q), best, best_potential(p, q, x))


def best_potential(p: Mixture1D, q: Mixture1D, x: np.ndarray) -> np.ndarray:
    """f* at the sorted ``x`` (g,), 0 at the mean of p.

    Example:
        >>> from dgmlib.divergences.mixture1d import gaussian
        >>> best_potential(gaussian(0, 1), gaussian(2, 1), np.array([-1.0, 0.0, 3.0])).round(9)
        array([ 1.,  0., -3.])
    """
    mean = float(moments(p).mean)
    fine = np.union1d(np.linspace(min(x[0], mean), max(x[-1], mean), 4001), np.append(x, mean))
    middle = 0.5 * (fine[1:] + fine[:-1])
    rise = np.diff(fine) * optimal.push("wasserstein", p, q, middle)
    f = np.concatenate([[0.0], np.cumsum(rise)])
    return np.interp(x, fine, f) - np.interp(mean, fine, f)
