"""`maieutic watch`: the terminal UI on any run, live or replayed, in this terminal or in a browser."""

from __future__ import annotations

import gc
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from ..core.errors import UsageError
from .lookup import open_store
from .options import DEFAULT_FOLDER, DISPLAY_PANEL, Folder
from .output import is_interactive
from .printer import echo
from .recipes import list_recipes_and_plugins

Theme = Annotated[Literal["dark", "light", "contrast"], typer.Option(help="color theme", rich_help_panel=DISPLAY_PANEL)]


def watch(
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="run id, a unique prefix of one, or latest; default: the list"),
    ] = None,
    replay: Annotated[bool, typer.Option("--replay", help="replay the run from its beginning")] = False,
    speed: Annotated[float, typer.Option(min=0.25, max=1000, help="replay speed")] = 10.0,
    web: Annotated[bool, typer.Option("--web", help="serve the UI to a browser on this machine")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="port for --web", rich_help_panel=DISPLAY_PANEL)] = 8000,
    steer: Annotated[bool, typer.Option("--steer", help="allow directives from the browser")] = False,
    theme: Theme = "dark",
    ascii_only: Annotated[
        bool, typer.Option("--ascii", help="use ASCII characters only", rich_help_panel=DISPLAY_PANEL)
    ] = False,
    read_only: Annotated[bool, typer.Option("--read-only", help="do not allow directives")] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Watch and steer a run in the terminal UI. It continues after you quit."""
    with open_store(folder) as store:
        if run is None and replay:
            run = "latest"
        run_id = store.run(run).id if run is not None else None
    if web:
        arguments = [*([run_id] if run_id else []), "--folder", str(folder), "--theme", theme]
        arguments += ["--replay", "--speed", f"{speed:g}"] if replay else []
        arguments += [] if steer else ["--read-only"]
        mode = "with directives" if steer else "read-only"
        _serve_web([sys.executable, "-m", "maieutic", "watch", *arguments], port, mode)
        return
    run_tui(folder, run_id, read_only=read_only, replay=speed if replay else None, theme=theme, ascii_only=ascii_only)


def run_tui(
    folder: Path,
    run: str | None,
    *,
    read_only: bool = False,
    replay: float | None = None,
    theme: str = "dark",
    ascii_only: bool = False,
) -> None:
    """The UI until the person quits. Raises UsageError if there is no terminal."""
    require_terminal()
    gc.disable()  # imports create objects that stay; collecting among them only delays the first frame
    from ..tui.app import MaieuticApp, use_ascii

    gc.freeze()
    gc.enable()
    app = MaieuticApp(
        folder,
        run=run,
        read_only=read_only,
        listing=list_recipes_and_plugins,
        replay=replay,
        theme=theme,
        ascii_only=ascii_only or use_ascii(),
    )
    app.run()
    if app.snapshot is not None and replay is None:
        for line in farewell_lines(app.snapshot.record.id, app.snapshot.state, folder):
            echo(line, err=True)


_OUTCOMES = {
    "running": "goes on",
    "paused": "is paused and waits",
    "asking": "waits for your answer",
    "dead": "has no process any more; what was paid for is kept",
    "failed": "failed; what was paid for is kept",
    "stopped": "is stopped",
    "finished": "is finished",
}


def farewell_lines(run: str, state: str, folder: Path) -> tuple[str, str]:
    """Where the run stands that was on screen, and how to come back to it."""
    place = "" if folder == DEFAULT_FOLDER else f" --folder {shlex.quote(str(folder))}"
    again = {"dead": "resume", "failed": "resume", "finished": "report"}.get(state, "watch")
    return f"run {run} {_OUTCOMES.get(state, state)}", f"  maieutic {again} {run}{place}"


def require_terminal() -> None:
    """Raises UsageError where the UI cannot be shown. Textual's own driver variable stands for a terminal."""
    if not is_interactive() and "TEXTUAL_DRIVER" not in os.environ:
        raise UsageError(
            "the terminal UI needs a terminal",
            remedy="maieutic show RUN --json prints the same data; --web serves a browser",
        )


def _serve_web(command: Sequence[str], port: int, mode: str) -> None:
    """Until it is interrupted. Each browser session is a separate process that reads the store."""
    from ..serve.web_ui import WebUI

    server = WebUI(command, port)
    echo(f"{server.address}  {mode}; Ctrl-C stops it", err=True)
    try:
        server.serve()
    except OSError as error:
        raise UsageError(
            f"port {port} is not available: {error.strerror or error}", where="--port", remedy="choose another"
        ) from error
