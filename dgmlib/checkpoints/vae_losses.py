"""What the VAE family trains on and is measured by, for :mod:`dgmlib.checkpoints.vae_recipes`."""

import torch
from torch import Generator, Tensor

from dgmlib.checkpoints.recipe import Batch
from dgmlib.vae import iwae, terms, vade, vae

DRAWS_AT_ONCE = 100
Params = dict[str, Tensor]


def _noise(k: int, n: int, latent: int, draws: Generator) -> Tensor:
    return torch.randn(k, n, latent, generator=draws, device=draws.device)


def bound(
    params: Params, batch: Batch, draws: Generator, *, latent: int, beta: float = 1.0
) -> Tensor:
    """- ELBO with the KL weighed by beta and in closed form; the class is read if there is one."""
    c = batch.c if _conditional(params, batch) else None
    halves = vae.split(params, batch.x, _noise(1, len(batch.x), latent, draws), c)
    return (halves.distortion + beta * halves.rate.sum(-1)).mean()


def importance(params: Params, batch: Batch, draws: Generator, *, latent: int, k: int) -> Tensor:
    """- L_K, with the doubly reparameterised gradient."""
    noise = _noise(k, len(batch.x), latent, draws)
    return iwae.doubly_reparameterised_loss(params, batch.x, noise)


def reconstruction(params: Params, batch: Batch, draws: Generator) -> Tensor:
    """The autoencoder that VaDE starts from: codes are the encoder's means, without noise."""
    return -terms.bernoulli_log_prob(
        batch.x, vade.decode(params, vade.encode(params, batch.x).mean)
    ).mean()


def clustering(params: Params, batch: Batch, draws: Generator, *, latent: int) -> Tensor:
    """- ELBO of VaDE."""
    return -vade.bound(params, batch.x, _noise(1, len(batch.x), latent, draws)).elbo.mean()


def measure(
    params: Params, batch: Batch, draws: Generator, *, latent: int, draws_each: int
) -> dict:
    """Per image: L_K with K = ``draws_each``, distortion from the same draws, rate, mean of q."""
    c = batch.c if _conditional(params, batch) else None
    q = vae.encode(params, batch.x, c)
    log_sum = torch.full((len(batch.x),), -torch.inf, device=batch.x.device, dtype=torch.float64)
    seen = torch.zeros_like(log_sum)
    for first in range(0, draws_each, DRAWS_AT_ONCE):
        k = min(DRAWS_AT_ONCE, draws_each - first)
        z = terms.reparameterise(q.mean, q.log_var, _noise(k, len(batch.x), latent, draws))
        seen_now = terms.bernoulli_log_prob(batch.x, vae.decode(params, z, c))
        log_w = seen_now + terms.standard_log_prob(z) - terms.gaussian_log_prob(z, *q)
        log_sum = torch.logaddexp(log_sum, torch.logsumexp(log_w.double(), 0))
        seen += seen_now.double().sum(0)
    return {
        "log_likelihood": log_sum - torch.log(torch.tensor(float(draws_each))),
        "distortion": -seen / draws_each,
        "rate": terms.kl_to_standard(q.mean, q.log_var),
        "mean": q.mean,
    }


def measure_clusters(params: Params, batch: Batch, draws: Generator, *, latent: int) -> dict:
    """Per image: the bound from 50 draws, and q(c|x) averaged over them."""
    noise = _noise(50, len(batch.x), latent, draws)
    found = vade.bound(params, batch.x, noise)
    q = vade.encode(params, batch.x)
    z = terms.reparameterise(q.mean, q.log_var, noise)
    return {"elbo": found.elbo, "q_c": vade.clusters(params, z).mean(0)}


def _conditional(params: Params, batch: Batch) -> bool:
    """Whether the encoder reads the class beside the pixels."""
    return params["encoder.0.weight"].shape[1] == batch.x.shape[-1] + 10
