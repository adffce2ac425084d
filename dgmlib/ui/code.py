"""The code view: a program that recomputes exactly what the page shows."""

import ast
import inspect
import json
import textwrap
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any


def snippet(compute: Callable[[Any], Any], params: Any, *, job: bool = False) -> str:
    """Source that, run on its own, leaves ``compute(params)`` in ``result``; a job is finished."""
    imports, function, used = _parts(compute)
    values = ", ".join(f"{name}={getattr(params, name)!r}" for name in used)
    lines = [
        "from types import SimpleNamespace",
        "",
        *imports,
        "",
        f"p = SimpleNamespace({values})",
    ]
    if job:
        lines.insert(2, "from dgmlib.jobs import finish")
    call = f"finish({compute.__name__}(p))" if job else f"{compute.__name__}(p)"
    return "\n".join([*lines, "", "", function, "", "", f"result = {call}", ""])


def notebook(
    compute: Callable, params: Any, show: Callable, *, title: str, link: str, job: bool = False
) -> str:
    """The same program as a Jupyter notebook (nbformat 4) that ends in the same picture."""
    display = (
        f"from {show.__module__} import {show.__name__}\n\n"
        f"shown = {show.__name__}(result)\n"
        "for item in shown if isinstance(shown, list) else [shown]:\n"
        "    display(item)"
    )
    cells = [
        ("markdown", f"# {title}\n\n[The page this notebook was opened from]({link})"),
        ("markdown", "It needs `dgmlib`: in the project's folder, `pip install .`"),
        ("code", snippet(compute, params, job=job).strip()),
        ("code", display),
    ]
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
            "cells": [_cell(i, kind, source) for i, (kind, source) in enumerate(cells)],
        },
        indent=1,
    )


def _cell(i: int, kind: str, source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"id": f"cell-{i}", "cell_type": kind, "metadata": {}, "source": source}
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def uses(compute: Callable) -> list[str]:
    """The names of the parameters that a computation reads."""
    return _parts(compute)[2]


Parts = tuple[list[str], str, list[str]]
# Two threads that parse at once raise SystemError in CPython 3.11: the depth of the tree is
# counted for all of them together.
_parsing = threading.Lock()


def _parts(compute: Callable) -> Parts:
    """The imports a function needs, its source without annotations of the page, its parameters."""
    with _parsing:
        return _read(compute.__code__)


@lru_cache(maxsize=256)
def _read(code: CodeType) -> Parts:
    """Read once for all readers: each visit makes functions of its own, of equal code."""
    node = ast.parse(textwrap.dedent(inspect.getsource(code))).body[0]
    assert isinstance(node, ast.FunctionDef)
    node.returns = None
    for argument in node.args.args:
        argument.annotation = None
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    used = [n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute) and _is_p(n.value)]
    if len(used) != sum(_is_p(n) for n in ast.walk(node)):
        raise ValueError(f"{code.co_name} must use its parameters as p.name, one by one")
    imports = []
    for line in ast.parse(Path(code.co_filename).read_text(encoding="utf-8")).body:
        if isinstance(line, ast.Import | ast.ImportFrom):
            line.names = [a for a in line.names if (a.asname or a.name).split(".")[0] in names]
            if line.names:
                imports.append(ast.unparse(line))
    return imports, ast.unparse(node), list(dict.fromkeys(used))


def _is_p(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "p"
