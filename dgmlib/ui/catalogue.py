"""Every page, in the order of the course. Titles and sections stand in ``pages/<name>.md``."""

from functools import lru_cache

from dgmlib.ui import prose

PAGES = (
    "curse_of_dimensionality",
    "kl_asymmetry",
    "gaussian_mixture",
    "evidence_lower_bound",
    "estimating_the_evidence",
    "vae_latent_space",
    "vae_rate_distortion",
    "gan_signal",
    "gan_critic",
    "dirac_gan",
    "gan_training",
    "infogan",
    "diffusion_line",
    "diffusion_plane",
    "diffusion_digits",
    "score_matching",
    "langevin",
    "sampling",
    "mcmc",
    "markov_chains",
)


@lru_cache(maxsize=1)
def sections() -> dict[str, list[str]]:
    """Section -> names of its pages, both in order of first appearance."""
    found: dict[str, list[str]] = {}
    for name in PAGES:
        found.setdefault(prose.read(name).section, []).append(name)
    return found
