"""The Hub's own client, in a process of its own: one question on stdin, one answer on stdout.

The client tries again for minutes when a server is slow, and reads its settings when it is
imported. A process can be stopped when the time is over, and its settings are nobody else's.
It is started by ``hub`` as a file, so it imports nothing of dgmlib.
"""

import json
import re
import signal
import sys
from pathlib import Path
from typing import Any

Answer = dict[str, Any]
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")


class Refused(Exception):
    """What the Hub offers is not what was asked for."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


def fetch(ask: Answer) -> Answer:
    """Paths in the cache of files of one commit, downloaded where they are missing."""
    from huggingface_hub import try_to_load_from_cache

    repo, commit, cache = ask["repo"], ask["commit"], ask["cache"]
    files: Answer = {}
    for name, limit in ask["limits"].items():
        ask["file"] = name  # for what is said if it fails
        path = try_to_load_from_cache(repo, name, cache_dir=cache, revision=commit)
        # a commit that once named another one is no snapshot of this one
        cached = isinstance(path, str) and Path(path).parent.name == commit and not ask["force"]
        if not cached and ask["offline"]:
            files[name] = None
            continue
        if not cached:
            path = _download(ask, name, limit)
        files[name] = {"path": path, "cached": cached}
    return {"files": files}


def _download(ask: Answer, name: str, limit: int) -> str:
    """Asks first how large the file is and of which commit: the client downloads anything."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url

    repo, commit = ask["repo"], ask["commit"]
    # this call gives up at the first error; the download alone would try for minutes
    found = get_hf_file_metadata(
        hf_hub_url(repo, name, revision=commit), timeout=ask["patience"], library_name="dgmlib"
    )
    if found.commit_hash is None:
        raise Refused("protocol", "it names no commit")
    if found.commit_hash != commit:
        raise Refused("moved", found.commit_hash[:8])
    if found.size is None or found.size > limit:
        raise Refused("large", f"{found.size} bytes, at most {limit}")
    return hf_hub_download(
        repo, name, revision=commit, cache_dir=ask["cache"], etag_timeout=ask["patience"],
        force_download=ask["force"], library_name="dgmlib",
    )  # fmt: skip


def listing(ask: Answer) -> Answer:
    """The names of the files of one commit or branch, and the commit."""
    from huggingface_hub import HfApi

    info = HfApi().model_info(ask["repo"], revision=ask["commit"], timeout=ask["patience"])
    return {"commit": info.sha, "files": [file.rfilename for file in info.siblings or ()]}


def prepare(ask: Answer) -> Answer:
    """Makes the repository and the branch if they are not there; the texts of its cards."""
    from huggingface_hub import HfApi, hf_hub_download

    api, repo, branch = HfApi(), ask["repo"], ask["branch"]
    api.create_repo(repo, private=ask["private"] or None, exist_ok=True)
    if branch != "main":
        api.create_branch(repo, branch=branch, exist_ok=True)
    head = listing(ask | {"commit": branch})
    weights = {Path(name).stem for name in head["files"] if name.endswith(".safetensors")}
    cards = [name for name in head["files"] if name.endswith(".json") and name[:-5] in weights]
    kept = {"revision": head["commit"], "cache_dir": ask["cache"]}
    texts = {name: Path(hf_hub_download(repo, name, **kept)) for name in cards}
    limit = ask["limits"]["card"]
    return {
        "commit": head["commit"],
        "cards": {name: path.read_bytes()[:limit].decode() for name, path in texts.items()},
    }


def commit(ask: Answer) -> Answer:
    """All files in one commit on top of the one that was seen; otherwise nothing."""
    from huggingface_hub import CommitOperationAdd, HfApi

    files = [CommitOperationAdd(name, path) for name, path in ask["files"].items()]
    done = HfApi().create_commit(
        ask["repo"], files, commit_message=ask["message"], revision=ask["branch"],
        parent_commit=ask["commit"],
    )  # fmt: skip
    return {"commit": done.oid}


def sort(error: BaseException) -> tuple[str, str]:
    """What went wrong, in one word for ``hub``, and a detail without addresses or tokens."""
    if isinstance(error, Refused):
        return error.kind, str(error)
    names = {kind.__name__ for kind in type(error).__mro__}
    status = getattr(getattr(error, "response", None), "status_code", None)
    detail = re.sub(r"https?://\S+|hf_\w+", "…", str(error).strip().partition("\n")[0])[:160]
    if status is not None:
        by_status = {401: "access", 403: "access", 412: "overtaken", 429: "busy"}
        kind = by_status.get(status, "server" if status >= 500 else "client")
        by_name = {"RepositoryNotFoundError": "repository", "RevisionNotFoundError": "commit",
                   "EntryNotFoundError": "file"}  # fmt: skip
        if status == 404:
            kind = next((k for name, k in by_name.items() if name in names), "repository")
        return kind, f"status {status}"
    if isinstance(error, ImportError):
        return "missing", ""
    if "LocalEntryNotFoundError" in names and error.__cause__ is not None:
        return sort(error.__cause__)
    for kind, classes in {
        "offline": {"OfflineModeIsEnabled"},
        "time": {"TimeoutException", "Timeout", "TimeoutError"},
        "connection": {"TransportError", "ConnectionError"},
        "protocol": {"FileMetadataError", "JSONDecodeError"},
    }.items():
        if names & classes:
            return kind, type(error).__name__
    if isinstance(error, OSError):
        short = "Consistency check" in str(error)
        return ("short", "") if short else ("disk", error.strerror or type(error).__name__)
    return "client", f"{type(error).__name__}: {detail}"


def main() -> None:
    ask = json.load(sys.stdin)
    # a download that is stopped removes what it has written so far
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if hasattr(signal, "alarm"):  # who asked may have died
        signal.alarm(int(ask["seconds"]) + 10)
    known = {"fetch": fetch, "listing": listing, "prepare": prepare, "commit": commit}
    try:
        answer = known[ask["do"]](ask)
    except Exception as error:  # noqa: BLE001 (the end of a process: the other one reports it)
        kind, detail = sort(error)
        answer = {"kind": kind, "detail": detail, "file": ask.get("file")}
        if kind == "file" and ask["do"] == "fetch":
            answer["pickles"] = _pickles(ask)
    sys.stdout.write("\n" + json.dumps(answer) + "\n")


def _pickles(ask: Answer) -> list[str]:
    """Files that hold pickled weights, where the safetensors are missing."""
    try:
        return [name for name in listing(ask)["files"] if name.endswith(PICKLES)]
    except Exception:  # noqa: BLE001 (only a hint is lost)
        return []


if __name__ == "__main__":
    main()
