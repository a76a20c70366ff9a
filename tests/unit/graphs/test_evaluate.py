"""A prompt that is brought along to be scored."""

from __future__ import annotations

from pathlib import Path

import pytest
from maieutic.core.errors import TaskError
from maieutic.core.program import Program
from maieutic.core.prompt import Prompt
from maieutic.core.task import Task
from maieutic.graphs.evaluate import evaluate_program

ROWS = [{"input": {"review": f"row {n}"}, "output": "yes"} for n in range(6)]
WRONG = [
    Program.of("Is it {foo}?"),
    Program(prompts={"first": Prompt(instruction="Read {review}."), "last": Prompt(instruction="{frist}?")}),
]


@pytest.mark.parametrize("program", WRONG)
async def test_a_placeholder_that_no_row_fills_is_refused_before_anything_is_spent(
    program: Program, tmp_path: Path
) -> None:
    task = Task.create("Say yes.", train=ROWS[:2], val=ROWS[2:4], test=ROWS[4:])
    with pytest.raises(TaskError, match="which no example has") as refused:
        await evaluate_program(task, program, folder=tmp_path / "home")
    assert (refused.value.exit_code, "{review}" in refused.value.possible) == (2, True)
    assert not (tmp_path / "home").exists()
