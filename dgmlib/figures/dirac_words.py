"""Numbers and sentences of the smallest GAN."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.figures.scene import Symbol
from dgmlib.figures.signal_words import power
from dgmlib.figures.table import Table
from dgmlib.gan.dirac import State
from dgmlib.gan.dirac_games import LEFT, Played
from dgmlib.gan.dirac_linear import largest_rate


def radius(w: State) -> np.ndarray:
    return np.hypot(w.theta, w.psi)


def color_of(eigen: np.ndarray) -> str:
    size = float(np.abs(eigen).max())
    return "ink" if abs(size - 1) < 1e-9 else "good" if size < 1 else "bad"


def symbol_of(eigen: np.ndarray) -> Symbol:
    marks: dict[str, Symbol] = {"ink": "ring", "good": "circle", "bad": "cross"}
    return marks[color_of(eigen)]


def verdict(eigen: np.ndarray | None) -> str:
    if eigen is None:
        return "no linear theory"
    return {"ink": "turns, for ever", "good": "comes nearer", "bad": "goes away"}[color_of(eigen)]


def size(value: float) -> str:
    """A distance in words: four digits, or a power of ten."""
    if value == 0 or 1e-3 <= value < 1e4:
        return num(value, 4)
    k = int(np.floor(np.log10(value)))
    return f"{value / 10.0**k:.1f}·{power(k)}"


def said(r: Played, n: int) -> str:
    theta, psi = r.steps.theta[n], r.steps.psi[n]
    said = (
        f"Step {n}, time {num(n * r.lr)}: θ = {num(theta, 3)}, ψ = {num(psi, 3)}, "
        f"{size(float(np.hypot(theta, psi)))} from the equilibrium."
    )
    if r.flow is not None and np.isfinite(r.flow.theta[n]):
        said += f" The flow is at {size(float(radius(r.flow)[n]))}."
    if n == len(r.steps.theta) - 1 and np.hypot(theta, psi) > LEFT:
        said += f" The players have left; beyond {LEFT:g} nobody follows them."
    return said


def table(r: Played) -> Table:
    n = len(r.steps.theta) - 1
    rows: list[list[str | float]] = []
    if r.eigen is not None:
        a, b = (complex(v) for v in r.eigen[np.argsort(r.eigen.imag)[::-1]])
        pair: str = f"{num(a.real, 4)} ± {num(abs(a.imag), 4)} i"
        if abs(a.imag) < 1e-12:
            pair = f"{num(a.real, 4)} and {num(b.real, 4)}"
        most = max(largest_rate(r.game), 0.0)
        rows = [
            ["eigenvalues λ of a step at (0, 0)", pair],
            ["near (0, 0), every step multiplies by about", size(float(np.abs(r.eigen).max()))],
            ["so it", verdict(r.eigen)],
            ["simultaneous steps shrink below h =", num(most, 4) if most else "no step size"],
        ]
    ends = {"played": r.steps, "by theory": r.theory, "of the flow": r.flow}
    for name, w in ends.items():
        far = np.nan if w is None else float(radius(w)[-1])
        if np.isfinite(far):
            rows.append([f"distance after {n} steps, {name}", size(far)])
    caption = "Theory is exact for this game, at any distance." if r.exact else (
        "Theory is that of the derivative at (0, 0): exact in the limit of small distances."
    )  # fmt: skip
    return Table(["what", "value"], rows, caption if r.theory is not None else
                 "The two-sided penalty pulls ψ to +1 or −1, and where ψ changes sign it jumps: "
                 "there is no derivative at (0, 0).")  # fmt: skip
