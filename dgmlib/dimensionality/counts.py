r"""How many free numbers a distribution over d variables has.

    full table over d variables of k states     k^d - 1
    independent                                 d (k - 1)
    Markov of order m                           sum_i (k - 1) k^min(i, m),    i = 0, ..., d - 1
    Bayesian network                            sum_i (k_i - 1) prod of the states of i's parents
    Gaussian                                    d + d (d + 1) / 2;   diagonal: 2 d
    mixture of K Gaussians                      K - 1 + K (d + d (d + 1) / 2)

The chain rule saves nothing: its d tables together hold the k^d - 1 numbers of the one. Only an
arrow that is left out saves something.

References:
    Probabilistic Graphical Models, chapters 3 and 7 (Koller & Friedman, 2009)
    https://mitpress.mit.edu/9780262013192
"""

from collections.abc import Mapping, Sequence
from math import prod


def full(d: int, k: int = 2) -> int:
    """One table over all d variables; an exact integer however large."""
    return _states(k) ** _dimensions(d) - 1


def chain_rule(d: int, k: int = 2) -> list[int]:
    """The tables p(x_1), p(x_2 | x_1), ...: one count each, together ``full(d, k)``."""
    return [(_states(k) - 1) * k**i for i in range(_dimensions(d))]


def independent(d: int, k: int = 2) -> int:
    return _dimensions(d) * (_states(k) - 1)


def markov(d: int, order: int, k: int = 2) -> int:
    """Each variable depends on the ``order`` before it; other tables for every place."""
    if order < 0:
        raise ValueError(f"the order of a Markov model is at least 0, got {order}")
    return sum((_states(k) - 1) * k ** min(i, order) for i in range(_dimensions(d)))


def network(parents: Mapping[str, Sequence[str]], states: Mapping[str, int]) -> dict[str, int]:
    """The size of each variable's table; their sum is the network's."""
    return {
        child: (_states(states[child]) - 1) * prod(_states(states[p]) for p in above)
        for child, above in parents.items()
    }


def gaussian(d: int, *, diagonal: bool = False) -> int:
    return 2 * _dimensions(d) if diagonal else _dimensions(d) + d * (d + 1) // 2


def gaussian_mixture(d: int, K: int) -> int:
    """K Gaussians with covariances of their own."""
    if K < 1:
        raise ValueError(f"a mixture has at least 1 component, got {K}")
    return K - 1 + K * gaussian(d)


def bernoulli_mixture(d: int, K: int) -> int:
    """K products of d coins: binary variables that are independent given the component."""
    if K < 1:
        raise ValueError(f"a mixture has at least 1 component, got {K}")
    return K - 1 + K * _dimensions(d)


def _dimensions(d: int) -> int:
    if d < 1:
        raise ValueError(f"at least 1 dimension, got {d}")
    return d


def _states(k: int) -> int:
    if k < 2:
        raise ValueError(f"a variable has at least 2 states, got {k}")
    return k
