"""opro against its card: eight draws a step from the scored history, worst first, and the history selects."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from maieutic.core.budget import Budget


def historian(*, falling: bool = False) -> Any:
    number = itertools.count(1)

    def say(text: str) -> str:
        turn = next(number)
        level = max(0, 9 - turn // 8) if falling else min(9, 2 + turn // 6)
        return f"<prompt>Say even or odd, wording {turn}, at level {level}.</prompt>"

    return say


def _history(asked: str) -> list[int]:
    shown = asked.split("the worst first and the best last:")[1].split("Write one new prompt")[0]
    return [int(score) for score in re.findall(r"(?i)score:? (\d+)", shown)]


async def test_the_start_is_scored_before_anything_is_asked(play: Any) -> None:
    run = await play("opro", historian(), budget=Budget(target_calls=100))
    start = next(iter(run.candidates))
    first = run.dialogue[0]
    assert run.orders[0] == []
    assert max(row.step for row in run.rows(start)) < first.step
    assert _history(first.messages[0]["content"]) == [round(100 * run.mean(start))]


@pytest.mark.slow
async def test_each_step_draws_eight_times_from_one_question(play: Any) -> None:
    run = await play("opro", historian(), budget=Budget(target_calls=700))
    steps = [list(turns) for _, turns in itertools.groupby(run.dialogue, key=lambda turn: turn.step)]
    for turns in steps[:-1]:
        assert [turn.skill for turn in turns] == ["history"] * 8
        assert len({turn.messages[0]["content"] for turn in turns}) == 1
        assert {turn.role for turn in turns} == {"student"}
    assert run.author_calls == len(run.dialogue)


@pytest.mark.slow
async def test_the_history_is_sorted_with_the_best_last_and_twenty_long(play: Any) -> None:
    run = await play("opro", historian(falling=True), budget=Budget(target_calls=1600))
    asked = list(dict.fromkeys(run.asked("history")))
    for text in asked:
        assert _history(text) == sorted(_history(text))
    assert [len(_history(text)) for text in asked[:4]] == [1, 9, 17, 20]
    assert _history(asked[3])[-1] == 90, "what is left out is the worst"


@pytest.mark.slow
async def test_the_author_sees_three_train_rows_and_never_one_that_is_scored(play: Any) -> None:
    run = await play("opro", historian(), budget=Budget(target_calls=400))
    for text in run.asked("history"):
        seen = re.findall(r"number (\d+)", text)
        assert len(seen) == 3
        assert all(one.startswith("10") for one in seen)
        assert "Got:" not in text


@pytest.mark.slow
async def test_all_are_measured_on_the_same_rows_kept_and_the_best_mean_is_the_result(play: Any) -> None:
    run = await play("opro", historian(), budget=Budget(target_calls=700))
    start = next(iter(run.candidates))
    rows = [row.example for row in run.rows(start)]
    assert len(rows) == 28, "a small budget lasts for three steps"
    measured = [one for one in run.candidates if len(run.rows(one)) == len(rows)]
    assert len(measured) == 25
    assert all([row.example for row in run.rows(one)] == rows for one in measured)
    assert {run.candidates[one].status for one in measured} == {"kept"}
    assert run.mean(run.best) == max(run.mean(one) for one in measured)
    assert run.report.best.score > run.report.start.score + 0.2


@pytest.mark.slow
async def test_nobody_is_asked_for_prompts_that_the_rest_cannot_measure(play: Any) -> None:
    run = await play("opro", historian(), budget=Budget(target_calls=700))
    unmeasured = [one for one in run.candidates if not run.rows(one)]
    assert len(unmeasured) <= 8


async def test_what_was_written_before_is_no_candidate_again(play: Any) -> None:
    run = await play(
        "opro", lambda text: "<prompt>Say even or odd at level 6.</prompt>", budget=Budget(target_calls=200)
    )
    assert len(run.made_by("scored-history")) == 1


@pytest.mark.slow
async def test_samples_and_the_length_of_the_history_can_be_set(play: Any) -> None:
    settings = {"history.samples": "4", "scored-history.longest": "5"}
    run = await play("opro", historian(), budget=Budget(target_calls=400), settings=settings)
    steps = [len(list(turns)) for _, turns in itertools.groupby(run.dialogue, key=lambda turn: turn.step)]
    assert set(steps) == {4}
    assert max(len(_history(text)) for text in run.asked("history")) == 5
