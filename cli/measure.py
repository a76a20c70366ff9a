"""`maieutic measure`: how much of a prompt's score is format, wording, luck, order or single parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..core.errors import RunFailed, UsageError
from .completion import complete_runs, completer
from .consent import require_task_consent
from .evaluate import run_evaluation
from .lookup import open_store, read_task, run_registry
from .model_overrides import override_models
from .options import (
    BUDGET_PANEL,
    DEFAULT_FOLDER,
    AsJson,
    Concurrency,
    Folder,
    NoPlugins,
    Optimizer,
    Target,
    Trust,
)
from .output import print_json, print_table
from .printer import echo, secho

if TYPE_CHECKING:
    from ..core.measures import Figure
    from ..graphs.measures.measured import MeasuredProgram, MeasureSettings
    from ..plugins.system.registry import Registry
    from ..runtime.store import MeasureRecord

_DEFAULT_CALLS = 200  # as in graphs/measures/plan.py, which is not imported before a measure runs
_COMMAND = "maieutic measure"


def measure(
    subject: Annotated[
        str,
        typer.Argument(metavar="RUN|TASK", help="run id or latest; or task.toml", autocompletion=complete_runs),
    ] = "latest",
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME…]", help="measures; without one they are listed", autocompletion=completer("measure")
        ),
    ] = None,
    target: Target = None,
    optimizer: Optimizer = None,
    calls: Annotated[
        int, typer.Option(min=1, help="max model calls for each measure", rich_help_panel=BUDGET_PANEL)
    ] = _DEFAULT_CALLS,
    before: Annotated[bool, typer.Option("--before", help="measure the run's start")] = False,
    after: Annotated[bool, typer.Option("--after", help="measure the run's winner (default)")] = False,
    both: Annotated[bool, typer.Option("--both", help="measure start and winner")] = False,
    split: Annotated[
        Literal["train", "val", "test"] | None, typer.Option(help="split to measure on; default: test, else val")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME.KEY=VALUE", help="set an option of a measure")
    ] = None,
    guard: Annotated[
        str | None, typer.Option(metavar="LIMITS", help="fail beyond these figures: spread<=0.1,flips<=0.02")
    ] = None,
    seed: Annotated[int, typer.Option(help="seed of the draws")] = 0,
    concurrency: Concurrency = 4,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
    no_plugins: NoPlugins = False,
    trust: Trust = False,
) -> None:
    """Measure how much of a prompt's score is format, wording or luck.

    Without a NAME it lists the measures that fit, with the calls that each takes. Results are kept with the run and
    shown by `maieutic report`. Repeating a measure costs nothing. With --guard it exits with 1 where the prompt, or the
    run's winner, is beyond a limit.
    """
    from ..core.figure_limits import limits_broken, parse_limits
    from ..graphs.measures.measured import MeasureSettings, list_measures, run_measures

    limits = parse_limits(guard) if guard is not None else ()
    sides = _sides(before=before, after=after, both=both)
    subjects, registry = _subjects(
        subject, sides, folder=folder, no_plugins=no_plugins, trust=trust, models=(target, optimizer)
    )
    how = MeasureSettings(split=split, calls=calls, seed=seed, concurrency=concurrency, folder=folder, trust=trust)
    if not names:
        _list(list_measures, subjects[-1], how, registry, as_json=as_json)
        return
    uses = _uses(names, settings or [])
    records = list[Any]()
    for measured in subjects:
        fitting = _of_side(uses, registry) if len(subjects) > 1 and measured.role == "start" else uses
        if not fitting:
            continue
        work = run_measures(measured, fitting, how, registry=registry)
        retry = f"{_COMMAND} {subject} {' '.join(names)}"
        records += run_evaluation(work, what="measurement", retry_with=retry)
    if as_json:
        print_json([record.model_dump(mode="json") for record in records])
    for record in records if not as_json else ():
        _print_record(record)
    last = {record.measure: record.reading for record in records if record.program == subjects[-1].program.id}
    if broken := limits_broken(limits, last):
        raise RunFailed("; ".join(broken), where="--guard", remedy="keep the start, or another candidate of the run")


def _sides(*, before: bool, after: bool, both: bool) -> Sequence[str]:
    """`start`, `best`, or the two in this order."""
    if both or (before and after):
        return ("start", "best")
    return ("start",) if before else ("best",)


def _subjects(
    subject: str,
    sides: Sequence[str],
    *,
    folder: Path,
    no_plugins: bool,
    trust: bool,
    models: tuple[str | None, str | None],
) -> tuple[list[MeasuredProgram], Registry]:
    """What is measured: the prompts of a run, or a task's own prompt; with the plugins that they may use."""
    from ..graphs.measures.measured import MeasuredProgram

    path, (target, optimizer) = Path(subject), models
    if path.suffix == ".toml" or path.is_dir():
        replaced = {"target"} if target else None
        task, registry = read_task(path, no_plugins=no_plugins, trust=trust, replaced=replaced)
        task = override_models(task, target, optimizer, {})
        if sides != ("best",):
            raise UsageError(
                "a task has one prompt: --before and --both are for runs", where=subject, remedy="name a run"
            )
        return [MeasuredProgram(task=task, program=task.program)], registry
    with open_store(folder) as store:
        record = store.run(subject)
        registry = run_registry(record, no_plugins=no_plugins, trust=trust)
    measured = [MeasuredProgram.of_run(folder, record.id, side) for side in sides]
    require_task_consent(measured[0].task, trust=trust)
    task = override_models(measured[0].task, target, optimizer, {})
    return [replace(program, task=task, role=side) for program, side in zip(measured, sides, strict=True)], registry


def _uses(names: Sequence[str], settings: Sequence[str]) -> list[Any]:
    """The measures with the options that `--set NAME.KEY=VALUE` gives. Raises UsageError for one of no measure."""
    import json

    from ..core.recipe import PluginRef

    options: dict[str, dict[str, Any]] = {name: {} for name in names}
    for setting in settings:
        key, equals, text = setting.partition("=")
        name, dot, option = key.rpartition(".")
        if not equals or not dot or name not in options:
            raise UsageError(
                f"{setting!r} sets no option of a measure that is named",
                where="--set",
                possible=[f"{name}.KEY=VALUE" for name in names],
            )
        try:
            options[name][option] = json.loads(text)
        except ValueError:
            options[name][option] = text
    return [PluginRef(use=name, options=values) for name, values in options.items()]


def _of_side(uses: Sequence[Any], registry: Registry) -> list[Any]:
    """Those that say something of the start alone: what compares it with the winner is measured once."""
    return [use for use in uses if "baseline" not in registry.describe("measure", use.use).needs]


def _list(
    list_measures: Any, measured: MeasuredProgram, how: MeasureSettings, registry: Registry, *, as_json: bool
) -> None:
    plans = list_measures(measured, how, registry=registry)
    if as_json:
        print_json([vars(plan) for plan in plans])
        return
    fitting = [plan for plan in plans if not plan.missing]
    rows = [
        {"measure": plan.name, "calls": plan.calls, "examples": plan.examples, "what it tells": plan.summary}
        for plan in fitting
    ]
    if rows:
        print_table(rows, list(rows[0]), wrap=("what it tells",))
    for plan in plans:
        if plan.missing:
            echo(f"{plan.name}: {plan.missing}")
    echo(f"at most {how.calls} calls each (--calls); name one or more to run them")


def _print_record(record: MeasureRecord) -> None:
    reading = record.reading
    where = " ".join(part for part in (record.role, f"on {record.examples} {record.split} examples") if part)
    secho(f"{record.measure}, {where}", bold=True)
    echo(reading.verdict)
    for figure in reading.figures:
        echo(f"  {_figure_text(figure)}")
    if reading.rows:
        rows = [dict(zip(reading.columns, row, strict=True)) for row in reading.rows]
        print_table(rows, reading.columns)
    if reading.advice:
        echo(f"advice: {reading.advice}")
    echo(f"{record.calls} calls of {record.declared} announced, {record.paid} of them paid for")


def _figure_text(figure: Figure) -> str:
    text = f"{figure.name}  {figure.value:.3f}"
    return text if figure.low is None or figure.high is None else f"{text} [{figure.low:.3f}, {figure.high:.3f}]"
