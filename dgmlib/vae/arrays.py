"""One formula for two libraries: NumPy arrays and torch tensors.

The two share most names (``exp``, ``tanh``, ``log``, ``amax``, ``axis=``, ``keepdims=``), so a
formula only has to ask which one it was given. What they do not share stands here. Nothing imports
torch: a tensor can only come from a caller who has.
"""

import sys
from typing import Any

import numpy as np

Array = Any  # a NumPy array or a torch tensor


def library(x: Array) -> Any:
    """The module whose functions take ``x``: ``torch`` for tensors, ``numpy`` for all else."""
    torch = sys.modules.get("torch")
    return torch if torch is not None and isinstance(x, torch.Tensor) else np


def cast(x: Array, like: Array) -> Array:
    """``x`` in the floating-point type of ``like`` (under autocast a layer answers in bfloat16)."""
    return x.astype(like.dtype, copy=False) if library(x) is np else x.to(like.dtype)


def softplus(x: Array) -> Array:
    """log(1 + exp(x)), without overflow: minus the log of sigmoid(-x)."""
    xp = library(x)
    # torch returns x itself above the threshold; at 40 that is exact in float64, too
    return np.logaddexp(0.0, x) if xp is np else xp.nn.functional.softplus(x, threshold=40.0)


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow at either end."""
    if library(x) is not np:
        return x.sigmoid()
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1.0 + small)


def logsumexp(x: Array, axis: int) -> Array:
    """log of the sum of exp(x) along ``axis``. A slice that is all -inf gives -inf."""
    xp = library(x)
    if xp is not np:
        return xp.logsumexp(x, axis)
    top = np.amax(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0).astype(x.dtype, copy=False)
    with np.errstate(divide="ignore"):
        return np.squeeze(top, axis) + np.log(np.sum(np.exp(x - top), axis=axis))


def logmeanexp(x: Array, axis: int) -> Array:
    """log of the mean of exp(x) along ``axis``."""
    return logsumexp(x, axis) - float(np.log(x.shape[axis]))
