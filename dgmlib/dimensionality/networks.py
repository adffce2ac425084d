r"""Bayesian networks: a distribution over discrete variables, one small table for each.

    p(x) = prod_i p(x_i | parents of i),    sum_i (k_i - 1) prod of the states of i's parents

free numbers instead of prod_i k_i - 1. Every distribution is a network with all the arrows; each
arrow that is left out is an assumption of conditional independence.

References:
    Probabilistic Reasoning in Intelligent Systems (Pearl, 1988)
    https://doi.org/10.1016/C2009-0-27609-4
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from dgmlib.dimensionality import counts
from dgmlib.samplers import ancestral

LARGEST = 2**20  # joint states that are enumerated


class Network(NamedTuple):
    parents: Mapping[str, Sequence[str]]
    tables: Mapping[str, np.ndarray]  # p(x_i | parents): (states of each parent ..., own states)


def random(
    parents: Mapping[str, Sequence[str]],
    states: Mapping[str, int],
    *,
    concentration: float = 1.0,
    rng: np.random.Generator,
) -> Network:
    """Every row of every table from a symmetric Dirichlet; 1 is uniform over distributions.

    Each variable draws from a stream of its own: an arrow changes the table of its child only.
    """
    if not concentration > 0:
        raise ValueError(f"the concentration must be positive, got {concentration}")
    ancestral.order(parents)
    streams = dict(zip(parents, rng.spawn(len(parents)), strict=True))
    tables = {
        child: streams[child].dirichlet(
            np.full(states[child], concentration), size=tuple(states[p] for p in above)
        )
        for child, above in parents.items()
    }
    return Network(parents, tables)


def fit(
    parents: Mapping[str, Sequence[str]],
    states: Mapping[str, int],
    data: Mapping[str, np.ndarray],
    *,
    pseudo: float = 1.0,
) -> Network:
    """Relative frequencies in ``data``, states (n,) of each variable, plus ``pseudo`` counts."""
    ancestral.order(parents)
    tables = {}
    for child, above in parents.items():
        table = np.full([*(states[p] for p in above), states[child]], float(pseudo))
        np.add.at(table, tuple(data[name] for name in (*above, child)), 1.0)
        total = table.sum(-1, keepdims=True)
        if (total == 0).any():
            raise ValueError(f"a row of the table of {child!r} was never seen; use pseudo > 0")
        tables[child] = table / total
    return Network(parents, tables)


def states(network: Network) -> dict[str, int]:
    return {name: table.shape[-1] for name, table in network.tables.items()}


def log_prob(network: Network, x: Mapping[str, np.ndarray]) -> np.ndarray:
    """Nats of each joint state (n,): ``x`` has an array of states for each variable."""
    total = np.zeros(np.broadcast_shapes(*(np.shape(v) for v in x.values())))
    with np.errstate(divide="ignore"):  # a table may hold a zero
        for child, above in network.parents.items():
            total = total + np.log(network.tables[child][tuple(x[n] for n in (*above, child))])
    return total


def joint(network: Network) -> np.ndarray:
    """The full table: one axis for each variable, in the order of ``parents``."""
    size = states(network)
    names = list(network.parents)
    shape = [size[name] for name in names]
    if int(np.prod(shape, dtype=object)) > LARGEST:
        raise ValueError(f"the full table would have {np.prod(shape, dtype=object):,} entries; "
                         f"at most {LARGEST:,} are enumerated")  # fmt: skip
    return np.exp(log_prob(network, dict(zip(names, np.indices(shape), strict=True))))


def marginals(network: Network) -> dict[str, np.ndarray]:
    """p(x_i) of every variable, by adding up the full table."""
    p = joint(network)
    return {
        name: p.sum(tuple(j for j in range(p.ndim) if j != i))
        for i, name in enumerate(network.parents)
    }


def sample(network: Network, n: int, *, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """``n`` joint draws, parents before children."""
    return ancestral.sample(network.parents, network.tables, n, rng=rng)


def n_parameters(network: Network) -> int:
    return sum(counts.network(network.parents, states(network)).values())


def factorisation(parents: Mapping[str, Sequence[str]]) -> str:
    """ "p(A) p(B | A)", parents first."""
    factors = [
        f"p({name} | {', '.join(parents[name])})" if parents[name] else f"p({name})"
        for name in ancestral.order(parents)
    ]
    return " ".join(factors)
