"""Agents are told the measure, the target model, how answers are read, and the limit of length."""

from __future__ import annotations

from typing import Any

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.models import ModelRef
from maieutic.core.task import Constraints, EvaluatorSpec, Models, Task
from maieutic.graphs.run_config import RunConfig
from maieutic.graphs.run_options import RunOptions
from maieutic.graphs.team_briefing import aim, how_answers_are_read

ROWS = [{"input": str(n), "output": "yes" if n % 2 else "no"} for n in range(8)]


def briefing(**fields: Any) -> str:
    models = Models(target=ModelRef.parse("openai/o3-mini"), optimizer=ModelRef.parse("openai/gpt-4o"))
    task = Task.create("Say.", train=ROWS[:4], val=ROWS[4:], models=models, **fields)
    return aim(RunConfig.resolve(task, RunOptions(recipe="gepa")))


def test_all_four_are_named() -> None:
    text = briefing(
        answer=AnswerContract(type="label", labels=("yes", "no")), constraints=Constraints(max_prompt_tokens=900)
    )
    assert "Measure: exact (" in text
    assert "higher is better" in text
    assert "Target model: openai/o3-mini, which thinks before it answers." in text
    assert "yes, no" in text
    assert "may have 900 tokens, about 675 English words" in text


def test_several_measures_with_weight_direction_and_rubric() -> None:
    rubric = EvaluatorSpec(use="rubric", weight=2, options={"rubric": "Kind words count."})
    text = briefing(evaluators=(EvaluatorSpec(use="token_f1", direction="minimize"), rubric))
    assert "token_f1 (word overlap with the best reference (F1, as in SQuAD)), weight 1; from 0 to 1 for each" in text
    assert "lower is better" in text
    assert "weight 2" in text
    assert "Kind words count." in text
    assert "4000 tokens" in text, "the limit that holds where the task sets none"


@pytest.mark.parametrize(
    ("contract", "words"),
    [
        (AnswerContract(), "the whole output is the answer"),
        (AnswerContract(type="label", labels=("a", "b"), read="whole"), "nothing around it: a, b"),
        (AnswerContract(type="label", labels=("a", "b"), read="last"), "the last label named counts"),
        (AnswerContract(type="choice"), "the letter of an option"),
        (AnswerContract(type="number"), "the last number of the output"),
        (AnswerContract(type="json", json_schema={"type": "object"}), 'of the schema {"type": "object"}'),
        (AnswerContract(type="tag", tag="final"), "<final></final>"),
        (AnswerContract(type="regex", pattern="#(.+)"), "#(.+)"),
    ],
)
def test_how_an_answer_is_read_is_in_words(contract: AnswerContract, words: str) -> None:
    assert words in how_answers_are_read(contract)
