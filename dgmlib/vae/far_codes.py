r"""Does a grid over the codes hold the integral? What p(z) p(x|z) adds beyond it, roughly.

    beyond = int_{outside} p(z) p(x|z) dz / int p(z) p(x|z) dz

The prior hardly ever draws z beyond 6, but an image unlike all digits may need it: thousands of
nats of likelihood pay for a z that is a thousand nats out. There a grid that ends at 6 is not
wrong by rounding, it is wrong by hundreds of nats. So squares around the grid are looked at.
"""

from functools import lru_cache

import numpy as np

from dgmlib.vae import terms, vae
from dgmlib.vae.arrays import logsumexp
from dgmlib.vae.many_codes import given_logits
from dgmlib.vae.mlp import Params
from dgmlib.vae.shelf import look
from dgmlib.vae.two_latents import REACH

FAR, SQUARES, ROUND = 24.0, 12, 240  # to where, how many squares, nodes on each
SEEN = 0.002  # a share that would move log p(x) by more than a drawn digit


def share(name: str, bits: np.ndarray, log_p: float) -> float:
    """Of p(x) outside of the grid, for one image (784,) whose grid gave ``log_p``."""
    (one,) = look([name]).found
    z, area = squares()
    logits, rest = _answers(name, one.card["sha256"])
    joint = (logits @ bits.astype(np.float32)).astype(float) + rest + terms.standard_log_prob(z)
    outside = float(logsumexp(joint + np.log(area), 0))
    return float(np.exp(outside - np.logaddexp(outside, log_p)))


def squares() -> tuple[np.ndarray, np.ndarray]:
    """Nodes (m, 2) on growing squares around the grid, and the area (m,) each stands for."""
    growth = (FAR / REACH) ** (np.arange(SQUARES + 1) / SQUARES)
    edge = np.linspace(-1, 1, ROUND // 4, endpoint=False)
    one = np.ones_like(edge)
    square = np.stack([np.r_[edge, one, -edge, -one], np.r_[-one, edge, one, -edge]], axis=1)
    z = (REACH * growth[:-1, None, None] * square).reshape(-1, 2)
    return z, np.repeat((2 * REACH) ** 2 * np.diff(growth**2) / ROUND, ROUND)


@lru_cache(maxsize=1)
def _answers(name: str, sha256: str) -> tuple[np.ndarray, np.ndarray]:
    """The decoder's logits (m, pixels), and log p(x|z) of an image without ink."""
    (one,) = look([name]).found
    params: Params = one.weights
    logits = vae.decode(params, squares()[0].astype(np.float32))
    return logits, given_logits(logits, np.zeros(logits.shape[1], np.float32))
