r"""How steep a critic is: its slope, a bound that holds everywhere, and three ways to keep it flat.

    certified       |f(x) - f(y)| <= K |x - y|,   K = prod_i sigma_max(W_i)
    clipping        w <- min(max(w, -c), c), after the optimiser's step
    penalty         E (|grad f(x^)| - 1)^2,   x^ = e x + (1 - e) G(z),  e ~ U(0, 1)
    spectral norm   W / sigma(W), sigma = u' W v by power iteration, u kept from step to step

f is linear on every cell of its leaky ReLUs, so grad f(x) = W_1' M_1 ... W_L' with the slopes M_i
of the cell: a product to which autodiff is applied once, not twice.

References:
    Wasserstein GAN (Arjovsky, Chintala & Bottou, 2017) https://arxiv.org/abs/1701.07875
    Improved training of Wasserstein GANs (Gulrajani et al., 2017) https://arxiv.org/abs/1704.00028
    Spectral normalization for generative adversarial networks (Miyato et al., 2018)
    https://arxiv.org/abs/1802.05957
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dgmlib.vae.arrays import Array, cast, library
from dgmlib.vae.mlp import SLOPE

Params = dict[str, Array]


class Spectral(NamedTuple):
    """The largest singular value as far as power iteration knows it, and its two vectors."""

    sigma: Array  # a scalar; u' W v, through which autodiff passes to W
    u: Array  # (out,)
    v: Array  # (in,)


def value_and_slope(params: Params, x: Array, prefix: str = "net") -> tuple[Array, Array]:
    """f(x) (n,) and grad f(x) (n, d) of a critic with leaky ReLUs, exact."""
    f, masks = _cells(params, x, prefix)
    return f, _back(params, masks, prefix)


def slope(params: Params, x: Array, prefix: str = "net") -> Array:
    """grad f(x) (n, d), to be differentiated with respect to the weights."""
    still = {k: w if library(w) is np else w.detach() for k, w in params.items()}
    return _back(params, _cells(still, x, prefix)[1], prefix)


def _cells(params: Params, x: Array, prefix: str) -> tuple[Array, list[Array]]:
    """f(x) (n,), and the slope of every unit at x, layer by layer (n, h)."""
    y, masks, i = x, [], 0
    while f"{prefix}.{i}.weight" in params:
        if i > 0:
            masks.append(cast(y > 0, y) * (1 - SLOPE) + SLOPE)
            y = y * masks[-1]
        y = y @ params[f"{prefix}.{i}.weight"].T + params[f"{prefix}.{i}.bias"]
        i += 1
    return y[..., 0], masks


def _back(params: Params, masks: list[Array], prefix: str) -> Array:
    g = params[f"{prefix}.{len(masks)}.weight"]  # (1, h)
    for i in reversed(range(len(masks))):
        g = (g * masks[i]) @ params[f"{prefix}.{i}.weight"]
    return g


def between(real: Array, fake: Array, share: Array) -> Array:
    """x^ = e x + (1 - e) G(z), one e (n, 1) for each pair of points."""
    return share * real + (1 - share) * fake


def penalty(params: Params, x: Array, prefix: str = "net") -> Array:
    """E (|grad f| - 1)^2 at the points ``x`` (n, d); steeper and flatter cost the same."""
    g = slope(params, x, prefix)
    return ((((g * g).sum(-1) + 1e-12) ** 0.5 - 1) ** 2).mean()


def penalty_of(f: Callable[[Array], Array], x: Array) -> Array:
    """The same for any critic in torch, (n, ...) -> (n,): autodiff through autodiff."""
    torch = library(x)
    x = x.detach().requires_grad_()
    (g,) = torch.autograd.grad(f(x).sum(), x, create_graph=True)
    return ((((g * g).flatten(1).sum(-1) + 1e-12) ** 0.5 - 1) ** 2).mean()


def clip(theta: Array, c: float) -> Array:
    """Every weight into [-c, c]."""
    if not c > 0:
        raise ValueError(f"clipping to [-c, c] needs c > 0, got {c}")
    return theta.clip(-c, c)


def power_iteration(weight: Array, u: Array, n: int = 1) -> Spectral:
    """``n`` rounds v <- W'u, u <- W v, each scaled to length 1, from the last known ``u``."""
    still = weight.detach() if library(weight) is not np else weight
    v = _unit(still.T @ u)
    for i in range(n):
        v = _unit(still.T @ u) if i > 0 else v
        u = _unit(still @ v)
    return Spectral(u @ weight @ v, u, v)


def bound(params: Params, prefix: str = "net") -> float:
    """K, the product of the largest singular values: no slope anywhere is larger."""
    keys = [k for k in params if k.startswith(f"{prefix}.") and k.endswith(".weight")]
    exact = [np.linalg.norm(np.asarray(params[k], dtype=float), 2) for k in keys]
    return float(np.prod(exact))


def histogram(theta: Array, edges: np.ndarray) -> np.ndarray:
    """How many weights lie in each bin; those beyond the ``edges`` count in the outermost."""
    w = np.asarray(theta, dtype=float).ravel()
    return np.histogram(np.clip(w, edges[0], edges[-1]), edges)[0]


def _unit(a: Array) -> Array:
    return a / ((a * a).sum() ** 0.5 + 1e-12)
