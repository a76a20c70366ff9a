"""MetaSPO (METHODS card 18) and SPRIG over several tasks: one system prompt for all, a user prompt for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.budget import Budget
from maieutic.core.candidate import Candidate
from maieutic.core.errors import TaskError, UsageError
from maieutic.core.models import ModelRef
from maieutic.core.multitask import SHARED_PROMPT, join_tasks
from maieutic.core.report import Report
from maieutic.core.score import Evaluation
from maieutic.core.task import EvaluatorSpec, Models, Task
from maieutic.graphs.api import aoptimize
from maieutic.runtime.reports.text import evidence_lines
from maieutic.runtime.store import DialogueTurn, Store
from maieutic.runtime.tasks.loader import load_task
from maieutic.testing import ScriptedModel, StubServer

SAID = {"parity": ("even", "odd"), "size": ("7", "12")}


def truth(task: str, row: int) -> str:
    return SAID[task][row % 2]


def answers(messages: Sequence[Any]) -> str:
    """Three rows in ten, three more with the task's own rule in the user turn, three more with care in the system."""
    system = messages[0]["content"] if messages[0]["role"] == "system" else ""
    asked = messages[-1]["content"]
    task, row = re.findall(r"(parity|size) of number (\d+)", asked)[-1]
    right = int(row) % 10 < 3 + 3 * (f"rule of {task}" in asked) + 3 * ("careful" in system)
    return truth(task, int(row) + (not right))


def author(question: str) -> str:
    if "Write each reason" in question:
        return "<reason>The prompt does not say how to decide.</reason>"
    if "system prompt that stands before" in question:
        return "<prompt>You are careful and check each answer.</prompt>"
    task = re.findall(r"Answer for (\w+)\.", question)[0]
    return f"<prompt>Decide by the rule of {task}.</prompt>"


def one_task(name: str, *, val: int = 10, models: Models | None = None, **fields: Any) -> Task:
    def rows(first: int, count: int) -> list[dict[str, str]]:
        numbers = range(first, first + count)
        return [{"input": f"{name} of number {n}", "output": truth(name, n)} for n in numbers]

    contract = AnswerContract(type="label", labels=SAID[name]) if name == "parity" else AnswerContract(type="number")
    use = "exact" if name == "parity" else "numeric"
    return Task.create(
        "Say the answer.",
        name=name,
        description=f"Answer for {name}.",
        train=rows(100, 10),
        val=rows(200, val),
        test=rows(300, 20),
        answer=contract,
        evaluators=(EvaluatorSpec(use=use),),
        **({"models": models} if models else {}),
        **fields,
    )


@dataclass(frozen=True, kw_only=True)
class Played:
    candidates: Mapping[str, Candidate]
    evaluations: Sequence[Evaluation]
    dialogue: Sequence[DialogueTurn]
    orders: Sequence[Sequence[Mapping[str, Any]]]
    report: Report
    best: Candidate
    asked: int


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("STUB_KEY", "anything")

    async def run(recipe: str, calls: int, target: Callable[[Sequence[Any]], str] = answers, **settings: str) -> Played:
        thinker = ScriptedModel(lambda messages: author(messages[0]["content"]))
        with StubServer(ScriptedModel(target)) as one, StubServer(thinker) as two:
            refs = [ModelRef.parse(f"openai/stub@{stub.base}", key_env="STUB_KEY") for stub in (one, two)]
            models = Models(target=refs[0], optimizer=refs[1])
            task = join_tasks([one_task("parity"), one_task("size", val=14)], name="both", models=models)
            done = await aoptimize(
                task, recipe=recipe, budget=Budget(calls=calls), folder=tmp_path, run="r", settings=settings
            )
            asked = one.count
        with Store.open(tmp_path, read_only=True) as store:
            candidates = {candidate.id: candidate for candidate in store.candidates("r")}
            begun = [event.data["orders"] for event in store.events("r") if event.kind == "round_started"]
            return Played(
                candidates=candidates,
                evaluations=store.evaluations("r"),
                dialogue=store.dialogue("r"),
                orders=begun,
                report=done.report,
                best=candidates[done.candidate],
                asked=asked,
            )

    return run


async def test_users_are_learned_inside_and_the_system_prompt_of_all_outside(play: Any) -> None:
    done = await play("metaspo", 900)
    prompts = done.best.program.prompts
    assert prompts[SHARED_PROMPT].instruction == "You are careful and check each answer."
    assert {name: prompts[name].instruction for name in SAID} == {
        name: f"Decide by the rule of {name}." for name in SAID
    }
    assert [[order["operator"] for order in orders] for orders in done.orders][:3] == [
        ["gradient", "gradient"],
        ["assemble"],
        ["gradient"],
    ]
    assert (done.report.start.score, done.report.best.score) == (0.3, 0.9)
    assert done.report.verdict == "improved"

    # The author of a user prompt sees failures of its own task alone, that of the system prompt of all.
    for turn in done.dialogue:
        text = turn.messages[0]["content"]
        seen = set(re.findall(r"Input: (\w+) of number", text))
        outside = "You are a helpful" in text or "system prompt" in text
        assert seen == (set(SAID) if outside else seen)
        assert outside or len(seen) == 1


async def test_rows_of_a_task_whose_prompts_did_not_change_are_not_paid_for_again(play: Any) -> None:
    done = await play("metaspo", 900)
    inner = [one for one in done.candidates.values() if one.round == 1 and one.parents]
    assert inner
    searched = {(one.candidate, one.example): one for one in done.evaluations if one.split == "val"}
    start = next(iter(done.candidates))
    for one in inner:
        changed = next(name for name in SAID if "rule" in one.program.prompts[name].instruction)
        for (who, row), seen in searched.items():
            if who == one.id and not row.startswith(changed):
                assert seen.score == searched[start, row].score
    assert done.report.calls.target == done.asked + done.report.cached


async def test_the_report_tells_each_task_and_answers_are_read_by_each_tasks_own_contract(play: Any) -> None:
    done = await play("metaspo", 900)
    parts = {one.task: one for one in done.report.tasks}
    assert {name: (one.start, one.best, one.n) for name, one in parts.items()} == dict.fromkeys(SAID, (0.3, 0.9, 20))
    assert any("size: 0.300 → 0.900" in line for line in evidence_lines(done.report))
    scored = {one.example.split("/")[0]: set(one.scores) for one in done.evaluations}
    assert scored == {"parity": {"exact"}, "size": {"numeric"}}


@pytest.mark.slow
async def test_sprig_builds_the_system_prompt_of_all_tasks_and_leaves_user_prompts_alone(play: Any) -> None:
    def hears(messages: Sequence[Any]) -> str:
        task, row = re.findall(r"(parity|size) of number (\d+)", messages[-1]["content"])[-1]
        right = int(row) % 10 < 3 + 5 * ("You are an" in messages[0]["content"])
        return truth(task, int(row) + (not right))

    settings = {"component-edits.categories": '["role"]', "component-edits.edits": '["add", "delete"]'}
    done = await play("sprig", 500, target=hears, **settings)
    for one in done.candidates.values():
        assert all(one.program.prompts[name].instruction == "Say the answer." for name in SAID)
    assert done.best.program.prompts[SHARED_PROMPT].system
    assert done.report.best.score >= done.report.start.score


async def test_a_small_budget_measures_the_start_and_is_kept(play: Any) -> None:
    done = await play("metaspo", 70)
    assert any(one.candidate == next(iter(done.candidates)) and one.split == "val" for one in done.evaluations)
    assert done.report.calls.target + done.report.calls.optimizer <= 70


def test_val_and_test_take_as_many_rows_of_each_task_in_turn_and_train_all() -> None:
    task = join_tasks([one_task("parity"), one_task("size", val=14)], name="both")
    assert [row.metadata["task"] for row in task.data.val[:4]] == ["parity", "size", "parity", "size"]
    assert len(task.data.val) == 20
    assert len({row.id for row in task.data.examples()}) == 20 + 20 + 40
    assert task.check() is task


@pytest.mark.parametrize("names", [("parity",), ("parity", "parity")])
def test_tasks_that_are_not_several_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(TaskError, match="two or more"):
        join_tasks([one_task(name) for name in names], name="both")


async def test_without_the_operator_that_joins_the_strategy_says_so(play: Any) -> None:
    with pytest.raises(UsageError, match="assemble"):
        await play("metaspo", 90, operators="gradient")


def test_a_task_file_names_other_task_files(tmp_path: Path) -> None:
    for name in SAID:
        (tmp_path / name).mkdir()
        rows = [f'{{"input": "{name} of number {n}", "output": "{truth(name, n)}"}}' for n in range(20)]
        (tmp_path / name / "rows.jsonl").write_text("\n".join(rows))
        (tmp_path / name / "task.toml").write_text(
            f'name = "{name}"\nprompt = "Say it."\n[data]\npath = "rows.jsonl"\n'
        )
    (tmp_path / "task.toml").write_text('name = "both"\nsystem = "Be brief."\ntasks = ["parity", "size/task.toml"]\n')
    task = load_task(tmp_path)
    assert list(task.subtasks) == ["parity", "size"]
    assert task.program.prompts[SHARED_PROMPT].instruction == "Be brief."
    (tmp_path / "task.toml").write_text('name = "both"\ntasks = ["parity"]\nprompt = "x"\n')
    with pytest.raises(TaskError, match="unknown key 'prompt'"):
        load_task(tmp_path)
