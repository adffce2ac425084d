"""Spot the error: five forms of the bound, one of them wrong, computed for many q.

A slip is found by computing. Four lines agree with the bound, lead to the posterior, or keep what
they promise; one does not. The forms and what is wrong with them stand in ``forms``.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.latent.forms import (
    CLAIM_SLIPS,
    CLAIMS,
    LOSS_SLIPS,
    LOSSES,
    MU,
    RIGHT,
    SLIPS,
    TAU,
    averages,
)

LETTERS = "ABCDE"
SWEEPS = ("centre of q", "width of q")
KINDS = {
    "bound": "Four of these lines are the ELBO, one is not.",
    "loss": "Minimised over q, four lead to the posterior.",
    "claim": "Four of these hold for every q, one does not.",
}
PUZZLES = [
    *[("bound", RIGHT, f) for f in SLIPS], *[("loss", LOSSES, f) for f in LOSS_SLIPS],
    *[("claim", CLAIMS, f) for f in CLAIM_SLIPS],
]  # fmt: skip
CASES = len(PUZZLES)
PLACES = (1, 4, 0, 2, 3, 1, 4, 2, 0, 3, 1)  # of the wrong line


class Riddle(NamedTuple):
    """One puzzle for F values of the swept number; its middle is the exact posterior."""

    number: int
    kind: str
    sweep: str
    guess: str  # a letter, or "" for none yet
    compute: bool
    reveal: bool
    texts: list[str]  # of A to E
    wrong: int
    why: str
    at: np.ndarray  # (F,) the swept number
    centre: np.ndarray  # (F,)
    width: np.ndarray  # (F,)
    value: np.ndarray  # (F, 5)
    log_p: float
    elbo: np.ndarray  # (F,)


def riddle(number: int, *, sweep: str = SWEEPS[0], guess: str = "", compute: bool = True,
           reveal: bool = False) -> Riddle:  # fmt: skip
    """Puzzle ``number`` from 1 on; where its wrong line stands depends on nothing else."""
    if not 1 <= number <= CASES:
        raise ValueError(f"there are puzzles 1 to {CASES}, not {number}")
    if sweep not in SWEEPS:
        raise ValueError(f"no sweep is called {sweep!r}; choose one of {', '.join(SWEEPS)}")
    kind, right, slip = PUZZLES[number - 1]
    wrong = PLACES[number - 1]
    forms = [*right[:wrong], slip, *right[wrong:]]
    u = np.linspace(-1.0, 1.0, 61)
    moving = sweep == SWEEPS[0]
    m = MU + 2.5 * u if moving else np.full_like(u, MU)
    s = np.full_like(u, TAU) if moving else TAU * 8.0**u
    g = averages(m, s)
    value = np.stack([f.value(g) for f in forms], 1)
    return Riddle(number, kind, sweep, guess, compute, reveal, [f.text for f in forms], wrong,
                  slip.slip, m if moving else s, m, s, value, g.log_p,
                  g.likelihood - g.to_prior)  # fmt: skip
