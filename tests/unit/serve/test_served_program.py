"""The winning program in front of a conversation: what one call cannot answer is no single prompt."""

from __future__ import annotations

from typing import Any

import pytest
from maieutic.core.errors import UsageError
from maieutic.core.program import Program
from maieutic.core.prompt import Format, Prompt
from maieutic.core.routing import Router
from maieutic.core.task import TargetSpec, Task
from maieutic.plugins.targets.chat import ChatTarget
from maieutic.serve.served_program import ServedProgram

ROWS = [{"input": f"row {n}", "output": "yes"} for n in range(4)]
PAIR = {"a": Prompt(instruction="Think."), "b": Prompt(instruction="Answer.")}


def winner(program: Program, **fields: Any) -> ServedProgram:
    task = Task.create("Say yes.", train=ROWS[:2], val=ROWS[2:]).model_copy(update={"program": program, **fields})
    return ServedProgram(run="r", task=task, program=program, target=ChatTarget())


@pytest.mark.parametrize(
    ("program", "once"),
    [
        (Program.of("Judge."), True),
        (Program(prompts=PAIR, router=Router(anchors={"a": ("cat",), "b": ("dog",)})), True),
        (Program(prompts=PAIR, router=Router(kind="vote")), False),
        (Program(prompts=PAIR, router=Router(kind="chain")), False),
        (Program.of(Prompt(instruction="Choose.", format=Format(shuffles=3))), False),
    ],
)
def test_one_call_is_relayed_only_where_one_call_is_the_whole_program(program: Program, once: bool) -> None:
    assert winner(program).is_single_call is once


def test_another_target_answers_by_itself() -> None:
    assert not winner(Program.of("Judge."), target=TargetSpec(use="callable")).is_single_call


def test_a_conversation_names_no_task_so_a_program_of_several_is_refused_at_once() -> None:
    prompts = {**PAIR, "shared": Prompt(instruction="Be exact.")}
    with pytest.raises(UsageError, match="several tasks") as caught:
        winner(Program(prompts=prompts, router=Router(kind="field", shared="shared")))
    assert "a, b" in str(caught.value)
