"""What happens in a half-step of EM, in words and numbers."""

import numpy as np

from dgmlib.figures.table import Table
from dgmlib.mixtures.collapse import EMPTY
from dgmlib.mixtures.runs import Run


def number(value: float, digits: int = 3) -> str:
    """A number in a sentence: fixed digits, a true minus sign."""
    return f"{value:.{digits}f}".replace("-", "−")


def changed(n: int) -> str:
    return "1 point changes" if n == 1 else f"{n} points change"


def value_name(run: Run) -> str:
    """What is climbed: three names for three objectives."""
    t = run.trace
    if t.temperature[0] != 1:
        return f"free energy at T = {t.temperature[0]:g}"
    return "log-likelihood + log prior" if t.log_prior.any() else "log-likelihood"


def em_captions(run: Run, agreement: float = np.nan) -> list[str]:
    """One sentence a half-step, with what it changed to three decimals."""
    t, value = run.trace, value_name(run)
    top, low = t.free_energy + t.log_prior, t.bound + t.log_prior
    said = [f"Start: the {value} is {number(top[0])}. No point belongs to anyone yet."]
    for i in range(1, len(top)):
        step = (i + 1) // 2
        if t.kind[i] == "E":
            said.append(
                f"E-step {step}: points change colour, ellipses stay. "
                + (f"The bound rises by {number(low[i] - low[i - 1])} to {number(low[i])} and "
                   f"closes the gap; the {value} stays."
                   if i > 1
                   else f"The bound now touches the {value}, {number(top[i])}.")
            )  # fmt: skip
        else:
            said.append(
                f"M-step {step}: ellipses move, colours stay. The bound rises by "
                f"{number(low[i] - low[i - 1])}, the {value} by {number(top[i] - top[i - 1])} to "
                f"{number(top[i])}: a gap of {number(t.gap[i])} opens."
            )
    if run.collapse:
        said[-1] += f" The next M-step fails: {collapse_words(run)}"
    elif t.converged:
        said[-1] += " Converged."
    if np.isfinite(agreement):
        said[-1] += f" {agreement:.0%} of the points are where the truth would put them."
    return said


def collapse_words(run: Run) -> str:
    """What happened and what helps, with the names the picture uses."""
    if run.count < EMPTY:
        return (
            f"component {run.component + 1} lost all its points. Its weight goes to 0, and what "
            f"remains is {fewer(run)}. Start its mean nearer to the points, or take fewer "
            "components."
        )
    return (
        f"component {run.component + 1} collapses. It holds {run.count:.3g} points and would have "
        f"variance {max(run.eigenvalue, 0.0):.2g} in its thinnest direction. The likelihood is "
        "unbounded: with the mean on these points it grows without limit as σ → 0. "
        "Turn on the prior, or take fewer components, a tied shape or another start."
    )


def fewer(run: Run) -> str:
    left = run.trace.weight.shape[1] - 1
    return "one Gaussian" if left == 1 else f"a mixture of {left}"


def collapse_table(run: Run) -> Table:
    """The last steps of a component that shrinks onto a point or loses its points, in numbers."""
    t, k = run.trace, run.component
    at = np.flatnonzero(t.kind != "E")[-6:]
    rows = []
    for i in at:
        sd = float(np.sqrt(np.linalg.eigvalsh(t.cov[i, k])[0]))
        peak = float(1 / (2 * np.pi * np.sqrt(np.linalg.det(t.cov[i, k]))))
        held = float(t.weight[i, k] * t.responsibilities.shape[1])
        rows.append([str((i + 1) // 2), held, sd, peak, float(t.log_likelihood[i])])
    refused = f"{(at[-1] + 1) // 2 + 1}, refused"
    if run.count < EMPTY:
        rows.append([refused, run.count, "none", "none", f"that of {fewer(run)}"])
    else:
        sd, limit = float(np.sqrt(max(run.eigenvalue, 0.0))), "unbounded as σ → 0"
        rows.append([refused, run.count, sd, limit, limit])
    return Table(
        ["M-step", "points held", "smallest sd", "density at the mean", "log-likelihood"],
        rows,
        "C" + collapse_words(run)[1:],
    )
