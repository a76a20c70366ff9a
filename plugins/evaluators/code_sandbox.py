"""Runs generated code in a subprocess with limits on time, memory and files, and without a network where possible.

In user and network namespaces (Linux, `unshare`) the code has no network, and its child processes die with it. The
process limits hold on every POSIX system. This is no full sandbox: the code can read whatever the user can read and
write small files wherever the user can, and without namespaces it has the network. Run untrusted code in a container
or a virtual machine.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache

_UNSHARE_COMMAND = ("unshare", "--user", "--map-root-user", "--net", "--ipc", "--pid", "--fork", "--kill-child")
_OUTPUT_BYTES = 200_000
_BOOTSTRAP = """
import resource, sys
seconds, memory, files = (int(one) for one in sys.argv[1:4])
for limit, value in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, files),
                     (resource.RLIMIT_NOFILE, 64), (resource.RLIMIT_CORE, 0)):
    resource.setrlimit(limit, (value, value))
source = open("main.py", encoding="utf-8").read()
sys.argv = ["main.py"]
exec(compile(source, "main.py", "exec"), {"__name__": "__main__"})
"""


@dataclass(frozen=True, kw_only=True)
class SandboxResult:
    """The result of one program. code: the exit status; None if the time ran out."""

    code: int | None
    stdout: str
    stderr: str

    @property
    def succeeded(self) -> bool:
        return self.code == 0


@cache
def network_isolated() -> bool:
    """Whether code runs without a network here; checked once."""
    try:
        tried = subprocess.run([*_UNSHARE_COMMAND, "true"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0


def run_python(source: str, *, stdin: str = "", seconds: float = 5.0, megabytes: int = 512) -> SandboxResult:
    """Run a program in a new folder with an empty environment. Blocks; call it from a thread."""
    with tempfile.TemporaryDirectory(prefix="cell-") as folder:
        with open(os.path.join(folder, "main.py"), "w", encoding="utf-8", errors="replace") as file:
            file.write(source)
        limits = (str(int(seconds) + 1), str(megabytes * 2**20), str(2**22))
        command = [
            *(_UNSHARE_COMMAND if network_isolated() else ()),
            sys.executable,
            "-I",
            "-S",
            "-B",
            "-c",
            _BOOTSTRAP,
            *limits,
        ]
        with (
            open(os.path.join(folder, "out"), "w+b") as out,
            open(os.path.join(folder, "err"), "w+b") as err,
            subprocess.Popen(
                command,
                cwd=folder,
                env={"PATH": os.defpath, "HOME": folder, "LANG": "C.UTF-8"},
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                start_new_session=True,
            ) as process,
        ):
            try:
                process.communicate(stdin.encode(errors="replace"), timeout=seconds)
            except subprocess.TimeoutExpired:
                code = None
            else:
                code = process.returncode
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            texts = []
            for file_ in (out, err):
                file_.seek(0)
                texts.append(file_.read(_OUTPUT_BYTES).decode(errors="replace"))
    return SandboxResult(code=code, stdout=texts[0], stderr=texts[1])
