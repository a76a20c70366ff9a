"""The interview: complete without a model, further with one, and unattended by a stand-in."""

from __future__ import annotations

from typing import Any

from maieutic.agents.asks.replies import ItemsReply, PromptReply, TextReply
from maieutic.agents.interviewer import AnswerAsPerson, FindGaps, model_answerer, run_interview
from maieutic.core.interview import REQUIREMENTS, completeness, open_requirements
from maieutic.core.prompt import placeholders_in


class Asked:
    """A team of canned answers that remembers what it was asked."""

    def __init__(self) -> None:
        self.asks: list[Any] = []

    async def act(self, ask: Any) -> Any:
        self.asks.append(ask)
        if isinstance(ask, FindGaps):
            return ItemsReply(items=("Which language?",))
        if isinstance(ask, AnswerAsPerson):
            return TextReply(text="none" if "never" in ask.question else f"said of {ask.question}")
        return PromptReply(prompt="Sort the ticket.")

    async def weigh(self, ask: Any, options: Any) -> None:
        return None


async def test_fixed_questions_make_a_prompt_without_any_model() -> None:
    asked: list[str] = []

    async def person(name: str, question: str) -> str:
        asked.append(name)
        return {"goal": "Sort support tickets", "output": "one of {bug, wish}", "limits": "-"}.get(name, "")

    told = await run_interview(person)
    assert asked == [one.name for one in REQUIREMENTS]
    assert told.prompt.splitlines() == ["Sort support tickets.", "Answer like this: one of {{bug, wish}}."]
    assert placeholders_in(told.prompt) == ()
    assert told.complete == 4 / (len(REQUIREMENTS) + 2)
    assert len(told.gaps) == len(REQUIREMENTS) - 2
    assert any(gap.startswith("limits: ") for gap in told.gaps)


async def test_what_is_needed_is_asked_once_more_with_the_reason_and_no_more() -> None:
    asked: list[str] = []

    async def silent(name: str, question: str) -> str:
        asked.append(question)
        return ""

    told = await run_interview(silent)
    again = asked[len(REQUIREMENTS) :]
    assert len(again) == 2
    assert all("(" in question for question in again)
    assert told.prompt == ""
    assert told.complete == 0
    assert [one.needed for one in open_requirements({})][:3] == [True, True, False]


async def test_a_model_asks_further_and_writes_the_prompt() -> None:
    team = Asked()

    async def person(name: str, question: str) -> str:
        return "English" if name == "further" else "Sort tickets"

    told = await run_interview(person, team, {"goal": "Sort tickets", "output": "a word"})
    assert told.further == {"Which language?": "English"}
    assert told.prompt == "Sort the ticket."
    assert "English" in told.description
    assert any("English" in line for line in team.asks[-1].answers)


async def test_a_stand_in_answers_from_a_sentence_and_what_it_cannot_know_stays_open() -> None:
    team = Asked()
    told = await run_interview(model_answerer("Sort tickets", team), team)
    assert told.answers["goal"] == "Sort tickets"
    assert told.answers["input"].startswith("said of")
    assert [gap.split(":")[0] for gap in told.gaps] == ["limits"]
    assert completeness(told.answers) == told.complete == 9 / 10
