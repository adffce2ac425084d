"""Asks the Hub's client in a process of its own, with a time limit; and says what went wrong.

Every failure becomes one sentence with what to do about it. No sentence repeats what a server or
the client said word for word: an address may hold a signature, and a header a token.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dgmlib.data import hub_child


class CheckpointError(ValueError):
    """No checkpoint can be had; the message says why, and what to do."""


class HubError(CheckpointError):
    """The Hub cannot give what was asked for."""

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind  # a key of WORDS


WORDS = {
    "access": "the Hub refuses access to {repo} ({detail}): it is private, or there is none, or the"
    " token is wrong; set HF_TOKEN to a token that may {verb} it",
    "repository": "the Hub has no repository {repo}; check the name",
    "commit": "{repo} has no commit {commit} (any more): its history was rewritten, or the pin is"
    " wrong; pin another commit",
    "file": "{repo} has no {file} at the pinned commit; publish it, and pin the new commit",
    "pickle": "{repo} has {pickles} and no {file}: a pickle runs any program it holds when it is"
    " read, so it is refused; publish the weights as safetensors",
    "moved": "the Hub answers with the commit {detail} where {commit} is pinned: that is not what"
    " was pinned, so it is refused; check {repo} and pin a commit of it",
    "large": "{file} in {repo} is refused for its size ({detail})",
    "busy": "the Hub asks to come back later (too many requests); try again in a few minutes",
    "server": "the Hub is in trouble ({detail}); try again later",
    "time": "the Hub did not finish in time ({detail}); try again later",
    "connection": "the Hub cannot be reached ({detail}); check the network, and HF_ENDPOINT if set",
    "offline": "HF_HUB_OFFLINE is set, and {file} is not in the cache; unset it once",
    "short": "{file} broke off while it was downloaded from {repo}; try again",
    "protocol": "what answers is not a Hub ({detail}); check HF_ENDPOINT and the proxy",
    "disk": "the Hub's cache cannot be written ({detail}); set HF_HOME to a folder that can",
    "overtaken": "somebody else published to {repo} meanwhile; try again",
    "missing": "the Hub's client is not installed: pip install huggingface-hub",
    "client": "the Hub's client failed ({detail}); try again, or another version of it",
}


def _error(
    kind: str,
    detail: str,
    ask: dict[str, Any],
    file: str | None = None,
    pickles: Sequence[str] | None = None,
) -> HubError:
    kind = "pickle" if kind == "file" and pickles else kind
    words = WORDS[kind].format(
        repo=ask["repo"],
        commit=ask.get("commit", "")[:8],
        detail=detail,
        file=file or "a file",
        pickles=", ".join((pickles or [])[:3]),
        verb="write to" if ask["do"] in ("prepare", "commit") else "read",
    )
    return HubError(words, kind)


def answer(ask: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Asks the client in its own process, which is ended when the time is over."""
    patience = max(0.5, min(10.0, seconds / 3))  # for one answer of the server
    client = Path(__file__).with_name("hub_client.py")
    try:
        told = hub_child.answer(client, ask, seconds=seconds, patience=patience)
    except TimeoutError as error:
        raise _error("time", str(error), ask) from None
    except ChildProcessError as error:
        raise _error("client", str(error), ask) from None
    if "kind" in told:
        raise _error(told["kind"], told["detail"], ask, told.get("file"), told.get("pickles"))
    return told
