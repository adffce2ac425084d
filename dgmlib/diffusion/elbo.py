r"""The bound on log p(x_0), taken apart in two ways.

    log p(x_0) >= E_q log p(x_0:T) / q(x_1:T | x_0), which is each of the two sums:

    denoising      E log p(x_0 | x_1) - KL(q(x_T | x_0) || p(x_T))
                   - sum_{t=2}^T   E KL(q(x_{t-1} | x_t, x_0) || p(x_{t-1} | x_t))
    consistency    E log p(x_0 | x_1) - E KL(q(x_T | x_{T-1}) || p(x_T))
                   - sum_{t=1}^{T-1} E log q(x_t | x_{t-1}) / p(x_t | x_{t+1})

The expectation is over x_t alone in a term of the first, over x_{t-1}, x_t and x_{t+1} in one of
the second, which is the noisier estimate of the same number. Its middle terms are often written as
E KL(q(x_t | x_{t-1}) || p(x_t | x_{t+1})). They are not: given both its neighbours x_t does not
follow q(x_t | x_{t-1}), as x_{t+1} was made from it; with that the sums would differ.
The reverse step is p(x_{t-1} | x_t) = N(posterior mean at x_0-hat(x_t), sigma_t^2 I).

References:
    Denoising diffusion probabilistic models (Ho, Jain & Abbeel, 2020)
    https://arxiv.org/abs/2006.11239
    Understanding diffusion models: a unified perspective (Luo, 2022)
    https://arxiv.org/abs/2208.11970 (both)
"""

from typing import Literal, NamedTuple

import numpy as np

from dgmlib.diffusion.exact import Eps
from dgmlib.diffusion.process import leap, parts, posterior, step
from dgmlib.diffusion.schedule import Schedule, derive

Variance = Literal["beta", "posterior"]


class Terms(NamedTuple):
    """Nats; each term is what it takes away from the bound, first axis the time.

    ``bound = -terms.sum(0)``. A column is one draw of x_1, ..., x_T for one x_0.
    """

    denoising: np.ndarray  # (T + 1, n): [0] = -log p(x_0 | x_1), [t - 1] for t = 2 .. T, [T] prior
    consistency: np.ndarray  # (T + 1, n): [0] the same, [t] for t = 1 .. T - 1, [T] prior


def variances(schedule: Schedule, kind: Variance) -> np.ndarray:
    """(T + 1,) sigma_t^2 of the reverse step from t; index 0 is not used.

    At t = 1 the posterior's is 0, and log p(x_0 | x_1) needs a width: it is beta_1 for both.
    """
    if kind not in ("beta", "posterior"):
        raise ValueError(f"the variance is 'beta' or 'posterior', not {kind!r}")
    var = schedule.beta.copy() if kind == "beta" else derive(schedule).posterior_var
    var[1] = schedule.beta[1]
    return var


def draw(
    eps: Eps, x0: np.ndarray, schedule: Schedule, *, rng: np.random.Generator,
    variance: Variance = "beta",
) -> Terms:  # fmt: skip
    """Both sums from one and the same draw of the noise for every row of x0 (n, d)."""
    T, (n, d) = len(schedule.beta) - 1, x0.shape
    a, beta, var = schedule.alpha_bar, schedule.beta, variances(schedule, variance)
    denoising, consistency = np.empty((T + 1, n)), np.empty((T + 1, n))
    x = older = x0
    for t in range(1, T + 1):
        oldest, older, x = older, x, step(x, 1 - beta[t], rng.standard_normal(x0.shape))
        guess = parts("eps", eps(x, float(a[t])), x, float(a[t])).x0
        mean = posterior(x, guess, a[t], a[t - 1]).mean  # of p(x_{t-1} | x_t)
        if t == 1:
            denoising[0] = consistency[0] = -log_normal(x0 - mean, var[1])
        else:
            true = posterior(x, x0, a[t], a[t - 1])
            denoising[t - 1] = gaussian_kl(true.mean - mean, true.var, var[t], d)
            forth = older - (1 - beta[t - 1]) ** 0.5 * oldest  # x_{t-1} from x_{t-2}
            consistency[t - 1] = log_normal(forth, beta[t - 1]) - log_normal(older - mean, var[t])
    denoising[T] = gaussian_kl(a[T] ** 0.5 * x0, 1 - a[T], 1.0, d)
    consistency[T] = gaussian_kl((1 - beta[T]) ** 0.5 * older, beta[T], 1.0, d)
    return Terms(denoising, consistency)


def denoising_at(
    eps: Eps, x0: np.ndarray, schedule: Schedule, times: np.ndarray, *, rng: np.random.Generator,
    variance: Variance = "beta",
) -> np.ndarray:  # fmt: skip
    """Terms of the first sum at some times t in 1 .. T alone, with x_t drawn in one leap.

    (len(times), n) nats. The mean over draws is that of ``draw``'s rows t - 1.
    """
    a, var, d = schedule.alpha_bar, variances(schedule, variance), x0.shape[1]
    found = np.empty((len(times), len(x0)))
    for row, t in enumerate(times):
        x = leap(x0, a[t], rng.standard_normal(x0.shape))
        guess = parts("eps", eps(x, float(a[t])), x, float(a[t])).x0
        mean = posterior(x, guess, a[t], a[t - 1]).mean
        if t == 1:
            found[row] = -log_normal(x0 - mean, var[1])
        else:
            true = posterior(x, x0, a[t], a[t - 1])
            found[row] = gaussian_kl(true.mean - mean, true.var, float(var[t]), d)
    return found


def gaussian_kl(shift: np.ndarray, var_q: float, var_p: float, d: int) -> np.ndarray:
    """KL(N(m_q, var_q I) || N(m_p, var_p I)) for shift = m_q - m_p (n, d); (n,) nats."""
    ratio = var_q / var_p
    return 0.5 * (_square(shift) / var_p + d * (ratio - 1 - np.log(ratio)))


def log_normal(away: np.ndarray, var: float) -> np.ndarray:
    """log N(away | 0, var I), (n, d) -> (n,) nats."""
    return -0.5 * (_square(away) / var + away.shape[-1] * np.log(2 * np.pi * var))


def _square(x: np.ndarray) -> np.ndarray:
    return (x * x).sum(-1)
