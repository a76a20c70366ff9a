"""Rows that a run made itself: drafted, added near the border, or labelled. The log knows them, so that a run that is
resumed has the rows that it had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..core.dataset import SPLITS, Dataset, Example, Split
from ..core.events import Event
from ..core.stats.labels import infer_labels
from .run_config import RunConfig


@dataclass(frozen=True, kw_only=True)
class GeneratedRow:
    """A row that joined, or that got its label, at a step."""

    step: int
    split: Split
    row: Example


def read_generated_rows(events: Sequence[Event]) -> list[GeneratedRow]:
    """As the log tells, in its order, each row as it was when it joined."""
    rows = []
    for event in events:
        if event.kind == "rows_added":
            rows += [
                GeneratedRow(step=event.step, split=one["split"], row=Example.model_validate(one["row"]))
                for one in event.data["rows"]
            ]
    return rows


def with_generated_rows(setup: RunConfig, grown: Sequence[GeneratedRow]) -> RunConfig:
    """The parts with rows more. A row of that id that is there already is replaced, and moves to the named split."""
    if not grown:
        return setup
    task = setup.task
    rows = {split: {row.id: row for row in task.data[split]} for split in SPLITS}
    for one in grown:
        for split in SPLITS:
            if split != one.split:
                rows[split].pop(one.row.id, None)
        rows[one.split][one.row.id] = one.row
    data = Dataset(**{split: tuple(found.values()) for split, found in rows.items()})
    labels = setup.labels or infer_labels(task.answer, [*data.train, *data.val])
    return replace(setup, task=task.model_copy(update={"data": data}), labels=labels)
