"""Six ways to play, each a loss and what keeps its critic in bounds, and their settings.

    gan, non-saturating, least-squares     the critic is free
    wgan-clip                              every weight of the critic in [-c, c]
    wgan-gp                                lambda E (|grad D| - 1)^2 between data and samples
    spectral-norm                          every layer of D divided by its largest gain, D times K

The defaults are for data of size 2 in the plane and networks of 128 units: found by trying, they
are the choice of this library, not of the papers.
"""

from typing import Literal, NamedTuple, get_args

from dgmlib.gan.losses import Kind

Method = Literal["gan", "non-saturating", "least-squares", "wgan-clip", "wgan-gp", "spectral-norm"]
METHODS: tuple[Method, ...] = get_args(Method)
LATENT = 2  # z ~ N(0, I): so few that the whole of G can be drawn


class Settings(NamedTuple):
    """What a reader may change while the game runs."""

    lr: float = 1e-3  # of G
    critic_lr: float = 1e-3
    n_critic: int = 1  # moves of D in a round
    batch: int = 256
    penalty: float = 0.0  # lambda of the gradient penalty
    clip: float = 0.1  # c, for wgan-clip
    gain: float = 1.0  # K of a spectrally normalised critic
    beta1: float = 0.5
    beta2: float = 0.99


DEFAULTS: dict[str, Settings] = {
    "gan": Settings(),
    "non-saturating": Settings(),
    "least-squares": Settings(),
    "wgan-clip": Settings(n_critic=5, clip=0.1, beta1=0.0),
    "wgan-gp": Settings(n_critic=3, penalty=1.0),
    "spectral-norm": Settings(gain=10.0),
}
LOSS: dict[str, Kind] = {
    "gan": "saturating",
    "non-saturating": "non-saturating",
    "least-squares": "least-squares",
    "wgan-clip": "wasserstein",
    "wgan-gp": "wasserstein",
    "spectral-norm": "non-saturating",
}
