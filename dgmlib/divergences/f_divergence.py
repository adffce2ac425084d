r"""The integrands: what every point x pays in a divergence of p and q.

    KL(p||q)   = int p log(p / q) dx
    JS(p, q)   = KL(p||m) / 2 + KL(q||m) / 2,    m = (p + q) / 2
    J(p, q)    = KL(p||q) + KL(q||p)                                      (Jeffreys)
    D_a(p||q)  = (1 - int p^a q^(1-a) dx) / (a (1 - a))             (alpha; Minka's, any real a)
    TV(p, q)   = int |p - q| / 2 dx
    H^2(p, q)  = int (sqrt p - sqrt q)^2 / 2 dx                           (squared Hellinger)

Each function returns the integrand in the form that is nowhere negative: for KL
``p log(p/q) - p + q``, whose added part integrates to 0. So no rounding error makes a divergence
negative, and nearly equal densities keep their digits. D_a tends to KL(p||q) as a -> 1, to KL(q||p)
as a -> 0, and D_1/2 = 4 H^2.
``log_p`` and ``log_q`` broadcast; minus infinity is a density of 0. All in nats.

References:
    Divergence Measures Based on the Shannon Entropy (Lin, 1991) https://doi.org/10.1109/18.61115
    Divergence Measures and Message Passing (Minka, 2005)
    https://www.microsoft.com/en-us/research/publication/divergence-measures-and-message-passing/
"""

import numpy as np


def kl(log_p: np.ndarray, log_q: np.ndarray) -> np.ndarray:
    """``p log(p/q) - p + q``: infinite where q is 0 and p is not, q where p is 0."""
    with np.errstate(invalid="ignore"):
        return _gap(log_p, log_q, log_p - log_q)


def jeffreys(log_p: np.ndarray, log_q: np.ndarray) -> np.ndarray:
    """``(p - q) log(p/q)``."""
    return kl(log_p, log_q) + kl(log_q, log_p)


def js(log_p: np.ndarray, log_q: np.ndarray) -> np.ndarray:
    """Half of each density's KL integrand to the mean of the two."""
    high, low = np.maximum(log_p, log_q), np.minimum(log_p, log_q)
    with np.errstate(invalid="ignore"):
        r = np.where(high == low, 0.0, high - low)
        over_mean = -np.log1p(0.5 * np.expm1(-r))  # log of the larger over the mean, to the digit
        log_m = high - over_mean
    return 0.5 * (_gap(high, log_m, over_mean) + _gap(low, log_m, over_mean - r))


def tv(log_p: np.ndarray, log_q: np.ndarray) -> np.ndarray:
    """``|p - q| / 2``."""
    top = np.maximum(log_p, log_q)
    with np.errstate(invalid="ignore"):
        gap = -np.expm1(-np.abs(log_p - log_q))
    return np.where(top == -np.inf, 0.0, 0.5 * np.exp(top) * gap)


def alpha(log_p: np.ndarray, log_q: np.ndarray, order: float) -> np.ndarray:
    """``(p^a q^(1-a) - a p - (1 - a) q) / (a (a - 1))``, any real ``order`` a, limits included."""
    if order < 0.5:  # D_a(p||q) = D_(1-a)(q||p): keep away from the division by a
        return alpha(log_q, log_p, 1 - order)
    if order == 1:
        return kl(log_p, log_q)
    with np.errstate(invalid="ignore", over="ignore"):
        r = log_p - log_q
        p, q = np.exp(log_p), np.exp(log_q)
        t = (order - 1) * r
        tilted = np.where(np.abs(t) < 1, p * np.expm1(t), np.exp(log_p + t) - p)
        back = np.where(np.abs(r) < 1, p * np.expm1(-r), q - p)
        value = (tilted / (order - 1) + back) / order
    value = np.where(log_p == -np.inf, q / order, value)
    missing = np.inf if order > 1 else np.exp(log_p) / (1 - order)  # where q is 0
    value = np.where((log_q == -np.inf) & (log_p > -np.inf), missing, value)
    return np.maximum(value, 0.0)


def hellinger2(log_p: np.ndarray, log_q: np.ndarray) -> np.ndarray:
    """``(sqrt p - sqrt q)^2 / 2``, a quarter of :func:`alpha` at 1/2."""
    return 0.25 * alpha(log_p, log_q, 0.5)


def log_tilted(log_p: np.ndarray, log_q: np.ndarray, order: float) -> np.ndarray:
    """``log(p^a q^(1-a))``, whose integral is behind Renyi's divergence."""
    with np.errstate(invalid="ignore"):
        value = order * log_p + (1 - order) * log_q
    return np.where((log_p == -np.inf) & (log_q == -np.inf), -np.inf, value)


def _gap(log_a: np.ndarray, log_b: np.ndarray, r: np.ndarray) -> np.ndarray:
    """``a log(a/b) - a + b``, given ``r = log(a/b)`` to more digits than the two logs have."""
    with np.errstate(invalid="ignore", over="ignore"):
        a, b = np.exp(log_a), np.exp(log_b)
        # Near r = 0 the three terms cancel; r + expm1(-r) ~ r^2 / 2 does not.
        value = np.where(np.abs(r) < 1, a * (r + np.expm1(-r)), a * (r - 1) + b)
    return np.where(log_a == -np.inf, b, np.maximum(value, 0.0))
