"""Find what the command line names: the store, runs, candidates, tasks with their plugins, prompt files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import RunFailed, UsageError
from .consent import require_file_consent, require_task_consent
from .printer import echo

if TYPE_CHECKING:
    from ..core.candidate import Archive, Candidate
    from ..core.program import Program
    from ..core.report import Report
    from ..core.task import Task
    from ..plugins.system.registry import Registry
    from ..runtime.store import RunRecord, Store
    from ..runtime.tasks.loader import LoadedTask

# The recipes under which eval, compare, transfer and improve store what they do. Their budget is none for a search.
WITHOUT_SEARCH = ("eval", "improve", "measure")


def open_store(folder: Path, *, read_only: bool = True) -> Store:
    """Raises UsageError if the folder has no store: nothing was ever run there."""
    from ..runtime.store import DATABASE, Store

    if not (folder / DATABASE).is_file():
        raise UsageError(
            "no runs in this folder yet",
            where=str(folder),
            remedy="start one with maieutic optimize TASK, or choose another folder with --folder",
        )
    return Store.open(folder, read_only=read_only)


def load_registry(folder: Path | None = None, *, no_plugins: bool = False) -> Registry:
    """The plugins that a command may use: all installed ones, or the built-ins alone. folder: of the task."""
    from ..plugins.system.registry import Registry

    return Registry.load([] if no_plugins else None, folder=folder, own_code=not no_plugins)


def run_registry(record: RunRecord, *, no_plugins: bool, trust: bool = False) -> Registry:
    """The plugins of a run: those of its task among them, as when it ran. Files of plugins need consent."""
    from ..core.task import Task

    task = Task.model_validate_json(record.task_json)
    folder = Path(task.source).parent if task.source else None
    registry = load_registry(folder, no_plugins=no_plugins)
    if not no_plugins and task.plugins:
        require_task_consent(task, trust=trust)
        registry.require(task.plugins, folder=folder)
    return registry


def read_task(
    path: Path, *, no_plugins: bool, trust: bool = False, replaced: set[str] | None = None
) -> tuple[Task, Registry]:
    """The task of a file or folder, and the registry that read its data and will run it. Notes go to stderr.

    trust: the person agreed to its code and hosts on the command line; else they are asked, where they have to be.
    replaced: roles whose model the command line names.
    """
    loaded, registry = read_task_data(path, no_plugins=no_plugins, trust=trust, replaced=replaced)
    for note in loaded.notes:
        echo(f"note: {note}", err=True)
    return loaded.task, registry


def read_task_data(
    path: Path, *, no_plugins: bool, trust: bool = False, replaced: set[str] | None = None
) -> tuple[LoadedTask, Registry]:
    """As `read_task`, with the schemas of the data, and the notes on them unprinted."""
    from dataclasses import replace

    from ..plugins.loaders.files import dataset_reader
    from ..runtime.tasks.loader import load_task_with_schemas, named_plugins

    require_file_consent(path, trust=trust, no_plugins=no_plugins, replaced=replaced)
    folder = path if path.is_dir() else path.parent
    registry = load_registry(folder, no_plugins=no_plugins)
    if not no_plugins:
        registry.require(named_plugins(path), folder=folder)
    loaded = load_task_with_schemas(path, read=dataset_reader(registry, trusted=True))
    return replace(loaded, task=loaded.task.model_copy(update={"trusted": True})), registry


def load_program(path: Path) -> Program:
    """The prompt of a text file, or the program of an export that can be read back."""
    from ..runtime.tasks.prompt_files import read_program_file

    return read_program_file(path)


def find_candidate(store: Store, record: RunRecord, name: str) -> Candidate:
    """By id, a unique prefix of one, `start` or `best`. Raises UsageError listing the candidates."""
    from ..runtime.steering.lookup import DirectiveLookup

    if not store.candidates(record.id):
        raise _not_started_error(store, record)
    return DirectiveLookup(store=store, run=record.id).candidate(name)


def find_run_and_candidate(store: Store, run: str, ref: str) -> tuple[RunRecord, Candidate]:
    """`CANDIDATE` of a run, `RUN:CANDIDATE`, or `RUN` alone for its best."""
    owner, colon, name = ref.partition(":")
    if colon:
        record = store.run(owner)
        return record, find_candidate(store, record, name)
    record = store.run(run)
    try:
        return record, find_candidate(store, record, ref)
    except UsageError as error:
        try:
            other = store.run(ref)
        except UsageError:
            raise error from None
        return other, find_candidate(store, other, "best")


def find_report(store: Store, record: RunRecord) -> Report:
    """Raises UsageError for a run without a report, RunFailed for a report that cannot be read."""
    from pydantic import ValidationError

    from ..core.report import Report

    text = store.report(record.id)
    if text is None and record.state == "failed" and not store.candidates(record.id):
        raise _not_started_error(store, record)
    if text is None:
        raise UsageError(
            f"run {record.id} has no report yet; its state is {record.state}",
            remedy=f"maieutic stop {record.id} ends it with a report, maieutic resume {record.id} continues it",
        )
    try:
        return Report.model_validate_json(text)
    except ValidationError as error:
        raise RunFailed(f"the report of run {record.id} cannot be read: {error}") from error


def load_archive(store: Store, record: RunRecord) -> tuple[Archive, list[str]]:
    """A run's archive so far, and the ids of its val examples."""
    from ..core.candidate import Archive

    val = [example.id for _, example in store.examples(record.id, "val")]
    return Archive(store.candidates(record.id), store.evaluations(record.id, split="val")), val


def display_state(record: RunRecord, *, alive: bool) -> str:
    """The recorded state, or `interrupted` if its process died before it could record another."""
    return "interrupted" if record.state in ("running", "paused") and not alive else record.state


def _not_started_error(store: Store, record: RunRecord) -> UsageError:
    """For a run without even its baseline: it was rejected, or has only just started."""
    if record.state != "failed":
        return UsageError(
            f"run {record.id} has no candidates yet; its state is {record.state}",
            remedy=f"wait until it has started: maieutic show {record.id}",
        )
    reason = next(
        (event.data.get("reason") for event in store.events(record.id)[::-1] if event.kind == "run_failed"), None
    )
    why = str(reason).strip().partition("\n")[0] if reason else "its log gives no reason"
    return UsageError(
        f"run {record.id} was rejected before it started: {why}",
        remedy=f"correct that, then maieutic resume {record.id}; see maieutic runs for the others",
    )
