"""The Hub's real client against a server that speaks its protocol, in good health and in bad.

Whatever happens ends in the right weights, with a sentence for the reader where something went
wrong, or in one error that says what to do; and it ends in time.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from dgmlib.checkpoints import __main__ as command
from dgmlib.checkpoints import commands_hub, hub, load, store
from dgmlib.checkpoints.store import CheckpointError
from tests import hub_server
from tests.hub_server import Handler, Hub
from tests.test_checkpoint_store import arrays, made, write

ROOT = Path(__file__).parent.parent
REPO = "lab/checkpoints"
NAME = "vae-2d"
FILE = "vae-2d.safetensors"
OTHER = save(arrays(seed=1))


@pytest.fixture
def server() -> Iterator[Hub]:
    with hub_server.serving() as hub:
        yield hub


@pytest.fixture
def folder(server: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Nothing is bundled, nothing is cached, and the Hub is the server."""
    for name in list(os.environ):
        if name.startswith(("HF_", "HUGGING", hub.VARIABLE)):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "*")
    place = tmp_path / "checkpoints"
    place.mkdir()
    monkeypatch.setattr(store, "FOLDER", place)
    store.forget()
    yield place
    store.forget()


@pytest.fixture
def pinned(server: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The commit of a repository with one checkpoint."""
    commit = server.add(REPO, made(NAME))
    monkeypatch.setenv(hub.VARIABLE, f"{REPO}@{commit}")
    return commit


def is_right(found: store.Loaded, seed: int = 0) -> bool:
    return all(np.array_equal(found.weights[name], a) for name, a in arrays(seed).items())


def leftovers(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if "incomplete" in path.name]


# -- in good health --


def test_first_pull_and_warm_cache_without_network(
    server: Hub, pinned: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mutants: the cache asks the server whether the commit is still the commit; the token of the
    reader goes to the storage behind the Hub (the server refuses that).
    """
    monkeypatch.setenv("HF_TOKEN", server.token)
    first = load(NAME)
    assert (first.origin, first.told, is_right(first)) == ("hub", "", True)
    assert any(with_token for _, path, with_token in server.asked if "resolve" in path)
    load(NAME)  # in memory
    store.forget()
    server.asked.clear()
    warm = load(NAME)
    assert (warm.origin, warm.told, is_right(warm)) == ("hub cache", "", True)
    assert server.asked == []
    assert not leftovers(tmp_path)


def test_the_bundled_file_comes_first_and_asks_no_network(
    server: Hub, pinned: str, folder: Path
) -> None:
    """Mutant: the Hub is asked although the bundled file is whole."""
    write(folder, made(NAME))
    assert load(NAME).origin == "bundled"
    assert load(NAME, source="bundled").origin == "bundled"
    assert server.asked == []


def test_a_damaged_bundled_file_is_replaced_by_the_hub_s(
    server: Hub, pinned: str, folder: Path
) -> None:
    """Mutants: the reader is not told; the bundled card does not vouch for the Hub's file."""
    files = made(NAME)
    write(folder, files | {FILE: files[FILE][:-5]})
    found = load(NAME)
    assert (found.origin, is_right(found)) == ("hub", True)
    assert found.told.startswith(f"{FILE} has ")
    assert found.told.endswith("; the file of the Hub is used instead")
    assert server.count("HEAD", ".json") == 0


def test_weights_without_a_bundled_file_come_from_the_hub(
    server: Hub, pinned: str, folder: Path
) -> None:
    """The bundled card vouches. Mutant: told although nothing is wrong."""
    write(folder, {f"{NAME}.json": made(NAME)[f"{NAME}.json"]})
    assert load(NAME)[3:] == ("hub", "")


# -- what was pinned is what is loaded --


def test_a_branch_that_moves_changes_nothing(server: Hub, pinned: str, folder: Path) -> None:
    """Mutant: the files of the branch are loaded instead of those of the commit."""
    server.add(REPO, made(NAME, OTHER))
    assert is_right(load(NAME))


def test_a_pinned_revision_that_moved_is_refused(server: Hub, pinned: str, folder: Path) -> None:
    """The server answers the pinned commit with another one, or has it no more.

    Mutants: the commit in the answer is not compared (the client itself does not); the bundled file
    is used without a word.
    """
    moved = server.add(REPO, made(NAME, OTHER))
    repo = server.repos[REPO]

    def other(handler: Handler) -> bool:
        handler.path = handler.path.replace(pinned, moved)
        return False

    server.trouble = other
    with pytest.raises(CheckpointError, match=f"answers with the commit {moved[:8]} where"):
        load(NAME)
    write(folder, made(NAME))
    found = load(NAME, source="hub")
    assert (found.origin, is_right(found)) == ("bundled", True)
    assert "not what was pinned" in found.told
    assert found.told.endswith("the bundled file is used instead")
    server.trouble = None
    del repo.commits[pinned]  # a force push
    store.forget()
    assert "its history was rewritten" in load(NAME, source="hub").told


def test_a_cache_that_takes_one_commit_for_another_is_not_believed(
    server: Hub, pinned: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A note in the cache says that the pinned commit is another one, whose files are there.

    Mutant: what the client finds in its cache is taken without looking at whose it is.
    """
    moved = server.add(REPO, made(NAME, OTHER))
    monkeypatch.setenv(hub.VARIABLE, f"{REPO}@{moved}")
    assert is_right(load(NAME), seed=1)
    notes = next(Path(os.environ["HF_HOME"]).glob("hub/models--*")) / "refs"
    notes.mkdir(exist_ok=True)
    (notes / pinned).write_text(moved)
    monkeypatch.setenv(hub.VARIABLE, f"{REPO}@{pinned}")
    assert is_right(load(NAME))


def test_a_changed_file_is_refused_and_the_bundled_one_used(
    server: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Hub has other weights, and a card that vouches for them.

    Mutants: the Hub's own card is believed where a card is bundled; the checksum is not compared.
    """
    write(folder, made(NAME))
    commit = server.add(REPO, made(NAME, OTHER))
    monkeypatch.setenv(hub.VARIABLE, f"{REPO}@{commit}")
    found = load(NAME, source="hub")
    assert (found.origin, is_right(found)) == ("bundled", True)
    assert found.told.startswith(f"the Hub's file is refused: {FILE} has the checksum")
    assert found.told.endswith("the bundled file is used instead")
    assert server.count("GET", "/lfs/") == 1  # what the Hub sends once, it would send again


def test_a_damaged_cache_is_downloaded_anew_once(server: Hub, pinned: str, folder: Path) -> None:
    """Mutants: the damaged file is refused for ever; without a network it is let pass."""
    load(NAME)
    blob = next(Path(os.environ["HF_HOME"]).rglob(FILE)).resolve()
    blob.write_bytes(OTHER)
    store.forget()
    again = load(NAME)
    assert (again.origin, is_right(again)) == ("hub", True)
    store.forget()
    assert load(NAME).origin == "hub cache"
    blob = next(Path(os.environ["HF_HOME"]).rglob(FILE)).resolve()
    blob.write_bytes(blob.read_bytes()[:100])
    store.forget()
    server.trouble = lambda handler: handler.fail(500) is None
    with pytest.raises(CheckpointError, match="the Hub is in trouble"):
        load(NAME)


def test_only_safetensors(server: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutants: a fall-back to ``pytorch_model.bin``; a pickle under the right name is read."""
    pickled = b"PK\x03\x04 a zip file of pickles"
    text = made(NAME, pickled)[f"{NAME}.json"]
    only = server.add(REPO, {"pytorch_model.bin": pickled, f"{NAME}.json": text})
    monkeypatch.setenv(hub.VARIABLE, f"{REPO}@{only}")
    with pytest.raises(CheckpointError, match=r"has pytorch_model.bin and no vae-2d\.safetensors"):
        load(NAME)
    renamed = server.add(REPO, {FILE: pickled})
    monkeypatch.setenv(hub.VARIABLE, f"{REPO}@{renamed}")
    with pytest.raises(CheckpointError, match="is a pickle under another name"):
        load(NAME)


# -- in bad health --


def answers(status: int) -> Callable[[Handler], bool]:
    return lambda handler: handler.fail(status) is None


def large_only(trouble: Callable[[Handler], bool]) -> Callable[[Handler], bool]:
    """Trouble when the weights themselves are sent: everything was fine until then."""
    return lambda handler: handler.command == "GET" and "/lfs/" in handler.path and trouble(handler)


def short(handler: Handler) -> bool:
    """Half of the file, which the answer says is all of it."""
    data = handler.hub.large[handler.path[-64:]]
    handler.send(200, data[: len(data) // 2])
    return True


def hangs(handler: Handler) -> bool:
    handler.hub.gone.wait(60)
    handler.cut()
    return True


def trickles(handler: Handler) -> bool:
    """A few bytes and then the end, again and again: the client never gives up."""
    data = handler.hub.large[handler.path[-64:]]
    handler.begin(200, len(data))
    handler.wfile.write(data[:10])
    handler.cut()
    return True


def later(handler: Handler) -> bool:
    handler.send(429, Retry_After="3600")
    return True


def bytes_without_end(handler: Handler) -> bool:
    if handler.command == "HEAD" and FILE in handler.path:
        handler.send(200, ETag='"a"', X_Repo_Commit=handler.path.split("/")[4],
                     X_Linked_Size=str(10**12))  # fmt: skip
        return True
    return False


def no_hub(handler: Handler) -> bool:
    handler.send(200, b"<html>Please log in to the network of this hotel</html>")
    return True


TROUBLES: dict[str, tuple[Callable[[Handler], bool], str, float]] = {
    "404": (answers(404), "the Hub has no repository lab/checkpoints", 60),
    "500": (answers(500), r"the Hub is in trouble \(status 500\)", 60),
    "500 for the weights": (large_only(answers(500)), r"in trouble \(status 500\)", 60),
    "401": (answers(401), "refuses access to lab/checkpoints .*set HF_TOKEN", 60),
    "403 for the weights": (large_only(answers(403)), "refuses access", 60),
    "truncated": (large_only(short), "broke off while it was downloaded", 60),
    "no answer": (hangs, "did not finish in time", 2.5),
    "no end": (large_only(trickles), "did not finish in time", 2.5),
    "come back in an hour": (large_only(later), "did not finish in time", 2.5),
    "too large": (bytes_without_end, "refused for its size", 60),
    "another page": (no_hub, "is not a Hub", 60),
}


@pytest.mark.parametrize("what", TROUBLES)
def test_trouble_ends_in_time_with_the_bundled_file_or_one_sentence(
    server: Hub, pinned: str, folder: Path, tmp_path: Path, what: str
) -> None:
    """With a bundled file the reader gets it and is told; without one, the same is an error.

    Mutants: no time limit around the client (it tries for minutes, or for ever); half a file taken
    for a file; the file is downloaded before its size is known.
    """
    server.trouble, words, seconds = TROUBLES[what]
    with pytest.raises(CheckpointError, match=words) as error:
        store.from_hub(NAME, seconds=seconds)
    assert server.count("HEAD", "") <= 4  # for two files, ours and the client's: no second try
    assert not leftovers(tmp_path)
    if what == "too large":
        assert server.count("GET", "/lfs/") == 0
    write(folder, made(NAME))
    with pytest.MonkeyPatch.context() as patch:  # the same again, without waiting
        patch.setattr(hub, "fetch", raiser(hub.HubError(str(error.value))))
        found = load(NAME, source="hub")
    assert (found.origin, is_right(found)) == ("bundled", True)
    assert found.told == f"{error.value}; the bundled file is used instead"


def raiser(error: Exception) -> Callable[..., None]:
    def call(*_: object, **__: object) -> None:
        raise error

    return call


def test_a_hub_that_is_away_is_asked_once_a_minute(server: Hub, pinned: str, folder: Path) -> None:
    """Mutant: every call waits anew."""
    server.trouble = answers(500)
    for _ in range(3):
        with pytest.raises(CheckpointError, match="in trouble"):
            load(NAME)
    assert server.count("HEAD", "") == 1


def test_the_server_dies_half_way(
    pinned: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real process that ends in the middle of the file. Mutant: the half is kept as the file."""
    files = write(tmp_path / "files", made(NAME))
    server = subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "hub_server.py"), str(files), REPO],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    try:
        url, commit = server.stdout.readline().split()
        monkeypatch.setenv("HF_ENDPOINT", url)
        monkeypatch.setenv(hub.VARIABLE, f"{REPO}@{commit}")
        with pytest.raises(CheckpointError, match=r"cannot be reached|did not finish in time"):
            load(NAME, seconds=60)
        assert server.wait(10) == 1
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    assert not leftovers(tmp_path)
    assert not list(tmp_path.rglob(f"home/**/{FILE}"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody is there at all
    store.forget()
    with pytest.raises(CheckpointError, match="cannot be reached"):
        load(NAME, seconds=60)


PROGRAM = """
import sys
from pathlib import Path
from dgmlib.checkpoints import store
store.FOLDER = Path(sys.argv[1])
found = store.load("vae-2d", seconds=60)
print(found.origin, found.weights["order"].sum(), found.told)
"""


def test_two_processes_pull_at_once(server: Hub, pinned: str, folder: Path, tmp_path: Path) -> None:
    """Neither gets its weights before both have asked. Mutant: one half-written file for both."""
    both = threading.Barrier(2)

    def together(handler: Handler) -> bool:
        if handler.command == "HEAD" and FILE in handler.path and server.count("HEAD", FILE) <= 2:
            both.wait(60)
        return False

    server.trouble = together
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder)], cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    for process in running:
        out, wrong = process.communicate(timeout=120)
        assert out.split() == ["hub", "21"], wrong[-2000:]
    cache = tmp_path / "home" / "hub"
    assert not leftovers(cache)
    assert sorted(p.stat().st_size for p in cache.glob("*/blobs/*")) == sorted(
        len(data) for data in made(NAME).values()
    )


READ_ONLY = """
import ctypes, os, sys
if os.geteuid() == 0:  # root may write everywhere, unless it gives that right up for good
    drop_from_bounding_set, may_ignore_permissions = 24, 1
    assert ctypes.CDLL(None).prctl(drop_from_bounding_set, may_ignore_permissions, 0, 0, 0) == 0
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
"""


def alone(*program: str) -> subprocess.CompletedProcess[str]:
    """Runs a program with its arguments in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", *program], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
def test_a_cache_that_cannot_be_written(
    server: Hub, pinned: str, folder: Path, tmp_path: Path, warm: bool
) -> None:
    """Warm, it is used. Cold, the download is used and not kept, and the reader is told.

    Mutant: without the other folder the reader gets "Permission denied".
    """
    home = tmp_path / "home"
    home.mkdir()
    if warm:
        store.from_hub(NAME)
        server.asked.clear()
    places = [path for path in (home, *home.rglob("*")) if path.is_dir()]
    for place in places:
        place.chmod(0o555)
    probe = f"open({str(home / 'probe')!r}, 'w')\n"
    try:
        refused, done = alone(READ_ONLY, probe), alone(READ_ONLY, PROGRAM, str(folder))
    finally:
        for place in places:
            place.chmod(0o755)
    assert "PermissionError" in refused.stderr
    assert done.returncode == 0, done.stderr[-2000:]
    if warm:
        assert done.stdout.split() == ["hub", "cache", "21"]
        assert server.asked == []
    else:
        assert done.stdout.startswith("hub 21 the Hub's cache cannot be written (")
        assert done.stdout.strip().endswith("; the download is not kept")
        assert not list(home.iterdir())


def test_without_a_network_by_order(
    server: Hub, pinned: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(CheckpointError, match=r"HF_HUB_OFFLINE is set, and vae-2d\.json is not in"):
        load(NAME)
    assert server.asked == []


# -- the commands --


def run(*words: str) -> int:
    return command.main(list(words))


def test_publish_then_pull(
    server: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Mutants: a commit per file (whoever pulls in between gets half); the README of the second
    checkpoint replaces the first's; the licence left out; the commit printed is not the new one.
    """
    monkeypatch.setenv("HF_TOKEN", server.token)
    write(folder, made(NAME))
    assert run("publish", NAME, "--repo", REPO, "--private") == 0
    repo = server.repos[REPO]
    assert repo.private
    assert len(repo.commits) == 2  # the one of an empty repository, and ours
    write(folder, made("beta-0.1", OTHER))
    assert run("publish", "beta-0.1", "--repo", REPO) == 0
    assert len(repo.commits) == 3
    head = repo.branches["main"]
    files = repo.commits[head]
    assert files.keys() == {
        ".gitattributes", "README.md", "LICENSE",
        FILE, f"{NAME}.json", "beta-0.1.safetensors", "beta-0.1.json",
    }  # fmt: skip
    assert files[FILE] == (folder / FILE).read_bytes()
    assert sha256(OTHER).hexdigest() in server.large
    readme = files["README.md"].decode()
    assert "## vae-2d" in readme
    assert "## beta-0.1" in readme
    assert files["LICENSE"] == (ROOT / "LICENSE").read_bytes()
    shown = capsys.readouterr()
    assert shown.out.splitlines()[-1] == f"{hub.VARIABLE}={REPO}@{head}"
    assert server.token not in shown.out + shown.err

    for path in folder.iterdir():
        path.unlink()
    monkeypatch.setenv(hub.VARIABLE, f"{REPO}@{head}")
    assert run("pull") == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[::5] for row in rows[1:]] == [["beta-0.1"], ["vae-2d"]]
    assert all(row.split()[-2:] == ["hub", "yes"] for row in rows[1:])
    monkeypatch.setattr(commands_hub, "_recipes", lambda: ["vae-2d", "vade"])
    server.asked.clear()
    assert run("list") == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows[1:]] == ["vade", "vae-2d"]
    assert "absent" in rows[1]
    assert rows[2].split()[-3:] == ["hub", "cache", "yes"]
    assert "test log-likelihood -88.25 ± 0.5 nats" in rows[2]
    assert server.asked == []


def test_publish_to_a_branch(
    server: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Mutant: --revision is taken and forgotten."""
    monkeypatch.setenv("HF_TOKEN", server.token)
    write(folder, made(NAME))
    assert run("publish", NAME, "--repo", REPO, "--revision", "next") == 0
    repo = server.repos[REPO]
    assert FILE in repo.commits[repo.branches["next"]]
    assert FILE not in repo.commits[repo.branches["main"]]
    assert f"@{repo.branches['next']}" in capsys.readouterr().out


@pytest.mark.parametrize("token", [None, "hf_wrongwrongwrong"], ids=["none", "wrong"])
def test_publish_without_a_right_token(
    server: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], token: str | None,
) -> None:  # fmt: skip
    """Mutant: the message repeats the token."""
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    write(folder, made(NAME))
    assert run("publish", NAME, "--repo", REPO) == 1
    shown = capsys.readouterr()
    assert "refuses access" in shown.err
    assert "HF_TOKEN to a token that may write to it" in shown.err
    assert "wrongwrong" not in shown.out + shown.err
    assert server.repos == {}


def test_nothing_is_half_published(
    server: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody publishes meanwhile; the commit fails; a file is not what its card says.

    Mutants: no ``parent_commit`` (the other's card is lost from the README); damaged files go out.
    """
    monkeypatch.setenv("HF_TOKEN", server.token)
    write(folder, made(NAME))
    server.add(REPO, {"README.md": b"before"})

    def overtake(handler: Handler) -> bool:
        if "/preupload/" in handler.path:
            server.add(REPO, {"README.md": b"by somebody else"})
        return False

    server.trouble = overtake
    assert run("publish", NAME, "--repo", REPO) == 1
    assert "somebody else published" in capsys.readouterr().err
    server.trouble = lambda h: "/commit/" in h.path and h.fail(500) is None
    assert run("publish", NAME, "--repo", REPO) == 1
    assert "is in trouble" in capsys.readouterr().err
    head = server.repos[REPO].commits[server.repos[REPO].branches["main"]]
    assert head == {"README.md": b"by somebody else"}
    server.asked.clear()
    (folder / FILE).write_bytes(OTHER)
    assert run("publish", NAME, "--repo", REPO) == 1
    assert "has the checksum" in capsys.readouterr().err
    assert server.asked == []


def test_pull_says_which_failed(
    server: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Mutants: exit code 0; the first failure stops the rest."""
    files = made("cvae") | made(NAME)
    commit = server.add(REPO, files | {"cvae.safetensors": OTHER})
    monkeypatch.setenv(hub.VARIABLE, f"{REPO}@{commit}")
    assert run("pull", "cvae", NAME) == 1
    rows = capsys.readouterr().out.splitlines()
    assert "the Hub's file is refused: cvae.safetensors has the checksum" in rows[1]
    assert rows[2].split()[0] == NAME
    assert rows[2].endswith("yes")
    monkeypatch.delenv(hub.VARIABLE)
    assert run("pull") == 1
    assert f"{hub.VARIABLE} is not set" in capsys.readouterr().err
