"""A graph, random tables for it, its numbers, and its draws: one variable at a time, then many.

Frames: nothing drawn; then one more variable of the first draw, parents first; then more and more
whole draws, whose frequencies are counted beside the exact marginals.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.dimensionality import counts, graph_text, networks
from dgmlib.dimensionality.acceptance import counted
from dgmlib.samplers import ancestral

DRAWS = 2_000


class NetworkRun(NamedTuple):
    """In the order of ``graph.names``; d variables of k states, F frames."""

    graph: graph_text.Graph
    cycles: tuple[tuple[str, ...], ...]  # that each refused arrow would close
    order: tuple[str, ...]  # parents first
    factorisation: str
    sizes: np.ndarray  # (d,) free numbers of each table
    full: int  # of the full table
    tables: tuple[np.ndarray, ...]
    marginal: np.ndarray  # (d, k) exact
    draws: np.ndarray  # (F,) whole draws counted in a frame
    shown: np.ndarray  # (F, d) the last draw's states, -1 not yet drawn
    share: np.ndarray  # (F, d, k) of the draws counted
    low: np.ndarray  # (F, d, k) exact 95 % interval
    high: np.ndarray  # (F, d, k)


def run(text: str, *, k: int, rng: np.random.Generator) -> NetworkRun:
    """The network of a graph's text. An arrow that would close a cycle is left out and named."""
    graph = graph_text.parse(text)
    names, parents = graph.names, graph.parents
    size = dict.fromkeys(names, k)
    for_tables, for_draws = rng.spawn(2)
    net = networks.random(parents, size, rng=for_tables)
    drawn = networks.sample(net, DRAWS, rng=for_draws)
    x = np.stack([drawn[name] for name in names], axis=1)  # (n, d)
    order = ancestral.order(parents)
    d = len(names)
    upto = np.array([1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, DRAWS])
    n = np.concatenate([np.zeros(d, dtype=int), upto])  # (F,)
    shown = np.full((len(n), d), -1)
    for i, name in enumerate(order):  # the first draw, variable after variable
        j = names.index(name)
        shown[i + 1 : d + 1, j] = x[0, j]
    shown[d:] = x[n[d:] - 1]
    seen = np.cumsum(x[:, :, None] == np.arange(k), axis=0)  # (n, d, k)
    hits = np.where((n > 0)[:, None, None], seen[np.maximum(n, 1) - 1], 0)
    found = [counted(h, int(m)) if m else None for h, m in zip(hits, n, strict=True)]
    blank = np.zeros((d, k))
    marginals = networks.marginals(net)
    return NetworkRun(
        graph=graph,
        cycles=tuple(tuple(graph_text.cycle(parents, *arrow)) for arrow in graph.refused),
        order=tuple(order),
        factorisation=networks.factorisation(parents),
        sizes=np.array(list(counts.network(parents, size).values())),
        full=counts.full(d, k),
        tables=tuple(net.tables[name] for name in names),
        marginal=np.stack([marginals[name] for name in names]),
        draws=n,
        shown=shown,
        share=np.stack([f.share if f else blank for f in found]),
        low=np.stack([f.interval.low if f else blank for f in found]),
        high=np.stack([f.interval.high if f else blank for f in found]),
    )
