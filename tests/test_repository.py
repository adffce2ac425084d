"""What a checkout promises: pins that agree, words that are true, nothing that does not belong."""

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import requires, version
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from dgmlib.ui import catalogue, spec

ROOT = Path(__file__).parent.parent
TEXT = {".py", ".md", ".js", ".toml", ".txt", ".yml", ".cff", ".sh", ".html", ".json", ""}


def files() -> list[Path]:
    """What is, or is about to be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def pins(name: str) -> dict[str, str]:
    """Package -> version of a requirements file; every line must pin exactly."""
    found = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        line = line.split("#")[0].split(";")[0].strip()
        if line and not line.startswith("-"):
            package, exact, number = line.partition("==")
            assert exact, f"{name}: {line} is not an exact pin"
            found[re.sub(r"\[.*\]", "", package).lower().replace("_", "-")] = number
    return found


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_direct_pins_are_the_locked_versions(name: str) -> None:
    """Mutant: a pin that was changed without ``make lock``."""
    locked = pins("constraints.txt")
    assert {p: locked.get(p) for p in pins(name)} == pins(name)


def test_what_is_tested_is_what_is_pinned() -> None:
    different = {
        package: (number, have)
        for package, number in (pins("requirements.txt") | pins("requirements-dev.txt")).items()
        if (have := version(package).split("+")[0]) != number
    }
    assert not different, f"(pinned, installed): {different}; run `make test`, or `make lock`"


def test_nothing_that_runs_is_unpinned() -> None:
    """Every package that the pinned ones pull in has a version in constraints.txt."""
    locked = pins("constraints.txt")
    todo, seen = list(pins("requirements.txt")), set()
    while todo:
        package = todo.pop()
        if package in seen:
            continue
        seen.add(package)
        for text in requires(package) or []:
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                todo.append(needed.name.lower().replace("_", "-"))
    assert not seen - locked.keys()


def test_the_extras_of_the_library_admit_the_pins() -> None:
    """``pip install .[site]`` must be able to give the tested set."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    locked = pins("constraints.txt")
    for text in wanted:
        needed = Requirement(text)
        assert needed.specifier.contains(locked[needed.name.lower()]), text


def test_the_readme_names_the_commands_and_its_pictures_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for words in ("make run", "make test", "streamlit run app.py", "pip install ."):
        assert words in readme, words
    for path in re.findall(r"\]\(([\w./-]+\.(?:png|md|cff))\)", readme):
        assert (ROOT / path).is_file(), path
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    said = set(re.findall(r"\bmake (\w+)", readme + (ROOT / "CONTRIBUTING.md").read_text("utf-8")))
    assert said <= targets


def test_the_program_of_the_readme_runs() -> None:
    """In a process where the site's packages do not exist, as in a bare notebook."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    program = re.search(r"```python\n(.*?)```", readme, re.S)
    assert program is not None
    run_without(("streamlit", "torch", "sklearn", "plotly"), program[1])


def run_without(absent: tuple[str, ...], program: str, folder: Path = ROOT) -> None:
    """Runs a program in a process of its own where some packages cannot be imported."""
    block = f"import sys\nfor name in {absent!r}: sys.modules[name] = None\n"
    command = [sys.executable, "-W", "error", "-c", block + program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_wheel_is_the_library(tmp_path: Path) -> None:
    """``pip install .`` gives all of dgmlib, its player too, and nothing of the site around it.

    Mutants: the player is not package data; a family is left out of the packages.
    """
    copy = tmp_path / "source"  # setuptools builds in place
    for path in files():
        name = path.relative_to(ROOT)
        if name.parts[0] in ("dgmlib", "pyproject.toml", "README.md", "LICENSE", "tests", "pages"):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes(path.read_bytes())
    build = ["wheel", "--no-deps", "--no-build-isolation", "--no-index", "-q", "-w", str(tmp_path)]
    subprocess.run([sys.executable, "-m", "pip", *build, str(copy)], check=True)
    [wheel] = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    installed = tmp_path / "site" / "dgmlib"
    assert {p.name for p in (tmp_path / "site").iterdir() if not p.name.endswith("-info")} == {
        "dgmlib"
    }
    wanted = {p.relative_to(ROOT / "dgmlib") for p in files() if ROOT / "dgmlib" in p.parents}
    assert {p for p in wanted if not (installed / p).is_file()} == set()
    program = f"""
sys.path.insert(0, {str(tmp_path / "site")!r})
import dgmlib, numpy as np
from dgmlib import divergences, mixtures
from dgmlib.figures.scene import Panel, Points, Scene
assert dgmlib.__file__.startswith({str(tmp_path)!r}), dgmlib.__file__
scene = Scene(panels=[Panel(layers=[Points(xy=np.zeros((3, 2)))])], alt="three points")
assert "three points" in scene._repr_html_() and "<script" in scene.to_html()
"""
    run_without(("streamlit", "torch", "sklearn", "plotly"), program, folder=tmp_path)


@pytest.mark.parametrize("name", catalogue.PAGES)
def test_every_check_on_a_page_names_a_test_that_exists(name: str) -> None:
    """A "checked" mark without its test would be a lie."""
    for view in spec.of(name).views.values():
        assert view.checks, f"{name}: the view {view.title!r} names no test"
        for check in view.checks:
            path, _, test = check.test.partition("::")
            source = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^def {re.escape(test)}\(", source, re.M), check.test


def test_nothing_is_committed_that_does_not_belong() -> None:
    """No data sets, pickles or compiled files, no large file, and no path of somebody's machine."""
    unwanted = r"\.(pt|pth|pkl|pickle|npy|npz|bin|so|pyc|parquet|gz|zip|whl)$"
    homes = re.compile(r"(?<![\w.])/(?:work|farm|root|home|Users|tmp/bash)/\w|[A-Z]:\\Users\\")
    for path in files():
        name = str(path.relative_to(ROOT))
        assert not re.search(unwanted, name), name
        most = 8_000_000 if path.suffix == ".safetensors" else 1_000_000
        assert path.stat().st_size < most, name
        if path.suffix in TEXT and path != Path(__file__):
            found = homes.search(path.read_text(encoding="utf-8"))
            assert not found, f"{name}: {found}"
    for path in (ROOT / "docs").glob("*.png"):
        assert path.stat().st_size < 300_000, path.name


def test_no_package_host_is_named() -> None:
    """Where packages come from is the user's configuration."""
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt", "constraints.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "index-url" not in text
        assert "://" not in text, name
