r"""The rate-distortion plane of the beta-VAE: what a code costs, and what is lost without it.

    R = E_x KL(q(z|x) || p(z))      D = - E_x E_q log p(x|z)      ELBO = - (R + D)

Training with beta minimises D + beta R. On the curve of best pairs (R, D) that is the point whose
tangent has the slope -beta; beta = 1 is the evidence lower bound. One R + D is one bound: the ELBO
does not say how much of it is rate.

References:
    Fixing a Broken ELBO (Alemi, Poole, Fischer, Dillon, Saurous & Murphy, 2018)
    https://arxiv.org/abs/1711.00464
    beta-VAE: learning basic visual concepts with a constrained variational framework
    (Higgins et al., 2017) https://openreview.net/forum?id=Sy2fzU9gl
"""

from typing import NamedTuple

import numpy as np

from dgmlib.data import own_digit
from dgmlib.vae import shelf, terms, vae
from dgmlib.vae.arrays import sigmoid
from dgmlib.vae.shelf import BETAS

SHOWN = 6  # images: the reader's and bundled ones
FRAMES = 8  # draws of z that can be scrubbed
DRAWS = 16  # of q for each image, for the distortion of the shown digits


class Plane(NamedTuple):
    """P checkpoints by beta, S images shown, F frames; nats."""

    names: list[str]
    beta: np.ndarray  # (P,)
    epochs: np.ndarray  # (P,) of training
    rate: np.ndarray  # (P,) held out, from the card, as all down to log_p_error
    rate_error: np.ndarray  # (P,)
    distortion: np.ndarray  # (P,)
    distortion_error: np.ndarray  # (P,)
    bound_error: np.ndarray  # (P,) of - (R + D), per image: the two halves go together
    log_p: np.ndarray  # (P,)
    log_p_error: np.ndarray  # (P,)
    missing: dict[str, str]  # name -> why
    told: str
    wanted: float  # beta asked for
    chosen: int  # the checkpoint nearest to it
    words: str  # where the first image comes from
    images: np.ndarray  # (S, 28, 28) bits
    shown_rate: np.ndarray  # (P, S)
    shown_distortion: np.ndarray  # (P, S) mean of DRAWS draws
    shown_error: np.ndarray  # (P, S) its standard error
    every: np.ndarray  # (P, 28, 28) the first image through every checkpoint, z at the mean of q
    decoded: np.ndarray  # (F, S, 28, 28) by the chosen one, a draw of q(z|x) each
    sampled: np.ndarray  # (F, S, 28, 28) by the chosen one, a draw of p(z) each

    @property
    def below(self) -> np.ndarray:
        """(P,) how far D + beta R, at the chosen beta, lies below that of the chosen checkpoint."""
        cost = self.distortion + self.beta[self.chosen] * self.rate
        return cost[self.chosen] - cost


def plane(beta: float, digit: str, *, rng: np.random.Generator) -> Plane:
    """The sweep, and a row of digits through the checkpoint that is nearest to ``beta``."""
    found = shelf.look([shelf.name_of(b) for b in BETAS])
    betas = np.array([float(one.card["settings"]["beta"]) for one in found.found])
    chosen = int(np.abs(np.log(betas / beta)).argmin())
    own = own_digit.parse(digit)
    bundled = own_digit.bundled().bits
    others = bundled[rng.choice(len(bundled), SHOWN - 1, replace=False)]
    x = np.concatenate([own.bits[None], others]).astype(np.float32)  # (S, 784)
    latent = found.found[chosen].weights["decoder.0.weight"].shape[1]
    noise = rng.standard_normal((DRAWS, SHOWN, latent), np.float32)
    rate, distortion, error, every = [], [], [], []
    for one in found.found:
        seen = vae.weigh(one.weights, x, noise).log_likelihood  # (DRAWS, S)
        q = vae.encode(one.weights, x)
        rate.append(terms.kl_to_standard(q.mean, q.log_var).sum(-1))
        distortion.append(-seen.mean(0))
        error.append(seen.std(0, ddof=1) / np.sqrt(DRAWS))
        every.append(sigmoid(vae.decode(one.weights, q.mean[0])))
    weights = found.found[chosen].weights
    q = vae.encode(weights, x)
    drawn = q.mean + np.exp(0.5 * q.log_var) * noise[:FRAMES]  # (F, S, latent)
    prior = rng.standard_normal((FRAMES, SHOWN, latent), np.float32)

    def score(name: str) -> np.ndarray:
        return np.array([shelf.score(one, name) for one in found.found]).T

    (r, r_error), (d, d_error) = score("rate"), score("distortion")
    elbo_error = score("test ELBO")[1]
    log_p, log_p_error = score("test log-likelihood")
    side = (own_digit.SIDE, own_digit.SIDE)
    return Plane(
        [one.name for one in found.found], betas,
        np.array([shelf.epochs(one) for one in found.found]),
        r, r_error, d, d_error, elbo_error, log_p, log_p_error, found.missing, found.told, beta,
        chosen, own.words, x.reshape(-1, *side),
        np.array(rate), np.array(distortion), np.array(error), np.array(every).reshape(-1, *side),
        sigmoid(vae.decode(weights, drawn)).reshape(FRAMES, SHOWN, *side),
        sigmoid(vae.decode(weights, prior)).reshape(FRAMES, SHOWN, *side),
    )  # fmt: skip
