"""What the VAE family trains on and is measured by, for :mod:`dgmlib.checkpoints.vae_recipes`."""

import torch
from torch import Generator, Tensor
from torch.nn import functional

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
    """The autoencoder that VaDE starts from: grey images (n, pixels) from the codes of moved ones.

    Codes are the encoder's means, without noise. Where an image stands is not in its code, because
    the image that has to be given back stands where it stood: codes tell shapes apart.
    """
    code = vade.encode(params, jitter(batch.x, draws)).mean
    return -terms.bernoulli_log_prob(batch.x, vade.decode(params, code)).mean()


def clustering(params: Params, batch: Batch, draws: Generator, *, latent: int) -> Tensor:
    """- ELBO of VaDE: bits drawn from the grey images, which the encoder is shown."""
    bits = torch.rand(batch.x.shape, generator=draws, device=draws.device) < batch.x
    noise = _noise(1, len(batch.x), latent, draws)
    return -vade.bound(params, bits.float(), noise, seen=batch.x).elbo.mean()


def jitter(x: Tensor, draws: Generator) -> Tensor:
    """(n, side * side) images, each turned (11 degrees), sheared, scaled (a tenth) and moved.

    The largest values of each; the move is up to 2.5 pixels of 28 either way.
    """
    n, side = len(x), round(x.shape[1] ** 0.5)
    random = 2 * torch.rand(5, n, generator=draws, device=x.device) - 1
    turn, shear, scale = 0.2 * random[0], 0.15 * random[1], 1 + 0.1 * random[2]
    right, down = 5.0 / 28.0 * random[3:]
    rows = [
        torch.stack([scale * turn.cos(), -scale * (turn.sin() - shear), right], 1),
        torch.stack([scale * turn.sin(), scale * turn.cos(), down], 1),
    ]
    where = functional.affine_grid(torch.stack(rows, 1), [n, 1, side, side], align_corners=False)
    moved = functional.grid_sample(x.view(n, 1, side, side), where, align_corners=False)
    return moved.view(n, -1).clamp(0.0, 1.0)


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
