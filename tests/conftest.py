"""Fixtures of every test: no global randomness, and the real data where it is."""

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

# one thread a process, before anything is imported that counts cores: workers share them
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def no_global_randomness() -> Iterator[None]:
    """Fails a test whose code drew from, or seeded, a global random stream."""
    before = _streams()
    yield
    after = _streams()
    moved = [name for name in before if before[name] != after.get(name)]
    assert not moved, f"the global random stream of {', '.join(moved)} moved; pass an rng instead"


def _streams() -> dict[str, object]:
    state = np.random.get_state(legacy=False)["state"]  # noqa: NPY002 (the guard itself)
    found: dict[str, object] = {
        "random": random.getstate(),
        "numpy": (state["key"].tobytes(), state["pos"]),
    }
    if "torch" in sys.modules:
        found["torch"] = sys.modules["torch"].get_rng_state().numpy().tobytes()
    return found


@pytest.fixture(scope="session")
def one_scan() -> Iterator[None]:
    """Every AppTest reads the metadata of all installed packages for components of theirs, nine
    tenths of its time: here it is read once."""
    from streamlit.components.v2 import manifest_scanner

    found = manifest_scanner.scan_component_manifests()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", lambda: found)
        yield


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data. Without ``DGM_DATA_DIR`` the tests that need it are left out."""
    if "DGM_DATA_DIR" not in os.environ:
        pytest.skip("DGM_DATA_DIR is not set: it names a folder with the real data sets")
    folder = Path(os.environ["DGM_DATA_DIR"])
    assert folder.is_dir(), f"DGM_DATA_DIR={folder} is not a folder"
    return folder
