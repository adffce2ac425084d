r"""The denoiser of digits as the function that a sampler asks for.

x is (n, 784) between -1 (paper) and 1 (ink). Weights may be NumPy arrays, or torch tensors, which
are faster for many digits; x is an array either way.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dgmlib.diffusion import unet
from dgmlib.diffusion.exact import Eps
from dgmlib.diffusion.process import parts
from dgmlib.diffusion.samplers import guided
from dgmlib.diffusion.unet import NO_CLASS, Params


def network(params: Params, label: ArrayLike) -> Eps:
    """e of digits of these classes (n,), 0 to 9, or NO_CLASS for any."""
    named = np.asarray(label, dtype=np.int64)
    if named.ndim != 1 or ((named < 0) | (named > NO_CLASS)).any():
        raise ValueError(f"classes (n,) from 0 to {NO_CLASS}, got {label}")
    torch = _torch(params)

    def eps(x: np.ndarray, alpha_bar: float) -> np.ndarray:
        if x.shape != (len(named), unet.SIDE**2):
            raise ValueError(f"{len(named)} classes need x {(len(named), 784)}, got {x.shape}")
        x = x.astype(np.float32, copy=False)
        level = np.full(len(x), alpha_bar, np.float32)
        if torch is None:
            said = unet.velocity(params, x, level, named)
        else:
            with torch.no_grad():
                device = next(iter(params.values())).device
                shown = (torch.from_numpy(a).to(device) for a in (x, level, named))
                said = unet.velocity(params, *shown).cpu().numpy()
        return parts("v", said, x, alpha_bar).eps

    return eps


def asked(params: Params, label: ArrayLike, *, guidance: float = 0.0) -> Eps:
    """e of digits of these classes, moved away from that of any digit by the guidance w >= 0."""
    if not guidance >= 0:
        raise ValueError(f"guidance is 0 or more, got {guidance}")
    nobody = np.full(np.shape(label), NO_CLASS)
    return guided(network(params, label), network(params, nobody), guidance)


def _torch(params: Params) -> Any:
    """The module, if the weights are its tensors."""
    torch: Any = sys.modules.get("torch")
    first = next(iter(params.values()))
    return torch if torch is not None and isinstance(first, torch.Tensor) else None
