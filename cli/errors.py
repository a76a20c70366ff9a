"""Every error as one block on stderr, or as the last JSON line on stdout; and the exit codes."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from ..core.errors import MaieuticError, UsageError
from .printer import echo, echo_json, secho

EXIT_INTERRUPTED = 3
# What a shell reports for a process that SIGINT ended.
_EXIT_SIGINT = 130


class GuardedGroup(TyperGroup):
    """A group of commands that prints every error as one block. A command finds its arguments in `context.obj`."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """The exit code, raised as SystemExit in standalone mode."""
        arguments = list(sys.argv[1:] if args is None else args)
        code = self._run(arguments, dict(zip(("prog_name", "complete_var"), rest, strict=False)) | extra)
        if not standalone_mode:
            return code
        raise SystemExit(code)

    def _run(self, arguments: list[str], extra: dict[str, Any]) -> int:
        as_json = wants_json(arguments)
        try:
            code = super().main(arguments, standalone_mode=False, obj=arguments, **extra)
        except MaieuticError as error:
            print_error(error, as_json=as_json)
            return error.exit_code
        except TyperException as error:
            if type(error).__name__ == "NoArgsIsHelpError":
                typer.echo(error.format_message())
                return 2
            print_error(_usage_error(error), as_json=as_json)
            return error.exit_code
        except (typer.Abort, KeyboardInterrupt):
            print_error(MaieuticError("interrupted"), as_json=as_json, code="interrupted")
            return EXIT_INTERRUPTED
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - a defect must still tell the user what to do
            print_error(_crash_error(error, _folder_option(arguments)), as_json=as_json, code="crash")
            return 1
        return EXIT_INTERRUPTED if code == _EXIT_SIGINT else code if isinstance(code, int) else 0


def print_error(error: MaieuticError, *, as_json: bool, code: str | None = None) -> None:
    """Print an error as one block. As JSON it is one line on stdout, the last."""
    if as_json:
        block = {
            "code": code or error.code,
            "what": error.what,
            "where": error.where,
            "possible": list(error.possible),
            "remedy": error.remedy,
        }
        echo_json({"error": block})
        return
    color = None if os.environ.get("NO_COLOR") else "red"
    secho("error: ", fg=color, bold=color is not None, nl=False, err=True)
    echo(str(error), err=True)


def read_error(line: str) -> MaieuticError | None:
    """The error that another process printed as JSON; None for any other line, and for a crash."""
    try:
        block = json.loads(line)["error"]
        error_class = next(kind for kind in _error_classes(MaieuticError) if kind.code == block["code"])
        return error_class(
            block["what"], where=block["where"], possible=tuple(block["possible"]), remedy=block["remedy"]
        )
    except (ValueError, TypeError, KeyError, StopIteration):
        return None


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether a script reads the output. Before the options are parsed, only the arguments themselves can tell."""
    options = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    return "--json" in options or "--format=json" in options or ("--format", "json") in pairwise(options)


def _error_classes(root: type[MaieuticError]) -> Iterator[type[MaieuticError]]:
    yield root
    for subclass in root.__subclasses__():
        yield from _error_classes(subclass)


def _folder_option(arguments: Sequence[str]) -> Path:
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument == "--folder" and following:
            return Path(following)
        if argument.startswith("--folder="):
            return Path(argument.partition("=")[2])
    return Path(".maieutic")


def _usage_error(error: TyperException) -> MaieuticError:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "maieutic"
    return UsageError(error.format_message(), remedy=f"see {command} --help")


def _crash_error(error: Exception, folder: Path) -> MaieuticError:
    """Write the traceback to a file and name it; secrets are redacted in both."""
    what = f"unexpected error in Maieutic: {type(error).__name__}: {error}"
    text = "".join(traceback.format_exception(error))
    path = folder / f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.log"
    try:
        from ..runtime.store.permissions import make_private_folder, open_private_file
        from ..runtime.store.redaction import redact

        what, text = redact(what), redact(text)
        make_private_folder(folder)
        with open_private_file(path, "wb") as file:
            file.write(text.encode(errors="replace"))
    except (OSError, ImportError) as write_error:
        return MaieuticError(what, where=f"the traceback could not be written: {write_error}")
    return MaieuticError(
        what,
        where=f"the traceback is in {path}",
        remedy="please report it with that file; completed calls are saved, and maieutic resume continues the run",
    )
