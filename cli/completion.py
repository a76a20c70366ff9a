"""What Tab completes: runs, candidates, recipes, formats, models and names of parts. A failure completes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from ..plugins.system.hookspecs import Kind
    from ..runtime.store import Store

_STORE_FOLDER = ".maieutic"
# A screenful; a shell asks again with each letter.
_MAX_MODELS = 40

Completion = tuple[str, str]


def complete_runs(context: typer.Context, incomplete: str) -> list[Completion]:
    """`latest` and the ids of all runs, newest first."""

    def names(store: Store) -> Iterable[Completion]:
        return [("latest", "the last run"), *((run.id, f"{run.task}, {run.recipe}") for run in store.runs())]

    return _from_store(context, names, incomplete)


def complete_candidates(context: typer.Context, incomplete: str) -> list[Completion]:
    """`best`, `start` and the candidates of the run that the command line names, else of the last one."""

    def names(store: Store) -> Iterable[Completion]:
        listed = store.candidates(store.run(str(context.params.get("run") or "latest")).id)
        return [
            ("best", "the best one"),
            ("start", "the baseline"),
            *((candidate.id, candidate.operator) for candidate in listed),
        ]

    return _from_store(context, names, incomplete)


def complete_recipes(incomplete: str) -> list[str]:
    """The shipped recipes, which are files, and those of installed plugins by their metadata."""
    from importlib import resources

    files = resources.files("maieutic.graphs.recipes").iterdir()
    return sorted(
        name
        for file in files
        if file.name.endswith(".toml") and (name := file.name.removesuffix(".toml")).startswith(incomplete)
    )


def complete_models(incomplete: str) -> list[str]:
    """Model names that begin so, as litellm spells them; the embedded model first."""
    from ..core.models import EMBEDDED
    from ..runtime.models.transports.model_table import chat_model_names

    names = [EMBEDDED] if EMBEDDED.startswith(incomplete) else []
    return _guarded(lambda: [*names, *chat_model_names(incomplete)])[:_MAX_MODELS]


def completer(kind: Kind) -> Callable[[str], list[Completion]]:
    """Completes the shipped names of a kind of part, with what each is."""

    def complete(incomplete: str) -> list[Completion]:
        from ..plugins.system.registration import builtin_registrations

        entries = _guarded(lambda: list(builtin_registrations()[kind].values()))
        return [(entry.name, entry.summary) for entry in entries if entry.name.startswith(incomplete)]

    return complete


def complete_parts(incomplete: str) -> list[Completion]:
    """The shipped parts of every kind."""
    from ..plugins.system.hookspecs import HOOKS

    names = {name: what for kind in HOOKS for name, what in completer(kind)(incomplete)}
    return sorted(names.items())


def _from_store(
    context: typer.Context, names: Callable[[Store], Iterable[Completion]], incomplete: str
) -> list[Completion]:
    from .lookup import open_store

    def listed() -> list[Completion]:
        with open_store(Path(context.params.get("folder") or _STORE_FOLDER)) as store:
            return [(name, what) for name, what in names(store) if name.startswith(incomplete)]

    return _guarded(listed)


def _guarded(listed: Callable[[], list[Any]]) -> list[Any]:
    """The list, or an empty one: a shell that completes must never print an error."""
    try:
        return listed()
    except Exception:  # noqa: BLE001 - see above
        return []
