"""Examples that a run generates: drafted for a task without data, or returned by operators while it searches.

Before an example on val counts, every measured active candidate runs on it, so that scores stay comparable.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...core.asks import CALLS_PER_ASK
from ...core.dataset import Example, Split
from ...core.errors import TaskError
from ...core.render import template_values
from ...core.score import Evaluation, Response
from ...core.search_types import Measurement, NewExample
from ...core.task import Task
from ...plugins.algorithms.example_generation import generate_examples, max_generation_calls
from ..config_changes import GeneratedRow, with_generated_rows
from ..measuring.measure import measure_pairs, rescore_example
from ..run_context import RunContext
from ..run_team import run_team

# Two of five drafted examples go to each of val and test, which decide; operators learn from the fifth.
_DRAFT_SPLITS: tuple[Split, ...] = ("train", "val", "test", "val", "test")
# Fifty show a gain of some twenty points; fewer than ten show nothing.
_MAX_ROWS, _MIN_ROWS = 50, 10
# Drafting takes a third of the calls at most: the search and its proof need the rest.
_BUDGET_DIVISOR = 3


async def join_rows(context: RunContext, new: Sequence[NewExample], *, step: int, remaining_runs: int) -> list[Example]:
    """Add examples, as many as all measured candidates can run on. The event also says why others were refused.

    remaining_runs: in runs of the baseline.
    """
    joined: list[GeneratedRow] = []
    results: list[Evaluation | Response] = []
    refused: list[str] = []
    archive, val = context.archive(step), [row.id for row in context.config.task.data.val]
    measured = [candidate.id for candidate in archive.alive if archive.scores.count(candidate.id, val)]
    # Another program may take more calls than the baseline, or fewer.
    remaining_calls = remaining_runs * context.config.calls_per_run(context.config.task.program)[0]
    for example in new:
        reason, row = _check_new_row(context.config.task, example)
        needs_scores = example.split == "val" and not example.row
        pairs = [Measurement(candidate, row.id) for candidate in measured if needs_scores]
        calls = sum(context.config.calls_per_run(archive[pair.candidate].program)[0] for pair in pairs)
        if not reason and calls > remaining_calls:
            reason = (
                f"scoring the {len(pairs)} active candidates on this example needs more than the "
                f"{remaining_calls} calls left"
            )
        if reason:
            refused.append(reason)
            continue
        remaining_calls -= calls
        joined.append(GeneratedRow(step=step, split=example.split, row=row))
        context.config = with_generated_rows(context.config, joined[-1:])
        await context.store.replace_example(context.run, example.split, row)
        if example.row:
            results += await rescore_example(context, row, example.split, read_before=step, write_step=step)
        results += await measure_pairs(context, pairs, step=step)
    earlier = [generated for generated in context.generated_rows if generated.step != step]
    context.generated_rows = earlier + joined
    archive.add_results(results)
    if joined or refused:
        rows = [{"split": generated.split, "row": generated.row.model_dump(mode="json")} for generated in joined]
        await context.emit("rows_added", step, rows=rows, refused=refused, scored=len(results))
    return [generated.row for generated in joined]


def _check_new_row(task: Task, new: NewExample) -> tuple[str, Example]:
    """Why an example cannot join, empty where it can; and the example as it would be added."""
    outputs = (task.answer.normalize_reference(new.output),) if new.output else ()
    source = {"by": new.by, **({"confidence": new.confidence} if new.confidence is not None else {})}
    existing = task.data.without_test.by_id()
    metadata = existing[new.row].metadata if new.row in existing else {}
    row = Example(id=new.row, input=new.input, outputs=outputs, metadata={**metadata, **source})
    if outputs and not task.answer.accepts(outputs[0]):
        return f"{new.output[:60]!r} is no answer under the task's contract", row
    if new.row:
        return "" if new.row in existing else f"there is no example {new.row} to label", row
    if any(example.input == row.input or example.id == row.id for example in task.data.examples()):
        return "the example is there already", row
    if task.data.val and isinstance(row.input, str) != isinstance(task.data.val[0].input, str):
        return f"examples of this task have other fields: {', '.join(sorted(template_values(task.data.val[0])))}", row
    return "", row


async def draft_dataset(context: RunContext, step: int) -> None:
    """Draft all splits of a task without data, the held-out test too; the report says so.

    A model writes the examples, another labels them: as many as a third of the budget's calls can pay, 50 at most.
    Raises TaskError where fewer than 10 could be made.
    """
    config = context.config
    count = _MAX_ROWS
    if config.budget.calls is not None:
        # What is expected is one call an ask; the other that `max_generation_calls` counts is a repair.
        limit = CALLS_PER_ASK * config.budget.calls
        while count > _MIN_ROWS and max_generation_calls(count) * _BUDGET_DIVISOR > limit:
            count -= 1
    await context.emit("rows_asked", step, rows=count)
    # No prompt is shown: nothing is known of where it fails, and a small model takes its question for an input.
    team = run_team(context, step, "draft")
    drafted = await generate_examples(team, context.task_brief(), "", count, splits=_DRAFT_SPLITS)
    await join_rows(context, drafted, step=step, remaining_runs=0)
    total = sum(1 for _ in context.config.task.data.examples())
    if total < _MIN_ROWS:
        raise TaskError(
            f"only {total} of {count} drafted examples have a label that the judge could give",
            where=config.task.where("[data]"),
            possible=(f"{_MIN_ROWS} examples or more",),
            remedy="name a stronger optimizer, describe the task and its [answer] better, or give examples",
        )
    context.config.task.check()
