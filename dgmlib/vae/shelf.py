"""The checkpoints that are there, out of those that a picture wants; the rest is named.

The beta sweep is one architecture trained eight times, for equally many epochs.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dgmlib.checkpoints import store
from dgmlib.checkpoints.store import Loaded

BETAS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


class Shelf(NamedTuple):
    found: list[Loaded]
    missing: dict[str, str]  # name -> why it is not there
    told: str  # what a reader must know of the files, or ""


def name_of(beta: float) -> str:
    """The checkpoint of the sweep that was trained with this beta."""
    return f"beta-{beta:g}"


def look(names: Sequence[str]) -> Shelf:
    """Loads what is there. ValueError if nothing is."""
    found, missing, told = [], {}, []
    for name in names:
        try:
            found.append(store.load(name))
        except store.CheckpointError as error:
            # the loader's sentence also has the name, and a list of what is there
            why = str(error).removeprefix(f"{name} cannot be loaded: ")
            missing[name] = why.partition(" (bundled: ")[0]
            continue
        if found[-1].told:
            told.append(f"{name}: {found[-1].told}")
    if not found:
        raise ValueError(
            f"none of the checkpoints {', '.join(names)} can be loaded "
            f"({missing[names[0]]}); "
            f"make one with: python -m dgmlib.checkpoints train {names[0]}"
        )
    return Shelf(found, missing, "; ".join(told))


def score(loaded: Loaded, name: str) -> tuple[float, float]:
    """(value, standard error) of a held-out score on the card; NaN where it is not stated."""
    for entry in loaded.card["scores"]:
        if entry["name"] == name:
            error = entry.get("error")
            return float(entry["value"]), np.nan if error is None else float(error)
    return np.nan, np.nan


def epochs(loaded: Loaded) -> int:
    """Passes over the training set, all phases together; 0 where the card does not say."""
    phases = loaded.card["training"]["phases"]
    return sum(int(p.get("epochs", 0)) for p in phases if isinstance(p, dict))
