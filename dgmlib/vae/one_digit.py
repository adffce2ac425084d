r"""One digit under a model with two latents: the encoder's q(z|x), and what it should have been.

    log p(x) = ELBO + KL(q || p(.|x)),      ELBO = E_q[log p(x|z)] - KL(q || p)

With two latents nothing is left to chance: log p(x) and the exact posterior p(z|x) come from
quadrature over the plane, the expectation under q from Gauss and Hermite's nodes.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dgmlib.checkpoints import store
from dgmlib.data.own_digit import Digit
from dgmlib.vae import far_codes, terms, two_latents, vae
from dgmlib.vae.arrays import sigmoid
from dgmlib.vae.many_codes import log_likelihood
from dgmlib.vae.mlp import Params
from dgmlib.vae.vae import Gaussian

NODES = 16  # of Gauss and Hermite, for each coordinate
GRID = 32  # of the close-up
OUTSIDE = 0.002  # of the posterior's mass, at most, on each side of it


class Posterior(NamedTuple):
    """Of one image, all in nats."""

    q: Gaussian  # (2,) each
    log_p: float  # log p(x)
    log_p_error: float  # what the last refinement of the quadrature changed
    distortion: float  # - E_q log p(x|z)
    rate: float  # KL(q || p)
    extent: tuple[float, float, float, float]  # of the close-up
    density: np.ndarray  # (GRID, GRID) p(z|x), the mean over each cell, row 0 at the bottom

    @property
    def elbo(self) -> float:
        return -self.distortion - self.rate

    @property
    def gap(self) -> float:
        """KL(q || p(.|x)): never negative, but for the quadrature's error."""
        return self.log_p - self.elbo


class Look(NamedTuple):
    digit: Digit
    posterior: Posterior
    z: np.ndarray  # (2,) the place that is decoded
    decoded: np.ndarray  # (784,) the probability of ink at z
    log_likelihood: float  # log p(x|z)
    log_prior: float  # log p(z)
    log_q: float  # log q(z|x)
    codes: np.ndarray  # (n, 2) where other digits are sent: the means of their q
    labels: np.ndarray  # (n,)
    told: str  # what a reader must know of the weights
    beyond: float  # of p(x): the share outside of the quadrature's grid, roughly

    @property
    def exact(self) -> bool:
        """Whether the grid holds all that counts; else its log p(x) is too low."""
        return self.beyond <= far_codes.SEEN


def look(name: str, digit: Digit, z: np.ndarray | None = None) -> Look:
    """Encodes a digit and decodes ``z``, or the mean of q."""
    from dgmlib.data import own_digit
    from dgmlib.vae import encoded

    net = store.load(name)
    post = _posterior(name, net.card["sha256"], digit.bits.tobytes())
    at = np.asarray(post.q.mean if z is None else z, float)
    joint = log_likelihood(net.weights, at[None].astype(np.float32), digit.bits)
    return Look(
        digit, post, at, sigmoid(vae.decode(net.weights, at.astype(np.float32))),
        float(joint[0]), float(terms.standard_log_prob(at)),
        float(terms.gaussian_log_prob(at, *(np.asarray(a, float) for a in post.q))),
        encoded.bundled(name).mean, own_digit.bundled().labels, net.told,
        far_codes.share(name, digit.bits, post.log_p),
    )  # fmt: skip


def posterior(
    params: Params, bits: np.ndarray, coarse: "two_latents.Grid | None" = None
) -> Posterior:
    """q(z|x) beside p(z|x) for bits (784,)."""
    coarse = coarse or two_latents.grid(params)
    q = vae.encode(params, bits.astype(np.float32))
    exact = two_latents.integrate(params, bits, coarse)
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    noise = np.stack([m.ravel() for m in np.meshgrid(nodes, nodes)], 1)
    mean, log_var = (np.asarray(a, float) for a in q)
    z = terms.reparameterise(mean, log_var, noise)
    share = np.outer(weights, weights).ravel() / (2 * np.pi)
    seen = float(share @ log_likelihood(params, z.astype(np.float32), bits))
    extent = _close_up(q, exact)
    density = _cells(exact, extent)
    rate = float(terms.kl_to_standard(mean, log_var).sum())
    return Posterior(q, exact.log_p, exact.error, -seen, rate, extent, density)


def _close_up(q: Gaussian, exact: two_latents.Exact) -> tuple[float, float, float, float]:
    """A square around q and nearly all of the posterior, wherever that lies."""
    mean, std = np.asarray(q.mean, float), np.exp(0.5 * np.asarray(q.log_var, float))
    ends = []
    for z in exact.z.T:
        order = np.argsort(z)
        reached = np.searchsorted(np.cumsum(exact.share[order]), (OUTSIDE, 1 - OUTSIDE))
        ends.append(z[order][np.minimum(reached, len(z) - 1)])
    low, high = np.array(ends).T  # (2,) each
    low = np.minimum(mean - 4 * std, low - 0.1)
    high = np.maximum(mean + 4 * std, high + 0.1)
    middle, half = (low + high) / 2, float((high - low).max()) / 2
    (a, c), (b, d) = middle - half, middle + half
    return float(a), float(b), float(c), float(d)


def _cells(exact: two_latents.Exact, extent: tuple[float, float, float, float]) -> np.ndarray:
    """p(z|x) averaged over the cells: a node's share is spread over the square around it.

    At the middles alone a posterior narrower than a cell would be missed, or blown up.
    """
    within = []
    for z, (low, high) in zip(exact.z.T, (extent[:2], extent[2:]), strict=True):
        edges = np.linspace(low, high, GRID + 1)[:, None]
        below = np.clip((edges - z) / exact.step + 0.5, 0, 1)  # (GRID + 1, m) of each square
        within.append(np.diff(below, axis=0))
    x, y = within
    cell = (extent[1] - extent[0]) * (extent[3] - extent[2]) / GRID**2
    return (y * exact.share) @ x.T / cell


@lru_cache(maxsize=128)
def _posterior(name: str, sha256: str, bits: bytes) -> Posterior:
    params = store.load(name).weights
    coarse = two_latents._prior_grid(name, sha256)
    return posterior(params, np.frombuffer(bits, np.uint8), coarse)
