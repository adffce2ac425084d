r"""log p(x) of a VAE with two latents, exactly: the integral over z by quadrature.

    p(x) = int p(z) p(x|z) dz  ~  sum over a grid of p(z) p(x|z) step^2

The trapezium rule is exact to rounding for a smooth function that vanishes at the edges, once the
step is below the function's width. A posterior is narrow, so the grid is coarse at first, and
cells are divided where the integrand is not negligible: at least three times, because two steps
that are both too coarse can agree by chance, and until a finer grid gives the same.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dgmlib.vae import mlp, terms
from dgmlib.vae.arrays import logsumexp
from dgmlib.vae.many_codes import log_likelihood
from dgmlib.vae.mlp import Params
from dgmlib.vae.shelf import look

REACH, COARSE = 6.0, 0.1  # the prior beyond 6 holds 4e-9 of its mass
NEGLIGIBLE = 18.0  # nats below the highest: e^-18 of it, on a cell each
LEAST, MOST = 3, 5  # how often a cell's side is halved
CLOSE = 0.002  # nats: finer no more
PLENTY = 4_000  # nodes that count: so wide a posterior is not narrower than the step


class Exact(NamedTuple):
    log_p: float
    error: float  # what the last refinement changed
    step: float  # of the finest grid
    points: int  # at which the decoder was asked
    z: np.ndarray  # (m, 2) the nodes of the finest grid
    share: np.ndarray  # (m,) of p(z|x) in the cell around each: they sum to 1


def log_p(name: str, bits: np.ndarray) -> Exact:
    """Of one image (784,) under the checkpoint ``name``."""
    (one,) = look([name]).found
    return integrate(one.weights, bits, coarse=_prior_grid(name, one.card["sha256"]))


def integrate(params: Params, bits: np.ndarray, coarse: "Grid | None" = None) -> Exact:
    """log of the integral, to ``CLOSE`` nats or as far as five refinements lead."""
    coarse = coarse or grid(params)
    z, step = coarse.z, COARSE
    # log p(x|z) = x . logits - what does not depend on x, and logits are linear in the last layer
    weight, bias = _last(params)
    score = coarse.hidden @ (bits @ weight) + bits @ bias - coarse.normaliser
    joint = score.astype(float) + terms.standard_log_prob(z)
    value, points = _sum(joint, step), len(z)
    change = np.inf
    for done in range(1, MOST + 1):
        keep = joint > joint.max() - NEGLIGIBLE
        step /= 2
        z = _divide(z[keep], step)
        joint = log_likelihood(params, z.astype(np.float32), bits) + terms.standard_log_prob(z)
        points += len(z)
        before, value = value, _sum(joint, step)
        change = abs(value - before)
        if change < CLOSE and (done >= LEAST or len(z) > PLENTY):
            break
    return Exact(value, change, step, points, z, np.exp(joint - value) * step**2)


class Grid(NamedTuple):
    """What does not depend on the image, at the coarse nodes."""

    z: np.ndarray  # (m, 2)
    hidden: np.ndarray  # (m, h) the decoder's last hidden layer
    normaliser: np.ndarray  # (m,) sum over pixels of softplus(logit)


def grid(params: Params) -> Grid:
    line = np.arange(-REACH, REACH + COARSE / 2, COARSE)
    z = np.stack([m.ravel() for m in np.meshgrid(line, line, indexing="ij")], axis=1)
    layers = sum(k.startswith("decoder.") and k.endswith(".weight") for k in params)
    body = {k: v for k, v in params.items() if not k.startswith(f"decoder.{layers - 1}.")}
    hidden = np.tanh(mlp.forward(body, "decoder", z.astype(np.float32)))
    none = np.zeros(len(_last(params)[1]), np.float32)
    return Grid(z, hidden, -log_likelihood(params, z.astype(np.float32), none))


@lru_cache(maxsize=2)
def _prior_grid(name: str, sha256: str) -> Grid:
    (one,) = look([name]).found
    return grid(one.weights)


def _last(params: Params) -> tuple[np.ndarray, np.ndarray]:
    layers = sum(k.startswith("decoder.") and k.endswith(".weight") for k in params)
    return params[f"decoder.{layers - 1}.weight"], params[f"decoder.{layers - 1}.bias"]


def _divide(z: np.ndarray, step: float) -> np.ndarray:
    """Each node becomes the middle of four: the cells around it, halved."""
    corners = np.array([[-0.5, -0.5], [-0.5, 0.5], [0.5, -0.5], [0.5, 0.5]]) * step
    return (z[:, None] + corners).reshape(-1, 2)


def _sum(joint: np.ndarray, step: float) -> float:
    return float(logsumexp(joint, 0) + 2 * np.log(step))
