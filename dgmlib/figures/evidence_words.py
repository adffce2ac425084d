"""Numbers of a bound that add up as they stand: what is shown is rounded once, and consistently."""

from decimal import Decimal
from typing import NamedTuple

from dgmlib.latent.bound import Split

DIGITS = 4
MINUS = "−"


class Shown(NamedTuple):
    """Decimals that satisfy the identities exactly; each within 2 of the last digit."""

    log_p: Decimal  # = elbo + gap
    elbo: Decimal  # = reconstruction - kl_prior = log_joint + entropy
    gap: Decimal
    reconstruction: Decimal
    kl_prior: Decimal
    log_joint: Decimal
    entropy: Decimal


def fixed(value: float, digits: int = DIGITS) -> Decimal:
    """Rounded half to even, never minus zero."""
    return round(Decimal(float(value)), digits) + Decimal(0)


def adding_up(log_p: float, gap: float, kl_prior: float, entropy: float) -> Shown:
    """Four are rounded, the other three follow from them."""
    p, g, k, h = (fixed(v) for v in (log_p, max(gap, 0.0), max(kl_prior, 0.0), entropy))
    bound = p - g
    return Shown(p, bound, g, bound + k, k, bound - h, h)


def shown(s: Split, f: int | None = None) -> Shown:
    """The numbers of frame ``f``, or of a split with one entry."""
    parts = (s.gap, s.kl_prior, s.entropy)
    gap, kl, entropy = (float(a) if f is None else float(a[f]) for a in parts)
    return adding_up(float(s.log_p), gap, kl, entropy)


def say(value: Decimal | float, digits: int = DIGITS) -> str:
    """With a true minus sign and marks for thousands."""
    d = value if isinstance(value, Decimal) else fixed(value, digits)
    return f"{d:,.{digits}f}".replace("-", MINUS) if d else f"{0:.{digits}f}"
