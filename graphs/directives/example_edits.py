"""Annotate and add: what a person does to the rows of train and val. The sealed split is out of reach."""

from __future__ import annotations

from ...core.dataset import SPLITS, Example, Split
from ...core.directives import AddExample, Annotate
from ...core.render import template_values
from ...core.score import Evaluation
from ...core.search_types import Measurement
from ..config_changes import added_example, apply_changes, with_reference
from ..measuring.measure import affordable_pairs, measure, measure_pairs, only_evaluations
from ..run_context import RunContext, ledger_summary
from ..state import RunState
from .result import Boundary, DirectiveResult


async def annotate(session: RunContext, directive: Annotate, place: Boundary) -> DirectiveResult:
    """The row wants another output; what was answered on it is scored anew, from the cache."""
    task = session.config.task
    if directive.example in {row.id for row in task.data.test}:
        return DirectiveResult(refused="the row is sealed: no one may touch test rows while a run goes on")
    row = session.examples.get(directive.example)
    if row is None:
        return DirectiveResult(refused=f"there is no row {directive.example} in train or val")
    if not task.answer.accepts(directive.output):
        return DirectiveResult(refused=f"{directive.output[:60]!r} is no answer under the task's contract")
    directive = directive.model_copy(update={"output": task.answer.normalize_reference(directive.output)})
    session.config = apply_changes(session.config, [directive])
    new = with_reference(row, directive.output)
    split: Split = "train" if row.id in {one.id for one in task.data.train} else "val"
    await session.store.replace_example(session.run, split, new)
    rescored = await _rescore_example(session, new, split, place)
    before, after = " | ".join(row.outputs), directive.output
    return DirectiveResult(
        log_data={"example": row.id, "split": split, "before": before, "after": after, "rescored": rescored}
    )


async def add_example(session: RunContext, state: RunState, directive: AddExample, place: Boundary) -> DirectiveResult:
    """A row more. On val, all that are in the race and were measured meet it before anything is compared."""
    task = session.config.task
    if not task.answer.accepts(directive.output):
        return DirectiveResult(refused=f"{directive.output[:60]!r} is no answer under the task's contract")
    row = added_example(task, directive)
    if reason := _mismatch_reason(session, row):
        return DirectiveResult(refused=reason)
    archive, val = session.archive(place.read_before), [one.id for one in task.data.val]
    met = [one.id for one in archive.alive if archive.scores.count(one.id, val)] if directive.split == "val" else []
    pairs = [Measurement(name, row.id) for name in met]
    room = session.build_search({**state, "step": place.read_before}, "strategy").remaining_runs
    if len(affordable_pairs(session, pairs, room, place.read_before)) < len(pairs):
        return DirectiveResult(
            refused=f"{len(pairs)} candidates would have to meet it first, and {room} calls are left"
        )
    session.config = apply_changes(session.config, [directive])
    await session.store.save_examples(session.run, [(directive.split, row)])
    done = await measure_pairs(session, pairs, step=place.write_step)
    archive.add_results(done)
    told = {"example": row.id, "split": directive.split, "scored": len(done), "ledger": ledger_summary(session)}
    return DirectiveResult(log_data=told)


async def _rescore_example(session: RunContext, row: Example, split: Split, place: Boundary) -> int:
    """Under the steps at which they were made, so that every later look at the archive sees one truth."""
    archive = session.archive(place.read_before)
    met: dict[str, Evaluation] = {
        one.candidate: one for one in archive.scores if one.example == row.id and one.candidate in archive
    }
    pairs = [(archive[name], row) for name in met]
    fresh = only_evaluations(await measure(session, pairs, split=split, step=place.write_step, keep=False))
    done = [one.model_copy(update={"step": met[one.candidate].step}) for one in fresh]
    await session.store.replace_evaluations(session.run, done)
    for one in done:
        archive.scores.add(one)
    return len(done)


def _mismatch_reason(session: RunContext, row: Example) -> str:
    """Why a row cannot join; where it stands already, nothing of the sealed split is said but that it is there."""
    task = session.config.task
    for split in SPLITS:
        if any(one.id == row.id or one.input == row.input for one in task.data[split]):
            return f"the row is in {split} already"
    if isinstance(row.input, str) != isinstance(task.data.val[0].input, str):
        fields = sorted(template_values(task.data.val[0]))
        return f"rows of this task have other fields: {', '.join(fields)}"
    missing = set(template_values(task.data.val[0])) - set(template_values(row))
    return f"the row lacks {', '.join(sorted(missing))}" if missing else ""
