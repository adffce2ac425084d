"""The Hub's own client as a process that is ended when its time is over.

By itself the client tries for minutes where there is no network. A program that talks to it reads
one question on stdin and writes one answer as the last line on stdout, both JSON.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

GRACE = 3.0  # seconds that a program has to tidy up


def answer(
    program: Path, question: dict[str, Any], *, seconds: float, patience: float
) -> dict[str, Any]:
    """What ``program`` answers; it is told ``seconds`` and ``patience``, too.

    Args:
        seconds: the longest for all of it.
        patience: the longest for one answer of the server.

    Raises:
        TimeoutError: it did not finish in time, and was ended.
        ChildProcessError: it ended without an answer.
    """
    settings = {
        "HF_HUB_DISABLE_XET": "1",  # one way to transfer, which a time limit can stop
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DOWNLOAD_TIMEOUT": str(max(1, round(patience))),
        "PYTHONIOENCODING": "utf-8",
    }
    with subprocess.Popen(
        [sys.executable, "-P", str(program)],  # -P: its neighbours are not for import
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=os.environ | settings, text=True, encoding="utf-8",
    ) as process:  # fmt: skip
        try:
            asked = json.dumps(question | {"seconds": seconds, "patience": patience})
            out, _ = process.communicate(asked, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"within {seconds:g} s") from None
        finally:
            _end(process)
    try:
        return json.loads(out.strip().rpartition("\n")[2])
    except ValueError:
        raise ChildProcessError(f"it ended with {process.returncode}") from None


def _end(process: subprocess.Popen[str]) -> None:
    """Politely first: the client removes what it has written so far."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
