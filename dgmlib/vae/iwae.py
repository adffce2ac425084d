r"""The importance weighted autoencoder: training by L_K, and the gradient that survives a large K.

    L_K = E[log (1/K) sum_i w_i]      grad_theta = E[sum_i v_i grad_theta log w_i],  v = w / sum w

For the encoder the mean of this gradient falls as 1/K and its deviation only as 1/sqrt(K), because
of a term that is zero on average. Reparameterising a second time removes that term:

    grad_phi L_K = E[sum_i v_i^2  (d log w_i / d z_i) (d z_i / d phi)]

with phi held fixed inside log q. The weight enters squared through z and once through theta.

References:
    Importance weighted autoencoders (Burda et al., 2016) https://arxiv.org/abs/1509.00519
    Tighter variational bounds are not necessarily better (Rainforth et al., 2018)
    https://arxiv.org/abs/1802.04537
    Doubly reparameterized gradient estimators for Monte Carlo objectives (Tucker et al., 2019)
    https://arxiv.org/abs/1810.04152
"""

from typing import TYPE_CHECKING

from dgmlib.vae import terms
from dgmlib.vae.bounds import iw_bound
from dgmlib.vae.mlp import Params
from dgmlib.vae.vae import decode, encode, weigh

if TYPE_CHECKING:
    from torch import Tensor


def loss(params: Params, x: "Tensor", noise: "Tensor") -> "Tensor":
    """- L_K, averaged over the n images: backward() gives the ordinary gradient of the bound."""
    return -iw_bound(weigh(params, x, noise).log_w).mean()


def doubly_reparameterised_loss(params: Params, x: "Tensor", noise: "Tensor") -> "Tensor":
    """Its value is - L_K of these draws; its backward() gives the doubly reparameterised gradient.

    Args:
        x: (n, pixels) bits. noise: (K, n, latent) standard normal.
    """
    q = encode(params, x)
    z = terms.reparameterise(q.mean, q.log_var, noise)
    log_w = (
        terms.bernoulli_log_prob(x, decode(params, z))
        + terms.standard_log_prob(z)
        - terms.gaussian_log_prob(z, q.mean.detach(), q.log_var.detach())
    )
    share = log_w.detach().softmax(0)  # (K, n)
    if z.requires_grad:
        z.register_hook(lambda grad: share[..., None] * grad)
    surrogate = -(share * log_w).sum(0).mean()
    return surrogate + (-iw_bound(log_w).mean() - surrogate).detach()
