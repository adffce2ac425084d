"""Starts the site as a reader would, in a process of its own, and stops it again."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Server(NamedTuple):
    url: str  # http://127.0.0.1:PORT, and the base path if there is one
    port: int
    pid: int
    log: Path  # what it wrote to stdout and stderr


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextmanager
def serving(
    script: str | Path = "app.py",
    *,
    folder: Path = ROOT,
    port: int | None = None,
    env: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
    base: str = "",
) -> Iterator[Server]:
    """``streamlit run SCRIPT`` in ``folder``, whose ``.streamlit/config.toml`` applies.

    ``base`` is a path below which everything is served, like "a/b".
    """
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    command += ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
    command += ["--browser.gatherUsageStats=false", *options]
    if base:
        command.append(f"--server.baseUrlPath={base}")
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "server.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=os.environ | (env or {}),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        try:
            below = f"/{base}" if base else ""
            server = Server(f"http://127.0.0.1:{port}{below}", port, process.pid, log)
            _wait(server, process)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(server: Server, process: subprocess.Popen, patience: float = 90.0) -> None:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server stopped at once:\n{server.log.read_text()}")
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"the server did not answer in {patience} s:\n{server.log.read_text()}")
