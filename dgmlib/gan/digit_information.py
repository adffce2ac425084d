r"""How much of the category is in the picture: the table of what goes in and what is read.

    I(c; r) = H(c) - H(c|r),      H(c|r) = E_r[H(c | r = y)],      r = argmax_c q(c|x)
    L(T)    = H(c) + E log q_T(c|x) <= I(c; x),      q_T proportional to q^(1/T)

Every category goes in equally often, so H(c) = log K exactly. The temperature T makes the reader
surer (T < 1) or less sure of the same answers: r and I(c; r) stay, the bound does not. Were q_T
only told r, its bound would be I(c; r) - E_r[KL(p(c|r) || q_T(c|r))], on this table exactly.

References:
    InfoGAN: interpretable representation learning by information maximizing generative adversarial
    nets (Chen et al., 2016) https://arxiv.org/abs/1606.03657
    The IM algorithm: a variational approach to information maximization (Barber & Agakov, 2003)
    https://papers.nips.cc/paper/2410-information-maximization-in-noisy-channels
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dgmlib.divergences import information
from dgmlib.gan import digit_net
from dgmlib.gan.digit_net import Reading
from dgmlib.vae.arrays import logsumexp

TEMPERATURES = 2.0 ** np.linspace(-4, 4, 33)
SHUFFLES = 50


class Known(NamedTuple):
    n: int  # images
    table: np.ndarray  # (K, K) how often category (row) was read as category (column)
    entropies: information.Information  # of the table divided by n, X = put in, Y = read
    floor: float  # mean I of tables whose codes were shuffled: what chance gives
    temperature: np.ndarray  # (F,)
    bound: np.ndarray  # (F,) L(T)
    error: np.ndarray  # (F,) its standard error
    told_r: information.Bound  # (F,) each: of q_T(c|r), the mean of q_T(c|x) over images read as r
    hardest: int  # the read category that leaves the most doubt about c
    posterior: np.ndarray  # (K,) p(c | r = hardest), of the table
    guess: np.ndarray  # (F, K) q_T(c | r = hardest)
    u: np.ndarray  # (n, d) continuous codes put in
    reading: Reading  # of all images
    u_bound: np.ndarray  # (d,) log 2 + E log q(u_j|x)
    u_error: np.ndarray  # (d,)
    times: float  # the noise is so many times that of the training
    told: str


def know(name: str, *, images: int, times: float, seed: int) -> Known:
    """From ``images`` generated pictures, as many of every category.

    Args:
        times: the noise is so many times that of the training.
    """
    net = digit_net.load(name)
    K = net.shape.categories
    if images < 2 * K or images % K:
        raise ValueError(f"images must be a multiple of {K}, two of each at least; got {images}")
    c, u, reading = _read(name, net.card["sha256"], images, times, seed)
    r, n = reading.log_p.argmax(1), images
    table = counts(c, r, K)
    rng = np.random.default_rng(seed)
    chance = np.stack([counts(c, rng.permutation(r), K) for _ in range(SHUFFLES)]) / n
    log_q = tempered(reading.log_p, TEMPERATURES)  # (F, n, K)
    truth = log_q[:, np.arange(n), c]  # (F, n)
    q_r = mean_of_groups(np.exp(log_q), r, K)  # (F, K, K) rows: read
    entropies = information.information(table / n)
    posterior = information.conditional(table.T / n)  # (K, K) rows: read
    doubt = np.where(table.sum(0) > 0, _entropy(posterior), -1)
    hardest = int(doubt.argmax())
    u_log = -0.5 * ((u - reading.mean) / reading.std) ** 2 - np.log(reading.std)
    u_log -= 0.5 * math.log(2 * math.pi)
    return Known(
        n, table, entropies, float(information.information(chance).mutual[:, 0].mean()),
        TEMPERATURES, math.log(K) + truth.mean(1), stratified_error(truth, c, K),
        information.infogan_bound(table.T / n, q_r), hardest, posterior[hardest],
        q_r[:, hardest], u, reading, math.log(2) + u_log.mean(0),
        u_log.std(0, ddof=1) / math.sqrt(n), times, net.told,
    )  # fmt: skip


def counts(c: np.ndarray, r: np.ndarray, K: int) -> np.ndarray:
    """(K, K) how often c (row) goes with r (column)."""
    table = np.zeros((K, K), int)
    np.add.at(table, (c, r), 1)
    return table


def tempered(log_q: np.ndarray, temperature: np.ndarray) -> np.ndarray:
    """log q_T (F, n, K) at temperatures (F,) from log q (n, K)."""
    hot = log_q / temperature[:, None, None]
    return hot - logsumexp(hot, 2)[..., None]


def stratified_error(values: np.ndarray, c: np.ndarray, K: int) -> np.ndarray:
    """Standard error (F,) of means over values (F, n) of equally many draws of each category.

    Categories are not drawn, so what varies between them is no error.
    """
    within = np.stack([values[:, c == k].var(1, ddof=1) for k in range(K)])  # (K, F)
    return np.sqrt(within.mean(0) / values.shape[1])


def mean_of_groups(q: np.ndarray, r: np.ndarray, K: int) -> np.ndarray:
    """(F, K, K) means of q (F, n, K) over the images of each group; equal where there are none."""
    member = np.eye(K)[r]  # (n, K)
    size = member.sum(0)[:, None]
    sums = np.einsum("ng,fnk->fgk", member, q)
    return np.where(size > 0, sums / np.maximum(size, 1), 1 / K)


def _entropy(p: np.ndarray) -> np.ndarray:
    return -np.sum(p * np.log(np.where(p > 0, p, 1)), -1)


@lru_cache(maxsize=8)
def _read(
    name: str, _sha256: str, n: int, times: float, seed: int
) -> tuple[np.ndarray, np.ndarray, Reading]:
    net, rng = digit_net.load(name), np.random.default_rng(seed)
    c = np.arange(n) % net.shape.categories
    u = rng.uniform(-1, 1, (n, net.shape.continuous))
    noise = times * net.shape.spread * rng.standard_normal((n, net.shape.noise))
    return c, u, digit_net.read(net, digit_net.draw(net, noise, c, u))
