"""Small chains that behave in different ways, by name, and the reader's own."""

from typing import NamedTuple

import numpy as np

from dgmlib.markov.chain import check
from dgmlib.markov.text import LETTERS, parse_chain


class Named(NamedTuple):
    """A transition matrix and what its states stand for."""

    P: np.ndarray  # (n, n)
    about: str


def pages(damping: float = 0.85) -> np.ndarray:
    """PageRank on five pages: follow a link, or with probability 1 - damping go anywhere."""
    links = ["E", "A", "AB", "AB", "AB"]
    follow = np.array([[(name in to) / len(to) for name in LETTERS[:5]] for to in links])
    return damping * follow + (1 - damping) / 5


def ring(n: int, *, forward: float, stay: float = 0.0) -> np.ndarray:
    """Steps to the next of n states round a circle, back to the one before, or none."""
    one = np.roll(np.eye(n), 1, axis=1)
    return forward * one + stay * np.eye(n) + (1 - forward - stay) * one.T


def ruin(n: int, *, win: float = 0.5) -> np.ndarray:
    """A gambler with 0 to n - 1 coins who stops with none or with all."""
    P = win * np.eye(n, k=1) + (1 - win) * np.eye(n, k=-1)
    P[0], P[-1] = np.eye(n)[0], np.eye(n)[-1]
    return P


def loops() -> np.ndarray:
    """Two ways back to A, in 4 steps (A B C D) and in 6 (A B C D E F): none in 2."""
    P = np.roll(np.eye(6), 1, axis=1)
    P[3] = [0.5, 0, 0, 0, 0.5, 0]
    return P


def islands(bridge: float = 0.02) -> np.ndarray:
    """Three states here and three there, hardly connected."""
    P = np.kron(np.eye(2), np.full((3, 3), 1 / 3))
    P[2] = [(1 - bridge) / 2, (1 - bridge) / 2, 0, bridge, 0, 0]
    P[3] = P[2][::-1]
    return P


def metropolis(target: np.ndarray) -> np.ndarray:
    """The Metropolis chain for a target on a line: propose a neighbour, accept by the ratio."""
    n = len(target)
    P = np.zeros((n, n))
    for i in range(n):
        for j in (i - 1, i + 1):
            if 0 <= j < n:
                P[i, j] = 0.5 * min(1.0, target[j] / target[i])
        P[i, i] = 1 - P[i].sum()
    return P


def two_classes() -> np.ndarray:
    """From A and B to one of two classes that are never left; E and F take turns."""
    weights = [[1, 2, 0, 0, 0, 1], [1, 1, 1, 0, 0, 0], [0, 0, 1, 2, 0, 0],
               [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 1, 0]]  # fmt: skip
    w = np.array(weights, dtype=float)
    return w / w.sum(1, keepdims=True)


OWN = "own rows"
CHAINS = {
    "five pages": Named(pages(), "pages with links A→E, B→A, C→AB, D→AB, E→AB"),
    "weather": Named(np.array([[0.9, 0.1], [0.5, 0.5]]), "A sun, B rain"),
    "ring of 6": Named(ring(6, forward=0.5), "a step left or right round a ring"),
    "lazy ring of 6": Named(ring(6, forward=0.25, stay=0.5), "on the ring, half the time it stays"),
    "one way round": Named(ring(4, forward=0.6, stay=0.2), "mostly forward round a ring"),
    "loops of 4 and 6": Named(loops(), "back at A after 4 steps or 6"),
    "gambler's ruin": Named(ruin(6), "A: 0 coins, F: 5 coins; the game ends at both"),
    "two classes": Named(two_classes(), "from A, B to C, D or to E, F, and never back"),
    "two islands": Named(islands(), "A B C and D E F, with a narrow bridge"),
    "Metropolis": Named(metropolis(np.array([1.0, 2, 4, 2, 1])), "Metropolis, π ∝ 1, 2, 4, 2, 1"),
}  # fmt: skip
NAMES = [*CHAINS, OWN]


def load(name: str, *, rows: str) -> Named:
    """The chain called ``name``; "own rows" reads the text ``rows``."""
    if name == OWN:
        return Named(parse_chain(rows), "your own rows")
    if name not in CHAINS:
        raise ValueError(f"no chain is called {name!r}; choose one of {', '.join(NAMES)}")
    return Named(check(CHAINS[name].P), CHAINS[name].about)


def start(name: str, n: int) -> np.ndarray:
    """All in one state, or "uniform" over all: (n,)."""
    if name == "uniform":
        return np.full(n, 1 / n)
    if len(name) != 1 or name not in LETTERS[:n]:
        raise ValueError(
            f"this chain has no state {name}; start in one of A to {LETTERS[n - 1]}, or uniform"
        )
    return np.eye(n)[LETTERS.index(name)]
