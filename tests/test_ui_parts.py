"""The parts of the frame that need no browser: fields, code view, cache, links, prose."""

import dataclasses
import gc
import json
import pickle
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import nbformat
import numpy as np
import pytest

from dgmlib.figures.table import Table
from dgmlib.ui import behind, catalogue, code, fields, links, prose, spec
from dgmlib.ui.cache import Cache


@dataclass(frozen=True)
class Params:
    beta: float = fields.slider(1.0, 0.1, 8.0, step=0.1, label="beta")
    k: int = fields.slider(3, 1, 8, label="K")
    kind: str = fields.choice("full", ["full", "tied"], label="Kind")
    on: bool = fields.toggle(False, label="On")
    seed: int = fields.seed()


def test_every_value_survives_the_url() -> None:
    """Mutants: str(True) in the URL; a float rounded on its way."""
    p = Params(beta=0.1 + 0.2, k=8, kind="tied", on=True, seed=9999)
    read = {n: fields.controls(Params)[n].parse(t) for n, t in links.query(p).items()}
    assert Params(**read) == p
    assert [type(v) for v in read.values()] == [float, int, str, bool, int]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("beta", "nan"), ("beta", "inf"), ("beta", "9"), ("beta", "x"), ("beta", ""),
        ("k", "2.5"), ("k", "0"), ("k", "1e1"), ("kind", "FULL"), ("on", "True"), ("on", "2"),
        ("seed", "-1"), ("seed", "10000"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_words(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"not|neither"):
        fields.controls(Params)[name].parse(text)


def test_a_link_states_every_parameter_and_the_address_only_what_changed() -> None:
    p = Params(k=5)
    asked = parse_qs(urlsplit(links.link("http://x/page?old=1", p, embed="true")).query)
    stated = {"beta": "1.0", "k": "5", "kind": "full", "on": "0", "seed": "0", "embed": "true"}
    assert {name: texts[0] for name, texts in asked.items()} == stated
    assert links.changed(p) == {"k": "5"}


def test_embed_snippets_are_safe_html() -> None:
    texts = links.embeds("http://x/page", Params(), title='A "quoted" <title>')
    assert set(texts) == {"HTML", "Quarto", "Markdown"}
    assert "&quot;quoted&quot; &lt;title&gt;" in texts["HTML"]
    assert "embed=true" in texts["HTML"]
    assert texts["HTML"] in texts["Quarto"]


def test_one_computation_for_many_readers() -> None:
    """Mutant: no lock per key, so that fifty readers of one page compute it fifty times."""
    cache, runs = Cache(), []

    def slow() -> int:
        runs.append(1)
        time.sleep(0.05)
        return 7

    found: list[int] = []
    readers = [
        threading.Thread(target=lambda: found.append(cache.get("a", slow))) for _ in range(9)
    ]
    for r in readers:
        r.start()
    for r in readers:
        r.join()
    assert found == [7] * 9
    assert len(runs) == 1


def test_the_cache_is_bounded_and_keeps_the_recent() -> None:
    """Mutant: the oldest insertion goes instead of the least recently used."""
    cache = Cache(entries=2)
    for key in ("a", "b"):
        cache.get(key, lambda key=key: key)
    cache.get("a", lambda: pytest.fail("a was kept"))
    cache.get("c", lambda: "c")
    cache.get("a", lambda: pytest.fail("a was used last"))
    assert cache.get("b", lambda: "again") == "again"


def test_the_cache_is_bounded_in_bytes() -> None:
    """Mutant: only entries are counted, so that large drawings fill the memory."""
    cache = Cache(most=100)
    for key in "abc":
        cache.get(key, lambda key=key: key, size=lambda _: 40)
    assert cache.get("c", lambda: "gone") == "c"
    assert cache.get("b", lambda: "gone") == "b"
    assert cache.get("a", lambda: "gone") == "gone"
    assert cache.get("large", lambda: "large", size=lambda _: 1000) == "large"


def test_an_error_is_not_kept() -> None:
    cache = Cache()
    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: 1 // 0)
    assert cache.get("a", lambda: 3) == 3


class Litter:
    """A cycle whose end lets another thread run, wherever the collector happens to meet it."""

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        time.sleep(1e-4)


def test_readers_who_come_together_read_the_source_one_by_one() -> None:
    """Mutant: without the lock CPython 3.11 fails with "AST constructor recursion depth mismatch"
    when a collection lets a second reader into the parser."""
    page = spec.of("kl_asymmetry")
    wrong: list[BaseException] = []

    def read() -> None:
        try:
            for _ in range(3):
                code._read.cache_clear()
                for view in page.views.values():
                    Litter()
                    code.uses(view.compute)
        except BaseException as error:  # noqa: BLE001 (of a thread: raised below)
            wrong.append(error)

    before = gc.get_threshold()
    gc.set_threshold(50)
    try:
        readers = [threading.Thread(target=read) for _ in range(4)]
        for r in readers:
            r.start()
        for r in readers:
            r.join()
    finally:
        gc.set_threshold(*before)
    assert not wrong


def test_a_computation_must_name_its_parameters() -> None:
    """The cache's key and the code view both rest on it."""

    def hides(p: Params) -> object:
        return dataclasses.asdict(p)

    with pytest.raises(ValueError, match="one by one"):
        code.uses(hides)


def test_answers_are_folded_and_questions_are_not() -> None:
    """Mutants: an answer in the open; a question folded away; an empty fold; a lost exercise;
    the word ``Answer:`` inside a sentence taken for the mark of one."""
    text = (
        "First words.\n\n### Why? Answer: briefly.\nAnswer: because\nof this.\n\n"
        "### How?\nNo answer given.\n\n### When?\nAnswer: now."
    )
    shown = re.sub(r"\n{2,}", "\n\n", prose.exercises(text))
    parts = re.split(
        r"<details><summary>Answer</summary>\n\n(.*?)\n\n</details>", shown, flags=re.S
    )
    open_, folded = [part.strip() for part in parts[::2]], parts[1::2]
    assert open_ == ["First words.\n\nWhy? Answer: briefly.", "How?\nNo answer given.\n\nWhen?", ""]
    assert folded == ["because\nof this.", "now."]


@pytest.mark.parametrize("name", catalogue.PAGES)
def test_the_theory_is_one_text_with_every_part(name: str) -> None:
    """Mutants: a part or its heading left out; answers in the open; other parts folded."""
    words = prose.read(name)
    shown = prose.theory(words)
    assert re.findall(r"^## (.*)$", shown, re.M) == list(words.parts)
    for heading, text in words.parts.items():
        assert (text in shown) == (heading != "Exercises")
    answers = re.findall(r"^Answer:", words.parts["Exercises"], re.M)
    assert shown.count("<summary>Answer</summary>") == len(answers) > 0
    assert not re.search(r"^Answer:", shown, re.M)


def test_tables_show_four_digits_and_infinity() -> None:
    text = behind.table(Table(["a", "b|c"], [["x|y", float("inf")], ["z", -0.000123456]], "Words."))
    assert "<td>x|y</td><td>∞</td>" in text
    assert "<td>−0.0001235</td>" in text
    assert text.endswith("</table>\n\nWords.")


VIEWS = [(name, view) for name in catalogue.PAGES for view in spec.of(name).views]


SHORT = {  # jobs whose defaults take many seconds
    "gan_training": dict(script="4 both"),
    "diffusion_plane": dict(most="20", training=500),
}
# Each notebook in names of its own; what it leaves in `result`, and what it shows.
RUN = """
import json, pickle, sys
from pathlib import Path
for place in map(Path, sys.argv[1:]):
    shown = []
    known = {"display": shown.append}
    for cell in json.loads(place.read_text())["cells"]:
        if cell["cell_type"] == "code":
            exec(cell["source"], known)
    pictures = [item._repr_html_() for item in shown if hasattr(item, "_repr_html_")]
    place.with_suffix(".made").write_bytes(pickle.dumps((known["result"], pictures)))
"""


def notebook(name: str, chosen: str, p: Any) -> str:
    view = spec.of(name).views[chosen]
    return code.notebook(view.compute, p, view.show, title="T", link="http://x", job=view.job)


@pytest.mark.parametrize("name", catalogue.PAGES)
def test_the_code_shown_computes_what_is_shown(name: str, tmp_path: Path) -> None:
    """The notebooks of all views in a Python of their own, also at other than the defaults: each
    holds the program, computes the numbers of the page and ends in a picture.

    Mutants: an import or a parameter left out; a notebook of another program, or without a picture.
    """
    page, shown = spec.of(name), {}
    for chosen, view in page.views.items():
        presets = [v for v in page.presets.values() if v.get("view", chosen) == chosen]
        # jobs take seconds: once is enough
        for i, values in enumerate([{}] if view.job else [{}, *presets][:2]):
            p = page.params(**{**values, **SHORT.get(name, {})})
            place = tmp_path / f"{chosen}{i}.ipynb"
            place.write_text(text := notebook(name, chosen, p))
            cells = nbformat.reads(text, as_version=4).cells
            assert cells[2].source == code.snippet(view.compute, p, job=view.job).strip()
            shown[place] = behind.flat(view.result(p))
    subprocess.run([sys.executable, "-c", RUN, *shown], check=True, cwd=spec.PAGES.parent)
    for place, arrays in shown.items():
        made, pictures = pickle.loads(place.with_suffix(".made").read_bytes())  # noqa: S301 (ours)
        assert any("<iframe" in html for html in pictures), place.name
        again = behind.flat(made)
        assert set(again) == set(arrays), place.name
        assert arrays, place.name
        for field in arrays:
            words = f"{place.name}: {field}"
            np.testing.assert_array_equal(again[field], arrays[field], err_msg=words)


def test_jupyter_runs_the_notebook() -> None:
    """One for all: the frame writes every notebook alike. Mutant: a cell that Jupyter refuses."""
    from nbclient import NotebookClient

    text = notebook("kl_asymmetry", "fit", spec.of("kl_asymmetry").params())
    read = nbformat.reads(text, as_version=4)
    nbformat.validate(read)
    assert json.loads(text)["cells"][0]["source"][0].startswith("#")
    folder = {"metadata": {"path": str(spec.PAGES.parent)}}
    NotebookClient(read, timeout=120, resources=folder).execute()
    data = [o["data"] for o in read.cells[-1]["outputs"] if "data" in o]
    assert any("<iframe" in d.get("text/html", "") for d in data)


@pytest.mark.parametrize("name", catalogue.PAGES)
def test_checks_name_tests_that_exist(name: str) -> None:
    """Mutant: a "checked" mark over a test that was renamed away."""
    page = spec.of(name)
    for chosen, view in page.views.items():
        assert view.checks, f"{name}/{chosen} shows numbers that no test guards"
        for check in view.checks:
            path, _, test = check.test.partition("::")
            source = (spec.PAGES.parent / path).read_text(encoding="utf-8")
            assert f"def {test.split('[')[0]}(" in source, check.test


@pytest.mark.parametrize(("name", "chosen"), VIEWS)
def test_the_first_picture_of_a_job_is_recorded(name: str, chosen: str) -> None:
    """Mutant: a page whose first visitor meets a button instead of a picture."""
    page = spec.of(name)
    if page.views[chosen].job:
        assert page.views[chosen].recorded(page.params()) is not None


def test_a_parameter_cannot_have_a_name_of_the_frame() -> None:
    """Streamlit would raise DuplicateElementKey on the page. Mutant: no check."""
    taken = dataclasses.make_dataclass(
        "Params", [("share", float, fields.slider(0.5, 0.0, 1.0, label="Share"))], frozen=True
    )
    with pytest.raises(ValueError, match="the frame uses share"):
        fields.controls(taken)


def test_a_table_shows_its_words_as_they_are_written() -> None:
    """In a heading as in a cell. Mutants: either one read as Markdown or as HTML."""
    text = behind.table(Table(["p(x|z) < 1"], [["a*b*c & <i>"]]))
    assert ">p(x|z) &lt; 1</th>" in text
    assert "<td>a*b*c &amp; &lt;i&gt;</td>" in text


def test_the_longest_cell_of_a_column_gives_it_its_width() -> None:
    """Four lines of 10 for 40 letters. Mutants: the heading or the last row alone; a row's longest
    for each of its columns; letters of a number before it is rounded."""
    text = behind.table(Table(["a", "heading"], [["x" * 40, 1 / 3], ["y", "z"]]))
    assert re.findall(r"<th style=\"min-width: (\d+)ch\">", text) == ["10", "2"]
