"""Numbers and sentences of the signal page."""

import numpy as np

from dgmlib.divergences.shift import Measures
from dgmlib.figures.divergences import num
from dgmlib.figures.table import Table

NAMES = ["KL(p‖q)", "KL(q‖p)", "JS", "TV", "W₁", "W₂"]
SHOWN = [0.2, 1.0, 2.0, 4.0, 8.0]  # theta of the table
Words = list[list[str]]  # (T, 6)


def power(k: int) -> str:
    """10 to the k in print."""
    return "10" + str(k).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def short(value: float, error: float = 0.0) -> str:
    """Four digits or a power of ten, fewer where the error says so; a dash for nan."""
    if np.isnan(value):
        return "–"
    if np.isinf(value) or value == 0:
        return num(value, 0)
    if error >= abs(value):
        return "≈ 0"
    sure = int(np.floor(-np.log10(2 * error))) if error > 0 else 9
    if 1e-3 <= abs(value) < 1e5:
        digits = 4 if abs(value) < 1 else max(0, 3 - int(np.floor(np.log10(abs(value)))))
        return num(value, max(0, min(digits, sure)))
    digits, k = f"{abs(value):.1e}".split("e")
    return f"{'−' if value < 0 else ''}{digits}·{power(int(k))}"


def words(value: Measures, error: Measures) -> Words:
    pairs = zip(np.array(value).T, np.array(error).T, strict=True)
    return [[short(v, e) for v, e in zip(vs, es, strict=True)] for vs, es in pairs]


def said(theta: float, value: list[str], slope: list[str]) -> str:
    parts = [
        f"{NAMES[i]} is {value[i]} with {'no slope' if slope[i] == '–' else 'slope ' + slope[i]}"
        for i in (0, 2, 4)
    ]
    return f"θ = {num(theta, 1)}: {', '.join(parts)}."


def table(theta: np.ndarray, value: Words, slope: Words) -> Table:
    at = [int(np.argmin(np.abs(theta - t))) for t in SHOWN]
    rows: list[list[str | float]] = [
        [name, *(f"{value[k][i]}; {slope[k][i]}" for k in at)] for i, name in enumerate(NAMES)
    ]
    return Table(
        ["value; slope", *(f"θ = {t:g}" for t in SHOWN)], rows,
        "KL and JS in nats, TV a probability, W in units of x; – where there is no slope. Points, "
        "lines: exact. Else no digit is shown that the bound on the numerical error leaves open.",
    )  # fmt: skip
