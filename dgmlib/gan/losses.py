r"""What the two players minimise, as functions of the critic's answers.

    saturating       D: -E log s(D(x)) - E log(1 - s(D(G(z))))    G:  E log(1 - s(D(G(z))))
    non-saturating   D: the same                                  G: -E log s(D(G(z)))
    least-squares    D: E (D(x) - 1)^2 / 2 + E D(G(z))^2 / 2      G:  E (D(G(z)) - 1)^2 / 2
    wasserstein      D: E D(G(z)) - E D(x)                        G: -E D(G(z))

D answers with a logit in the first two (s is the sigmoid) and with any number in the others. Of the
first two, D's loss is minus the value V(D, G) of the game; both losses of G have the same fixed
point, but where D is sure of itself only the second has a gradient. Means over all answers, which
are NumPy arrays or torch tensors of any shape; nats where there is a logarithm.

References:
    Generative adversarial nets (Goodfellow et al., 2014) https://arxiv.org/abs/1406.2661
    Least squares generative adversarial networks (Mao et al., 2017)
    https://arxiv.org/abs/1611.04076
    Wasserstein GAN (Arjovsky, Chintala & Bottou, 2017) https://arxiv.org/abs/1701.07875
"""

from typing import Literal, get_args

from dgmlib.vae.arrays import Array, softplus

Kind = Literal["saturating", "non-saturating", "least-squares", "wasserstein"]
KINDS: tuple[Kind, ...] = get_args(Kind)


def critic_loss(kind: Kind, real: Array, fake: Array) -> Array:
    """What D minimises, from its answers to real points and to generated ones; a scalar.

    Example:
        >>> import numpy as np
        >>> round(float(critic_loss("saturating", np.zeros(4), np.zeros(4))), 6)  # log 4
        1.386294
    """
    if kind in ("saturating", "non-saturating"):
        return softplus(-real).mean() + softplus(fake).mean()
    if kind == "least-squares":
        return ((real - 1) ** 2).mean() / 2 + (fake**2).mean() / 2
    if kind == "wasserstein":
        return fake.mean() - real.mean()
    raise ValueError(f"there is no loss {kind!r}; there are {', '.join(KINDS)}")


def generator_loss(kind: Kind, fake: Array) -> Array:
    """What G minimises, from D's answers to generated points; a scalar."""
    if kind == "saturating":
        return -softplus(fake).mean()
    if kind == "non-saturating":
        return softplus(-fake).mean()
    if kind == "least-squares":
        return ((fake - 1) ** 2).mean() / 2
    if kind == "wasserstein":
        return -fake.mean()
    raise ValueError(f"there is no loss {kind!r}; there are {', '.join(KINDS)}")
