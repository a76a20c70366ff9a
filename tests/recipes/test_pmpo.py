"""PMPO (METHODS card 25): losses without answers, segments blamed by masking, the least useful written anew."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from maieutic.core.budget import Budget
from maieutic.core.errors import NeedsError
from maieutic.testing import Answer

START = "Be very kind. Say even or odd. Think of the number."


def surprise(text: str, number: int) -> float:
    """The loss of the right answer: kindness costs, the task's words and clarity help, some rows are harder."""
    loss = 2.0 + (number % 10) / 100
    loss += 0.5 if "kind" in text else 0.0
    loss -= 1.0 if "even or odd" in text else 0.0
    return loss - (0.8 if "clearly" in text else 0.0)


def target(messages: Sequence[Any]) -> Answer:
    text = "\n".join(message["content"] for message in messages)
    number = int(re.findall(r"number (\d+)", text)[-1])
    right, wrong = ("even", "odd") if number % 2 == 0 else ("odd", "even")
    loss = surprise(text, number)
    return Answer(text=right if loss < 1.1 else wrong, logprobs={right: -loss})


def author(question: str) -> str:
    return "<segment>Answer clearly.</segment>"


def segment_of(question: str) -> str:
    return question.split('"""')[1].strip()


async def test_the_least_useful_segment_is_found_by_masking_and_written_anew(play: Any) -> None:
    done = await play("pmpo", author, target=target, provider="llamacpp", prompt=START, rows=20)

    # First every segment is masked, then those worth least are rewritten, and so on in turn.
    named = [[order["operator"] for order in orders] for orders in done.orders]
    assert named[:4] == [["mask"], ["segment", "segment"], ["mask"], ["segment", "segment"]]
    first = [one.program.main.instruction for one in done.made_by("mask")][:3]
    assert first == ["Say even or odd. Think of the number.", "Be very kind. Think of the number.", START[:31].strip()]

    # The author is shown the two that help least, each three times, never the one that carries the task.
    asked = [segment_of(text) for text in done.asked("segment")]
    assert sorted(asked[:6]) == ["Be very kind."] * 3 + ["Think of the number."] * 3
    assert "Say even or odd." not in asked[:6]

    # With the hardest train rows in view, and how likely their answers were; no answer was sampled for them.
    question = done.asked("segment")[0]
    hard = [int(number) for number in re.findall(r"Input: number (\d+)", question)]
    start = next(iter(done.candidates))
    seen = done.rows(start, "train")
    assert len(hard) == 3
    assert len(seen) == 12
    losses = sorted((one.scores["cross-entropy"].values["loss"] for one in seen), reverse=True)
    assert sorted((surprise(START, number) for number in hard), reverse=True) == pytest.approx(losses[:3])
    assert "Feedback: the expected answer was found 2" in question
    assert {(one.output, tuple(one.scores)) for one in done.evaluations if one.split != "test"} == {
        ("", ("cross-entropy",))
    }

    # Lowest loss wins: kindness is gone, clarity stands in its place; the sealed rows are answered and scored exactly.
    best = done.candidates[done.best].program.main.instruction
    assert "kind" not in best
    assert "clearly" in best
    assert "even or odd" in best
    assert done.report.start.score == 0
    assert done.report.best.score == 1
    assert {tuple(one.scores) for one in done.evaluations if one.split == "test"} == {("exact",)}


async def test_a_model_that_scores_no_texts_is_refused_before_anything_is_spent(play: Any) -> None:
    with pytest.raises(NeedsError, match="logprobs"):
        await play("pmpo", author, target=target)


async def test_rewrites_of_any_operator_fit_and_a_small_budget_masks_less(play: Any) -> None:
    settings = {"operators": "mask,paraphrase"}
    done = await play(
        "pmpo",
        lambda _: "<prompt>Say even or odd, clearly.</prompt>",
        target=target,
        provider="llamacpp",
        prompt=START,
        budget=Budget(target_calls=40),
        settings=settings,
    )
    assert len([one for one in done.made_by("mask") if one.round == 1]) == 2
    assert done.candidates[done.best].operator == "paraphrase"
