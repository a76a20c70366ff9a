"""Tasks made from Python."""

from __future__ import annotations

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.errors import TaskError
from maieutic.core.task import Task

ROWS = [{"input": f"row {n}", "output": f"{n},000"} for n in range(1, 5)]


def test_references_are_written_as_the_contract_writes_answers() -> None:
    task = Task.create("Count.", train=ROWS[:2], val=ROWS[2:], answer=AnswerContract(type="number"))
    assert [one.outputs for one in task.data.examples()] == [("1000",), ("2000",), ("3000",), ("4000",)]
    plain = Task.create("Count.", train=ROWS[:2], val=ROWS[2:])
    assert plain.data.train[0].outputs == ("1,000",)
    assert [one.id for one in plain.data.examples()] == [one.id for one in task.data.examples()]


def test_the_visible_task_has_no_test_rows() -> None:
    task = Task.create("Count.", train=ROWS[:1], val=ROWS[1:3], test=ROWS[3:])
    assert (len(task.data.test), len(task.without_test.data.test)) == (1, 0)
    assert task.without_test.data.val == task.data.val


@pytest.mark.parametrize(
    ("prompt", "val", "said"),
    [
        ("Count {apples}.", ROWS[2:], "asks for {apples}"),
        ("Count.", [], "no examples"),
        ("Count.", ROWS[2:3], "one val example"),
    ],
)
def test_parts_that_do_not_fit_are_refused(prompt: str, val: list[dict[str, str]], said: str) -> None:
    with pytest.raises(TaskError, match=said):
        Task.create(prompt, train=ROWS[:2], val=val)
