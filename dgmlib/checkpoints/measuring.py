"""Measuring a model on held-out images, a few at a time, so that this can be resumed, too."""

from collections.abc import Iterator

import numpy as np
import torch

from dgmlib.checkpoints.recipe import Batch, Recipe, held_out_images, one_hot
from dgmlib.checkpoints.training import generator
from dgmlib.data.images import Images

AT_ONCE = 50  # images: bounds the memory, with the draws at once of the measure


def measure(
    recipe: Recipe,
    weights: dict[str, np.ndarray],
    images: Images,
    device: torch.device,
    measured: dict[str, np.ndarray],
    limit: int | None = None,
) -> Iterator[int]:
    """Fills ``measured`` (each (images, ...)) from where it stands; yields how many are done.

    The random numbers of an image depend on its place alone, not on where the work was resumed.
    """
    shown = held_out_images(recipe, images)[:limit]
    classes = one_hot(images.test_labels, len(images.test))[:limit]
    params = {k: torch.from_numpy(v.astype(np.float32)).to(device) for k, v in weights.items()}
    done = len(next(iter(measured.values()))) if measured else 0
    for start in range(done, len(shown), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        x, c = (torch.from_numpy(a[part]).to(device) for a in (shown, classes))
        with torch.no_grad():
            found = recipe.measure(params, Batch(x, c), generator(device, 1, recipe.seed, start))
        for name, value in found.items():
            new = value.cpu().numpy()
            measured[name] = np.concatenate([measured[name], new]) if name in measured else new
        yield len(next(iter(measured.values())))
