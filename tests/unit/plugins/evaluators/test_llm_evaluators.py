"""Evaluators that ask a model: what they ask, how they read it, and that what is unreadable is no score."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.budget import Budget
from maieutic.core.dataset import Example
from maieutic.core.errors import UsageError
from maieutic.core.evaluator_protocols import AskingEvaluator
from maieutic.core.models import ModelRef, Output
from maieutic.core.task import EvaluatorSpec, Models, Task
from maieutic.graphs.api import aoptimize
from maieutic.graphs.evaluate import evaluate_program
from maieutic.plugins.evaluators.checklist import ChecklistEvaluator, Faithfulness
from maieutic.plugins.evaluators.judge_calibration import JudgeCalibration
from maieutic.plugins.evaluators.llm_judges import GEval, RubricEvaluator
from maieutic.plugins.system.registry import Registry
from maieutic.testing import ScriptedModel, StubServer
from maieutic.testing.models import Answer

ROW = Example(input={"text": "The bridge is red.", "context": "Bridge: red, 1932."}, outputs=("red",))
OUT = Output(text="It is red and new.")
Make = Callable[..., Any]


async def rate(evaluator: AskingEvaluator, bench: Any, output: Output = OUT, row: Example = ROW) -> Any:
    return await evaluator.rate(row, output, output.text, bench=bench)


async def test_a_rubric_is_shown_and_its_rating_read(bench: Make) -> None:
    here, gateway = bench({"": "Short, but right. <rating>7</rating>"})
    score = await rate(RubricEvaluator("Brevity counts."), here)
    asked = gateway.calls[0][0].messages[0]["content"]
    assert (score.value, score.feedback, gateway.calls[0][1]) == (0.7, "Short, but right.", "optimizer")
    assert "Brevity counts." in asked
    assert "Say what the text says." in asked
    assert "right answer" not in asked
    await rate(RubricEvaluator(reference=True), here)
    assert 'compare with:\n"""\nred\n"""' in gateway.calls[1][0].messages[0]["content"]
    assert RubricEvaluator(reference=True).needs == {"references"}


async def test_votes_are_draws_of_their_own_and_unreadable_ones_are_left_out(bench: Make) -> None:
    said = iter(["<rating>4</rating>", "<rating>8</rating>", "hm", "hm", "<rating>9</rating>"])
    here, gateway = bench(lambda messages: next(said))
    score = await rate(RubricEvaluator(votes=4, pool="median"), here)
    assert (score.value, score.values["votes"]) == (0.8, 3)
    assert len({call.key for call, _ in gateway.calls}) == 5
    assert RubricEvaluator(votes=4).calls == 8


async def test_what_nobody_can_read_is_a_failed_row(bench: Make) -> None:
    for evaluator in (RubricEvaluator(), ChecklistEvaluator(["Is it?"]), Faithfulness(), GEval()):
        here, _ = bench({"": "I would rather not."})
        score = await rate(evaluator, here)
        assert (score.value, score.failure) == (0.0, "example"), evaluator.name


async def test_a_calibrated_judge_says_what_people_said_of_such_ratings(bench: Make) -> None:
    pairs = [[0.5, 0], [0.6, 0], [0.7, 0.5], [0.9, 1]]
    here, _ = bench({"": "<rating>6</rating>"})
    score = await rate(RubricEvaluator(calibration=pairs), here)
    assert (score.value, score.values["rating"]) == (0.0, 0.6)
    line = JudgeCalibration.fit([(0.2, 0.4), (0.4, 0.5), (0.6, 0.6), (0.8, 0.7)], "linear")
    assert line(0.5) == pytest.approx(0.55)
    assert (line(0.0), line(1.0)) == (pytest.approx(0.3), pytest.approx(0.8))
    with pytest.raises(UsageError, match="do not rise"):
        RubricEvaluator(calibration=[[0.1, 1], [0.2, 1], [0.8, 0], [0.9, 0]])
    with pytest.raises(UsageError, match="too few"):
        RubricEvaluator(calibration=[[0.1, 1]])
    with pytest.raises(UsageError, match="pair 1"):
        RubricEvaluator(calibration=[[1, 2, 3]])


@pytest.mark.parametrize(
    "said",
    [
        "<verdicts>\n1. yes\n2. no\n3. Yes.\n</verdicts>",
        "1: YES, it is red\n2: No - nothing\n3: yes",
        "Q1: yes\nQ2: no\nQ3: yes",
        "- Is it red? yes\n- Is it blue? **no**\n- Is it short? yes",
    ],
)
async def test_a_checklist_is_the_share_of_yes_by_weight(bench: Make, said: str) -> None:
    here, _ = bench({"": said})
    score = await rate(ChecklistEvaluator(["Is it red?", "Is it blue?", "Is it short?"], weights=[2, 1, 1]), here)
    assert (score.value, score.feedback) == (0.75, "not so: Is it blue?")


async def test_a_checklist_takes_the_rows_own_questions(bench: Make) -> None:
    here, gateway = bench({"": "<verdicts>1. yes\n2. no</verdicts>"})
    row = ROW.model_copy(update={"metadata": {"questions": ["Is it old?"]}})
    assert (await rate(ChecklistEvaluator(["Is it red?"]), here, row=row)).value == 0.5
    assert "2. Is it old?" in gateway.calls[0][0].messages[0]["content"]
    assert (await rate(ChecklistEvaluator(), here)).failure == "example"
    assert (await rate(ChecklistEvaluator(["a?", "b?", "c?"]), here)).failure == "example"


async def test_faithfulness_counts_claims_and_names_the_unsupported(bench: Make) -> None:
    here, gateway = bench({"": "<verdicts>\n1. It is red: supported\n2. It is new: unsupported\n</verdicts>"})
    score = await rate(Faithfulness(), here)
    assert (score.value, score.feedback) == (0.5, "not in the context: It is new")
    assert 'context:\n"""\nBridge: red, 1932.\n"""' in gateway.calls[0][0].messages[0]["content"]
    assert (await rate(Faithfulness(), here, Output(text=" "))).failure == "format"


async def test_g_eval_is_the_expectation_by_likelihoods(bench: Make) -> None:
    likely = {"4": math.log(0.6), "5": math.log(0.2), " 3": math.log(0.2), "x": -9.0}
    here, gateway = bench({"": Answer(text="4", logprobs=likely)})
    score = await rate(GEval("Is it clear?", ["Read it.", "Think."]), here)
    assert score.value == pytest.approx((0.6 * 4 + 0.2 * 5 + 0.2 * 3 - 1) / 4, abs=1e-3)
    assert score.values["likelihoods"] == 1
    call = gateway.calls[0][0]
    assert (call.sampling.top_logprobs, call.sampling.temperature) == (20, 0.0)
    assert "2. Think." in call.messages[0]["content"]


def target(messages: Any) -> str:
    return messages[-1]["content"][-6:] + ("!" if "warm" in messages[-1]["content"] else "")


def author(messages: Any) -> str:
    text = messages[0]["content"]
    if "<rating>" in text:
        return f"<rating>{9 if '!' in text.split('The answer to rate')[1] else 2}</rating>"
    return "<prompt>Greet warmly</prompt>"


def _task(one: str, two: str) -> Task:
    def rows(name: str, many: int) -> list[dict[str, Any]]:
        return [{"input": f"{name} {number:02}", "output": "hello!"} for number in range(many)]

    return Task.create(
        "Greet the person",
        train=rows("tr", 5),
        val=rows("va", 6),
        test=rows("te", 12),
        evaluators=(EvaluatorSpec(use="rubric", options={"rubric": "Warmth."}),),
        models=Models(
            target=ModelRef.parse(f"openai/stub@{one}", key_env="STUB_KEY"),
            optimizer=ModelRef.parse(f"openai/stub@{two}", key_env="STUB_KEY"),
        ),
    )


async def test_a_run_by_a_rubric_improves_within_its_budget_and_pays_for_no_rating_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB_KEY", "anything")
    with StubServer(ScriptedModel(target)) as one, StubServer(ScriptedModel(author)) as two:
        task = _task(one.base, two.base)
        done = await aoptimize(task, recipe="ape", budget=Budget(calls=150), folder=tmp_path / "a", seed=1)
        assert done.report is not None
        assert (done.report.verdict, done.report.start.score, done.report.best.score) == (
            "improved",
            pytest.approx(0.2),
            pytest.approx(0.9),
        )
        assert one.count + two.count <= 150
        asked = [str(body["messages"]) + str(body.get("seed")) for body in two.seen.bodies if "<rating>" in str(body)]
        assert len(asked) == len(set(asked))
        rated = await evaluate_program(task, done.program, folder=tmp_path / "b")
        assert [one.score for one in rated] == pytest.approx([0.9] * 12)


def test_the_asking_ones_are_told_apart_from_those_that_only_look() -> None:
    registry = Registry()
    made = {name: registry.create("evaluator", name) for name in ("rubric", "g-eval", "exact", "judge")}
    assert {name for name, one in made.items() if isinstance(one, AskingEvaluator)} == {"rubric", "g-eval"}
