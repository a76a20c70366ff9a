"""Options that several commands share, and how their words become values."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import UsageError

if TYPE_CHECKING:
    from ..core.budget import Budget
    from ..core.task import Task
    from ..plugins.system.registry import Registry
    from ..runtime.store import Store

TaskFile = Annotated[Path, typer.Argument(metavar="TASK", help="task.toml, or the folder it is in")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="a run's id, the beginning of one, or latest")]
Folder = Annotated[Path, typer.Option(help="where runs are kept", rich_help_panel="Where")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for scripts")]
NoPlugins = Annotated[bool, typer.Option("--no-plugins", help="load no installed plugins", rich_help_panel="Where")]
Concurrency = Annotated[int, typer.Option(min=1, help="calls at a time", rich_help_panel="Run")]
OutputFile = Annotated[Path | None, typer.Option("--output", "-o", help="a file instead of the screen")]

DEFAULT_FOLDER = Path(".maieutic")


def parse_budget(
    calls: int | None, target_calls: int | None, tokens: int | None, usd: float | None, minutes: float | None
) -> Budget | None:
    """The limits that were given, None where none was. Raises TaskError for one of zero or less."""
    from ..core.budget import Budget

    limits = {"calls": calls, "target_calls": target_calls, "tokens": tokens, "usd": usd, "minutes": minutes}
    if all(limit is None for limit in limits.values()):
        return None
    budget = Budget.model_validate(limits)
    budget.check()
    return budget


def parse_key_values(words: Sequence[str], option: str) -> dict[str, str]:
    """`key=value` words. Raises UsageError for a word without a key or without an equals sign."""
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not key.strip() or not equals:
            raise UsageError(f"{word!r} is no key=value", where=option, remedy=f"write {option} key=value")
        found[key.strip()] = value.strip()
    return found


def override_models(task: Task, target: str | None, optimizer: str | None, roles: Mapping[str, str]) -> Task:
    """The task with models exchanged. Raises UsageError for an unknown role or a name that is no model."""
    from ..core.models import ROLES, ModelRef
    from ..core.suggest import did_you_mean

    for role in roles:
        if role not in ROLES:
            raise UsageError(
                f"no role is called {role!r}", where="--role", possible=ROLES, remedy=did_you_mean(role, ROLES)
            )
    named = {role: ModelRef.parse(name) for role, name in roles.items()}
    changes: dict[str, Any] = {"roles": {**task.models.roles, **{r: m for r, m in named.items() if r != "target"}}}
    if target or "target" in named:
        changes["target"] = ModelRef.parse(target) if target else named["target"]
    if optimizer:
        changes["optimizer"] = ModelRef.parse(optimizer)
    return task.model_copy(update={"models": task.models.model_copy(update=changes)})


def load_registry(task: Task | None, *, no_plugins: bool) -> Registry:
    """What a run may name: all that is installed, or the built-ins alone."""
    from ..plugins.system.registry import Registry

    base = Path(task.source).parent if task and task.source else None
    return Registry.load([] if no_plugins else None, folder=base)


def open_store(folder: Path, *, read_only: bool = True) -> Store:
    """The store of a folder that has one. Raises UsageError where nothing was ever run."""
    from ..runtime.store import DATABASE, Store

    if not (folder / DATABASE).is_file():
        raise UsageError(
            "there are no runs here yet",
            where=str(folder),
            remedy="start one with maieutic optimize TASK, or name another place with --folder",
        )
    return Store.open(folder, read_only=read_only)


def print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def write_or_print(text: str, output: Path | None) -> None:
    """To a file that is named, else to the screen. Raises UsageError where the file cannot be written."""
    if output is None:
        typer.echo(text, nl=not text.endswith("\n"))
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the file cannot be written: {error.strerror or error}", where=str(output)) from error
    typer.echo(f"wrote {output}", err=True)


def is_interactive() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
