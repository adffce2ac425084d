"""Parquet files of MNIST and its like from the Hub's cache or the Hub, at a pinned commit.

The Hub's own client fetches them (``hub_download``), in a process that is ended when its time is
over: it would try for minutes where there is no network.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

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
        force=force, largest=LARGEST, patience=PATIENCE, seconds=SECONDS,
    )  # fmt: skip
    settings = {
        "HF_HUB_DISABLE_XET": "1",  # one way to transfer, which a time limit can stop
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DOWNLOAD_TIMEOUT": str(max(1, round(PATIENCE))),
        "PYTHONIOENCODING": "utf-8",
    }
    client = Path(__file__).with_name("hub_download.py")
    with subprocess.Popen(
        [sys.executable, "-P", str(client)],  # -P: its neighbours are not for import
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=os.environ | settings, text=True, encoding="utf-8",
    ) as process:  # fmt: skip
        try:
            out, _ = process.communicate(json.dumps(ask), timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise HubError(
                f"the Hub did not finish within {SECONDS:g} s; try again later"
            ) from None
        finally:
            _end(process)
    try:
        told = json.loads(out.strip().rpartition("\n")[2])
    except ValueError:
        why = "the Hub's client broke off; try again, or another version of it"
        raise HubError(why) from None
    if "error" in told:
        raise HubError(told["error"])
    train, test = (Path(path) for path in told["paths"])
    return Files(train, test, cached=told["cached"])


def _end(process: subprocess.Popen[str]) -> None:
    """Politely first: the client removes what it has written so far."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
