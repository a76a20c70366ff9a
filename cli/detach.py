"""Run a command in the background, in a process that outlives its terminal."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from ..core.errors import RunFailed, UsageError
from .errors import read_error
from .printer import echo, echo_json

# Imports, a first download of the embedded model and checks of remote models fit into this.
_START_TIMEOUT_SECONDS = 120.0
_POLL_SECONDS = 0.1
_DISPLAY_FLAGS = frozenset({"--detach", "--plain", "--json", "--tui"})


def start_detached(arguments: Sequence[str], *, folder: Path, as_json: bool, run: str | None) -> None:
    """Start the same command in the background and print the commands to follow it."""
    name, pid, log = spawn_detached(arguments, folder=folder, run=run)
    if as_json:
        echo_json({"run": name, "pid": pid, "log": str(log)})
    else:
        echo(f"run {name} continues in the background (process {pid})")
        echo(f"  maieutic watch {name}   maieutic show {name}   maieutic stop {name}   tail -f {log}")


def spawn_detached(arguments: Sequence[str], *, folder: Path, run: str | None) -> tuple[str, int, Path]:
    """Start the same command in its own session; returns run, process id and log once the run is in the store.

    Its events go to `RUN.log` in the folder. The new process alone validates the run: its error is raised here, with
    the same exit code. Raises UsageError for an id that `check_run_id` rejects, and RunFailed if the process ends
    without an error block or has not started the run in time.
    """
    from ..graphs.api import check_run_id
    from ..graphs.run_lifecycle import new_run_id
    from ..runtime.store.permissions import make_private_folder, open_private_file

    name = new_run_id() if run is None else check_run_id(run)
    is_new = not folder.exists()
    make_private_folder(folder)
    log = folder / f"{name}.log"
    arguments = with_options(arguments, [*([] if run else ["--run", name]), "--json"], drop=_DISPLAY_FLAGS)
    command = [sys.executable, "-m", "maieutic", *arguments]
    with open_private_file(log, "wb") as out:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _wait_until_started(child, name, folder, log)
    except UsageError:
        # Nothing was recorded, so nothing is left behind.
        log.unlink(missing_ok=True)
        if is_new:
            with suppress(OSError):
                folder.rmdir()
        raise
    return name, child.pid, log


def with_options(arguments: Sequence[str], options: Sequence[str], *, drop: Collection[str] = ()) -> list[str]:
    """A command line with further options, and without some flags. What follows `--` is text, and stays the end."""
    words = list(arguments)
    end = words.index("--") if "--" in words else len(words)
    return [*(word for word in words[:end] if word not in drop), *options, *words[end:]]


def _wait_until_started(child: subprocess.Popen[bytes], run: str, folder: Path, log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if _is_in_store(run, folder):
            return
        try:
            code = child.wait(timeout=_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        if code == 0 or _is_in_store(run, folder):
            return
        last_line = "".join(log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:])
        if error := read_error(last_line):
            raise error
        raise RunFailed(f"the run ended at once: {last_line}", where=str(log), remedy="run it without --detach")
    raise RunFailed(
        f"process {child.pid} has not started the run within {_START_TIMEOUT_SECONDS:g} seconds",
        where=str(log),
        remedy=f"it may still do so: maieutic show {run}",
    )


def _is_in_store(run: str, folder: Path) -> bool:
    from ..runtime.store import DATABASE, Store

    if not (folder / DATABASE).is_file():
        return False
    try:
        with Store.open(folder, read_only=True) as store:
            return store.run(run).id == run
    except UsageError:
        return False
