"""Files of the pinned commit of a Hub repository, or one clear sentence; and how to publish them.

``DGM_CHECKPOINT_REPO=owner/name@commit`` names the repository and pins the commit by its 40 digits,
because a branch or a tag can come to mean other files. The network is left to the Hub's own client,
in a process with a time limit (``hub_client``): nothing here waits for ever.
"""

import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dgmlib.checkpoints import card
from dgmlib.checkpoints.hub_process import CheckpointError, HubError, answer

LARGEST = 200 * 1024 * 1024  # bytes of a file of weights
VARIABLE = "DGM_CHECKPOINT_REPO"
REPO = r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*"


class Pin(NamedTuple):
    repo: str  # owner/name
    commit: str  # 40 hexadecimal digits


class File(NamedTuple):
    data: bytes
    cached: bool  # it was there already: no network was needed


class Fetched(NamedTuple):
    files: dict[str, File | None]  # None: not in the cache, and only the cache was asked
    told: str  # "" or what a reader must know


def check_repo(text: str) -> str:
    """``text`` if it can be a repository: "owner/name"."""
    if not re.fullmatch(REPO, text, re.ASCII) or re.search(r"--|\.\.", text):
        raise CheckpointError(f"{text!r} is not a repository of the Hub: write owner/name")
    return text


def setting() -> str:
    """What the environment names, "" if nothing."""
    return os.environ.get(VARIABLE, "").strip()


def pin(text: str | None = None) -> Pin | None:
    """The repository and commit in ``text``, by default of the environment; None if not set."""
    text = setting() if text is None else text
    if not text:
        return None
    repo, _, commit = text.partition("@")
    check_repo(repo)
    if not re.fullmatch("[0-9a-f]{40}", commit):
        raise CheckpointError(
            f"{VARIABLE} must be owner/name@commit with the 40 hexadecimal digits of a commit, not"
            f" {text!r}: a branch or tag can move. `publish` prints the commit, and the Hub lists"
            " it under History"
        )
    return Pin(repo, commit)


def fetch(
    where: Pin,
    names: Iterable[str],
    *,
    seconds: float = 60.0,
    force: bool = False,
    offline: bool = False,
) -> Fetched:
    """The content of these files of the pinned commit, from the Hub's cache or the Hub.

    ``force`` downloads what is cached, too (it was found damaged); ``offline`` asks only the cache.
    The content is not checked here, except that it is complete and not too large.
    """
    limits = {name: card.LARGEST if name.endswith(".json") else LARGEST for name in names}
    ask = {"do": "fetch", "repo": where.repo, "commit": where.commit, "limits": limits}
    ask |= {"force": force, "offline": offline, "cache": None}
    try:
        return Fetched(_read(answer(ask, seconds), limits), "")
    except HubError as error:
        if error.kind != "disk":
            raise
        why = str(error)
    with tempfile.TemporaryDirectory(prefix="dgm-") as folder:
        found = _read(answer(ask | {"cache": folder, "force": False}, seconds), limits)
    return Fetched(found, f"{why}; the download is not kept")


def listing(where: Pin, *, seconds: float = 60.0) -> list[str]:
    """The names of the checkpoints in the pinned commit."""
    ask = {"do": "listing", "repo": where.repo, "commit": where.commit}
    files = set(answer(ask, seconds)["files"])
    return sorted(
        name.removesuffix(".safetensors")
        for name in files
        if re.fullmatch(rf"{card.NAME}\.safetensors", name)
        and name.replace(".safetensors", ".json") in files
    )


def publish(
    repo: str,
    files: Mapping[str, Path],
    *,
    branch: str = "main",
    private: bool = False,
    seconds: float = 900.0,
) -> str:
    """Weights and cards in one commit, with a README of all cards of the repository; the commit."""
    ask: dict[str, Any] = {"repo": check_repo(repo), "branch": branch, "private": private}
    with tempfile.TemporaryDirectory(prefix="dgm-") as folder:
        there = answer(
            ask | {"do": "prepare", "cache": folder, "limits": {"card": card.LARGEST}}, seconds
        )
        cards = {name: card.read(path) for name, path in files.items() if name.endswith(".json")}
        for name, text in there["cards"].items():
            if name not in cards:
                cards[name] = card.parse(text.encode(), name)
        readme = Path(folder, "README.md")
        readme.write_text(card.readme(*(cards[name] for name in sorted(cards))), encoding="utf-8")
        paths = {name: str(path) for name, path in {**files, "README.md": readme}.items()}
        names = ", ".join(sorted(name[:-5] for name in files if name.endswith(".json")))
        ask |= {"do": "commit", "files": paths, "commit": there["commit"]}
        return answer(ask | {"message": f"Checkpoints: {names}"}, seconds)["commit"]


def _read(found_by: dict[str, Any], limits: dict[str, int]) -> dict[str, File | None]:
    found: dict[str, File | None] = {}
    for name, file in found_by["files"].items():
        if file is None:
            found[name] = None
            continue
        with Path(file["path"]).open("rb") as opened:
            found[name] = File(opened.read(limits[name] + 1), file["cached"])
    return found
