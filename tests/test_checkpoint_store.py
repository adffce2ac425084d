"""Cards and bundled weights: what is not what it says is refused by name, and nobody pays twice."""

import json
import os
import pickle
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from safetensors.numpy import save

from dgmlib.checkpoints import __main__ as command
from dgmlib.checkpoints import card, commands_hub, hub, load, memory, store, weights
from dgmlib.checkpoints.store import CheckpointError

ROOT = Path(__file__).parent.parent


def arrays(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "decoder.0.weight": rng.normal(size=(30, 40)).astype(np.float16),
        "decoder.0.bias": rng.normal(size=30).astype(np.float16),
        "order": np.arange(7, dtype=np.int64),
    }


def facts(name: str, data: bytes, parameters: int, **changed: Any) -> card.Card:
    return {
        "format": 1, "name": name, "about": "a model for a test", "family": "vae",
        "sha256": sha256(data).hexdigest(), "bytes": len(data), "parameters": parameters,
        "dtype": "float16", "settings": {"model": "vae", "latent": 2},
        "data": {"name": "digits", "source": "drawn for a test", "train": 10, "test": 5},
        "training": {"seed": 0, "device": "cpu", "minutes": 0.5, "steps": 3, "torch": "2.13.0",
                     "phases": []},
        "scores": [
            {"name": "test log-likelihood", "value": -88.25, "error": 0.5, "unit": "nats",
             "protocol": "5 images | 3 draws", "published": -86.76, "reference": "A Table"},
            {"name": "active units", "value": 2, "error": None, "unit": "of 2", "protocol": "all"},
        ],
        "licence": "MIT",
    } | changed  # fmt: skip


def made(name: str, data: bytes | None = None, **changed: Any) -> dict[str, bytes]:
    """The two files of a checkpoint whose card is right, unless told otherwise."""
    data = save(arrays()) if data is None else data
    text = json.dumps(facts(name, data, 30 * 40 + 30 + 7, **changed))
    return {f"{name}.safetensors": data, f"{name}.json": text.encode()}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder in the place of the bundled one, and no Hub."""
    place = tmp_path / "checkpoints"
    place.mkdir()
    monkeypatch.setattr(store, "FOLDER", place)
    monkeypatch.delenv(hub.VARIABLE, raising=False)
    store.forget()
    yield place
    store.forget()


def test_bundled_weights_are_what_was_saved(folder: Path) -> None:
    """Mutants: float16 handed out as it is; integers made floats; arrays that can be written."""
    write(folder, made("vae-2d"))
    found = load("vae-2d")
    assert (found.origin, found.told, found.card["name"]) == ("bundled", "", "vae-2d")
    assert sorted(found.weights) == sorted(arrays())
    for name, stored in arrays().items():
        got = found.weights[name]
        assert got.dtype == (np.float32 if stored.dtype == np.float16 else np.int64)
        np.testing.assert_array_equal(got, stored)
        with pytest.raises(ValueError, match="read-only"):
            got[...] = 0


def test_what_is_really_bundled_is_whole_and_small() -> None:
    """Mutants: weights without their card, or trained anew beside the old card; over 30 MB."""
    real = ROOT / "checkpoints"
    for name in store.names(real):
        assert store.bundled(name, real).weights
    weighed = {path.stem: path.stat().st_size for path in real.glob("*.safetensors")}
    assert sorted(weighed) == store.names(real)
    assert sum(weighed.values()) < store.LARGEST


def test_readers_cannot_change_what_others_get(folder: Path) -> None:
    """Mutant: the kept dictionary itself is handed out."""
    write(folder, made("vae-2d"))
    one = load("vae-2d")
    one.weights.clear()
    one.card["settings"]["latent"] = 99
    two = load("vae-2d")
    assert len(two.weights) == 3
    assert two.card["settings"]["latent"] == 2


def lie(change: Callable[[dict[str, Any]], None]) -> bytes:
    """A file whose header says something else."""
    data = save(arrays())
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def offsets(header: dict[str, Any], start: int, end: int) -> None:
    header["order"]["data_offsets"] = [start, end]


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple:
        return open, (self.path, "w")


WHOLE = save(arrays())
SINGLE = {
    name: a.astype(np.float32) if a.dtype == np.float16 else a for name, a in arrays().items()
}
LIES = {
    "offsets beyond the end": (lie(lambda h: offsets(h, 0, 10**9)), "not a whole safetensors"),
    "offsets that overlap": (lie(lambda h: offsets(h, 8, 64)), "not a whole safetensors"),
    "another shape": (lie(lambda h: h["order"].update(shape=[9])), "not a whole safetensors"),
    "a kind without a name": (lie(lambda h: h["order"].update(dtype="P7")), "not a whole safet"),
    "a huge header": ((2**62).to_bytes(8, "little") + WHOLE[8:], "not a length"),
    "a header that is cut": (WHOLE[:40], "not a length"),
    "no JSON": (WHOLE[:9] + b"\xff" * 20 + WHOLE[29:], "not a whole safetensors"),
    "empty": (b"{}", "not a length"),
    "not finite": (save({"a": np.full((37, 7), np.nan, np.float16)}), "a holds numbers that are n"),
    "infinite": (save({"a": np.full((37, 7), np.inf, np.float16)}), "a holds numbers that are not"),
    "other floats": (save({"a": np.zeros(1237, np.float64)}), "is float64; its card says float16"),
    "single for half": (save(SINGLE), "is float32; its card says float16"),
    "too few numbers": (save({"a": np.zeros(5, np.float16)}), "holds 5 numbers .* says 1,237"),
}  # fmt: skip


@pytest.mark.parametrize("what", LIES)
def test_a_file_that_lies_is_refused_by_name(folder: Path, what: str) -> None:
    """The checksum is right: whoever made the file and its card made both wrong.

    Mutants: ``np.isfinite`` left out; the number of parameters or the kind of floats not compared;
    SafetensorError let through.
    """
    data, words = LIES[what]
    write(folder, made("vae-2d", data))
    with pytest.raises(CheckpointError, match=rf"vae-2d\.safetensors.*{words}"):
        load("vae-2d")


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda data: data[:-1], "has .* bytes where its card says"),
        (lambda data: data + b"\0", "has .* bytes where its card says"),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "has the checksum .* where its card says"),
        (lambda data: b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    ],
    ids=["short", "long", "one bit", "note"],
)
def test_a_file_that_changed_is_refused(
    folder: Path, change: Callable[[bytes], bytes], words: str
) -> None:
    """Mutants: the checksum not compared; the length not compared."""
    files = made("vae-2d")
    write(folder, files | {"vae-2d.safetensors": change(files["vae-2d.safetensors"])})
    with pytest.raises(CheckpointError, match=words):
        load("vae-2d")


@pytest.mark.parametrize("protocol", [0, 2, 4, 5, "zip"])
def test_a_pickle_is_refused_and_never_read(folder: Path, protocol: int | str) -> None:
    """Its card vouches for it. Mutant: anything that falls back to ``pickle.loads``."""
    trap = folder / "sprung"
    data = pickle.dumps(Trap(trap), 2 if protocol == "zip" else int(protocol))
    data = b"PK\x03\x04" + data if protocol == "zip" else data
    write(folder, made("vae-2d", data))
    words = "first 8 bytes" if protocol == 0 else "is a pickle under another name"
    with pytest.raises(CheckpointError, match=words):
        load("vae-2d")
    assert not trap.exists()


def test_a_header_of_640_bytes_is_no_pickle() -> None:
    """Its first two bytes are those of a pickle. Mutant: ``startswith(b"\\x80")`` alone."""
    data = save({"a": np.zeros(3, np.float16)})
    length = int.from_bytes(data[:8], "little")
    padded = data[8 : 8 + length] + b" " * (640 - length)
    data = (640).to_bytes(8, "little") + padded + data[8 + length :]
    assert data.startswith(b"\x80\x02")
    found = weights.read(data, facts("a", data, 3), "a.safetensors")
    assert found["a"].shape == (3,)


def test_a_large_file_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutants: ``file.read()`` without a bound; the size compared after the checksum."""
    write(folder, made("vae-2d"))
    os.truncate(folder / "vae-2d.safetensors", 4 * store.LARGEST)  # a hole takes no room
    monkeypatch.setattr(store, "read", lambda *_: pytest.fail("it was hashed"))
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError, match="larger than 30,000,000 bytes"):
            load("vae-2d")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 2 * store.LARGEST


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../vae", "a/b", "a\\b", "/etc/passwd", "VAE", "a b", "a\n", "a..b", "-a", "é"],
)
def test_a_name_cannot_leave_the_folder(folder: Path, name: str) -> None:
    """Mutants: the name put into the path unchecked; ``re.match`` for ``re.fullmatch``."""
    for ask in (load, store.bundled, store.from_hub):
        with pytest.raises(ValueError, match="is not the name of a checkpoint"):
            ask(name)


def test_an_unknown_name_is_told_which_there_are(folder: Path) -> None:
    write(folder, made("vae-2d") | made("beta-0.1"))
    with pytest.raises(CheckpointError, match=r"no vae-3d\.json .* \(bundled: beta-0\.1, vae-2d\)"):
        load("vae-3d")
    with pytest.raises(ValueError, match="source must be"):
        load("vae-2d", source="cloud")  # type: ignore[arg-type]


# -- the memory --


def test_many_readers_load_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutant: no lock, so each of the threads that come at once reads the file."""
    write(folder, made("vae-2d"))
    reads: list[str] = []
    begun = threading.Barrier(8)

    def slow(*args: Any) -> Any:
        reads.append("read")
        threading.Event().wait(0.1)
        return weights.read(*args)

    def reader() -> None:
        begun.wait(30)
        found.append(load("vae-2d").weights["order"])

    found: list[np.ndarray] = []
    monkeypatch.setattr(store, "read", slow)
    threads = [threading.Thread(target=reader) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 8
    assert all(array is found[0] for array in found)
    assert reads == ["read"]


def test_a_file_written_anew_is_seen(folder: Path) -> None:
    """Mutant: what was loaded is kept by its name alone."""
    write(folder, made("vae-2d"))
    before = load("vae-2d").weights["decoder.0.bias"]
    write(folder, made("vae-2d", save(arrays(seed=1))))
    os.utime(folder / "vae-2d.json", ns=(1, 1))
    assert not np.array_equal(load("vae-2d").weights["decoder.0.bias"], before)


def test_failures_are_tried_again_after_a_minute_and_room_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Mutants: failures kept for ever, or not at all; nothing ever leaves the memory."""
    now = [100.0]
    monkeypatch.setattr(memory.time, "monotonic", lambda: now[0])
    kept: memory.Memory[str] = memory.Memory()
    calls: list[str] = []

    def make(key: str, size: int = 0, whole: bool = True) -> str:
        def call() -> memory.Found[str]:
            calls.append(key)
            return memory.Found(key, size, whole)

        return kept.of(key, call)

    make("wrong", whole=False)
    make("wrong", whole=False)
    now[0] += memory.AGAIN + 1
    make("wrong", whole=False)
    assert calls == ["wrong", "wrong"]
    calls.clear()
    for key in ("a", "b", "a", "c", "a", "b"):  # two have room; b was not asked for the longest
        make(key, memory.KEEP // 2)
    assert calls == ["a", "b", "c", "b"]
    make("larger than all", 2 * memory.KEEP)
    make("larger than all", 2 * memory.KEEP)
    assert calls.count("larger than all") == 1
    for i in range(3 * memory.ENTRIES):
        make(str(i))
    assert len(kept._kept) == memory.ENTRIES
    assert not kept._busy


def test_an_exception_leaves_no_lock_behind() -> None:
    """Mutant: without ``finally`` the next reader waits for ever."""
    kept: memory.Memory[str] = memory.Memory()
    with pytest.raises(ZeroDivisionError):
        kept.of("a", lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    assert not kept._busy
    assert kept.of("a", lambda: memory.Found("b", 1, True)) == "b"


# -- cards --


def paths(value: Any, before: tuple = ()) -> Iterator[tuple]:
    """Every field that a card must have."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if (*before, key) == ("settings",):
            yield ("settings",)
            continue
        if isinstance(key, str):
            yield (*before, key)
        if isinstance(inner, dict | list):
            yield from paths(inner, (*before, key))


FIELDS = [
    path for path in paths(facts("a", b"", 1))
    if path[-1] not in ("error", "published") and path[:2] != ("scores", 1)
]  # fmt: skip


@pytest.mark.parametrize("path", FIELDS, ids=lambda p: ".".join(map(str, p)))
@pytest.mark.parametrize("how", ["missing", "wrong"])
def test_a_card_that_says_too_little_is_refused_by_its_field(path: tuple, how: str) -> None:
    """Mutant: any rule taken out of ``card``."""
    value: Any = facts("a", b"x", 1)
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    if how == "missing":
        del inner[path[-1]]
    else:
        inner[path[-1]] = True  # neither words, nor a number, an object or a list
    with pytest.raises(ValueError, match=rf"^a\.json: .*\b{path[-1]}"):
        card.parse(json.dumps(value).encode(), "a.json")


@pytest.mark.parametrize(
    "change, words",
    [
        (dict(bytes=-1), "bytes must be a whole number from 1 on, not -1"),
        (dict(parameters=1.5), "parameters must be a whole number"),
        (dict(sha256="A" * 64), "sha256 must be 64 small"),
        (dict(format=2), "format must be 1"),
        (dict(dtype="float64"), "dtype must be"),
        (dict(name="b"), "the name in it is 'b'"),
        (dict(about="  "), "about must be words"),
        (dict(scores=[3]), r"scores\[0\] must be an object"),
        (dict(scores=[{"name": "a", "value": 10**400, "unit": "u", "protocol": "p"}]),
         "value must be a finite number"),
        (dict(scores=[{"name": "a", "value": 1, "unit": "u", "protocol": "p", "error": -1}]),
         "error must be a number from 0 on"),
        (dict(scores=[{"name": "a", "value": 1, "unit": "u", "protocol": "p", "published": 2}]),
         r"scores\[0\]\.reference is missing"),
    ],
)  # fmt: skip
def test_a_card_with_a_wrong_value_is_refused(change: dict[str, Any], words: str) -> None:
    text = json.dumps(facts("a", b"x", 1) | change).encode()
    with pytest.raises(ValueError, match=rf"^a\.json: .*{words}"):
        card.parse(text, "a.json")


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[1]", b"\xff\xfe", b'{"a": NaN}', b"[" * 200_000, b" " * 300_000]
)
def test_what_is_no_card_is_refused(tmp_path: Path, text: bytes) -> None:
    """Mutants: NaN let through, as Python's JSON does; a RecursionError; no bound on the size."""
    (tmp_path / "a.json").write_bytes(text)
    with pytest.raises(ValueError, match=r"^a\.json "):
        card.read(tmp_path / "a.json")


def test_a_card_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mutants: ``path.write_text`` in place; a card that cannot be read again is written."""
    path = tmp_path / "a.json"
    card.write(path, facts("a", b"x", 1))
    assert card.read(path) == facts("a", b"x", 1)
    before = path.read_bytes()
    for wrong in (np.float32(1), float("nan"), {1, 2}, "\ud800"):
        with pytest.raises(ValueError, match=r"^a\.json"):
            card.write(path, facts("a", b"x", 1, settings={"a": wrong}))

    def killed(*_: Any) -> None:
        raise OSError("no room")

    monkeypatch.setattr(card.os, "replace", killed)
    with pytest.raises(OSError, match="no room"):
        card.write(path, facts("a", b"y", 1))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_readme_is_what_the_hub_reads() -> None:
    """Mutants: a bar in a protocol opens a new cell; a colon in a tag breaks the YAML."""
    one, two = facts("a", b"x", 1), facts("b", b"x", 1, family="a: b")
    text = card.readme(one, two)
    front, _, body = text.removeprefix("---\n").partition("\n---\n")
    about = yaml.safe_load(front)
    assert about == {
        "license": "mit",
        "library_name": "dgmlib",
        "tags": ["dgmlib", "generative-model", "a: b", "vae"],
    }
    rows = [line for line in body.splitlines() if line.startswith("| test log-likelihood")]
    assert (
        rows
        == [r"| test log-likelihood | -88.25 ± 0.5 nats | -86.76, A Table | 5 images \| 3 draws |"]
        * 2
    )
    for said in (one["sha256"], "10 for training, 5 held out", "| a |", "| b |", "seed 0"):
        assert said in body
    mixed = card.readme(one, facts("b", b"x", 1, licence="CC-BY-4.0"))
    assert yaml.safe_load(mixed.split("---\n")[1])["license"] == "other"


@pytest.mark.parametrize(
    "text",
    ["owner", "owner/name", "owner/name@main", "owner/name@" + "a" * 39, "owner/name@" + "A" * 40,
     "../name@" + "a" * 40, "a/b/c@" + "a" * 40, "a/..@" + "a" * 40],
)  # fmt: skip
def test_only_a_commit_is_a_pin(text: str) -> None:
    """Mutant: a branch is taken for a pin, and means other files tomorrow."""
    with pytest.raises(CheckpointError, match="owner/name"):
        hub.pin(text)
    assert hub.pin("a/b@" + "0" * 40) == ("a/b", "0" * 40)
    assert hub.pin("") is None


def test_list_says_what_is_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Mutants: exit code 0 with a damaged file; a recipe without weights counts as damaged."""
    monkeypatch.setattr(commands_hub, "_recipes", lambda: ["vade", "vae-2d"])
    write(folder, made("vae-2d"))
    assert command.main(["list"]) == 0
    write(folder, made("cvae") | {"cvae.safetensors": b"half"})
    assert command.main(["list"]) == 1
    rows = [row.split() for row in capsys.readouterr().out.splitlines()[-3:]]
    assert rows[0][:3] == ["cvae", "damaged", "cvae.safetensors"]
    assert rows[1] == ["vade", "absent"]
    assert rows[2][:3] == ["vae-2d", "0.00", "MB"]
    assert rows[2][-2:] == ["bundled", "yes"]


def test_errors_cross_processes() -> None:
    """Computations run in processes of their own. Mutant: an exception made of two arguments."""
    error = hub.HubError("the Hub is away", "connection")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (str(again), again.kind) == ("the Hub is away", "connection")


def test_asking_costs_nothing_before_it_is_needed(tmp_path: Path) -> None:
    """Mutants: torch, the Hub's client or safetensors imported at the top of a file."""
    write(tmp_path / "checkpoints", made("vae-2d"))
    program = f"""
import sys
from pathlib import Path
import dgmlib.checkpoints, dgmlib.checkpoints.__main__, dgmlib.checkpoints.hub_client
from dgmlib.checkpoints import store
heavy = ['torch', 'huggingface_hub', 'requests', 'httpx', 'httpx2', 'streamlit', 'plotly']
bad = [name for name in [*heavy, 'safetensors', 'tqdm'] if name in sys.modules]
assert not bad, bad
store.FOLDER = Path({str(tmp_path / "checkpoints")!r})
assert dgmlib.checkpoints.load('vae-2d').origin == 'bundled'
bad = [name for name in heavy if name in sys.modules]
assert not bad, bad
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
