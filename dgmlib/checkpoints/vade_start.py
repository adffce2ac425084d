"""Where VaDE starts: a Gaussian mixture fitted to the codes of a trained autoencoder.

The mixture has diagonal covariances, the best of several starts of scikit-learn's EM. The encoder's
log variances start where the noise is small beside the clusters.
"""

import numpy as np
from sklearn.mixture import GaussianMixture

from dgmlib.checkpoints.recipe import Weights
from dgmlib.data.images import Images
from dgmlib.vae import vade

STARTS = 5


def fit_mixture(
    weights: Weights, digits: Images, clusters: int, rng: np.random.Generator
) -> Weights:
    """The weights with ``prior.*`` replaced by the mixture of the training images' codes."""
    top = np.float32(digits.levels - 1)
    parts = np.array_split(digits.train, max(1, len(digits.train) // 2_000))
    codes = np.concatenate([vade.encode(weights, part / top).mean for part in parts])
    mixture = GaussianMixture(
        clusters, covariance_type="diag", n_init=STARTS, max_iter=200,
        random_state=int(rng.integers(2**31)),
    ).fit(codes)  # fmt: skip
    return weights | {
        "prior.logits": np.log(mixture.weights_).astype(np.float32),
        "prior.mean": mixture.means_.astype(np.float32),
        "prior.log_var": np.log(mixture.covariances_).astype(np.float32),
    }
