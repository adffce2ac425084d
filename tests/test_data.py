"""Laws of the data: what goes into a link comes back, what is wrong in a file is named."""

import base64
import contextlib
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dgmlib.data import iris, toys
from dgmlib.data.points import (
    AT_MOST,
    CSV_CHARACTERS,
    CSV_COLUMNS,
    CSV_ROWS,
    LARGEST,
    decode,
    encode,
    from_csv,
)

coordinate = st.floats(-LARGEST, LARGEST, allow_nan=False, width=64)
clouds = st.integers(0, 60).flatmap(lambda n: hnp.arrays(np.float64, (n, 2), elements=coordinate))


@settings(deadline=None)
@given(clouds)
def test_points_survive_the_link(xy):
    """Mutants: 255 levels instead of 65,535; bounds shared by both axes; bytes not put back in
    their order; a constant axis divided by its span of zero."""
    back = decode(encode(xy))
    assert back.shape == xy.shape
    if len(xy):
        span = np.ptp(xy, axis=0)
        slack = 4 * np.finfo(float).eps * np.abs(xy).max(axis=0)  # four roundings in float64
        assert np.all(np.abs(back - xy) <= span / 131_070 + slack)


@settings(deadline=None)
@given(clouds)
def test_a_link_is_stable(xy):
    """Mutant: bounds rounded to float32. A link made from a link must be the same link."""
    once = encode(xy)
    assert encode(decode(once)) == once


def test_a_link_is_short_and_safe():
    """Mutant: coordinates written as decimal text (about 40 characters a point)."""
    text = encode(np.random.default_rng(0).standard_normal((AT_MOST, 2)))
    assert len(text) <= 5.5 * AT_MOST
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    assert len(encode(iris.petals())) <= 5 * 150  # millimetres repeat, zlib finds it


@pytest.mark.parametrize(
    ("xy", "message"),
    [
        (np.zeros((AT_MOST + 1, 2)), "1001 points do not fit"),
        (np.zeros((3, 3)), r"shape \(3, 3\)"),
        (np.array([[0.0, np.nan]]), "finite"),
        (np.array([[np.inf, 0.0]]), "finite"),
        (np.array([[2 * LARGEST, 0.0]]), "1e\\+12"),
    ],
)
def test_what_does_not_fit_in_a_link_is_refused(xy, message):
    """Mutant: points clipped or dropped without a word."""
    with pytest.raises(ValueError, match=message):
        encode(xy)


def pack(raw: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(raw, 9)).decode().rstrip("=")


GOOD = np.array([0.0, 0.0, 1.0, 1.0]).tobytes()


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "hello",
        "%20",
        "é" * 20,
        "A" * 9,
        "A" * 1_000_000,
        pack(b""),
        pack(GOOD),  # no points
        pack(GOOD + b"\0" * 5),  # a point and a quarter
        pack(GOOD + b"\0" * 4 * (AT_MOST + 1)),
        pack(b"\0" * 3_000_000),  # a bomb: 4,000 characters that unpack to 3 MB
        pack(np.array([0.0, 0.0, np.nan, 1.0]).tobytes() + b"\0" * 8),
        pack(np.array([0.0, 0.0, np.inf, 1.0]).tobytes() + b"\0" * 8),
        pack(np.array([2.0, 0.0, 1.0, 1.0]).tobytes() + b"\0" * 8),  # low above high
        pack(GOOD + b"\0" * 8)[:-8],
        pack(GOOD + b"\0" * 8)[:-2],  # all points, but not the whole checksum
        pack(GOOD + b"\0" * 8)[:-4],
        pack(GOOD + b"\0" * 8) + "AAAA",
    ],
)
def test_a_damaged_link_says_so(text):
    """Mutants: zlib.error let through; a stream without its end or its checksum accepted."""
    start = time.perf_counter()
    with pytest.raises(ValueError, match="damaged"):
        decode(text)
    assert time.perf_counter() - start < 0.1  # bounded work: it takes microseconds


def test_a_bomb_is_not_unpacked():
    """Mutant: zlib.decompress without a limit."""
    bomb = pack(b"\0" * 3_000_000)
    tracemalloc.start()
    with pytest.raises(ValueError, match="damaged"):
        decode(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000  # bytes; the limit is 4,033 of them, the rest is the message's


@settings(deadline=None)
@given(st.text(st.sampled_from("eNpAB01-_%=é "), max_size=200) | st.text(max_size=50))
def test_any_text_gives_points_or_value_error(text):
    """Mutant: binascii.Error, zlib.error or UnicodeEncodeError reaching the reader."""
    with contextlib.suppress(ValueError):
        assert decode(text).shape[1] == 2


names_ = st.lists(
    st.text(
        st.characters(blacklist_categories=("Cs", "Cc", "Z"), blacklist_characters='",;'),
        min_size=1,
        max_size=20,
    ).filter(lambda s: not any(c.isdigit() for c in s) and s.lower().strip("+-") not in NOT_FINITE),
    min_size=2,
    max_size=5,
    unique=True,
)
NOT_FINITE = {"nan", "inf", "infinity"}


@st.composite
def tables(draw):
    names = draw(names_)
    n = draw(st.integers(CSV_ROWS[0], 12))
    x = draw(hnp.arrays(np.float64, (n, len(names)), elements=coordinate))
    x[0] = 0.0
    x[1] = 1.0  # never constant
    return names, x


@settings(deadline=None)
@given(
    tables(),
    st.sampled_from([",", ";", "\t"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)
def test_a_table_survives_csv(table, delimiter, header, quoted, mark, end):
    """Mutants: the first row always (never) taken for names; rows sorted; one delimiter only;
    the byte order mark left in the first name; numbers read as float32."""
    names, x = table
    quote = '"{}"'.format if quoted else str
    lines = [[repr(float(v)) for v in row] for row in x]
    if header:
        lines.insert(0, names)
    text = end.join(delimiter.join(map(quote, line)) for line in lines)
    found, values = from_csv("\ufeff" * mark + text + end * quoted)
    assert found == (names if header else [f"column {j + 1}" for j in range(len(names))])
    assert np.array_equal(values, x)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (" \n\n ", "empty"),
        ("height,width\n1,2\n3,abc\n5,6\n7,8", r"row 3, column 'width': 'abc' is not a number"),
        ("1,2\n3,4\n5,x1\n7,8", r"row 3, column 'column 2': 'x1' is not a number"),
        ("height,7\n1,2\n3,4\n5,6\n7,8", r"row 1, column 'column 1': 'height' is not a number"),
        ("a,b\n1,2\n3,\n5,6\n7,8", r"row 3, column 'b': the cell is blank"),
        ("a,b\n1,2\n3,NaN\n5,6\n7,8", r"row 3, column 'b': 'NaN' is not a finite number"),
        ("a,b\n1,2\n3,4\n-inf,6\n7,8", r"row 4, column 'a': '-inf' is not a finite number"),
        ("a,b\n1,2\n3,4\n1e400,6\n7,8", r"row 4, column 'a': '1e400' is larger than 1e\+12"),
        ("a,b\n1,2\n3,4,5\n5,6\n7,8", r"row 3 has 3 cell\(s\), row 1 has 2"),
        ("a,b\n1,2\n\n5,6\n7,8", "row 3 is blank"),
        ("a,b\n1,2\n1,3\n1,4\n1,5", "column 'a' is constant: 1 in all 4 rows"),
        ("a,b\n1,2\n3,4\n5,6", r"3 row\(s\) of numbers; at least 4"),
        ("a\n1\n2\n3\n4", r"row 1 has 1 column\(s\)"),
        (",".join("a" * j for j in range(1, 67)), r"row 1 has 66 column\(s\)"),
        ("a,a\n1,2\n3,4\n5,6\n7,8", "two columns are called 'a'"),
        ("a;b\n1,5;2\n3;4\n5;6\n7;8", r"row 2, column 'a': '1,5' .* decimals with a point"),
        ("a,b\n1_0,2\n3,4\n5,6\n7,8", r"row 2, column 'a': '1_0' is not a number"),
        ("a,b\n٣,2\n3,4\n5,6\n7,8", r"row 2, column 'a': '٣' is not a number"),
        ('a,b\n1,"2\n3,4\n5,6\n7,8', "not CSV"),
        ("a,b\n" + "1,2\n" * (CSV_ROWS[1] + 1), r"row 5002 is one too many"),
        ("1" * (CSV_CHARACTERS + 1), "1,000,001 characters"),
        ("a,b\n" + "1," + "9" * 200_000, "not CSV|larger than"),
    ],
)
def test_a_wrong_file_is_named_to_the_cell(text, message):
    """Mutants: rows counted from zero, or without the row of names; float() instead of the
    pattern (accepts 1_0 and other alphabets); blanks read as 0; NaN rows dropped; ragged rows
    padded; a constant column kept."""
    with pytest.raises(ValueError, match=message):
        from_csv(text)


@settings(deadline=None, max_examples=200)
@given(st.text(st.sampled_from('01.,;\t\n\r"-+eEnaif x\0\ufeff'), max_size=80))
def test_any_file_gives_a_finite_table_or_value_error(text):
    """Mutant: csv.Error or IndexError reaching the reader; a table with a NaN in it."""
    try:
        names, x = from_csv(text)
    except ValueError:
        return
    assert x.ndim == 2
    assert x.shape[1] == len(names) == len(set(names))
    assert np.all(np.isfinite(x))
    assert np.all(np.ptp(x, axis=0) > 0)
    assert CSV_COLUMNS[0] <= x.shape[1] <= CSV_COLUMNS[1]
    assert len(x) >= CSV_ROWS[0]


def test_the_largest_file_is_read_in_bounded_time():
    """Mutant: a pattern that backtracks, or a quadratic join. 5,000 x 20 cells take about 0.1 s."""
    text = "\n".join(",".join(f"{i * j % 97}.{i % 7}" for j in range(1, 21)) for i in range(5000))
    start = time.process_time()  # of this process alone: others share the machine
    _names, x = from_csv(text)
    assert time.process_time() - start < 2.0
    assert x.shape == (5000, 20)


@pytest.mark.parametrize("name", toys.TOYS)
def test_toys_follow_their_generator(name):
    """Mutants: a global random stream; n ignored; float32."""
    draw = toys.TOYS[name]
    x = draw(300, rng=np.random.default_rng(3))
    assert x.shape == (300, 2)
    assert x.dtype == np.float64
    assert np.all(np.isfinite(x))
    assert np.array_equal(x, draw(300, rng=np.random.default_rng(3)))
    assert not np.array_equal(x, draw(300, rng=np.random.default_rng(4)))
    with pytest.raises(ValueError, match="n must be at least 2"):
        draw(1, rng=np.random.default_rng(3))


@pytest.mark.parametrize("name", toys.TRUTH)
def test_samples_have_the_moments_of_their_truth(name):
    """Mutants: variances used as standard deviations; the root transposed (V^T for V)."""
    w, mu, cov = toys.TRUTH[name]
    n = 200_000
    x = toys.TOYS[name](n, rng=np.random.default_rng(0))
    mean = w @ mu
    d = mu - mean
    second = np.einsum("k,kij->ij", w, cov) + np.einsum("k,ki,kj->ij", w, d, d)
    assert np.isclose(w.sum(), 1.0)
    # five standard errors of a mean, and of a product of two coordinates
    assert np.all(np.abs(x.mean(0) - mean) <= 5 * np.sqrt(np.diag(second) / n))
    c = x - mean
    products = c[:, :, None] * c[:, None, :]
    assert np.all(np.abs(products.mean(0) - second) <= 5 * products.std(0) / np.sqrt(n))


def test_petals_are_those_of_scikit_learn():
    """Mutants: sepals for petals; the copy with two wrong flowers that circulates elsewhere."""
    from sklearn.datasets import load_iris

    data, target = load_iris(return_X_y=True)
    assert np.array_equal(iris.petals(), np.asarray(data)[:, 2:])
    assert np.array_equal(iris.species(), np.asarray(target))
    assert [f"petal {w} (cm)" for w in ("length", "width")] == list(iris.COLUMNS)
    first = iris.petals()
    first[:] = 0.0
    assert iris.petals().any()  # a reader's copy, not the cache


def test_the_lonely_point_is_alone():
    """Mutant: the far point shuffled in; the preset starts a component on it by position."""
    x = toys.lonely(60, rng=np.random.default_rng(0))
    assert np.array_equal(x[-1], [5.0, 3.0])
    distance = np.linalg.norm(x[:-1] - x[-1], axis=1)
    assert distance.min() > 1.0
