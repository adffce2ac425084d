r"""An energy-based model p(x) = exp(-f(x)) / Z, and the two forces that learning puts on it.

    f(x) = f_0(x) + theta.phi(x),    Z = int exp(-f),    grad_theta f = phi
    grad_theta E_data log p = - E_data phi + E_p phi
                               ^ pulls f down at data    ^ pushes it up where the model is
    grad_x log p = - grad f_0 - sum_k theta_k grad phi_k

f is a number, and the first sign is minus: a gradient step up log p makes data cheaper. f_0 grows
far out and phi grows less, so that Z is finite for every theta. With fixed features log p is
concave in theta. Z and E_p phi are sums of Gauss and Legendre on a box, on the line or in the
plane; outside of it the model has no mass to speak of. Their error is that of half as many nodes.

References:
    A tutorial on energy-based learning (LeCun, Chopra, Hadsell, Ranzato & Huang, 2006)
    http://yann.lecun.com/exdb/publis/pdf/lecun-06.pdf
    Training products of experts by minimizing contrastive divergence (Hinton, 2002)
    https://doi.org/10.1162/089976602760128018
"""

from typing import NamedTuple

import numpy as np

from dgmlib.divergences.quadrature import EPS, Estimate, nodes
from dgmlib.mixtures import gmm
from dgmlib.scores.features import Features
from dgmlib.targets.target import Target

ORDER = 8  # nodes on a panel
PANELS = {1: (96, 64), 2: (24, 16)}  # along each axis, fine and coarse


class Table(NamedTuple):
    """Features at the nodes of the two rules: computed once, good for every theta."""

    x: tuple[np.ndarray, np.ndarray]  # (N, d) fine and coarse
    log_w: tuple[np.ndarray, np.ndarray]  # (N,) log weight - f_0
    phi: tuple[np.ndarray, np.ndarray]  # (N, K)


class Forces(NamedTuple):
    """On theta, (K,) each; the gradient of the mean log-likelihood is their sum."""

    positive: np.ndarray  # - E_data phi
    negative: np.ndarray  # + E_p phi
    error: np.ndarray  # of the negative one: numerical, or a standard error

    @property
    def gradient(self) -> np.ndarray:
        return self.positive + self.negative


def table(features: Features) -> Table:
    """The nodes of both rules, and the features there."""
    rules = [_rule(features, panels) for panels in PANELS[features.dim]]
    return Table(
        *zip(*((x, np.log(w) - features.base(x), features.phi(x)) for x, w in rules), strict=True)
    )


def energy(features: Features, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    """f(x), (n, d) -> (n,)."""
    return features.base(x) + features.phi(x) @ theta


def score(features: Features, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    """grad_x log p, (n, d) -> (n, d)."""
    return -features.base_slope(x) - np.einsum("k,nkd->nd", theta, features.slope(x))


def log_z(seen: Table, theta: np.ndarray) -> Estimate:
    """log of the integral of exp(-f), with its numerical error."""
    fine, coarse = (gmm.soft_max(a)[1] for a in _logs(seen, theta))
    return Estimate(float(fine), float(abs(fine - coarse) + 64 * EPS * (1 + abs(fine))))


def mean_phi(seen: Table, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """E_p phi and its numerical error, (K,) each."""
    fine, coarse = (
        gmm.soft_max(a)[0] @ phi for a, phi in zip(_logs(seen, theta), seen.phi, strict=True)
    )
    return fine, np.abs(fine - coarse)


def forces(features: Features, seen: Table, theta: np.ndarray, data: np.ndarray) -> Forces:
    """The exact forces, for data (n, d)."""
    return Forces(-features.phi(data).mean(0), *mean_phi(seen, theta))


def log_likelihood(
    features: Features, seen: Table, theta: np.ndarray, data: np.ndarray
) -> Estimate:
    """The mean of log p over data (n, d), nats."""
    z = log_z(seen, theta)
    return Estimate(-float(energy(features, theta, data).mean()) - z.value, z.error)


def target(features: Features, seen: Table, theta: np.ndarray) -> Target:
    """The model as something to sample from, with its exact log Z and moments."""
    p, x = gmm.soft_max(_logs(seen, theta)[0])[0], seen.x[0]
    mean = p @ x
    return Target(
        "energy", features.dim, lambda y: -energy(features, theta, y),
        lambda y: score(features, theta, y), log_z(seen, theta).value, mean,
        ((x - mean).T * p) @ (x - mean), None, ((-features.reach, features.reach),) * features.dim,
    )  # fmt: skip


def _logs(seen: Table, theta: np.ndarray) -> list[np.ndarray]:
    """Log of weight times exp(-f) at the nodes of both rules."""
    return [w - phi @ theta for w, phi in zip(seen.log_w, seen.phi, strict=True)]


def _rule(features: Features, panels: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (N, d) and weights (N,) on the box."""
    x, w = nodes(np.linspace(-features.reach, features.reach, panels + 1), ORDER)
    if features.dim == 1:
        return x[:, None], w
    return np.stack(np.meshgrid(x, x, indexing="ij"), -1).reshape(-1, 2), np.outer(w, w).ravel()
