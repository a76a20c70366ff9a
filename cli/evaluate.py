"""`maieutic eval`, `compare` and `transfer`: measure prompts on a task, without a search."""

from __future__ import annotations

import sys
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from ..core.errors import RunFailed, RunStopped, UsageError
from .lookup import find_candidate, load_program, open_store, read_task
from .model_overrides import override_models
from .option_groups import expand_groups
from .options import CandidateName, MeasureOptions, RunName, TaskFile
from .output import print_json
from .printer import echo

if TYPE_CHECKING:
    from ..core.dataset import Split
    from ..core.program import Program
    from ..core.report import FailedExamples
    from ..core.score import Evaluation
    from ..core.task import Task
    from ..graphs.compare import Comparison
    from ..graphs.transfer import TransferResult
    from ..plugins.system.registry import Registry

T = TypeVar("T")
AnySplit = Annotated[Literal["train", "val", "test"], typer.Option(help="split to measure on")]
TEST_REUSE_WARNING = "the test examples have now been used: do not select a prompt by this score"


@expand_groups
def evaluate(
    task: TaskFile,
    options: MeasureOptions,
    prompt: Annotated[
        Path | None, typer.Option(help="text file, or exported .json; default: the task's own prompt")
    ] = None,
    split: AnySplit = "test",
) -> None:
    """Score one prompt on a task's examples."""
    from ..graphs.evaluate import evaluate_program
    from ..graphs.measuring.failures import failed_examples

    measured_task, registry = _read_task(task, options)
    program = load_program(prompt) if prompt else measured_task.program
    if not measured_task.data[split]:
        raise UsageError(
            f"the task has no {split} examples",
            where=measured_task.where(f"[data] {split}"),
            possible=[name for name in ("train", "val", "test") if measured_task.data[name]],
        )
    work = evaluate_program(measured_task, program, split=split, **_measure_keywords(options, registry))
    evaluations = run_evaluation(work, what="evaluation", retry_with=f"maieutic eval {task}")
    summary = _evaluation_json(measured_task, program, split, evaluations)
    if options.as_json:
        print_json(summary)
    else:
        _print_evaluation(summary)
    _exit_if_most_failed(failed_examples(evaluations))


@expand_groups
def compare(
    task: TaskFile,
    a: Annotated[Path, typer.Argument(metavar="PROMPT_A", help="text file, or exported .json")],
    b: Annotated[Path, typer.Argument(metavar="PROMPT_B", help="text file, or exported .json, compared with A")],
    options: MeasureOptions,
    split: AnySplit = "test",
) -> None:
    """Compare two prompts on the same examples.

    Prints the paired difference with its interval, and the examples that flip.
    """
    from ..graphs.compare import compare_programs
    from ..runtime.reports.text import gain_text

    measured_task, registry = _read_task(task, options)
    programs = load_program(a), load_program(b)
    work = compare_programs(measured_task, *programs, split=split, **_measure_keywords(options, registry))
    comparison = run_evaluation(work, what="comparison", retry_with=f"maieutic compare {task} {a} {b}")
    if options.as_json:
        print_json(comparison.model_dump(mode="json"))
        _exit_if_most_failed(comparison.failed)
        return
    echo(f"{comparison.verdict}: from A to B {gain_text(comparison.difference)}")
    for name, path, score in (("A", a, comparison.a), ("B", b, comparison.b)):
        echo(f"{name}  {score.value:.3f} [{score.low:.3f}, {score.high:.3f}]  {path}")
    echo(f"{comparison.flips.gained} examples better with B, {comparison.flips.lost} worse")
    _print_source(comparison)
    _exit_if_most_failed(comparison.failed)


@expand_groups
def transfer(
    run: RunName,
    task: TaskFile,
    options: MeasureOptions,
    candidate: CandidateName = "best",
    split: Annotated[Literal["val", "test"], typer.Option(help="split to measure on")] = "test",
) -> None:
    """Measure a run's prompt on another task or model.

    It is compared with that task's own prompt on the same examples. Multi-task runs transfer their shared system
    prompt; other runs transfer the whole program.
    """
    from ..graphs.transfer import transfer_program
    from ..runtime.reports.text import gain_text

    measured_task, registry = _read_task(task, options)
    with open_store(options.folder) as store:
        program = find_candidate(store, store.run(run), candidate).program
    work = transfer_program(program, measured_task, split=split, **_measure_keywords(options, registry))
    result = run_evaluation(work, what="measurement", retry_with=f"maieutic transfer {run} {task}")
    if options.as_json:
        print_json(result.model_dump(mode="json"))
        _exit_if_most_failed(result.failed)
        return
    echo(f"{result.verdict}: {result.own:.3f} → {result.brought:.3f}, {gain_text(result.difference)}")
    _print_source(result)
    _exit_if_most_failed(result.failed)


def run_evaluation(work: Coroutine[Any, Any, T], *, what: str, retry_with: str) -> T:
    """The result of the work. Raises RunStopped if a person interrupted it. retry_with: the command that continues it.
    What metrics print goes to stderr: stdout is for the result."""
    from .interrupt import run_until_interrupted

    with redirect_stdout(sys.stderr):
        result = run_until_interrupted(work, continue_with=lambda: retry_with)
    if result is None:
        raise RunStopped(f"the {what} was interrupted; completed calls are in the cache", remedy="run it again")
    return result


def _read_task(path: Path, options: MeasureOptions) -> tuple[Task, Registry]:
    replaced = {"target"} if options.target else None
    task, registry = read_task(path, no_plugins=options.no_plugins, trust=options.trust, replaced=replaced)
    return override_models(task, options.target, None, {}), registry


def _measure_keywords(options: MeasureOptions, registry: Registry) -> dict[str, Any]:
    """What the three measurements of `graphs` have in common."""
    from ..core.budget import Budget

    budget = None
    if options.calls is not None:
        budget = Budget(calls=options.calls)
        budget.check()
    return {
        "concurrency": options.concurrency,
        "folder": options.folder,
        "registry": registry,
        "budget": budget,
    }


def _evaluation_json(task: Task, program: Program, split: Split, evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    from ..core.stats.intervals import mean_interval
    from ..graphs.measuring.failures import failed_examples

    failed = failed_examples(evaluations)
    scores = [evaluation.score for evaluation in evaluations]
    interval = mean_interval(scores) if scores else None
    return {
        "task": task.name,
        "split": split,
        "prompt": program.main.id if len(program.prompts) == 1 else program.id,
        "model": str(task.models.target),
        "score": interval.value if interval else None,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "n": len(evaluations),
        "of": len(task.data[split]),
        "unreadable": sum(evaluation.failure == "format" for evaluation in evaluations),
        "unscored": sum(evaluation.failure == "example" for evaluation in evaluations),
        "no_answer": sum(evaluation.failure == "no_answer" for evaluation in evaluations),
        "failed": failed.count,
        "reasons": failed.reasons,
    }


def _print_evaluation(summary: dict[str, Any]) -> None:
    split = summary["split"]
    if summary["score"] is None:
        echo(f"no {split} example was scored")
        return
    echo(
        f"{summary['task']}: {summary['score']:.3f} [{summary['low']:.3f}, {summary['high']:.3f}] "
        f"on {summary['n']} of {summary['of']} {split} examples with {summary['model']}"
    )
    if summary["unreadable"] or summary["unscored"]:
        echo(f"{summary['unreadable']} answers could not be parsed, {summary['unscored']} examples not scored")
    if summary["no_answer"]:
        echo(f"{summary['no_answer']} examples got no answer: the model returned no text; they count as 0")
    _print_failures(summary["failed"], summary["n"], summary["reasons"])
    _print_unmeasured(summary["n"], summary["of"])
    if split == "test":
        echo(TEST_REUSE_WARNING)


def _print_source(result: Comparison | TransferResult) -> None:
    echo(f"{result.task} on {result.n} {result.split} examples with {result.model}")
    _print_failures(result.failed.count, result.failed.of, result.failed.reasons)
    _print_unmeasured(result.n, result.of)
    if result.split == "test":
        echo(TEST_REUSE_WARNING)


def _print_failures(count: int, measured: int, reasons: Mapping[str, int]) -> None:
    from ..graphs.measuring.failures import failures_text

    if count:
        echo(f"{failures_text(count, measured, reasons)}; they count as 0")


def _print_unmeasured(measured: int, total: int) -> None:
    if measured < total:
        echo(f"{total - measured} of {total} examples were not measured: raise --calls")


def _exit_if_most_failed(failed: FailedExamples) -> None:
    """A score of which more than half is failures is no result. The examples and reasons were printed."""
    if 2 * failed.count > failed.of:
        raise typer.Exit(RunFailed.exit_code)
