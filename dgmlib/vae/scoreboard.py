"""Every score of every checkpoint beside the published figure, read from the cards.

Nothing here is typed by hand: value, standard error, protocol, published figure and where it stands
are what the card says, and the card says what was measured when the weights were written.
"""

from typing import NamedTuple

import numpy as np

from dgmlib.checkpoints import card, store


class Row(NamedTuple):
    """One score of one checkpoint."""

    checkpoint: str
    data: str  # what it was trained and measured on
    score: str
    value: float
    error: float  # NaN: not stated
    unit: str
    published: float  # NaN: none
    reference: str
    protocol: str


class File(NamedTuple):
    """One checkpoint and how it came about."""

    name: str
    about: str
    data: str
    train: int  # images
    steps: int
    minutes: float
    device: str
    kilobytes: float
    parameters: int
    sha256: str


class Board(NamedTuple):
    rows: list[Row]
    files: list[File]
    refused: list[str]  # cards that cannot be read, and why


def board() -> Board:
    """All bundled checkpoints, by name."""
    rows, files, refused = [], [], []
    for name in store.names():
        try:
            facts = card.read(store.FOLDER / f"{name}.json")
        except (OSError, ValueError) as error:
            refused.append(str(error))
            continue
        rows += [_row(name, facts["data"]["name"], entry) for entry in facts["scores"]]
        training = facts["training"]
        files.append(
            File(name, facts["about"], facts["data"]["name"], facts["data"]["train"],
                 training["steps"], float(training["minutes"]), training["device"],
                 facts["bytes"] / 1000, facts["parameters"], facts["sha256"])
        )  # fmt: skip
    if not files:
        raise ValueError("there are no checkpoints yet; make one with: "
                         "python -m dgmlib.checkpoints train vae-2d")  # fmt: skip
    return Board(rows, files, refused)


def _row(name: str, data: str, entry: dict) -> Row:
    def number(key: str) -> float:
        return np.nan if entry.get(key) is None else float(entry[key])

    return Row(name, data, entry["name"], float(entry["value"]), number("error"), entry["unit"],
               number("published"), entry.get("reference", ""), entry["protocol"])  # fmt: skip
