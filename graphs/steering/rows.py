"""Annotate and add: what a person does to the rows of train and val. The sealed split is out of reach."""

from __future__ import annotations

from ...core.directives import AddExample, Annotate
from ...core.example import SPLITS, Example, Split
from ...core.orders import Pair
from ...core.render import values_of
from ...core.score import Evaluation
from ..amend import amended, annotated, row_of
from ..measure import affordable, measure, measure_pairs, scored
from ..session import Session, account
from ..state import RunState
from .outcome import Outcome, Place


async def annotate(session: Session, directive: Annotate, place: Place) -> Outcome:
    """The row wants another output; what was answered on it is scored anew, from the cache."""
    task = session.setup.task
    if directive.example in {row.id for row in task.data.test}:
        return Outcome(refused="the row is sealed: no one may touch test rows while a run goes on")
    row = session.examples.get(directive.example)
    if row is None:
        return Outcome(refused=f"there is no row {directive.example} in train or val")
    if not task.answer.accepts(directive.output):
        return Outcome(refused=f"{directive.output[:60]!r} is no answer under the task's contract")
    directive = directive.model_copy(update={"output": task.answer.reference(directive.output)})
    session.setup = amended(session.setup, [directive])
    new = annotated(row, directive.output)
    split: Split = "train" if row.id in {one.id for one in task.data.train} else "val"
    await session.store.replace_example(session.run, split, new)
    rescored = await _rescore(session, new, split, place)
    before, after = " | ".join(row.outputs), directive.output
    return Outcome(told={"example": row.id, "split": split, "before": before, "after": after, "rescored": rescored})


async def add_example(session: Session, state: RunState, directive: AddExample, place: Place) -> Outcome:
    """A row more. On val, all that are in the race and were measured meet it before anything is compared."""
    task = session.setup.task
    if not task.answer.accepts(directive.output):
        return Outcome(refused=f"{directive.output[:60]!r} is no answer under the task's contract")
    row = row_of(task, directive)
    if reason := _misfit(session, row):
        return Outcome(refused=reason)
    archive, val = session.archive(place.step), [one.id for one in task.data.val]
    met = [one.id for one in archive.alive if archive.scores.count(one.id, val)] if directive.split == "val" else []
    pairs = [Pair(name, row.id) for name in met]
    room = session.search({**state, "step": place.step}, "strategy").room
    if len(affordable(session, pairs, room, place.step)) < len(pairs):
        return Outcome(refused=f"{len(pairs)} candidates would have to meet it first, and {room} calls are left")
    session.setup = amended(session.setup, [directive])
    await session.store.save_examples(session.run, [(directive.split, row)])
    done = await measure_pairs(session, pairs, step=place.at)
    archive.learn(done)
    told = {"example": row.id, "split": directive.split, "scored": len(done), "ledger": account(session)}
    return Outcome(told=told)


async def _rescore(session: Session, row: Example, split: Split, place: Place) -> int:
    """Under the steps at which they were made, so that every later look at the archive sees one truth."""
    archive = session.archive(place.step)
    met: dict[str, Evaluation] = {
        one.candidate: one for one in archive.scores if one.example == row.id and one.candidate in archive
    }
    pairs = [(archive[name], row) for name in met]
    fresh = scored(await measure(session, pairs, split=split, step=place.at, keep=False))
    done = [one.model_copy(update={"step": met[one.candidate].step}) for one in fresh]
    await session.store.replace_evaluations(session.run, done)
    for one in done:
        archive.scores.add(one)
    return len(done)


def _misfit(session: Session, row: Example) -> str:
    """Why a row cannot join; where it stands already, nothing of the sealed split is said but that it is there."""
    task = session.setup.task
    for split in SPLITS:
        if any(one.id == row.id or one.input == row.input for one in task.data[split]):
            return f"the row is in {split} already"
    if isinstance(row.input, str) != isinstance(task.data.val[0].input, str):
        fields = sorted(values_of(task.data.val[0]))
        return f"rows of this task have other fields: {', '.join(fields)}"
    missing = set(values_of(task.data.val[0])) - set(values_of(row))
    return f"the row lacks {', '.join(sorted(missing))}" if missing else ""
