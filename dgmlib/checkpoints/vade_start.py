r"""Where VaDE starts: a Gaussian mixture fitted to the codes of a trained autoencoder.

Many starts of EM end in as many places. The likelihood prefers two Gaussians on one shape to one
Gaussian on each of two that resemble each other, so the integrated completed likelihood chooses:

    ICL = E log p(z) - E H(p(c|z))

which subtracts how undecided the mixture is. No class is looked at. EM runs with full covariances,
as shapes lie aslant in the space of codes; VaDE's own are diagonal, with the same means.

References:
    Assessing a mixture model for clustering with the integrated completed likelihood
    (Biernacki, Celeux & Govaert, 2000) https://doi.org/10.1109/34.865189
"""

import numpy as np
from scipy.special import entr
from sklearn.mixture import GaussianMixture

from dgmlib.checkpoints.recipe import Weights
from dgmlib.data.images import Images
from dgmlib.vae import vade

STARTS = 60


def fit_mixture(
    weights: Weights, digits: Images, clusters: int, rng: np.random.Generator
) -> Weights:
    """The weights with ``prior.*`` replaced by the mixture of the training images' codes."""
    top = np.float32(digits.levels - 1)
    parts = np.array_split(digits.train, max(1, len(digits.train) // 2_000))
    codes = np.concatenate([vade.encode(weights, part / top).mean for part in parts])  # (n, d)
    few, others = codes[::4], codes[1::8]
    fits = [
        GaussianMixture(
            clusters, covariance_type="full", max_iter=150, tol=1e-4, init_params="k-means++",
            random_state=int(rng.integers(2**31)),
        ).fit(few)
        for _ in range(STARTS)
    ]  # fmt: skip
    best = max(fits, key=lambda fit: completed(fit, others))
    share = best.predict_proba(codes)  # (n, clusters)
    count = share.sum(0)
    mean = share.T @ codes / count[:, None]
    var = share.T @ codes**2 / count[:, None] - mean**2
    return weights | {
        "prior.logits": np.log(count / count.sum()).astype(np.float32),
        "prior.mean": mean.astype(np.float32),
        "prior.log_var": np.log(var).astype(np.float32),
    }


def completed(fit: GaussianMixture, x: np.ndarray) -> float:
    """The integrated completed likelihood of points (n, d), in nats a point; no term for size."""
    undecided = entr(fit.predict_proba(x).astype(float)).sum(1)  # a share may be exactly 0
    return float(fit.score(x) - undecided.mean())
