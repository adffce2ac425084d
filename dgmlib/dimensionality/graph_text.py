"""A directed graph without cycles as a short text: what a link carries and a reader types.

    "Rain Sprinkler Wet; Rain>Wet, Sprinkler>Wet"

The names of the variables, a semicolon, the arrows in the order in which they were drawn. An
arrow that would close a cycle with those before it is refused: it stays in the text and counts
for nothing, so that a picture can show it and a reader can take it away again.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

MOST = 7  # variables
LONGEST = 9  # characters of a name
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*", re.ASCII)
_EXAMPLE = 'write them like "Rain Wet; Rain>Wet"'


class Graph(NamedTuple):
    names: tuple[str, ...]
    arrows: tuple[tuple[str, str], ...]  # (parent, child), no cycle among them
    refused: tuple[tuple[str, str], ...] = ()  # each would close a cycle

    @property
    def parents(self) -> dict[str, list[str]]:
        """Of every variable, in the order of ``names``."""
        return {c: [n for n in self.names if (n, c) in self.arrows] for c in self.names}


def parse(text: str) -> Graph:
    """The graph of a text of :func:`format`. ValueError says what to mend."""
    head, _, tail = text.partition(";")
    names = head.split()
    if not names:
        raise ValueError(f"{_short(text)} names no variables; {_EXAMPLE}")
    if len(names) > MOST:
        raise ValueError(f"{len(names)} variables are too many; keep at most {MOST}")
    for name in names:
        if not _NAME.fullmatch(name) or len(name) > LONGEST:
            raise ValueError(
                f"{_short(name)} is no name: use letters and digits, a letter first, "
                f"at most {LONGEST}"
            )
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{twice[0]!r} is named twice; give every variable its own name")
    found: list[tuple[str, str]] = []
    tail = tail.strip().removesuffix(",")  # as one types on
    for part in tail.split(",") if tail else []:
        ends = [end.strip() for end in part.split(">")]
        if len(ends) != 2:
            raise ValueError(f"{_short(part.strip())} is no arrow; {_EXAMPLE}")
        for end in ends:
            if end not in names:
                raise ValueError(f"{_short(end)} is no variable; name it before the semicolon")
        if ends[0] == ends[1]:
            raise ValueError(f"the arrow {ends[0]} → {ends[0]} ends where it begins; remove it")
        if (ends[0], ends[1]) in found:
            raise ValueError(f"the arrow {' → '.join(ends)} is drawn twice; remove one")
        found.append((ends[0], ends[1]))
    return _graph(tuple(names), found)


def format(graph: Graph) -> str:
    """The text of a graph; ``parse`` reads it back."""
    arrows = ", ".join(f"{a}>{b}" for a, b in (*graph.arrows, *graph.refused))
    return f"{' '.join(graph.names)}; {arrows}".strip()


def toggle(graph: Graph, parent: str, child: str) -> Graph:
    """The graph with one arrow more, or less where it was there. ValueError for a loop."""
    for name in (parent, child):
        if name not in graph.names:
            raise ValueError(f"{_short(name)} is no variable of the graph")
    if parent == child:
        raise ValueError(f"{parent} cannot be its own parent; choose another cell")
    arrows = [*graph.arrows, *graph.refused]
    if (parent, child) in arrows:
        arrows.remove((parent, child))
    else:
        arrows.append((parent, child))
    return _graph(graph.names, arrows)


def cycle(parents: Mapping[str, Sequence[str]], parent: str, child: str) -> list[str]:
    """The cycle that an arrow would close, "A", ..., "A" along the arrows; [] if it closes none."""
    to = {child: [child]}  # the way from child to each variable that it reaches
    todo = [child]
    while todo:
        at = todo.pop(0)
        for name, above in parents.items():
            if at in above and name not in to:
                to[name] = [*to[at], name]
                todo.append(name)
    return [parent, *to[parent]] if parent in to else []


def _graph(names: tuple[str, ...], arrows: Sequence[tuple[str, str]]) -> Graph:
    """Takes the arrows one after the other and refuses those that close a cycle."""
    graph, refused = Graph(names, ()), []
    for parent, child in arrows:
        if cycle(graph.parents, parent, child):
            refused.append((parent, child))
        else:
            graph = graph._replace(arrows=(*graph.arrows, (parent, child)))
    return graph._replace(refused=tuple(refused))


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
