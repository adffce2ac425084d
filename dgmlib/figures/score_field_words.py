"""The sentences below the pictures of scores, with the numbers of their frame."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.scores.field import Field, Learned, means


def count(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def amount(value: float, digits: int = 3) -> str:
    """With ``digits`` behind the point, or none where they say nothing."""
    return num(value, digits) if abs(value) < 100 else f"{value:,.0f}".replace("-", "−")


def caption(f: Field, i: int) -> str:
    sigma = f"{f.sigma[i]:.2g}"
    words = f"σ = {sigma}: the density is p * N(0, {sigma}² I)."
    if f.learned is None:
        return (
            f"{words} Of your {count(len(f.data.centre), 'point')} the exact score alone is "
            f"known; Fisher divergence of s = 0: {num(float(f.size[i]), 2)}. A network "
            "learns them in “Learn here”."
        )
    return f"{words} {apart(f, f.learned, i)}"


def apart(f: Field, learned: Learned, i: int) -> str:
    here, there = means(f, learned)[:, i]
    words = f"Mean |learned − exact| on the map: {amount(float(here))} where there are data"
    words += (
        f", {amount(float(there))} where there are none"
        if np.isfinite(there)
        else ", which at this noise is everywhere"
    )
    return (
        f"{words}. Fisher divergence {num(float(learned.fisher[i]), 4)} ± "
        f"{num(float(learned.error[i]), 4)}; of s = 0 {num(float(f.size[i]), 2)}."
    )
