r"""A mixture of Bernoullis: pixels are independent once the component is known.

    p(x) = sum_k pi_k prod_i p_ki^x_i (1 - p_ki)^(1 - x_i)
    E:  r_nk = pi_k p(x_n | k) / p(x_n)
    M:  N_k = sum_n r_nk,  pi_k = (N_k + a) / (n + K a),
        p_ki = (sum_n r_nk x_ni + b) / (N_k + 2 b)

a and b count as images seen before: the climb is of the posterior under Dirichlet(a + 1) and
Beta(b + 1, b + 1) priors, and no pixel becomes impossible.

References:
    Pattern Recognition and Machine Learning, section 9.3.3 (Bishop, 2006)
    https://www.microsoft.com/en-us/research/publication/pattern-recognition-machine-learning/
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from dgmlib.dimensionality.trees import check_binary


class State(NamedTuple):
    weight: np.ndarray  # (K,)
    p: np.ndarray  # (K, d): probability of a 1


class Info(NamedTuple):
    """Of the state before the step."""

    log_likelihood: float  # nats, summed over images
    objective: float  # with the log prior, up to a constant: never falls
    responsibilities: np.ndarray  # (n, K)


def init(x: np.ndarray, K: int, *, rng: np.random.Generator) -> State:
    """Equal weights; every component half the mean image, a quarter one of the images, and gray."""
    x = check_binary(x)
    if not 1 <= K <= len(x):
        raise ValueError(f"from 1 to {len(x)} components for {len(x)} images, got {K}")
    some = x[rng.choice(len(x), size=K, replace=False)]
    mean = np.clip(x.mean(0), 0.02, 0.98)
    return State(np.full(K, 1 / K), 0.5 * mean + 0.25 * some + 0.125)


def step(state: State, x: np.ndarray, *, a: float = 1.0, b: float = 1.0) -> tuple[State, Info]:
    """One iteration of EM on binary x (n, d)."""
    log_j = log_joint(state, x)
    top = log_j.max(1, keepdims=True)
    r = np.exp(log_j - top)
    total = r.sum(1, keepdims=True)
    r /= total
    likelihood = float((top + np.log(total)).sum())
    prior = float(a * np.log(state.weight).sum() + b * np.log(state.p * (1 - state.p)).sum())
    count = r.sum(0)
    weight = (count + a) / (len(x) + len(count) * a)
    p = (r.T @ x.astype(float) + b) / (count + 2 * b)[:, None]
    return State(weight, p), Info(likelihood, likelihood + prior, r)


def fit(
    x: np.ndarray, state: State, *, a: float = 1.0, b: float = 1.0
) -> Iterator[tuple[State, Info]]:
    """Iterations for ever; the caller decides when to stop."""
    if not (a > 0 and b > 0):
        raise ValueError(f"pseudo-counts must be positive, got a = {a} and b = {b}")
    x = check_binary(x)
    while True:
        state, info = step(state, x, a=a, b=b)
        yield state, info


def log_joint(state: State, x: np.ndarray) -> np.ndarray:
    """log p(x_n, k): (n, K)."""
    on, off = np.log(state.p), np.log1p(-state.p)
    return np.log(state.weight) + off.sum(1) + x.astype(float) @ (on - off).T


def log_prob(state: State, x: np.ndarray) -> np.ndarray:
    """Nats for each image of binary x (n, d): (n,)."""
    log_j = log_joint(state, check_binary(x))
    top = log_j.max(1)
    return top + np.log(np.exp(log_j - top[:, None]).sum(1))


def sample(state: State, n: int, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, d) and the component of each (n,)."""
    k = rng.choice(len(state.weight), size=n, p=state.weight)
    return (rng.random((n, state.p.shape[1])) < state.p[k]).astype(np.uint8), k
