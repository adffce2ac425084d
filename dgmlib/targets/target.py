"""What a target density tells about itself."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Target(NamedTuple):
    """A density p(x) = e^{log_prob(x)} / Z on R^d, with what is known exactly."""

    name: str
    dim: int
    log_prob: Callable[[np.ndarray], np.ndarray]  # (..., d) -> (...)
    grad: Callable[[np.ndarray], np.ndarray] | None  # of log_prob, (..., d) -> (..., d)
    log_z: float  # log Z; 0 where log_prob is normalised
    mean: np.ndarray  # (d,)
    cov: np.ndarray  # (d, d)
    sample: Callable[[int, np.random.Generator], np.ndarray] | None  # exact draws (n, d)
    extent: tuple[tuple[float, float], ...]  # (d): where to look

    def need_grad(self) -> Callable[[np.ndarray], np.ndarray]:
        """The gradient, or a ValueError that says what to use instead."""
        if self.grad is None:
            raise ValueError(
                f"the target {self.name!r} has no gradient; Metropolis and Gibbs need none"
            )
        return self.grad
