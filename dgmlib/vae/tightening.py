r"""The importance weighted bound on one image, against K.

    L_K = E[log (w_1 + ... + w_K) / K] <= log p(x),    w_i = p(x, z_i) / q(z_i | x)

One set of N draws serves every K: it is cut into N // K groups. The mean of the groups' bounds
estimates L_K without bias. Its error comes from the spread of the groups where there are at least
ten, and from the spread of the weights (delta method) where there are fewer.

References:
    Importance weighted autoencoders (Burda, Grosse & Salakhutdinov, 2016)
    https://arxiv.org/abs/1509.00519
    On the quantitative analysis of decoder-based generative models (Wu et al., 2017)
    https://arxiv.org/abs/1611.04273
"""

from typing import NamedTuple

import numpy as np

from dgmlib.data import own_digit
from dgmlib.samplers import importance
from dgmlib.vae import bounds, far_codes, shelf, terms, two_latents, vae
from dgmlib.vae.annealed import log_mean
from dgmlib.vae.many_codes import log_likelihood
from dgmlib.vae.mlp import Params

NAMES = ("vae-dynamic", "iwae5-dynamic", "iwae50-dynamic")  # one architecture, trained with K
CHECKED = "vae-2d"  # small enough for quadrature
GROUPS = 10
EDGES = np.linspace(-30.0, 6.0, 73)  # of log w - log p(x)


class Curve(NamedTuple):
    """One model's bound on one image: F values of K, N draws, B bins."""

    name: str
    bound: np.ndarray  # (F,) L_K
    error: np.ndarray  # (F,) its standard error
    log_p: float  # the estimate from all draws: log of the mean weight
    log_p_error: float
    ess: np.ndarray  # (F,) of the first K draws
    largest: np.ndarray  # (F,) share of the largest of the first K weights
    pareto: float  # k of all weights
    density: np.ndarray  # (F, B) histogram of the first K log weights less log_p, to 1


class Tightening(NamedTuple):
    k: np.ndarray  # (F,)
    curves: list[Curve]  # of those of NAMES that are there
    checked: Curve | None  # of the small model
    exact: two_latents.Exact | None  # its log p(x) by quadrature, where the grid holds it
    bits: np.ndarray  # (784,)
    words: str
    own: bool  # the reader drew it: no model was trained on it
    missing: dict[str, str]  # name -> why
    told: str


def sizes(n: int) -> np.ndarray:
    """1, 2, 3, 5, 7, 10, ... up to n, which is the last."""
    steps = np.outer(10 ** np.arange(4), [1, 2, 3, 5, 7]).ravel()
    return np.unique([*steps[steps < n], n])


def tighten(digit: str, n: int, *, rng: np.random.Generator) -> Tightening:
    """``n`` draws of each model's q for the digit."""
    own = own_digit.parse(digit)
    found = shelf.look([*NAMES, CHECKED])
    by = {one.name: one.weights for one in found.found}
    k = sizes(n)
    curves = [curve(name, by[name], own.bits, k, rng=rng) for name in NAMES if name in by]
    checked = exact = None
    if CHECKED in by:
        checked = curve(CHECKED, by[CHECKED], own.bits, k, rng=rng)
        exact = two_latents.log_p(CHECKED, own.bits)
        if far_codes.share(CHECKED, own.bits, exact.log_p) > far_codes.SEEN:
            exact = None
    return Tightening(k, curves, checked, exact, own.bits, own.words, own.label is None,
                      found.missing, found.told)  # fmt: skip


def curve(
    name: str, params: Params, bits: np.ndarray, k: np.ndarray, *, rng: np.random.Generator
) -> Curve:
    """The bound against K from k[-1] draws."""
    log_w = log_weights(params, bits, int(k[-1]), rng=rng)
    estimate = log_mean(log_w)
    bound, error = np.array([mean_bound(log_w, int(one)) for one in k]).T
    ess = np.array([importance.ess(log_w[:one]) for one in k])
    largest = np.array([importance.shares(log_w[:one]).max() for one in k])
    away = np.clip(log_w - estimate.value, EDGES[0], EDGES[-1])
    density = np.array([np.histogram(away[:one], EDGES)[0] / one for one in k])
    return Curve(name, bound, error, estimate.value, estimate.error, ess, largest,
                 importance.pareto_k(log_w), density)  # fmt: skip


def log_weights(
    params: Params, bits: np.ndarray, n: int, *, rng: np.random.Generator
) -> np.ndarray:
    """(n,) log p(x, z) - log q(z|x) for n draws of q(.|x)."""
    x = bits.astype(np.float32)
    q = vae.encode(params, x)
    z = terms.reparameterise(q.mean, q.log_var, rng.standard_normal((n, len(q.mean)), np.float32))
    prior = terms.standard_log_prob(z) - terms.gaussian_log_prob(z, q.mean, q.log_var)
    return log_likelihood(params, z, x) + prior.astype(float)


def mean_bound(log_w: np.ndarray, k: int) -> tuple[float, float]:
    """L_k and its standard error from N draws (N,), of which N % k are not used."""
    groups = len(log_w) // k
    each = bounds.iw_bound(log_w[: groups * k].reshape(groups, k).T)  # (groups,)
    if groups >= GROUPS:
        return float(each.mean()), float(each.std(ddof=1) / np.sqrt(groups))
    return float(each.mean()), log_mean(log_w[: groups * k]).error
