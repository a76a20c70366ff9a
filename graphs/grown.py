"""Rows that a run made itself: drafted, added near the border, or labelled. The log knows them, so that a run that is
resumed has the rows that it had."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..core.events import Event
from ..core.example import SPLITS, Dataset, Example, Split
from ..core.labels import labels_of
from ..core.task import Task
from .setup import Setup


@dataclass(frozen=True, kw_only=True)
class Grown:
    """A row that joined, or that got its label, at a step."""

    step: int
    split: Split
    row: Example


def grown_rows(events: Sequence[Event]) -> list[Grown]:
    """As the log tells, in its order, each row as it was when it joined."""
    rows = []
    for event in events:
        if event.kind == "rows_added":
            rows += [
                Grown(step=event.step, split=one["split"], row=Example.model_validate(one["row"]))
                for one in event.data["rows"]
            ]
    return rows


def with_rows(setup: Setup, grown: Iterable[Grown]) -> Setup:
    """The parts with rows more. A row of that id that is there already is replaced, and moves to the named split."""
    task = setup.task
    for one in grown:
        task = _with_row(task, one)
    labels = setup.labels or labels_of(task.answer, [*task.data.train, *task.data.val])
    return setup if task is setup.task else replace(setup, task=task, labels=labels)


def _with_row(task: Task, one: Grown) -> Task:
    rows = {split: list(task.data[split]) for split in SPLITS}
    for split in SPLITS:
        at = next((at for at, row in enumerate(rows[split]) if row.id == one.row.id), None)
        if at is not None and split == one.split:
            rows[split][at] = one.row
            break
        if at is not None:
            del rows[split][at]
    else:
        rows[one.split].append(one.row)
    return task.model_copy(update={"data": Dataset(**{split: tuple(found) for split, found in rows.items()})})
