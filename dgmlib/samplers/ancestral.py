r"""Ancestral sampling of a Bayesian network: parents before children.

    p(x) = prod_i p(x_i | parents of i),    x_i drawn once its parents are known

References:
    Probabilistic Reasoning in Intelligent Systems (Pearl, 1988)
    https://doi.org/10.1016/C2009-0-27609-4
"""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

import numpy as np


def order(parents: Mapping[str, Sequence[str]]) -> list[str]:
    """The variables, parents first. ValueError names a cycle, or a parent that is no variable."""
    for child, above in parents.items():
        for parent in above:
            if parent not in parents:
                raise ValueError(f"{child!r} has the parent {parent!r}, which is no variable")
    try:
        return list(TopologicalSorter(parents).static_order())
    except CycleError as error:
        raise ValueError(f"the arrows form a cycle: {' → '.join(error.args[1][::-1])}") from None


def sample(
    parents: Mapping[str, Sequence[str]],
    tables: Mapping[str, np.ndarray],
    n: int,
    *,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """``n`` joint draws, one array of states (n,) for each variable.

    Args:
        tables: for each variable p(x_i | parents), shape (states of each parent ..., own states).
    """
    drawn: dict[str, np.ndarray] = {}
    for name in order(parents):
        table = np.asarray(tables[name], dtype=float)
        if table.ndim != len(parents[name]) + 1:
            raise ValueError(f"the table of {name!r} needs an axis for each of "
                             f"{[*parents[name], name]}, got shape {table.shape}")  # fmt: skip
        if (table < 0).any() or np.abs(table.sum(-1) - 1).max() > 1e-9:
            raise ValueError(f"every row of the table of {name!r} must sum to 1")
        p = np.broadcast_to(table[tuple(drawn[q] for q in parents[name])], (n, table.shape[-1]))
        cdf = p.cumsum(-1)
        cdf[:, -1] = 1.0
        drawn[name] = (cdf <= rng.random((n, 1))).sum(-1)
    return drawn
