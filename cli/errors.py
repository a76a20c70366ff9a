"""Every error as one block on stderr, or as the last JSON line on stdout; and the exit codes."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from ..core.errors import MaieuticError, UsageError

EXIT_INTERRUPTED = 3
_EXIT_SIGINT = 130


class GuardedGroup(TyperGroup):
    """A group of commands of which no error escapes as a traceback. A command finds its words in `context.obj`."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """The exit code, raised as SystemExit in standalone mode."""
        words = list(sys.argv[1:] if args is None else args)
        code = self._run(words, dict(zip(("prog_name", "complete_var"), rest, strict=False)) | extra)
        if not standalone_mode:
            return code
        raise SystemExit(code)

    def _run(self, words: list[str], extra: dict[str, Any]) -> int:
        as_json = wants_json(words)
        try:
            code = super().main(words, standalone_mode=False, obj=words, **extra)
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
        except Exception as error:  # noqa: BLE001 - the last line of defence: a defect must not hide what to do
            print_error(_crash_error(error, _folder_option(words)), as_json=as_json, code="crash")
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
        typer.echo(json.dumps({"error": block}, ensure_ascii=False))
        return
    colour = None if os.environ.get("NO_COLOR") else "red"
    typer.secho("error: ", fg=colour, bold=colour is not None, nl=False, err=True)
    typer.echo(str(error), err=True)


def wants_json(words: Sequence[str]) -> bool:
    """Whether a script is reading. Before the options are parsed only the words themselves can tell."""
    said = list(words[: words.index("--")] if "--" in words else words)
    pairs = pairwise(said)
    return "--json" in said or "--format=json" in said or ("--format", "json") in pairs


def _folder_option(words: Sequence[str]) -> Path:
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "--folder" and following:
            return Path(following)
        if word.startswith("--folder="):
            return Path(word.partition("=")[2])
    return Path(".maieutic")


def _usage_error(error: TyperException) -> MaieuticError:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "maieutic"
    return UsageError(error.format_message(), remedy=f"see {command} --help")


def _crash_error(error: Exception, folder: Path) -> MaieuticError:
    """Write the traceback down and say where; secrets stay out of both."""
    what = f"Maieutic failed in a way it should not: {type(error).__name__}: {error}"
    text = "".join(traceback.format_exception(error))
    path = folder / f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.log"
    try:
        from ..runtime.store.redaction import redact

        what, text = redact(what), redact(text)
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except (OSError, ImportError) as second:
        return MaieuticError(what, where=f"the traceback could not be written: {second}")
    return MaieuticError(
        what,
        where=f"the traceback is in {path}",
        remedy="please report it with that file; what was paid for is kept, and maieutic resume goes on from there",
    )
