"""The one way from a command to the terminal: every text is cleaned of control characters before it is styled."""

from __future__ import annotations

import sys
from typing import Any

import typer

from ..core.terminal import clean, escape_json, json_text


def echo(text: str = "", *, nl: bool = True, err: bool = False) -> None:
    typer.echo(clean(text), nl=nl, err=err)


def secho(text: str, *, fg: str | None = None, bold: bool | None = None, nl: bool = True, err: bool = False) -> None:
    typer.secho(clean(text), fg=fg, bold=bold, nl=nl, err=err)


def echo_json(value: Any, *, indent: int | None = None) -> None:
    """JSON on one line, or indented."""
    typer.echo(json_text(value, indent=indent))


def echo_file(text: str, *, is_json: bool = False, exact: bool = False) -> None:
    """What could also be written to a file. exact: a pipe gets it unchanged, and only a terminal the cleaned text."""
    if is_json:
        text = escape_json(text)
    elif not exact or sys.stdout.isatty():
        text = clean(text)
    typer.echo(text, nl=not text.endswith("\n"))


def prompt(question: str, **options: Any) -> str:
    return str(typer.prompt(clean(question), **options))
