r"""Rejection sampling: draw under an envelope, keep what lies under the target.

    x ~ q,  u ~ U(0, 1);   keep x if u k q(x) <= p(x);   needs k q >= p everywhere
    accepted share = Z / k,   Z the integral of p

A constant that is too small does not fail loudly: it cuts the top off p. So every draw is checked,
and one above the envelope is an error that names it.

References:
    Non-Uniform Random Variate Generation, section II.3 (Devroye, 1986)
    https://doi.org/10.1007/978-1-4613-8643-8
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dgmlib.samplers.chain import LogProb

Draw = Callable[[int, np.random.Generator], np.ndarray]  # n -> (n, d)
SLACK = 1e-9  # nats: rounding of two log-densities that touch


class EnvelopeError(ValueError):
    """The target exceeds the envelope; ``x`` is where, ``log_excess`` by how many nats."""

    def __init__(self, x: np.ndarray, log_excess: float):
        self.x, self.log_excess = x, log_excess
        super().__init__(
            f"the target exceeds the envelope at x = {np.round(x, 4).tolist()} by a factor "
            f"{np.exp(min(log_excess, 700.0)):.4g}; raise log_k by at least {log_excess:.4g}"
        )


class Draws(NamedTuple):
    """Every proposal, in the order of drawing."""

    x: np.ndarray  # (n, d)
    height: np.ndarray  # (n,): u, as a share of the envelope
    log_ratio: np.ndarray  # (n,): log p - log q - log k; at most 0
    accepted: np.ndarray  # (n,), bool

    @property
    def acceptance(self) -> tuple[float, float]:
        """The accepted share and its standard error."""
        share = float(self.accepted.mean())
        return share, float(np.sqrt(share * (1 - share) / len(self.accepted)))


def fit_log_k(log_prob: LogProb, log_q: LogProb, x: np.ndarray, *, margin: float = 0.0) -> float:
    """log k from the points x (n, d): the largest log p - log q there, plus a ``margin`` in nats.

    A grid may miss the top between its points; ``sample`` checks every draw all the same.
    """
    ratio = log_prob(x) - log_q(x)
    if np.isnan(ratio).any() or not np.isfinite(ratio.max()):
        i = int(np.flatnonzero(~(ratio < np.inf))[0])
        raise ValueError(
            f"no constant covers the target: log p - log q is {ratio[i]} at {x[i]}; "
            "the proposal must reach wherever the target does"
        )
    return float(ratio.max()) + margin


def sample(
    n: int,
    log_prob: LogProb,
    log_q: LogProb,
    draw: Draw,
    *,
    log_k: float,
    check: bool = True,
    rng: np.random.Generator,
) -> Draws:
    """``n`` proposals from q, each kept or not.

    Args:
        check: False to see what a too low envelope does.

    Raises:
        EnvelopeError: names the worst draw above the envelope.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    x = draw(n, rng)
    log_ratio = log_prob(x) - log_q(x) - log_k
    height = rng.random(n)
    if check and (log_ratio > SLACK).any():
        worst = int(np.argmax(log_ratio))
        raise EnvelopeError(x[worst], float(log_ratio[worst]))
    return Draws(x, height, log_ratio, np.log(height) <= log_ratio)
