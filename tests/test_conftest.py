"""The fixture that guards the global random streams must itself be able to fail."""

from pathlib import Path

import numpy as np
import pytest

pytest_plugins = ["pytester"]
CONFTEST = Path(__file__).with_name("conftest.py")


def test_a_moved_stream_fails_the_test(pytester: pytest.Pytester) -> None:
    """Mutant: the fixture compares nothing, or only some of the three streams."""
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
    lines = ("np.random.rand()", "random.random()", "torch.rand(1)")
    tests = "".join(f"def test_{i}():\n    {line}\n" for i, line in enumerate(lines))
    pytester.makepyfile(f"import random, torch\nimport numpy as np\n{tests}")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=3, errors=3)


def test_an_explicit_generator_is_free() -> None:
    assert np.random.default_rng(0).random() < 1
