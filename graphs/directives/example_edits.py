"""Annotate and add: what a person does to the examples of train and val. Nobody can change the held-out test."""

from __future__ import annotations

from ...core.dataset import SPLITS, Example, Split
from ...core.directives import AddExample, Annotate
from ...core.render import template_values
from ...core.search_types import Measurement
from ..config_changes import added_example, apply_changes, with_reference
from ..measuring.measure import affordable_pairs, measure_pairs, rescore_example
from ..run_context import RunContext, ledger_summary
from ..state import RunState
from .result import Boundary, DirectiveResult


async def annotate(context: RunContext, directive: Annotate, boundary: Boundary) -> DirectiveResult:
    """Give an example another reference. What was answered on it is scored again, from the cache."""
    task = context.config.task
    if directive.example in {row.id for row in task.data.test}:
        return DirectiveResult(refused="the example is in the held-out test, which cannot change during a run")
    row = context.examples.get(directive.example)
    if row is None:
        return DirectiveResult(refused=f"there is no example {directive.example} in train or val")
    if not task.answer.accepts(directive.output):
        return DirectiveResult(refused=f"{directive.output[:60]!r} is no answer under the task's contract")
    directive = directive.model_copy(update={"output": task.answer.normalize_reference(directive.output)})
    context.config = apply_changes(context.config, [directive])
    changed = with_reference(row, directive.output)
    split: Split = "train" if row.id in {example.id for example in task.data.train} else "val"
    await context.store.replace_example(context.run, split, changed)
    rescored = await rescore_example(
        context, changed, split, read_before=boundary.read_before, write_step=boundary.write_step
    )
    context.archive(boundary.read_before).add_results(rescored)
    log_data = {
        "example": row.id,
        "split": split,
        "before": " | ".join(row.outputs),
        "after": directive.output,
        "rescored": len(rescored),
    }
    return DirectiveResult(log_data=log_data)


async def add_example(
    context: RunContext, state: RunState, directive: AddExample, boundary: Boundary
) -> DirectiveResult:
    """Add an example. On val, every measured active candidate runs on it before anything is compared."""
    task = context.config.task
    if not task.answer.accepts(directive.output):
        return DirectiveResult(refused=f"{directive.output[:60]!r} is no answer under the task's contract")
    row = added_example(task, directive)
    if reason := _mismatch_reason(context, row):
        return DirectiveResult(refused=reason)
    archive, val = context.archive(boundary.read_before), [example.id for example in task.data.val]
    pairs = [
        Measurement(candidate.id, row.id)
        for candidate in archive.alive
        if directive.split == "val" and archive.scores.count(candidate.id, val)
    ]
    remaining = context.remaining_runs(state)
    if len(affordable_pairs(context, pairs, remaining, boundary.read_before)) < len(pairs):
        return DirectiveResult(
            refused=f"scoring the {len(pairs)} active candidates on this example needs more than "
            f"the {remaining} calls left"
        )
    context.config = apply_changes(context.config, [directive])
    await context.store.save_examples(context.run, [(directive.split, row)])
    results = await measure_pairs(context, pairs, step=boundary.write_step)
    archive.add_results(results)
    log_data = {
        "example": row.id,
        "split": directive.split,
        "scored": len(results),
        "ledger": ledger_summary(context),
    }
    return DirectiveResult(log_data=log_data)


def _mismatch_reason(context: RunContext, row: Example) -> str:
    """Why an example cannot join. Of the held-out test it tells only that the example is in it."""
    task = context.config.task
    for split in SPLITS:
        if any(example.id == row.id or example.input == row.input for example in task.data[split]):
            return f"the example is in {split} already"
    if isinstance(row.input, str) != isinstance(task.data.val[0].input, str):
        fields = sorted(template_values(task.data.val[0]))
        return f"examples of this task have other fields: {', '.join(fields)}"
    missing = set(template_values(task.data.val[0])) - set(template_values(row))
    return f"the example lacks {', '.join(sorted(missing))}" if missing else ""
