"""pe2 against its card: rows examined, then a refinement that carries the examination on; the beam goes back."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

import pytest
from maieutic.core.budget import Budget
from maieutic.core.prompt import Demo, Prompt
from maieutic.plugins.operators.failure_inspection import prompt_layout

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def refiner(*levels: int) -> Any:
    """The levels of the refinements in their order; then the last for ever."""
    number = count()

    def say(text: str) -> str:
        turn = next(number)
        if "You examine the prompt" in text:
            return f"<examination>[1] The output is wrong, examination {turn}; name the digit.</examination>"
        drawn = levels[min(turn // 2, len(levels) - 1)]
        return f"<prompt>Say even or odd, refined {turn}, level {drawn}</prompt>"

    return say


async def test_pe2_examines_failures_and_refines_in_a_second_question(play: Any) -> None:
    run = await play("pe2", refiner(4, 5, 6, 7), budget=Budget(target_calls=500), settings={"backtrack.steps": "2"})
    start = next(iter(run.candidates))
    assert [len(orders) for orders in run.orders] == [4, 16], "four expansions of each prompt of the beam"
    assert {one["parents"][0] for one in run.orders[0]} == {start}
    assert run.skills["examine"] == run.skills["refine"] == 20
    assert run.author_calls == 40
    first = run.asked("examine")[0]
    assert first.count("] Input:") == 2, "batches of two failures"
    assert "(input)" in first, "where the prompt stands in the message"
    assert first.count("Got:") == 2
    reasoning = re.findall(r"examination (\d+)", run.asked("refine")[0])
    assert reasoning, "the second question carries the first's reasoning"
    assert "scores out of 100" not in run.asked("refine")[0], "history is off"
    assert "words." not in run.asked("refine")[0].split("Now make")[1]
    for child in run.made_by("examine"):
        assert "examination" in child.rationale
        assert len(run.rows(child.id)) in (0, 20), "every prompt once, on the same rows"
    assert run.report.best.score > run.report.start.score


@pytest.mark.parametrize("register", ["plain", "full"])
async def test_a_capable_student_reads_the_examination_whole(play: Any, register: str) -> None:
    long = " ".join(f"finding {n};" for n in range(400))

    def say(text: str) -> str:
        return f"<examination>{long}</examination>" if "<examination>" in text else "<prompt>Say it, level 5.</prompt>"

    run = await play("pe2", say, budget=Budget(target_calls=60), rows=8, register=register)
    assert ("finding 399;" in run.asked("refine")[0]) is (register == "full")


@pytest.mark.slow
async def test_the_beam_goes_back_to_earlier_steps_and_drops_nobody(play: Any) -> None:
    settings = {"backtrack.width": "1", "backtrack.expand": "2", "backtrack.steps": "4"}
    run = await play("pe2", refiner(6, 5, 1), budget=Budget(target_calls=600), settings=settings)
    best = max(run.candidates, key=run.mean)
    parents = [orders[0]["parents"][0] for orders in run.orders]
    assert parents[1:] == [best] * 3, "the best of all steps, although nothing of the last step was better"
    assert run.best == best
    assert not any(one.status == "dropped" for one in run.candidates.values())
    failed = sum(one.score < 1 for one in run.rows(best, "train"))
    assert failed >= 4
    assert len({one.step for one in run.rows(best, "train")}) <= 2, "no more rows once enough failures are known"


async def test_step_size_history_and_momentum_are_told_when_they_are_on(play: Any) -> None:
    settings = {"examine.step": "15", "examine.history": "3", "examine.momentum": "2", "backtrack.steps": "2"}
    run = await play("pe2", refiner(4), budget=Budget(target_calls=300), settings=settings)
    asked = run.asked("refine")
    early, late = asked[0], next(text for text in asked if "Why the last edits were made" in text)
    assert "Change at most 15 words." in early
    assert "Why the last edits were made" not in early, "the start was no edit"
    history = late.split("scores out of 100")[1]
    assert history.index("Say even or odd.\nScore:") < history.index("refined")
    assert "examination" in late.split("Why the last edits were made")[1]


async def test_sixty_calls_measure_the_start_and_children(play: Any) -> None:
    run = await play("pe2", refiner(4, 5, 6), budget=Budget(target_calls=60))
    assert len(run.rows(next(iter(run.candidates)))) == 6
    assert sum(bool(run.rows(one.id)) for one in run.made_by("examine")) >= 4
    assert sum(one.split != "test" for one in run.evaluations) <= 60


def test_the_layout_shows_where_the_input_goes_and_no_demos() -> None:
    demo = Demo(input="four", output="even")
    assert prompt_layout(Prompt(instruction="Even or odd?", demos=(demo,))) == "[user]\nEven or odd?\n\n(input)"
    assert prompt_layout(Prompt(instruction="Is {number} {what}?")) == "[user]\nIs (number) (what)?"
