"""Runs generated code in a subprocess with limits on time, memory, processes and files, and without a network where
possible.

In user and network namespaces (Linux, `unshare`) the code has no network, sees no other process, and its child
processes die with it. Limits hold on every POSIX system: those of the kernel for each process, and a watch over all of
them together. Tests run in a process of their own, which the code can neither see nor write to (`code_tests`).

This is no full sandbox: the code can read whatever the user can read and write small files wherever the user can, and
without namespaces it has the network. Run untrusted code in a container or a virtual machine.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

import psutil

_UNSHARE_COMMAND = ("unshare", "--user", "--map-root-user", "--net", "--ipc", "--pid", "--fork", "--kill-child")
_OUTPUT_BYTES = 200_000
# Enough for a pool of workers; a fork bomb ends at once.
MAX_PROCESSES = 32
_WATCH_SECONDS = 0.05
_LIMITS = """
import resource, sys
seconds, memory, files, processes = (int(number) for number in sys.argv[1:5])
for name, value in (("CPU", seconds), ("AS", memory), ("FSIZE", files), ("NOFILE", 64), ("CORE", 0),
                    ("NPROC", processes)):
    kind = getattr(resource, "RLIMIT_" + name)
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))
"""
_PROGRAM = """
source = open("main.py", encoding="utf-8").read()
sys.argv = ["main.py"]
exec(compile(source, "main.py", "exec"), {"__name__": "__main__"})
"""
# The scripts use nothing of Maieutic but each other: they are loaded from their files into a package of their own.
_SCRIPT = """
import importlib.util, types
package = sys.modules["code_run"] = types.ModuleType("code_run")
package.__path__ = []
for name, path in zip(("code_values", "script"), sys.argv[5:7]):
    spec = importlib.util.spec_from_file_location("code_run." + name, path)
    module = sys.modules["code_run." + name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
module.main()
"""
# A process may read the memory of others of the same user, unless they forbid it.
_UNREADABLE = """
import ctypes
PR_SET_DUMPABLE = 4
ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
"""


@dataclass(frozen=True, kw_only=True)
class SandboxResult:
    """The result of one program. code: the exit status; None if the time ran out. stopped: why it was ended early."""

    code: int | None
    stdout: str
    stderr: str
    stopped: str = ""

    @property
    def succeeded(self) -> bool:
        return self.code == 0 and not self.stopped


@dataclass(frozen=True, kw_only=True)
class CodeOutcome:
    """How a test of generated code ended. reason: of one that did not pass; empty where the code ended by itself.

    program: the process of the generated code.
    """

    passed: bool
    reason: str
    program: SandboxResult


@dataclass(frozen=True, kw_only=True)
class Limits:
    """seconds: of the clock, for a program and its test. megabytes: of all its processes together."""

    seconds: float = 5.0
    megabytes: int = 512

    @property
    def arguments(self) -> tuple[str, ...]:
        return (str(int(self.seconds) + 1), str(self.megabytes * 2**20), str(2**22), str(MAX_PROCESSES))


@cache
def _isolation_command() -> tuple[str, ...]:
    """What starts a program in namespaces of its own here, empty where nothing does; checked once."""
    # In some containers a new /proc cannot be mounted; other processes are visible then, though not their memory.
    for command in ((*_UNSHARE_COMMAND, "--mount-proc"), _UNSHARE_COMMAND):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            if subprocess.run([*command, "true"], capture_output=True, timeout=10, check=False).returncode == 0:
                return command
    return ()


def network_isolated() -> bool:
    """Whether code runs without a network here."""
    return bool(_isolation_command())


def run_python(source: str, *, stdin: str = "", seconds: float = 5.0, megabytes: int = 512) -> SandboxResult:
    """Run a program in a new folder with an empty environment. Blocks; call it from a thread."""
    limits = Limits(seconds=seconds, megabytes=megabytes)
    with _Sandboxed(_LIMITS + _PROGRAM, limits, source=source) as program:
        try:
            program.process.communicate(stdin.encode(errors="replace"), timeout=seconds)
        except subprocess.TimeoutExpired:
            return program.result(timed_out=True)
        return program.result()


def run_test(source: str, test: str, limits: Limits) -> CodeOutcome:
    """Run a program, then a test of what it defines, each in a process of its own. Blocks; call it from a thread."""
    folder = Path(__file__).parent
    scripts = [str(folder / "code_values.py"), *(str(folder / f"code_{name}.py") for name in ("worker", "tests"))]
    with _pipes(3) as ((requests_out, requests_in), (answers_out, answers_in), (word_out, word_in)):
        worker_ends, test_ends = (requests_out, answers_in), (word_in, answers_out, requests_in)
        worker = _Sandboxed(
            _LIMITS + _SCRIPT, limits, source=source, arguments=(*scripts[:2], "main.py"), descriptors=worker_ends
        )
        hidden = _UNREADABLE if sys.platform.startswith("linux") else ""
        tests = _Sandboxed(_LIMITS + hidden + _SCRIPT, limits, arguments=scripts[::2], descriptors=test_ends)
        with worker as program, tests as judge:
            for descriptor in (*worker_ends, *test_ends):
                os.close(descriptor)
            timed_out = False
            try:
                judge.process.communicate(test.encode(errors="replace"), timeout=limits.seconds)
            except subprocess.TimeoutExpired:
                timed_out = True
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.process.wait(0.0 if timed_out else 1.0)
            judge.stop()
            outcome = os.read(word_out, _OUTPUT_BYTES).decode(errors="replace")
            state, _, reason = outcome.partition(" ")
            result = program.result(timed_out=timed_out)
    passed = state == "passed" and not timed_out and not result.stopped
    return CodeOutcome(passed=passed, reason=reason if state == "failed" else "", program=result)


class _Sandboxed:
    """A Python process with limits, in a folder of its own. A context manager; its end kills all that it started.

    descriptors: the pipes that it inherits, whose numbers become its last arguments.
    """

    def __init__(
        self,
        bootstrap: str,
        limits: Limits,
        *,
        source: str | None = None,
        arguments: Sequence[str] = (),
        descriptors: Sequence[int] = (),
    ) -> None:
        numbers = map(str, descriptors)
        command = [sys.executable, "-I", "-S", "-B", "-c", bootstrap, *limits.arguments, *arguments, *numbers]
        self._command = [*_isolation_command(), *command]
        self._limits, self._source, self._descriptors = limits, source, tuple(descriptors)
        self._over = threading.Event()
        self._stopped = ""

    def __enter__(self) -> _Sandboxed:
        self._folder = tempfile.TemporaryDirectory(prefix="cell-", ignore_cleanup_errors=True)
        folder = self._folder.name
        if self._source is not None:
            Path(folder, "main.py").write_text(self._source, encoding="utf-8", errors="replace")
        self._out, self._err = (open(os.path.join(folder, name), "w+b") for name in ("out", "err"))  # noqa: SIM115
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            self._command,
            cwd=folder,
            env={"PATH": os.defpath, "HOME": folder, "LANG": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=self._out,
            stderr=self._err,
            start_new_session=True,
            pass_fds=self._descriptors,
        )
        self._watch = threading.Thread(target=self._watch_totals, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        if self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        self._out.close()
        self._err.close()
        self._folder.cleanup()

    def result(self, *, timed_out: bool = False) -> SandboxResult:
        code = None if timed_out else self.process.poll()
        self.stop()
        stdout, stderr = _read_output(self._out), _read_output(self._err)
        return SandboxResult(code=code, stdout=stdout, stderr=stderr, stopped=self._stopped)

    def stop(self) -> None:
        """Kill what is left of it. May be called twice."""
        self._over.set()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._watch.join()

    def _watch_totals(self) -> None:
        """The kernel limits each process; this limits all of them together, and their number for root too."""
        while not self._over.wait(_WATCH_SECONDS):
            processes, memory = _totals(self.process.pid)
            if processes > MAX_PROCESSES:
                self._stopped = f"it started more than {MAX_PROCESSES} processes"
            elif memory > self._limits.megabytes * 2**20:
                self._stopped = f"its processes took more than {self._limits.megabytes} megabytes together"
            if self._stopped:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)
                return


def _totals(root: int) -> tuple[int, int]:
    """Number and memory of a process's descendants."""
    try:
        descendants = psutil.Process(root).children(recursive=True)
    except psutil.Error:
        return 0, 0
    memory = 0
    for process in descendants:
        with contextlib.suppress(psutil.Error):
            memory += process.memory_info().rss
    return len(descendants), memory


@contextlib.contextmanager
def _pipes(count: int) -> Iterator[list[tuple[int, int]]]:
    """Pipes whose ends are closed at the end, where they are still open."""
    pipes = [os.pipe() for _ in range(count)]
    try:
        yield pipes
    finally:
        with contextlib.suppress(OSError):
            os.close(pipes[-1][0])


def _read_output(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(_OUTPUT_BYTES).decode(errors="replace")
