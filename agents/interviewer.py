"""The interview: fixed questions, then what a model finds missing, then a start prompt (Promptor; ROPE).

Who answers is a function, so that a person at a terminal, a form and a model that stands in are interviewed alike.
Without a team the interview is complete too: the fixed questions, the gaps in them, and a prompt that is put together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from ..core.interview import REQUIREMENTS, completeness, describe_task, draft_prompt, is_answered, open_requirements
from ..core.protocols import Team
from .asks.interview import AnswerAsPerson, FindGaps, WriteFromInterview

Answerer = Callable[[str, str], Awaitable[str]]
_MAX_FURTHER_QUESTIONS = 3


@dataclass(frozen=True, kw_only=True)
class InterviewResult:
    """What came of an interview. further: questions that a model asked, with their answers. gaps: what is still open,
    and why it matters. complete: in [0, 1], of the fixed questions."""

    answers: Mapping[str, str]
    further: Mapping[str, str] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()
    complete: float = 0.0
    description: str = ""
    prompt: str = ""


async def run_interview(
    answer: Answerer, team: Team | None = None, known: Mapping[str, str] | None = None
) -> InterviewResult:
    """answer: from a question's name and its words to what is said, empty for nothing. known: needs no question."""
    answers = {name: text for name, text in (known or {}).items() if is_answered(text)}
    for one in REQUIREMENTS:
        if one.name not in answers:
            answers[one.name] = await answer(one.name, one.question)
    for one in open_requirements(answers):
        if one.needed:  # once more, with the reason: nothing useful begins without it
            answers[one.name] = await answer(one.name, f"{one.question} ({one.why})")
    further: dict[str, str] = {}
    if team is not None:
        found = await team.act(FindGaps(answers=_answer_lines(answers, further), count=_MAX_FURTHER_QUESTIONS))
        for question in found.items[:_MAX_FURTHER_QUESTIONS] if found is not None else ():
            further[question] = await answer("further", question)
    return InterviewResult(
        answers=answers,
        further=further,
        gaps=tuple(f"{one.name}: {one.why}" for one in open_requirements(answers)),
        complete=completeness(answers),
        description=_with_further(describe_task(answers), further, " "),
        prompt=await _write_prompt(answers, further, team),
    )


def model_answerer(task: str, team: Team) -> Answerer:
    """A model that answers in the place of a person who gave nothing but a sentence."""
    said: dict[str, str] = {}

    async def answer(name: str, question: str) -> str:
        if name == "goal":
            return task
        reply = await team.act(AnswerAsPerson(task=task, question=question, answers=_answer_lines(said, {})))
        text = reply.text if reply is not None else ""
        if is_answered(text):
            said[question] = text
        return text

    return answer


async def _write_prompt(answers: Mapping[str, str], further: Mapping[str, str], team: Team | None) -> str:
    """As a model writes it; what cannot be read, or was asked of nobody, is put together from the answers."""
    reply = await team.act(WriteFromInterview(answers=_answer_lines(answers, further))) if team is not None else None
    return reply.prompt if reply is not None else _with_further(draft_prompt(answers), further, "\n")


def _answer_lines(answers: Mapping[str, str], further: Mapping[str, str]) -> tuple[str, ...]:
    named = {one.name: one.question for one in REQUIREMENTS}
    told = [f"{named.get(name, name)}? {text}" for name, text in answers.items() if is_answered(text)]
    return (*told, *(f"{question} {text}" for question, text in further.items() if is_answered(text)))


def _with_further(text: str, further: Mapping[str, str], between: str) -> str:
    return between.join([text, *(" ".join(one.split()) for one in further.values() if is_answered(one))])
