"""Rows that a run made itself: they join at the end, are replaced where they stand, or move to another split."""

from __future__ import annotations

from maieutic.core.dataset import Example, Split
from maieutic.core.task import Task
from maieutic.graphs.config_changes import GeneratedRow, with_generated_rows
from maieutic.graphs.run_config import RunConfig
from maieutic.graphs.run_options import RunOptions


def row(name: str, output: str = "red") -> Example:
    return Example(id=name, input=f"word {name}", outputs=(output,))


def setup() -> RunConfig:
    task = Task.create("Say it.", train=[row("t0"), row("t1")], val=[row("v0"), row("v1")], test=[row("s0")])
    return RunConfig.resolve(task, RunOptions(recipe="random-demos"))


def grown(split: Split, name: str, output: str = "blue") -> GeneratedRow:
    return GeneratedRow(step=1, split=split, row=row(name, output))


def test_a_row_joins_is_replaced_in_its_place_and_moves() -> None:
    begun = setup()
    made = with_generated_rows(
        begun, [grown("val", "new"), grown("train", "t0"), grown("train", "v0"), grown("val", "new", "red")]
    )
    data = made.task.data
    assert [(one.id, one.output) for one in data.train] == [("t0", "blue"), ("t1", "red"), ("v0", "blue")]
    assert [(one.id, one.output) for one in data.val] == [("v1", "red"), ("new", "red")]
    assert data.test == begun.task.data.test


def test_without_new_rows_the_parts_stay_as_they_are() -> None:
    begun = setup()
    assert with_generated_rows(begun, []) is begun
