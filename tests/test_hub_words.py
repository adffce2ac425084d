"""What is asked of the Hub's client and what is said of its troubles, without a client or a Hub.

``test_images`` and ``test_checkpoint_hub`` run the real client against a server; here stand the
cases that no server of theirs shows: every kind of error by name, every argument as it is handed
on, and programs that misbehave.
"""

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dgmlib.checkpoints import card, hub, hub_client, hub_process
from dgmlib.data import hub_child, hub_download, hub_images

REPO, COMMIT, FILE = "lab/digits", "c" * 40, "mnist/train.parquet"


def error(name: str, status: int | None = None, words: str = "x", base: type = Exception) -> Any:
    """An exception of a class that is called ``name``, with the answer of a server."""
    made = type(name, (base,), {})(words)
    if status is not None:
        made.response = SimpleNamespace(status_code=status)
    return made


def caused(outer: Any, inner: Any) -> Any:
    outer.__cause__ = inner
    return outer


SECRET = "https://hub.example/file?signature=abc with hf_secrettoken"
DENIED = PermissionError(13, "Permission denied", "cache/of/reader")
KINDS: dict[str, tuple[Any, str, str]] = {  # -> part of the sentence on images, kind
    "no access": (error("HTTPError", 401), r"access to lab/digits \(status 401\)", "access"),
    "forbidden": (error("HTTPError", 403), "refuses access", "access"),
    "no file": (error("EntryNotFoundError", 404), "does not have the pinned files", "file"),
    "no commit": (error("RevisionNotFoundError", 404), "does not have the pinned", "commit"),
    "no repository": (error("HTTPError", 404), "does not have the pinned", "repository"),
    "overtaken": (error("HTTPError", 412), r"in trouble \(status 412\)", "overtaken"),
    "busy": (error("HTTPError", 429), r"in trouble \(status 429\)", "busy"),
    "broken": (error("HTTPError", 500), r"in trouble \(status 500\)", "server"),
    "strange": (error("HTTPError", 418), r"in trouble \(status 418\)", "client"),
    "no client": (ImportError("huggingface_hub"), "pip install huggingface-hub", "missing"),
    "offline": (error("OfflineModeIsEnabled"), "HF_HUB_OFFLINE is set", "offline"),
    "read timeout": (error("TimeoutException"), "does not answer in time", "time"),
    "timeout": (error("Timeout"), "does not answer in time", "time"),
    "slow socket": (TimeoutError(), "does not answer in time", "time"),
    "no route": (error("TransportError"), "cannot be reached", "connection"),
    "no socket": (ConnectionResetError(), "cannot be reached", "connection"),
    "hotel": (error("FileMetadataError", base=OSError), "is not a Hub", "protocol"),
    "half": (OSError("Consistency check failed: 3 of 9"), "broke off", "short"),
    "no room": (DENIED, r"cannot be written \(Permission denied\)", "disk"),
    "no words": (OSError(), r"cannot be written \(OSError\)", "disk"),
    "wrapped": (
        caused(error("LocalEntryNotFoundError", base=OSError), error("TransportError")),
        "cannot be reached", "connection",
    ),
    "anything": (error("Surprise", words=SECRET), r"failed \(Surprise\)", "client"),
}  # fmt: skip


@pytest.mark.parametrize("what", KINDS)
def test_every_trouble_has_its_sentence(what: str) -> None:
    """Of both programs, without addresses, tokens or folders of the reader.

    Mutants: any line of ``words`` and of ``sort`` left out or in another order; a cause that is
    wrapped taken for a full disk; the words of a server or of the system passed on.
    """
    thrown, said, kind = KINDS[what]
    sentence = hub_download.words(thrown, REPO)
    assert re.search(said, sentence)
    found, detail = hub_client.sort(thrown)
    assert found == kind
    assert found in hub_process.WORDS
    for text in (sentence, detail):
        assert not [s for s in ("hub.example", "secrettoken", "cache/of/reader") if s in text], text


class Client:
    """In place of huggingface_hub: keeps what it is asked."""

    def __init__(self, path: Path, *, cached: bool = False, **found: Any) -> None:
        self.path, self.cached, self.asked = path, cached, []
        self.found = {"commit_hash": COMMIT, "size": 1000} | found

    def try_to_load_from_cache(self, *_: Any, **__: Any) -> str | None:
        return str(self.path) if self.cached else None

    def hf_hub_url(self, repo: str, name: str, **where: Any) -> str:
        return f"{repo}/{name}@{where['revision']}"

    def get_hf_file_metadata(self, url: str, **how: Any) -> SimpleNamespace:
        self.asked.append(("head", url, how["timeout"]))
        return SimpleNamespace(**self.found)

    def hf_hub_download(self, repo: str, name: str, **how: Any) -> str:
        self.asked.append(("get", how["revision"], how["etag_timeout"], how["force_download"]))
        return str(self.path)


def fetch_images(client: Client, patch: pytest.MonkeyPatch, **change: Any) -> dict[str, Any]:
    patch.setitem(sys.modules, "huggingface_hub", client)  # type: ignore[arg-type]
    ask = dict(repo=REPO, commit=COMMIT, files=[FILE], force=False, largest=1000, patience=2.5)
    return hub_download.fetch(ask | change)


def fetch_weights(client: Client, patch: pytest.MonkeyPatch, **change: Any) -> dict[str, Any]:
    patch.setitem(sys.modules, "huggingface_hub", client)  # type: ignore[arg-type]
    ask = dict(repo=REPO, commit=COMMIT, limits={FILE: 1000}, force=False, patience=2.5,
               offline=False, cache=None)  # fmt: skip
    return hub_client.fetch(ask | change)


BOTH = pytest.mark.parametrize("fetch", [fetch_images, fetch_weights])
Fetch = Callable[..., dict[str, Any]]


@BOTH
def test_a_file_is_asked_for_before_it_is_taken(
    fetch: Fetch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mutants: no patience with the server handed on, or minutes of it; a branch; the cache told to
    keep what was found damaged."""
    for force in (False, True):
        client = Client(tmp_path)
        fetch(client, monkeypatch, force=force)
        assert client.asked == [
            ("head", f"{REPO}/{FILE}@{COMMIT}", 2.5), ("get", COMMIT, 2.5, force)
        ]  # fmt: skip


@BOTH
@pytest.mark.parametrize(
    "found", [dict(size=None), dict(size=1001), dict(commit_hash="d" * 40), dict(commit_hash=None)]
)
def test_what_was_not_asked_for_is_not_downloaded(
    fetch: Fetch, found: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mutants: a file of unknown size, or one byte too large, is taken; another commit; none."""
    client = Client(tmp_path, **found)
    with pytest.raises((hub_download.Refused, hub_client.Refused)):
        fetch(client, monkeypatch)
    assert [what for what, *_ in client.asked] == ["head"]


@BOTH
def test_what_is_cached_is_taken_unless_it_was_damaged(
    fetch: Fetch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mutants: the network asked for a file that is there; force ignored; the wrong flag told."""
    path = tmp_path / COMMIT / "train.parquet"
    path.parent.mkdir()
    path.write_bytes(b"x")
    for force in (False, True):
        client = Client(path, cached=True)
        told = fetch(client, monkeypatch, force=force)
        assert bool(client.asked) == force
        cached = told["cached"] if "cached" in told else told["files"][FILE]["cached"]
        assert cached != force


def test_offline_asks_the_cache_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutant: the network asked all the same."""
    client = Client(tmp_path)
    assert fetch_weights(client, monkeypatch, offline=True) == {"files": {FILE: None}}
    assert client.asked == []


# -- programs that misbehave --


def program(folder: Path, text: str) -> Path:
    path = folder / "client.py"
    path.write_text("import json, signal, sys, time\nask = json.load(sys.stdin)\n" + text)
    return path


def test_the_last_line_is_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was said before it. The program is told its limits, lives in the reader's
    environment, and its neighbours are not for import.

    Mutants: all that was said read as one answer; a folder of modules called ``json`` or ``images``
    in front of the installed ones; HF_ENDPOINT and the token lost; minutes for one answer."""
    monkeypatch.setenv("HF_ENDPOINT", "http://here")
    (tmp_path / "huggingface_hub.py").write_text("1 / 0")
    text = (
        "import os\nprint('Fetching...')\n"
        "print(json.dumps(ask | {'path': sys.path, 'env': dict(os.environ)}))\n"
    )
    told = hub_child.answer(program(tmp_path, text), {"a": 1}, seconds=30, patience=2)
    assert (told["a"], told["seconds"], told["patience"]) == (1, 30, 2)
    assert str(tmp_path) not in told["path"]
    assert told["env"]["HF_ENDPOINT"] == "http://here"
    assert told["env"]["HF_HUB_DOWNLOAD_TIMEOUT"] == "2"
    assert told["env"]["HF_HUB_DISABLE_XET"] == "1"


@pytest.mark.parametrize("text", ["", "print('no JSON')", "sys.exit(3)", "1 / 0"])
def test_no_answer_is_an_error_with_a_remedy(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mutant: a traceback of the parser, or of the caller."""
    with pytest.raises(ChildProcessError, match=r"it ended with \d"):
        hub_child.answer(program(tmp_path, text), {}, seconds=30, patience=1)
    monkeypatch.setattr(hub_images, "__file__", str(tmp_path / "hub_images.py"))
    (tmp_path / "client.py").rename(tmp_path / "hub_download.py")
    with pytest.raises(hub_images.HubError, match="broke off; try again"):
        hub_images.fetch("mnist")


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_what_is_asked_of_the_client(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both files of this set at its own commit, within the limits that stand in the module.

    Mutants: a branch, or the other set's commit; one file twice; test images as the training ones;
    limits of time that are typed a second time; a limit of size below the 31 MB of Fashion-MNIST;
    ``force`` or ``cached`` that is not handed on; a time-out that comes through as it is.
    """
    place, heard = hub_images.PLACES[name], []
    assert re.fullmatch("[0-9a-f]{40}", place.commit)
    assert len({each.commit for each in hub_images.PLACES.values()}) == len(hub_images.PLACES)
    told: dict[str, Any] = {}

    def answer(client: Path, ask: dict, *, seconds: float, patience: float) -> dict[str, Any]:
        heard.append((client.name, ask, seconds, patience))
        return told

    monkeypatch.setattr(hub_child, "answer", answer)
    monkeypatch.setattr(hub_images, "SECONDS", 7.0)
    monkeypatch.setattr(hub_images, "PATIENCE", 3.0)
    for forced, cached in ((False, True), (True, False)):
        told.update(paths=["a/train", "a/test"], cached=cached)
        found = hub_images.fetch(name, force=forced)
        assert found == hub_images.Files(Path("a/train"), Path("a/test"), cached)
        client, ask, seconds, patience = heard.pop()
        assert (client, seconds, patience) == ("hub_download.py", 7.0, 3.0)
        assert 40e6 < ask.pop("largest") < 100e6
        files = [f"{place.folder}/{part}-00000-of-00001.parquet" for part in ("train", "test")]
        repo = dict(repo=place.repo, commit=place.commit, files=files, force=forced)
        assert ask == repo

    def late(*_: Any, **__: Any) -> None:
        raise TimeoutError

    monkeypatch.setattr(hub_child, "answer", late)
    with pytest.raises(ValueError, match="within 7 s; try again later") as error:
        hub_images.fetch(name)
    assert type(error.value) is hub_images.HubError


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_program_is_asked_to_end_and_then_made_to(
    stubborn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may tidy up; one that does not listen is killed.

    Mutants: killed at once; asked and then waited for without end."""
    monkeypatch.setattr(hub_child, "GRACE", 0.1 if stubborn else 60.0)
    listen = "signal.SIG_IGN" if stubborn else "lambda *_: sys.exit(7)"
    text = f"import signal, sys, time\nsignal.signal(signal.SIGTERM, {listen})\n"
    command = [sys.executable, "-c", text + "print('ready', flush=True)\ntime.sleep(60)\n"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        hub_child._end(process)
        assert process.wait(30) == (-signal.SIGKILL if stubborn else 7)


# -- what is asked, and what is said --


def test_limits_of_what_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card is small, and a server is not waited for longer than ten seconds at a time.

    Mutants: weights' limit for cards; all of the time, or none, for one answer."""
    asked: dict[str, Any] = {}

    def answer(_: Path, ask: dict[str, Any], *, seconds: float, patience: float) -> dict[str, Any]:
        asked.update(ask, seconds=seconds, patience=patience)
        return {"files": {}}

    monkeypatch.setattr(hub_child, "answer", answer)
    hub.fetch(hub.Pin(REPO, COMMIT), ["vae.json", "vae.safetensors"], seconds=6)
    assert asked["limits"] == {"vae.json": card.LARGEST, "vae.safetensors": hub.LARGEST}
    assert card.LARGEST < hub.LARGEST
    assert (asked["seconds"], asked["patience"]) == (6, 2)
    for seconds, patience in ((0.3, 0.5), (600.0, 10.0)):
        hub.fetch(hub.Pin(REPO, COMMIT), ["vae.json"], seconds=seconds)
        assert asked["patience"] == patience


def test_what_the_sentences_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most three pickles by name; reading or writing; the commit in short.

    Mutants: a page of names; the right to read asked of whoever publishes."""
    told: dict[str, Any] = {}
    monkeypatch.setattr(hub_child, "answer", lambda *_, **__: told)
    ask = {"repo": REPO, "commit": COMMIT, "do": "fetch"}

    def sentence(do: str = "fetch", **more: Any) -> str:
        told.clear()
        told.update({"detail": "status 401", "file": "vae.safetensors"} | more)
        with pytest.raises(hub_process.HubError) as caught:
            hub_process.answer(ask | {"do": do}, 5)
        return str(caught.value)

    many = sentence(kind="file", pickles=["a.bin", "b.pt", "c.pkl", "d.ckpt"])
    assert f"{REPO} has a.bin, b.pt, c.pkl and no vae.safetensors" in many
    assert "has no vae.safetensors at the pinned commit" in sentence(kind="file", pickles=[])
    assert "that may read it" in sentence(kind="access")
    assert "that may write to it" in sentence("prepare", kind="access")
    assert "that may write to it" in sentence("commit", kind="access")
    assert f"has no commit {COMMIT[:8]} (any more)" in sentence(kind="commit")


@pytest.mark.parametrize(
    "text", [f"lab/x@{41 * 'a'}", f"lab/x--y@{COMMIT}", f"lab/x..y@{COMMIT}", f"läb/x@{COMMIT}"]
)
def test_nothing_else_is_a_pin(text: str) -> None:
    """Mutants: a digit too many; names that the Hub refuses; letters that are not its own."""
    assert hub.pin(f"lab/x@{COMMIT}") == ("lab/x", COMMIT)
    with pytest.raises(hub_process.CheckpointError):
        hub.pin(text)
