r"""Forms of the evidence lower bound, right ones and slips, each in closed form.

    z ~ N(0, 1),  x | z ~ N(z, sigma^2),  q = N(m, s^2):  every average below is elementary
    right:   ELBO = E_q[log p(x, z)] + H(q),   H(q) = -E_q[log q]
    slips:   -H(q) for H(q); a KL added, or turned round; the bound minimised; KL > 0

A form says whether it is wrong and why, in words that hold for every q.

References:
    An Introduction to Variational Methods for Graphical Models (Jordan et al., 1999)
    https://doi.org/10.1023/A:1007665907178
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dgmlib.latent.line import LOG_2PI

X, NOISE = 1.2, 0.8
BATCH = 4


class Gaussians(NamedTuple):
    """The averages that the forms are made of, for many q; nats."""

    m: np.ndarray
    s: np.ndarray
    log_p: float  # log p(x) = log N(x; 0, 1 + sigma^2)
    likelihood: np.ndarray  # E_q[log p(x | z)]
    prior: np.ndarray  # E_q[log p(z)]
    entropy: np.ndarray  # H(q)
    true: np.ndarray  # E_q[log p(z | x)]
    to_prior: np.ndarray  # KL(q || p(z))
    from_prior: np.ndarray  # KL(p(z) || q)
    to_posterior: np.ndarray  # KL(q || p(z | x))
    from_posterior: np.ndarray  # KL(p(z | x) || q)


class Form(NamedTuple):
    text: str
    value: Callable[[Gaussians], np.ndarray]
    slip: str = ""  # what is wrong with it and why; "" if nothing is


MU, TAU = X / (1 + NOISE**2), NOISE / np.sqrt(1 + NOISE**2)  # of the posterior


def averages(m: np.ndarray, s: np.ndarray) -> Gaussians:
    def log_normal(x, mean, var, spread):  # E[log N(x; mean, var)] when x has this variance
        return -0.5 * (LOG_2PI + np.log(var) + ((x - mean) ** 2 + spread) / var)

    return Gaussians(
        m, s, float(log_normal(X, 0.0, 1 + NOISE**2, 0.0)), log_normal(m, X, NOISE**2, s * s),
        log_normal(m, 0.0, 1.0, s * s), np.log(s) + 0.5 * (LOG_2PI + 1),
        log_normal(m, MU, TAU**2, s * s), kl(m, s, 0.0, 1.0), kl(0.0, 1.0, m, s),
        kl(m, s, MU, TAU), kl(MU, TAU, m, s),
    )  # fmt: skip


def kl(m, s, m2, s2):
    """KL(N(m, s^2) || N(m2, s2^2))."""
    return np.log(s2 / s) + 0.5 * ((s * s + (m - m2) ** 2) / (s2 * s2) - 1)


RIGHT = [
    Form("E log p(x|z) − KL(q‖p(z))", lambda g: g.likelihood - g.to_prior),
    Form("E log p(x,z) + H(q)", lambda g: g.likelihood + g.prior + g.entropy),
    Form("log p(x) − KL(q‖p(z|x))", lambda g: g.log_p - g.to_posterior),
    Form("E log p(z|x) + log p(x) + H(q)", lambda g: g.true + g.log_p + g.entropy),
]
SLIPS = [
    Form("E log p(x,z) − H(q)", lambda g: g.likelihood + g.prior - g.entropy,
         "−Σ q log q is +H(q), the entropy, and it is added. With the sign of −H(q) a narrow q is "
         "rewarded, and where H(q) < 0 the value can pass log p(x)."),
    Form("E log p(x|z) + KL(q‖p(z))", lambda g: g.likelihood + g.to_prior,
         "The KL to the prior is a cost and is subtracted. Added, it rewards a q far from the "
         "prior, and the value can pass log p(x)."),
    Form("E log p(x|z) − KL(p(z)‖q)", lambda g: g.likelihood - g.from_prior,
         "The KL has q first: its average runs over q. The other direction is another number, "
         "huge for a narrow q."),
    Form("log p(x) − KL(p(z|x)‖q)", lambda g: g.log_p - g.from_posterior,
         "It is below log p(x) and touches it, but the gap of the bound is KL(q‖p(z|x)). This "
         "one averages over the posterior, the very thing that is not known. For equal widths the "
         "two agree."),
    Form("log E [p(x,z) / q(z)]", lambda g: g.log_p + 0 * g.m,
         "That is log p(x) itself, for every q: the logarithm has to be inside the average. "
         "Swapping the two is what costs the gap (Jensen)."),
    Form("E log p(x|z) − (m² + s − 1 − log s)/2", lambda g: (
        g.likelihood - 0.5 * (g.m**2 + g.s - 1 - np.log(g.s))),
         "The deviation s stands where the variance s² belongs: a network's log-deviation was read "
         "as a log-variance. The two agree only at s = 1."),
    Form("mean of E log p(x|z) − sum of KLs", lambda g: g.likelihood - BATCH * g.to_prior,
         f"In a batch of {BATCH} equal points one term is averaged and the other summed: the KL "
         f"counts {BATCH} times. Both terms need the same reduction over the batch."),
]  # fmt: skip
LOSSES = [
    Form("KL(q‖p(z|x))", lambda g: g.to_posterior),
    Form("−E log p(x,z) − H(q)", lambda g: -(g.likelihood + g.prior + g.entropy)),
    Form("KL(q‖p(z)) − E log p(x|z)", lambda g: g.to_prior - g.likelihood),
    Form("E log q(z) − E log p(z|x)", lambda g: -g.entropy - g.true),
]
LOSS_SLIPS = [
    Form("E log p(x,z) + H(q)", lambda g: g.likelihood + g.prior + g.entropy,
         "This is the bound itself. It is raised, not lowered: minimising it has no end, and leads "
         "away from the posterior all the time. Losses are minus the bound."),
    Form("−E log p(x|z)", lambda g: -g.likelihood,
         "Without the KL to the prior nothing keeps q wide: the best q is a spike at the z that "
         "explains x best."),
]  # fmt: skip
CLAIMS = [
    Form("log p(x) − ELBO ≥ 0", lambda g: g.log_p - (g.likelihood - g.to_prior)),
    Form("KL(q‖p(z)) ≥ 0", lambda g: g.to_prior),
    Form("E log p(x|z) − ELBO ≥ 0", lambda g: g.to_prior),
    Form("KL(p(z|x)‖q) ≥ 0", lambda g: g.from_posterior),
]
CLAIM_SLIPS = [
    Form("KL(q‖p(z|x)) > 0", lambda g: g.to_posterior,
         "At least zero, and zero exactly when q is the posterior, which the sweep passes in its "
         "middle. That is where the bound is tight."),
    Form("H(q) ≥ 0", lambda g: g.entropy,
         "True of the entropy of a discrete q. That of a density is negative once it is narrow: "
         "here for s below 0.242. Sweep the width."),
]  # fmt: skip
