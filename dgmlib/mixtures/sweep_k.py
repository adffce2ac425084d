r"""How many components? Fits for K = 1, 2, ..., scored in three ways.

    AIC = -2 log p(X) + 2 m,    BIC = -2 log p(X) + m log n,    m free parameters
    held out: the mean of log p(x) over points that the fit has not seen, with its standard error

AIC and BIC are functions of the training points; all three are given in nats a point, higher
is better: -AIC / 2n and -BIC / 2n.

References:
    Estimating the Dimension of a Model (Schwarz, 1978) https://doi.org/10.1214/aos/1176344136
    A New Look at the Statistical Model Identification (Akaike, 1974)
    https://doi.org/10.1109/TAC.1974.1100705
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from dgmlib.mixtures.basins import Many, fit_many
from dgmlib.mixtures.gmm import Params, aic, bic, log_prob, responsibilities, score
from dgmlib.mixtures.prior import default_prior
from dgmlib.mixtures.starts import start


class SweepK(NamedTuple):
    """Nats a point, higher is better; NaN where every start collapsed."""

    train: np.ndarray  # (n, d)
    test: np.ndarray  # (m, d)
    params: tuple[Params | None, ...]  # the best of the starts, for K = 1, 2, ...
    responsibilities: tuple[np.ndarray | None, ...]  # (n, K) of the training points
    fit: np.ndarray  # (K_max,): mean log-likelihood of the training points
    aic: np.ndarray  # (K_max,): -AIC / 2n
    bic: np.ndarray  # (K_max,): -BIC / 2n
    held_out: np.ndarray  # (K_max,)
    error: np.ndarray  # (K_max,): standard error of held_out
    lost: np.ndarray  # (K_max,), int: starts that collapsed


def sweep_k(
    x: np.ndarray,
    *,
    K_max: int = 8,
    covariance: str = "full",
    regularised: bool = False,
    n_starts: int = 3,
    n_iterations: int = 40,
    rng: np.random.Generator,
) -> SweepK:
    """Holds a quarter of the points out and keeps the best of ``n_starts`` ++ starts for each K."""
    if len(x) < 4 * K_max:
        raise ValueError(f"{len(x)} points are too few to compare up to {K_max} components; "
                         f"give at least {4 * K_max}")  # fmt: skip
    order = rng.permutation(len(x))
    test, train = x[order[: len(x) // 4]], x[order[len(x) // 4 :]]
    sizes = range(1, K_max + 1)
    begin = [start(train, K, covariance=covariance, size=n_starts, rng=rng) for K in sizes]
    fit = partial(fit_many, train, covariance=covariance, n_iterations=n_iterations, tol=1e-5)
    if regularised:
        every = [fit(b, prior=default_prior(train, K)) for K, b in zip(sizes, begin, strict=True)]
    else:
        every = _together(fit, begin, K_max)
    fits, shares, rows, lost = [], [], [], []
    for ends in every:
        lost.append(int(ends.collapsed.sum()))
        if ends.collapsed.all():
            fits.append(None)
            shares.append(None)
            rows.append([np.nan] * 5)
            continue
        best, n = ends.best, len(train)
        unseen = log_prob(best, test)
        fits.append(best)
        shares.append(responsibilities(best, train))
        rows.append([
            float(score(best, train)),
            float(-aic(best, train, covariance=covariance) / (2 * n)),
            float(-bic(best, train, covariance=covariance) / (2 * n)),
            float(unseen.mean()),
            float(unseen.std(ddof=1) / np.sqrt(len(unseen))),
        ])  # fmt: skip
    fit, aics, bics, held_out, error = np.array(rows).T
    return SweepK(
        train, test, tuple(fits), tuple(shares), fit, aics, bics, held_out, error, np.array(lost)
    )


def _together(fit: Callable[[Params], Many], begin: Sequence[Params], K_max: int) -> list[Many]:
    """Every size in one batch, which costs a third: missing components get weight 0."""
    filled = []
    for weight, mean, cov in begin:
        S, K, d = mean.shape
        more = K_max - K
        filled.append((
            np.concatenate([weight, np.zeros((S, more))], 1),
            np.concatenate([mean, np.zeros((S, more, d))], 1),
            np.concatenate([cov, np.broadcast_to(np.eye(d), (S, more, d, d))], 1),
        ))  # fmt: skip
    ends = fit(Params(*(np.concatenate(part) for part in zip(*filled, strict=True))))
    S, found = len(begin[0].weight), []
    for i, start_ in enumerate(begin):
        K, rows = start_.weight.shape[1], slice(i * S, (i + 1) * S)
        params = Params(*(a[rows, :K] for a in ends.params))
        found.append(Many(params, *(a[rows] for a in ends[1:])))
    return found
