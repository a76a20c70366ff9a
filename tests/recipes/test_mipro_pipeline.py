"""mipro on a program of two steps: each has instructions and demo sets, and a trial chooses among all at once."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.budget import Budget
from maieutic.core.models import ModelRef
from maieutic.core.program import Program
from maieutic.core.prompt import Prompt
from maieutic.core.task import Models, TargetSpec, Task
from maieutic.graphs.api import aoptimize
from maieutic.runtime.store import Store
from maieutic.testing import ScriptedModel, StubServer

PROGRAM = Program(prompts={"pick": Prompt(instruction="Pick the number."), "judge": Prompt(instruction="Judge it.")})
STEPS = ["pick", "judge"]


def target(messages: Any) -> str:
    """The first step misses every other number unless it is told to be careful; the second, every third."""
    text = "\n".join(message["content"] for message in messages)
    row = int(re.findall(r"\d+", messages[-1]["content"])[-1])
    if "Pick" in text:
        return f"it is {row if row % 2 or 'carefully' in text else row + 1}"
    said = row if row % 3 or "exactly" in text else row + 1
    return "even" if said % 2 == 0 else "odd"


def author() -> Any:
    numbers = {"Pick": count(), "Judge": count()}

    def answer(messages: Any) -> str:
        text = messages[0]["content"]
        if "<summary>" in text:
            return "<summary>Numbers in sentences.</summary>"
        verb, word = ("Pick", "carefully") if "the step 'pick'" in text else ("Judge", "exactly")
        wording = next(numbers[verb])
        return f"<prompt>{verb} it{f' {word}' if wording % 2 else ''}, wording {wording}.</prompt>"

    return answer


@pytest.mark.slow
async def test_mipro_searches_the_words_and_demos_of_all_steps_at_once(tmp_path: Path) -> None:
    def rows(first: int, many: int) -> list[dict[str, str]]:
        return [
            {"input": f"here is {n}", "output": "even" if n % 2 == 0 else "odd"} for n in range(first, first + many)
        ]

    with StubServer(ScriptedModel(target)) as one, StubServer(ScriptedModel(author())) as two:
        refs = [ModelRef.parse(f"openai/stub@{stub.base}") for stub in (one, two)]
        made = Task.create(
            "x",
            train=rows(100, 20),
            val=rows(200, 24),
            test=rows(300, 12),
            models=Models(target=refs[0], optimizer=refs[1]),
            answer=AnswerContract(type="label", labels=("even", "odd")),
        )
        spec = TargetSpec(use="pipeline", options={"steps": STEPS})
        task = made.model_copy(update={"program": PROGRAM, "target": spec})
        done = await aoptimize(task, recipe="mipro", budget=Budget(target_calls=420), folder=tmp_path, run="r")
    with Store.open(tmp_path, read_only=True) as store:
        candidates = {one.id: one for one in store.candidates("r")}
        orders = [event.data["orders"] for event in store.events("r") if event.kind == "round_started"]
        dialogue = store.dialogue("r")
        evaluations = store.evaluations("r")

    assert [one["operator"] for one in orders[0]] == ["demo-bootstrap"] * 2
    assert [one["operator"] for one in orders[1]] == ["grounded", "grounded", "combine"]
    assert all([one["operator"] for one in some] == ["combine"] for some in orders[2:])
    start = next(iter(candidates.values()))

    def changed(operator: str) -> list[tuple[str, ...]]:
        found = [one.program for one in candidates.values() if one.operator == operator]
        return [tuple(name for name in STEPS if one.prompts[name] != PROGRAM.prompts[name]) for one in found]

    for operator in ("demo-bootstrap", "grounded"):
        assert set(changed(operator)) == {("pick",), ("judge",)}, "each of them changes one step"
    assert ("pick", "judge") in changed("combine"), "a trial may change all"

    right = {one.example for one in evaluations if one.candidate == start.id and one.split == "train" and one.score}
    picks = [one.program.prompts["pick"].demos for one in candidates.values() if one.operator == "demo-bootstrap"]
    assert any(picks)
    assert {demo.source for demos in picks for demo in demos} <= right, "an inner step learns from what ended right"
    assert {demo.output[:6] for demos in picks for demo in demos} == {"it is "}

    asked = [turn.messages[0]["content"] for turn in dialogue if turn.skill == "grounded"]
    assert {step for step in STEPS for text in asked if f"the step '{step}'" in text} == set(STEPS)
    assert done.report.start.score < 0.6
    assert done.report.best.score == 1.0
    winner = done.program.prompts
    assert "carefully" in winner["pick"].instruction
    assert "exactly" in winner["judge"].instruction
