"""The processes that compute long pictures: started when needed, kept warm for the next picture.

Not ``multiprocessing``: it would run the script of the open page in every process it starts.
"""

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable

from dgmlib.ui.job_process import Answer, Task

PROGRAM = "from dgmlib.ui.job_process import main; main()"
ONE_THREAD = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], "1")


class Process:
    """The server's end. OSError and EOFError say that the process is gone."""

    def __init__(self) -> None:
        env = os.environ | ONE_THREAD | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        self._popen = subprocess.Popen(
            [sys.executable, "-c", PROGRAM], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.pid = self._popen.pid

    def send(self, task: Task) -> None:
        self._write(task)

    def stop(self, number: int) -> None:
        """Asks it to leave a task at its next step."""
        self._write(number)

    def receive(self) -> Answer:
        """Waits for the next answer."""
        assert self._popen.stdout is not None
        try:
            return pickle.load(self._popen.stdout)  # noqa: S301 (of our own process)
        except pickle.UnpicklingError as error:  # it ended in the middle of a word
            raise EOFError from error

    def kill(self) -> None:
        self._popen.kill()

    def end(self) -> None:
        """Kills it and takes its remains away."""
        self._popen.kill()
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:  # something was left to be written
                continue

    def _write(self, asked: Task | int) -> None:
        assert self._popen.stdin is not None
        pickle.dump(asked, self._popen.stdin)
        self._popen.stdin.flush()


class Crew:
    """Any thread may follow a task; at most as many processes stay as were busy at once."""

    def __init__(self, start: Callable[[], Process] = Process) -> None:
        self._start = start
        self._idle: list[Process] = []
        self._lock = threading.Lock()

    def follow(self, give: Callable[[Process], bool], hear: Callable[[Answer], None]) -> Answer:
        """The last answer to a task, or ("killed", None).

        ``give`` sends the task to the process, or says that nobody wants it any more; ``hear``
        gets the answers before the last.
        """
        while True:
            with self._lock:
                warm = self._idle.pop() if self._idle else None
            process, begun = warm, False
            try:
                process = warm or self._start()
                answer: Answer = ("stopped", None)
                if give(process):
                    while (answer := process.receive())[0] in ("begun", "progress"):
                        begun = True
                        hear(answer)
            except (OSError, EOFError):
                if process is not None:
                    process.end()
                if warm and not begun:
                    continue  # it had gone home, as nobody needed it
                return "killed", None
            with self._lock:
                self._idle.append(process)
            return answer

    def dismiss(self) -> None:
        """Ends the processes that have nothing to do."""
        with self._lock:
            while self._idle:
                self._idle.pop().end()
