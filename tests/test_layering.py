"""Arithmetic does not know figures, figures do not know Streamlit, nobody pays for torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "dgmlib").rglob("*.py"))
PAGES = sorted((ROOT / "pages").glob("*.py"))


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative imports hide the layer"
            found |= {f"{node.module}.{a.name}" for a in node.names} | {str(node.module)}
    return found


def breaches(layer: str, names: set[str]) -> list[str]:
    """What a file of a layer ("ui", "figures", or a family) must not import, of ``names``."""
    upward = {"figures": ["dgmlib.ui"], "ui": []}.get(layer, ["dgmlib.figures", "dgmlib.ui"])
    outside = {"figures": ["streamlit"], "ui": []}.get(layer, ["streamlit", "plotly"])
    return [n for n in names if any(n == b or n.startswith(b + ".") for b in upward + outside)]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_layers(path: Path) -> None:
    """Mutant: ``import streamlit`` in a sampler."""
    layer = path.relative_to(ROOT / "dgmlib").parts[0]
    assert not breaches(layer, imports(path))


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        ("mixtures", "streamlit"),
        ("mixtures", "plotly.graph_objects"),
        ("mixtures", "dgmlib.figures.scene"),
        ("figures", "streamlit.components"),
        ("figures", "dgmlib.ui"),
    ],
)
def test_a_breach_is_seen(layer: str, name: str) -> None:
    """The test above must not pass because it looks at nothing."""
    assert breaches(layer, {name, "numpy"}) == [name]


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_pages_are_short_and_leave_streamlit_to_the_frame(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 120
    assert not {n for n in imports(path) if n.split(".")[0] in ("streamlit", "plotly")}


def test_wrong_samplers_stay_where_they_are_spotted() -> None:
    """One module of the library makes puzzles of them, one page shows the puzzles.

    Mutants: ``from dgmlib.wrong_on_purpose import steps`` in a sampler, a figure or a page; the
    puzzles used by another page.
    """

    def users(*names: str) -> set[str]:
        tops = tuple(f"dgmlib.{name}" for name in names)
        return {
            str(path.relative_to(ROOT))
            for path in [*FILES, *PAGES, ROOT / "app.py", *(ROOT / "benchmarks").glob("*.py")]
            if any(n == top or n.startswith(f"{top}.") for n in imports(path) for top in tops)
            and "wrong_on_purpose" not in path.parts
        }

    puzzles = "dgmlib/experiments/spot_the_bug.py"
    assert users("wrong_on_purpose") == {"dgmlib/experiments/suspects.py"}
    assert users("experiments.suspects") == {puzzles, "dgmlib/figures/mcmc_bug.py"}
    assert users("experiments.spot_the_bug") == {"dgmlib/figures/mcmc_bug.py", "pages/mcmc.py"}


@pytest.mark.parametrize(
    "program",
    [
        "import dgmlib, dgmlib.figures.scene, dgmlib.divergences, dgmlib.mixtures",
        "from dgmlib.ui import catalogue, picture, spec\n"
        "for name in catalogue.PAGES:\n"
        "    page = spec.of(name)\n"
        "    for view in page.views: picture.rendered(page, view, page.params())",
    ],
    ids=["library", "pages"],
)
def test_no_torch(program: str) -> None:
    """A page that needs no network does not make its first reader wait for torch (1 s, 218 MB)."""
    check = "import sys\nassert 'torch' not in sys.modules, 'torch was imported'"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\n{check}"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_library_works_without_the_site() -> None:
    """Importing the arithmetic pulls in neither Plotly nor Streamlit."""
    program = (
        "import sys, dgmlib.divergences, dgmlib.mixtures, dgmlib.data, dgmlib.figures.scene\n"
        "bad = {'streamlit', 'plotly', 'sklearn', 'pandas'} & set(sys.modules)\n"
        "assert not bad, bad"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
