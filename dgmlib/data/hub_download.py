"""The Hub's own client in a process of its own: what to fetch on stdin, the paths on stdout.

It is started by ``hub_images`` as a file, so it imports nothing of dgmlib. What goes wrong becomes
one sentence, without addresses (one may hold a signature) and without the words of a server.
"""

import json
import signal
import sys
from pathlib import Path
from typing import Any

Ask = dict[str, Any]


class Refused(Exception):
    """What the Hub offers is not what was asked for."""


def fetch(ask: Ask) -> dict[str, Any]:
    from huggingface_hub import (
        get_hf_file_metadata,
        hf_hub_download,
        hf_hub_url,
        try_to_load_from_cache,
    )

    repo, where = ask["repo"], {"repo_type": "dataset", "revision": ask["commit"]}
    paths, cached = [], False
    for name in ask["files"]:
        path = try_to_load_from_cache(repo, name, **where)
        if isinstance(path, str) and Path(path).is_file() and not ask["force"]:
            paths.append(path)
            cached = True
            continue
        # this call gives up at the first error; the download alone would try for minutes
        found = get_hf_file_metadata(
            hf_hub_url(repo, name, **where), timeout=ask["patience"], library_name="dgmlib"
        )
        if found.commit_hash != ask["commit"]:
            raise Refused("the Hub answers with another commit than the pinned one; check"
                          " HF_ENDPOINT")  # fmt: skip
        if found.size is None or found.size > ask["largest"]:
            raise Refused(f"{name} of {repo} is refused for its size ({found.size} bytes)")
        path = hf_hub_download(
            repo, name, **where, etag_timeout=ask["patience"], force_download=ask["force"],
            library_name="dgmlib",
        )  # fmt: skip
        paths.append(path)
    return {"paths": paths, "cached": cached}


def words(error: BaseException, repo: str) -> str:
    """What went wrong, and what to do."""
    names = {kind.__name__ for kind in type(error).__mro__}
    if "LocalEntryNotFoundError" in names and error.__cause__ is not None:
        return words(error.__cause__, repo)
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, ImportError):
        return "the Hub's client is not installed: pip install huggingface-hub"
    if "OfflineModeIsEnabled" in names:
        return f"HF_HUB_OFFLINE is set and {repo} is not in the Hub's cache; unset it once"
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        return f"the Hub refuses access to {repo} (status {status}); check HF_TOKEN"
    if status == 404:
        return f"the Hub does not have the pinned files of {repo}; check HF_ENDPOINT"
    if status is not None:
        return f"the Hub is in trouble (status {status}); try again later"
    if names & {"TimeoutException", "Timeout", "TimeoutError"}:
        return "the Hub does not answer in time; try again later"
    if names & {"TransportError", "ConnectionError"}:
        return f"the Hub cannot be reached ({type(error).__name__}); check the network"
    if "FileMetadataError" in names:
        return "what answers is not a Hub; check HF_ENDPOINT and the proxy"
    if isinstance(error, OSError):
        if "Consistency check" in str(error):
            return f"a file of {repo} broke off while it was downloaded; try again"
        why = error.strerror or type(error).__name__
        return f"the Hub's cache cannot be written ({why}); set HF_HOME to a folder that can"
    return f"the Hub's client failed ({type(error).__name__}); try another version of it"


def main() -> None:
    ask = json.load(sys.stdin)
    # a download that is stopped removes what it has written so far
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if hasattr(signal, "alarm"):  # who asked may have died
        signal.alarm(int(ask["seconds"]) + 10)
    try:
        answer = fetch(ask)
    except Exception as error:  # noqa: BLE001 (the end of a process: the other one reports it)
        answer = {"error": words(error, ask["repo"])}
    sys.stdout.write("\n" + json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
