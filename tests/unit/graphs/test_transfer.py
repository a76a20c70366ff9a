"""A prompt brought to another task: in front of its own where it is a system prompt of several, else in its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.errors import TaskError, UsageError
from maieutic.core.models import ModelRef
from maieutic.core.multitask import join_tasks
from maieutic.core.program import Program
from maieutic.core.task import Models, Task
from maieutic.graphs.transfer import transfer_program, transplant
from maieutic.testing import ScriptedModel, StubServer


def one_task(name: str, models: Models | None = None, prompt: str = "Say even or odd.") -> Task:
    def rows(first: int, count: int) -> list[dict[str, str]]:
        return [{"input": f"{name} {n}", "output": ("even", "odd")[n % 2]} for n in range(first, first + count)]

    extra = {"models": models} if models else {}
    return Task.create(prompt, name=name, train=rows(0, 4), val=rows(10, 4), test=rows(20, 20), **extra)


def answers(messages: Sequence[Any]) -> str:
    number = int(re.findall(r"(\d+)", messages[-1]["content"])[-1])
    right = "careful" in messages[0]["content"] or number % 4 == 0
    return ("even", "odd")[(number + (not right)) % 2]


async def test_a_system_prompt_of_several_tasks_goes_before_an_unseen_tasks_own_prompt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB_KEY", "anything")
    learned = join_tasks([one_task("a"), one_task("b")], name="ab", system="Be careful.").program
    with StubServer(ScriptedModel(answers)) as stub:
        ref = ModelRef.parse(f"openai/stub@{stub.base}", key_env="STUB_KEY")
        task = one_task("c", Models(target=ref, optimizer=ref))
        moved = transplant(learned, task)
        assert moved.main.system == "Be careful."
        assert moved.main.instruction == "Say even or odd."
        found = await transfer_program(learned, task, folder=tmp_path)
        assert stub.count == 40
    assert (found.own, found.brought, found.n) == (0.25, 1.0, 20)
    assert found.verdict == "improved"
    assert found.difference.low > 0


def test_another_run_over_several_tasks_gets_the_system_prompt_alone() -> None:
    learned = join_tasks([one_task("a"), one_task("b")], name="ab", system="Be careful.").program
    other = join_tasks([one_task("c"), one_task("d")], name="cd")
    moved = transplant(learned, other)
    assert moved.prompts["system"].instruction == "Be careful."
    assert set(moved.prompts) == {"system", "c", "d"}


def test_a_plain_prompt_takes_the_place_of_the_tasks_own_if_its_fields_are_there() -> None:
    assert transplant(Program.of("Odd or even?"), one_task("c")).main.instruction == "Odd or even?"
    with pytest.raises(TaskError, match=r"\{colour\}"):
        transplant(Program.of("Say the {colour}."), one_task("c"))


async def test_the_same_prompt_is_not_measured_against_itself(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to compare"):
        await transfer_program(Program.of("Say even or odd."), one_task("c"), folder=tmp_path)
