"""Processes that a test starts and kills, without paying for their imports each time."""

from __future__ import annotations

import os
import subprocess
import sys


class ForkServer:
    """A process that has imported everything and forks one child for each run: starting one takes no time."""

    def __enter__(self) -> ForkServer:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _FORK_SERVER],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def start(self, *words: str) -> int:
        """The child's process id."""
        assert self.process.stdin is not None
        self.process.stdin.write("\t".join(words) + "\n")
        self.process.stdin.flush()
        return self._read()

    def wait(self) -> int:
        """The child's exit code, negative for the signal that ended it."""
        return self._read()

    def _read(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())


_FORK_SERVER = """
import os, signal, sys
from pathlib import Path
import aiohttp, scipy.stats
from maieutic.core.budget import Budget
from maieutic.core.task import Task
from maieutic.graphs.api import optimize, resume

def work(file, folder, recipe, calls, concurrency, limit):
    events = []
    def listen(event):
        events.append(event)
        if len(events) == int(limit):
            os.kill(os.getpid(), signal.SIGKILL)
    if (Path(folder) / "maieutic.db").exists():
        return resume("r", folder=folder, listen=listen)
    options = dict(budget=Budget(calls=int(calls)), concurrency=int(concurrency), folder=folder, run="r")
    return optimize(Task.model_validate_json(Path(file).read_text()), recipe=recipe, listen=listen, **options)

for line in sys.stdin:
    child = os.fork()
    if not child:
        work(*line.rstrip("\\n").split("\\t"))
        os._exit(0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
