"""What a schedule of noise did to chains, in words."""

import numpy as np

from dgmlib.figures.divergences import num
from dgmlib.scores.proportions import GAP, Proportions, keeps, repaired
from dgmlib.scores.proportions_law import swelling

WIDE = 1.3  # a mode that is wider is not healthy


def caption(p: Proportions, f: int) -> str:
    """Shares with one standard error, and the exact ones where they are known."""
    plain, noisy = (
        f"{name} {num(r.share[f], 3)} ± {num(r.error[f], 3)}"
        + (f" (exact {num(r.exact[f], 3)})" if len(r.law) else "")
        for name, r in (("plain", p.plain), ("annealed", p.annealed))
    )
    return (
        f"Step {f} of {len(p.sigma) - 1}, σ = {num(p.sigma[f])}, step size {num(p.size[f], 3)} "
        f"(plain {num(p.rate, 1)}). Share in the left mode: {plain}, {noisy}; the density has "
        f"{num(p.truth, 3)}. {verdict(p)} {score_words(p)}"
    )


def verdict(p: Proportions) -> str:
    """What is wrong with the schedule, or that it is healthy."""
    L, thrown = len(p.sigmas), int((p.throw >= 2).sum())
    if thrown:
        return f"Unstable: at {thrown} of {L} levels a step throws chains farther out."
    if not repaired(p):
        off = np.flatnonzero(~keeps(p))
        where = (
            f"their share is wrong at {len(off)} of {L} levels, first at {off[0] + 1}" if len(off)
            else "the last noise still blurs the modes into each other"
        )  # fmt: skip
        return f"Not repaired: annealed chains end more than {GAP:g} off; {where}."
    wide = settled_width(p)
    if wide > WIDE:
        return f"Repaired, but the last level makes each mode {num(wide)} times too wide."
    return f"Healthy: annealed chains end within {GAP:g} of the density's share."


def settled_width(p: Proportions) -> float:
    """How wide far modes of variance 1 are where the last level settles."""
    return float((1 + p.sigmas[-1] ** 2) ** 0.5 * swelling(float(p.throw[-1])))


def score_words(p: Proportions) -> str:
    b, k = p.blind, p.here
    return (
        f"The weights {p.weight:g} and 0.5 differ by KL {num(b.kl[k], 3)}, and by a Fisher "
        f"divergence of {b.fisher[k]:.1e}.".replace("e-", "e−")
    )
