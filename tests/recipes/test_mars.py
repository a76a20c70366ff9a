"""mars against its card: one plan, then teacher, critic, student at each step, measured after the whole path."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.budget import Budget

LABELS = AnswerContract(type="label", labels=("even", "odd"))
# A small author plans edits and sees no examples unless it is told otherwise.
PATH = {"plans": "path"}
STEPS = ["Tell the model which digit counts.", "Tell the model what the answer looks like."]


def class_room(*, sound: bool = True, levels: tuple[int, ...] = ()) -> Any:
    """A planner with two steps, a critic who is content or never is, a student whose prompts have the levels given."""
    number, wanted = itertools.count(1), iter(levels)

    def say(text: str) -> str:
        if "Plan how a task is solved" in text:
            return "".join(f"<step>{step}</step>" for step in STEPS)
        if "You judge the questions" in text:
            return (
                "<verdict>True</verdict>" if sound else "<verdict>False</verdict><suggestion>Ask with How.</suggestion>"
            )
        if "in the manner of Socrates" in text:
            better = "Ask with How." in text
            return f"<question>{'How' if better else 'What'} about it?</question><question>Why so?</question>"
        return f"<prompt>Say even or odd, turn {next(number)}, at level {next(wanted, 5)}.</prompt>"

    return say


async def test_the_path_is_laid_once_and_walked_step_by_step(play: Any) -> None:
    run = await play("mars", class_room(levels=(9, 4, 0, 6, 1, 6)), settings=PATH)
    assert run.skills["solution"] == 1
    skills = [turn.skill for turn in run.dialogue if turn.skill != "solution"]
    assert skills == ["questions", "judge-questions", "answer-questions"] * (len(skills) // 3)
    roles = {turn.skill: turn.role for turn in run.dialogue}
    assert roles == {
        "solution": "planner",
        "questions": "teacher",
        "judge-questions": "critic",
        "answer-questions": "student",
    }
    worked_on = [next(step for step in STEPS if step in text) for text in run.asked("questions")]
    assert worked_on == STEPS * (len(worked_on) // 2)
    assert run.author_calls == len(run.dialogue), "three calls a step where the critic is content, and the plan"


async def test_every_step_goes_on_from_the_newest_prompt_and_is_measured_after_the_last(play: Any) -> None:
    run = await play("mars", class_room(levels=(9, 4, 0, 6, 1, 6)), settings=PATH)
    start, *made = run.candidates.values()
    assert [child.parents[0] for child in made] == [start.id, *(one.id for one in made[:-1])]
    measured = [one.program.main.instruction for one in made if run.rows(one.id)]
    assert [re.findall(r"level (\d)", text)[0] for text in measured] == ["4", "6", "6"]
    assert {len(run.rows(one.id)) for one in (start, *made[1::2])} == {40}, "the same rows for all that are measured"
    assert run.skills["answer-questions"] == 6, "two passes that score alike end it"


@pytest.mark.slow
async def test_the_best_of_the_walk_is_the_result_although_the_walk_went_on(play: Any) -> None:
    run = await play("mars", class_room(levels=(0, 8, 0, 4, 0, 4)), settings=PATH)
    assert "level 8" in run.candidates[run.best].program.main.instruction
    assert run.report.best.score > run.report.start.score + 0.3


async def test_a_refused_question_is_asked_once_more_with_the_advice_and_not_judged_again(play: Any) -> None:
    run = await play("mars", class_room(sound=False), budget=Budget(target_calls=90), settings=PATH)
    skills = [turn.skill for turn in run.dialogue if turn.skill != "solution"]
    assert skills[:4] == ["questions", "judge-questions", "questions", "answer-questions"]
    first, second = run.asked("questions")[:2]
    assert "sent back" not in first
    assert "Ask with How." in second
    assert "How about it?" in run.asked("answer-questions")[0]
    assert "What about it?" in run.asked("judge-questions")[0]


async def test_a_bare_no_sends_the_questions_back_too_and_the_teacher_sees_them_again(play: Any) -> None:
    room = class_room()

    def say(text: str) -> str:
        return "<verdict>False</verdict>" if "You judge the questions" in text else str(room(text))

    run = await play("mars", say, budget=Budget(target_calls=90), settings=PATH)
    skills = [turn.skill for turn in run.dialogue if turn.skill != "solution"]
    assert skills[:4] == ["questions", "judge-questions", "questions", "answer-questions"]
    first, second = run.asked("questions")[:2]
    assert "sent back" not in first
    assert "sent back:\n1. What about it?" in second


async def test_a_dialogue_keeps_to_its_share_of_the_calls_and_ends_in_a_prompt(play: Any) -> None:
    """Of 24 calls the second dialogue may take fewer than the eight that a whole one can."""
    run = await play("mars", class_room(sound=False), budget=Budget(calls=24), rows=8, settings=PATH)
    spoken: dict[str, list[str]] = {}
    for turn in run.dialogue:
        if turn.skill != "solution":
            spoken.setdefault("/".join(turn.place.split("/")[:2]), []).append(turn.skill)
    assert list(spoken.values()) == [
        ["questions", "judge-questions", "questions", "answer-questions"],
        ["questions", "answer-questions"],
    ]


async def test_as_published_nobody_sees_failures_outputs_or_scores(play: Any) -> None:
    run = await play("mars", class_room(levels=(9, 4, 0, 6, 1, 6)), settings=PATH)
    for turn in run.dialogue:
        said = turn.messages[0]["content"]
        assert "Got:" not in said
        assert "went wrong" not in said
        assert not re.search(r"\bscores?\b", said)
    assert not [row for row in run.evaluations if row.split == "train"]


async def test_a_plan_that_cannot_be_read_leaves_a_path_of_one_step(play: Any) -> None:
    room = class_room(levels=(4, 6, 6))
    run = await play(
        "mars", lambda text: "no idea" if "Plan how" in text or "<step>" in text else room(text), settings=PATH
    )
    assert run.skills["answer-questions"] == 3
    assert all(run.rows(one) for one in run.candidates), "every pass is one step long"


async def test_edits_of_the_prompt_are_planned_where_they_are_asked_for(play: Any) -> None:
    room = class_room(levels=(4, 6, 6))

    def say(text: str) -> str:
        return "<step>Tell the model which digit counts.</step>" if "make the prompt better" in text else room(text)

    run = await play("mars", say, settings={"plans": "edits"}, budget=Budget(target_calls=90))
    assert run.skills["plan"] == 1
    assert not run.skills["solution"]


async def test_all_three_see_the_same_examples_and_the_planner_sees_some_too(play: Any) -> None:
    run = await play("mars", class_room(), budget=Budget(target_calls=90), answer=LABELS, settings=PATH)
    assert all(text.count("Expected:") == 3 for skill in ("questions", "answer-questions") for text in run.asked(skill))
    assert run.asked("solution")[0].count("Expected:") == 3
    assert "even, odd" in run.asked("solution")[0], "the planner knows the labels"
    numbers = [re.findall(r"number (\d+)", run.asked(skill)[0]) for skill in ("questions", "answer-questions")]
    assert numbers[0] == numbers[1]


async def test_a_small_team_plans_edits_from_one_example_and_the_others_see_none(play: Any) -> None:
    room = class_room(levels=(4, 6, 6))

    def say(text: str) -> str:
        return "<step>Tell the model which digit counts.</step>" if "make the prompt better" in text else room(text)

    run = await play("mars", say, budget=Budget(target_calls=90))
    assert run.skills["plan"] == 1
    assert not run.skills["solution"]
    assert run.asked("plan")[0].count("Expected:") == 1
    assert run.skills["questions"] == run.skills["answer-questions"] > 0
    assert not any("Expected:" in text for skill in ("questions", "answer-questions") for text in run.asked(skill))


async def test_a_capable_team_sees_all_examples_and_its_critic_the_aim(play: Any) -> None:
    def say(text: str) -> str:
        if "<verdict>" in text:
            return "<verdict>True</verdict>"
        if "<step>" in text:
            return "<step>Look at the last digit.</step>"
        return "<question>What decides here?</question>" if "<question>" in text else "<prompt>At level 9.</prompt>"

    run = await play("mars", say, budget=Budget(target_calls=90), answer=LABELS, register="full")
    for skill in ("solution", "questions", "judge-questions", "answer-questions"):
        text = run.asked(skill)[0]
        assert text.count("Expected:") == 20, skill
        assert "Measure: exact" in text
        assert "Target model: openai/stub" in text
        assert "4000 tokens" in text
        assert not re.search(r"\bscores of 100\b|Got: ", text), "as published nobody sees scores or outputs"
    assert run.report.best.score > run.report.start.score
