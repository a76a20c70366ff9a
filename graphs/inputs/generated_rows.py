"""How rows that a run makes itself join: all that are in the race meet them before anything is compared."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.dataset import Example, Split
from ...core.render import template_values
from ...core.score import Evaluation, Response
from ...core.search_types import Measurement, NewExample
from ...core.task import Task
from ..grown import GeneratedRow, with_generated_rows
from ..measuring.measure import measure, measure_pairs, only_evaluations
from ..run_context import RunContext


async def join_rows(session: RunContext, new: Sequence[NewExample], *, step: int, room: int) -> list[Example]:
    """Let rows join, as many as all candidates in the race can be run on; those that were left out are told too."""
    joined: list[GeneratedRow] = []
    facts: list[Evaluation | Response] = []
    refused: list[str] = []
    archive, val = session.archive(step), {row.id for row in session.config.task.data.val}
    met = [one.id for one in archive.alive if archive.scores.count(one.id, [*val])]
    # `room` is told in runs of the start program; what is run may take more calls than that, or fewer.
    room *= session.config.calls_per_run(session.config.task.program)[0]
    for one in new:
        task = session.config.task
        reason, row = _check_new_row(task, one)
        pairs = [Measurement(name, row.id) for name in met] if one.split == "val" and not one.row else []
        cost = sum(session.config.calls_per_run(archive[pair.candidate].program)[0] for pair in pairs)
        if not reason and cost > room:
            reason = f"{len(pairs)} candidates would have to meet it first, and {room} calls are left"
        if reason:
            refused.append(reason)
            continue
        room -= cost
        joined.append(GeneratedRow(step=step, split=one.split, row=row))
        session.config = with_generated_rows(session.config, joined[-1:])
        await session.store.replace_example(session.run, one.split, row)
        if one.row:
            facts += await _rescore_example(session, row, one.split, step)
        facts += await measure_pairs(session, pairs, step=step)
    session.generated_rows = [kept for kept in session.generated_rows if kept.step != step] + joined
    archive.add_results(facts)
    if joined or refused:
        told = [{"split": one.split, "row": one.row.model_dump(mode="json")} for one in joined]
        await session.emit("rows_added", step, rows=told, refused=refused, scored=len(facts))
    return [one.row for one in joined]


def _check_new_row(task: Task, new: NewExample) -> tuple[str, Example]:
    """Why a row cannot join, empty where it can; and the row as it would stand."""
    outputs = (task.answer.normalize_reference(new.output),) if new.output else ()
    told = {"by": new.by, **({"confidence": new.confidence} if new.confidence is not None else {})}
    known = task.data.without_test.by_id()
    before = known[new.row].metadata if new.row in known else {}
    row = Example(id=new.row, input=new.input, outputs=outputs, metadata={**before, **told})
    if outputs and not task.answer.accepts(outputs[0]):
        return f"{new.output[:60]!r} is no answer under the task's contract", row
    if new.row:
        return "" if new.row in known else f"there is no row {new.row} to label", row
    if any(one.input == row.input or one.id == row.id for one in task.data.examples()):
        return "the row is there already", row
    if task.data.val and isinstance(row.input, str) != isinstance(task.data.val[0].input, str):
        return f"rows of this task have other fields: {', '.join(sorted(template_values(task.data.val[0])))}", row
    return "", row


async def _rescore_example(session: RunContext, row: Example, split: Split, step: int) -> list[Evaluation]:
    """What was answered on a row before it had this label, from the cache, under the steps at which it was."""
    archive = session.archive(step)
    seen = {one.candidate: one for one in archive.scores if one.example == row.id and one.candidate in archive}
    pairs = [(archive[name], row) for name in seen]
    fresh = only_evaluations(await measure(session, pairs, split=split, step=step, keep=False))
    done = [one.model_copy(update={"step": seen[one.candidate].step}) for one in fresh]
    await session.store.replace_evaluations(session.run, done)
    return done
