"""Parquet files of MNIST and its like from the Hub's cache or the Hub, at a pinned commit.

The Hub's own client fetches them (``hub_download``), in a process that is ended when its time is
over: it would try for minutes where there is no network.
"""

from pathlib import Path
from typing import NamedTuple

from dgmlib.data import hub_child

SECONDS = 120.0  # for both files, 15 and 31 MB
PATIENCE = 5.0  # for one answer of the server
LARGEST = 64 * 1024 * 1024  # bytes of a file


class Place(NamedTuple):
    repo: str
    commit: str  # a branch could come to mean other files
    folder: str


PLACES = {
    "mnist": Place("ylecun/mnist", "77f3279092a1c1579b2250db8eafed0ad422088c", "mnist"),
    "fashion-mnist": Place(
        "zalando-datasets/fashion_mnist",
        "531be5e2ccc9dba0c201ad3ae567a4f3d16ecdd2",
        "fashion_mnist",
    ),
}


class HubError(ValueError):
    """The Hub cannot give the files; the message says why, and what to do."""


class Files(NamedTuple):
    train: Path
    test: Path
    cached: bool  # one of them was there already


def file(name: str, part: str) -> str:
    """Where in the repository the images of ``part`` are."""
    return f"{PLACES[name].folder}/{part}-00000-of-00001.parquet"


def fetch(name: str, *, force: bool = False) -> Files:
    """The two files of a set. ``force`` downloads them although they are in the cache."""
    place = PLACES[name]
    ask = dict(
        repo=place.repo, commit=place.commit, files=[file(name, "train"), file(name, "test")],
        force=force, largest=LARGEST,
    )  # fmt: skip
    client = Path(__file__).with_name("hub_download.py")
    try:
        told = hub_child.answer(client, ask, seconds=SECONDS, patience=PATIENCE)
    except TimeoutError:
        raise HubError(f"the Hub did not finish within {SECONDS:g} s; try again later") from None
    except ChildProcessError:
        why = "the Hub's client broke off; try again, or another version of it"
        raise HubError(why) from None
    if "error" in told:
        raise HubError(told["error"])
    train, test = (Path(path) for path in told["paths"])
    return Files(train, test, cached=told["cached"])
