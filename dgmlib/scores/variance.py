r"""What a number of probes, or of noise, costs and buys: every objective on a known score.

    Var = Var_x E[. | x] + E_x Var[. | x],    the first from the data, the second from the noise
    v^T B v:  Rademacher  2 sum_{i != j} B_ij^2,    Gaussian  2 |B|_F^2         (B symmetric)
    Hutchinson B = sym ds/dx,  sliced B = sym ds/dx + 1/2 s s^T,  both divided by m probes
    denoising  1/2 |s + u|^2 with u = (x~ - x) / sigma^2, given x~ a mixture of N(-g_k, C_k),
               C_k = I / sigma^2 - (S_k + sigma^2 I)^-1:  it grows as d / (2 sigma^4)

Rows are exact by quadrature, and measured beside. Cost counts networks: one for s, one more for
each direction that ds/dx is asked in.

References:
    A stochastic estimator of the trace of the influence matrix for Laplacian smoothing splines
    (Hutchinson, 1990) https://doi.org/10.1080/03610919008812866
    Sliced score matching: a scalable approach to density and score estimation
    (Song, Garg, Shi & Ermon, 2019) https://arxiv.org/abs/1905.07088
"""

from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

import numpy as np

from dgmlib.divergences.quadrature import Estimate
from dgmlib.mixtures import gmm
from dgmlib.scores import exact, fisher, matching
from dgmlib.scores.exact import Slopes
from dgmlib.scores.matching import Probe

Field = Callable[[np.ndarray], Slopes]  # a score and its Jacobian, which need not be symmetric
Objective = Literal["explicit", "implicit", "hutchinson", "sliced", "denoising"]
RTOL = 1e-6  # of the exact moments
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)


class Dial(NamedTuple):
    """One objective, for one example; the mean of n examples has a variance n times smaller."""

    objective: Objective
    evaluations: int  # networks for one example
    mean: Estimate  # exact
    from_data: Estimate  # exact part of the variance
    from_noise: Estimate  # the other part: probes, or the noise of denoising
    measured_mean: Estimate  # with its standard error
    measured_variance: Estimate  # with its standard error

    @property
    def variance(self) -> float:
        return self.from_data.value + self.from_noise.value

    @property
    def per_cost(self) -> float:
        """Variance times networks: what the variance would be after one network."""
        return self.variance * self.evaluations


def dial(
    objective: Objective, p: gmm.Params, field: Field, *, n: int, rng: np.random.Generator,
    m: int = 1, kind: Probe = "rademacher", sigma: float = 0.1,
) -> Dial:  # fmt: skip
    """The objective of the score ``field`` on data from p, exact and from n examples."""
    d = p.mean.shape[-1]
    q = exact.smoothed(p, sigma) if objective == "denoising" else p

    def moments(x: np.ndarray) -> np.ndarray:
        mean, noise = given_x(objective, p, field, x, m=m, kind=kind, sigma=sigma)
        return np.stack([mean, mean * mean, noise])

    value, error = (np.asarray(a) for a in fisher.expect(q, moments, rtol=RTOL))
    seen = draw(objective, p, field, n=n, m=m, kind=kind, sigma=sigma, rng=rng)
    var = seen.var(ddof=1)
    fourth = ((seen - seen.mean()) ** 4).mean()
    return Dial(
        objective, 1 + {"implicit": d, "hutchinson": m, "sliced": m}.get(objective, 0),
        Estimate(float(value[0]), float(error[0])),
        Estimate(float(value[1] - value[0] ** 2), float(error[1] + 2 * abs(value[0]) * error[0])),
        Estimate(float(value[2]), float(error[2])),
        Estimate(float(seen.mean()), float((var / n) ** 0.5)),
        Estimate(float(var), float((max(fourth - var**2, 0.0) / n) ** 0.5)),
    )  # fmt: skip


def draw(
    objective: Objective, p: gmm.Params, field: Field, *, n: int, rng: np.random.Generator,
    m: int = 1, kind: Probe = "rademacher", sigma: float = 0.1,
) -> np.ndarray:  # fmt: skip
    """The objective of n examples from p, as a training would see it: (n,)."""
    x, _ = gmm.sample(p, n, rng=rng)
    if _check(objective) == "denoising":
        noisy = x + exact.check_sigma(sigma) * rng.standard_normal(x.shape)
        return matching.denoising(field(noisy).score, x, noisy, sigma)
    s, jacobian = field(x)
    if objective == "explicit":
        return matching.explicit(s, exact.score(p, x))
    if objective == "implicit":
        return matching.implicit(s, np.trace(jacobian, axis1=1, axis2=2))
    v = matching.probes(kind, m, *x.shape, rng=rng)
    jv = (jacobian @ v[..., None])[..., 0]
    return (matching.hutchinson if objective == "hutchinson" else matching.sliced)(s, v, jv)


def given_x(
    objective: Objective, p: gmm.Params, field: Field, x: np.ndarray, *, m: int, kind: Probe,
    sigma: float,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Mean and variance of the objective at x, which is noisy for denoising: (n,) and (n,)."""
    s, jacobian = field(x)
    if _check(objective) == "explicit":
        return matching.explicit(s, exact.score(p, x)), np.zeros(len(x))
    if objective == "denoising":
        return _denoising(exact.smoothed(p, sigma), s, x, sigma)
    mean = matching.implicit(s, np.trace(jacobian, axis1=1, axis2=2))
    if objective == "implicit":
        return mean, np.zeros(len(x))
    form = 0.5 * (jacobian + jacobian.swapaxes(1, 2))
    if objective == "sliced":
        form = form + 0.5 * s[:, :, None] * s[:, None, :]
    return mean, probe_variance(form, kind) / m


def probe_variance(form: np.ndarray, kind: Probe) -> np.ndarray:
    """Var v^T B v for symmetric B (n, d, d): (n,)."""
    total = (form * form).sum((1, 2))
    if matching.check_probe(kind) == "rademacher":
        total = total - (np.diagonal(form, axis1=1, axis2=2) ** 2).sum(1)
    return 2 * total


def _denoising(
    q: gmm.Params, s: np.ndarray, x: np.ndarray, sigma: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of 1/2 |s + u|^2 given the noisy x, by the component it came from."""
    r, pull = exact.pulls(q, x)  # (K, n), (K, n, d)
    cov = np.eye(x.shape[1]) / sigma**2 - np.linalg.inv(q.cov)  # (K, d, d)
    away = s - pull
    mean = 0.5 * ((away * away).sum(-1) + np.trace(cov, axis1=1, axis2=2)[:, None])
    spread = 0.5 * (cov * cov).sum((1, 2))[:, None] + ((away @ cov) * away).sum(-1)
    first = (r * mean).sum(0)
    return first, (r * (spread + (mean - first) ** 2)).sum(0)


def _check(objective: Objective) -> Objective:
    if objective not in OBJECTIVES:
        raise ValueError(f"there is no objective {objective!r}; there are {', '.join(OBJECTIVES)}")
    return objective
