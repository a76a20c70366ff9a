"""Commands about a task: estimate, eval; and init, whose questions are in `asking.py`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..core.errors import UsageError
from .optimize import Calls, Minutes, Optimizer, Recipe, Roles, Target, TargetCalls, Tokens, Usd
from .options import (
    DEFAULT_FOLDER,
    AsJson,
    Concurrency,
    Folder,
    NoPlugins,
    TaskFile,
    is_interactive,
    load_registry,
    override_models,
    parse_budget,
    parse_key_values,
    print_json,
)

if TYPE_CHECKING:
    from ..core.dataset import Split
    from ..core.program import Program
    from ..core.score import Evaluation
    from ..core.task import Task
    from ..graphs.estimate import RunEstimate

_AnswerType = Literal["text", "label", "choice", "number", "regex", "json", "tag"]


def init(
    place: Annotated[Path, typer.Argument(metavar="DIR", help="a folder, made where it is missing")] = Path(),
    name: Annotated[str | None, typer.Option(help="the task's name")] = None,
    description: Annotated[str | None, typer.Option(help="what is to be done, in a sentence")] = None,
    prompt: Annotated[str | None, typer.Option(help="the start prompt, or a .txt or .md file of it")] = None,
    data: Annotated[Path | None, typer.Option(help="rows: JSONL, CSV, TSV, JSON or Parquet")] = None,
    answer: Annotated[_AnswerType | None, typer.Option(help="what counts as an answer")] = None,
    labels: Annotated[str | None, typer.Option(metavar="A,B", help="for label answers")] = None,
    pattern: Annotated[str | None, typer.Option(help="for regex answers; group 1 is the answer, or the match")] = None,
    metric: Annotated[str | None, typer.Option(help="an evaluator, for example exact or token_f1")] = None,
    target: Target = None,
    optimizer: Optimizer = None,
    interview: Annotated[
        bool, typer.Option("--interview", help="elicit the requirements; with --optimizer a model asks further")
    ] = False,
    stand_in: Annotated[bool, typer.Option("--stand-in", help="interview: that model answers, too")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="ask nothing; take what is given and the defaults")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask a few questions and write task.toml with its data; after an interview a run drafts the rows."""
    from .init_wizard import TaskDraft, prompt_for_missing, write_draft

    wishes = TaskDraft(
        name=name,
        description=description,
        prompt=prompt,
        data=data,
        answer=answer,
        labels=tuple(one.strip() for one in (labels or "").split(",") if one.strip()),
        pattern=pattern,
        metric=metric,
        target=target,
        optimizer=optimizer,
    )
    if (place / "task.toml").exists():
        raise UsageError("there is a task here already", where=str(place / "task.toml"), remedy="choose another folder")
    asking = not yes and not as_json and is_interactive()
    told = None
    if interview or stand_in:
        from .init_interview import print_gaps, run_interview

        wishes, told = run_interview(wishes, stand_in=stand_in, present=asking and not stand_in)
        wishes = replace(wishes, examples_optional=True)
        if not as_json:
            print_gaps(told)
    if asking:
        wishes = prompt_for_missing(wishes, place)
    written, task = write_draft(wishes, place)
    rows = {split: len(task.data[split]) for split in ("train", "val", "test")}
    if as_json:
        head = {"task": task.name, "file": str(written), "rows": rows}
        print_json({**head, "complete": round(told.complete, 3), "open": list(told.gaps)} if told else head)
        return
    typer.echo(f"wrote {written}: {rows['train']} train, {rows['val']} val, {rows['test']} test rows")
    typer.echo(f"next: maieutic estimate {place}   then   maieutic optimize {place}")


def estimate(
    task: TaskFile,
    recipe: Recipe = "auto",
    target: Target = None,
    optimizer: Optimizer = None,
    role: Roles = None,
    calls: Calls = None,
    target_calls: TargetCalls = None,
    tokens: Tokens = None,
    usd: Usd = None,
    minutes: Minutes = None,
    concurrency: Concurrency = 4,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="change the recipe", rich_help_panel="Run"),
    ] = None,
    as_json: AsJson = False,
    no_plugins: NoPlugins = False,
) -> None:
    """Calls, tokens, money and minutes, and the gain that could be seen; before anything is spent."""
    import asyncio

    from ..graphs.estimate import estimate_run
    from ..graphs.run_options import RunOptions
    from .foreground import read_task
    from .prices import token_prices

    budget = parse_budget(calls, target_calls, tokens, usd, minutes)
    changes = parse_key_values(settings or [], "--set")
    made = override_models(
        read_task(task, no_plugins=no_plugins), target, optimizer, parse_key_values(role or [], "--role")
    )
    registry = load_registry(made, no_plugins=no_plugins)
    prices = asyncio.run(token_prices(made))
    options = RunOptions(recipe=recipe, budget=budget, concurrency=concurrency, settings=changes)
    found = estimate_run(made, options, registry, prices=prices)
    if as_json:
        print_json({**found.model_dump(mode="json"), "assumes_default_budget": budget is None})
        return
    if budget is None:
        typer.echo("no budget was given: --calls 400", err=True)
    for line in _estimate_lines(found):
        typer.echo(line)


def evaluate(
    task: TaskFile,
    prompt: Annotated[Path | None, typer.Option(help="a text, or an exported .json; the task's own without")] = None,
    split: Annotated[Literal["train", "val", "test"], typer.Option(help="which rows")] = "test",
    target: Target = None,
    calls: Calls = None,
    concurrency: Concurrency = 4,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
    no_plugins: NoPlugins = False,
) -> None:
    """Score one prompt on a task's rows."""
    from ..graphs.evaluate import evaluate_program
    from .evaluate import load_program, run_evaluation
    from .foreground import read_task

    made = override_models(read_task(task, no_plugins=no_plugins), target, None, {})
    program = load_program(prompt) if prompt else made.program
    if not made.data[split]:
        raise UsageError(
            f"the task has no {split} rows",
            where=made.where(f"[data] {split}"),
            possible=[one for one in ("train", "val", "test") if made.data[one]],
        )
    registry = load_registry(made, no_plugins=no_plugins)
    budget = parse_budget(calls, None, None, None, None)
    work = evaluate_program(
        made, program, split=split, concurrency=concurrency, folder=folder, registry=registry, budget=budget
    )
    done = run_evaluation(work, what="evaluation", again=f"maieutic eval {task}")
    found = _evaluation_json(made, program, split, done)
    if as_json:
        print_json(found)
    else:
        for line in _evaluation_lines(found):
            typer.echo(line)


def _estimate_lines(found: RunEstimate) -> list[str]:
    rows = ", ".join(f"{n} {split}" for split, n in found.rows.items())
    lines = [f"{found.task} with {found.recipe}: {rows} rows, {found.sealed_rows} of the test rows for the report"]
    if found.calls:
        lines.append(
            f"calls    about {found.calls.total:,}: {found.calls.target:,} target, "
            f"{found.calls.optimizer:,} optimizer, {found.calls.sealed:,} sealed test"
        )
    if found.tokens:
        parts = [f"{one.prompt + one.answer:,} {who}" for who, one in found.tokens.items()]
        lines.append(f"tokens   about {' and '.join(parts)}")
    unknown = "no price is known for these models" if found.calls else "not known: nothing here says how many calls fit"
    lines.append(f"money    {unknown if found.usd is None else f'about ${found.usd:,.4f}'}")
    if found.minutes is not None:
        lines.append(f"minutes  about {found.minutes:g}")
    lines.append(f"proof    {_power_summary(found)}")
    lines += [f"note: the {name} expected are above the limit, which will end the run first" for name in found.exceeds]
    return lines


def _power_summary(found: RunEstimate) -> str:
    """What the sealed rows can show, and what would have to be more for them to show more."""
    from ..graphs.estimate import BASE_ACCURACY

    held = found.sealed_by == "budget"
    which = f"{found.sealed_rows} sealed rows" + (
        f", all that the budget holds of {found.rows['test']}," if held else ""
    )
    assumed = f"if the start scores {BASE_ACCURACY:g}"
    if found.detectable_gain is not None:
        points = f"{100 * found.detectable_gain:.0f} points (four times in five)"
        return f"with {which} you can see a gain of {points}, {assumed}"
    more = "a larger budget opens more of them" if held else "bring more test rows"
    if not found.sealed_rows:
        return f"there are no sealed rows that could prove a gain; {more}"
    return f"with {which} no gain is seen four times in five, {assumed}; {more}"


def _evaluation_json(task: Task, program: Program, split: Split, done: list[Evaluation]) -> dict[str, Any]:
    from ..core.stats.intervals import mean_interval

    scores = [one.score for one in done]
    interval = mean_interval(scores) if scores else None
    return {
        "task": task.name,
        "split": split,
        "prompt": program.main.id if len(program.prompts) == 1 else program.id,
        "model": str(task.models.target),
        "score": interval.value if interval else None,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "n": len(done),
        "of": len(task.data[split]),
        "unreadable": sum(one.failure == "format" for one in done),
        "unscored": sum(one.failure == "example" for one in done),
    }


def _evaluation_lines(found: dict[str, Any]) -> list[str]:
    from .evaluate import TEST_REUSE_WARNING

    if found["score"] is None:
        return [f"no {found['split']} row was scored"]
    lines = [
        f"{found['task']}: {found['score']:.3f} [{found['low']:.3f}, {found['high']:.3f}] "
        f"on {found['n']} of {found['of']} {found['split']} rows with {found['model']}",
    ]
    if found["unreadable"] or found["unscored"]:
        lines.append(f"{found['unreadable']} answers could not be read, {found['unscored']} rows could not be scored")
    if found["split"] == "test":
        lines.append(TEST_REUSE_WARNING)
    return lines
