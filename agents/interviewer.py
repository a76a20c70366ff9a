"""The interview: fixed questions, then what a model finds missing, then a start prompt (Promptor, ROPE).

The person is a function, so that a terminal, a form and a model that stands in are interviewed alike. Without a team
the interview is complete too: the fixed questions, what they leave open, and a prompt from the answers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from ..core.asks import Ask
from ..core.interview import (
    REQUIREMENTS,
    completeness,
    describe_task,
    draft_prompt,
    is_answered,
    open_requirements,
)
from ..core.protocols import Team
from .asks.replies import ItemsReply, PromptReply, TextReply

Answerer = Callable[[str, str], Awaitable[str]]
# A person loses patience; the fixed questions come before.
_MAX_FURTHER_QUESTIONS = 3


class FindGaps(Ask[ItemsReply]):
    """What a person has not said yet and a model could not guess, each as a question to that person."""

    role = "teacher"
    skill = "gaps"
    reply = ItemsReply
    answers: tuple[str, ...]
    count: int = 3


class AnswerAsPerson(Ask[TextReply]):
    """What the person would answer, if nobody is there: by the answers so far, and common sense."""

    role = "planner"
    skill = "stand-in"
    reply = TextReply
    task: str
    question: str
    answers: tuple[str, ...] = ()


class WriteFromInterview(Ask[PromptReply]):
    """A prompt that states all that was answered, and nothing that was not."""

    role = "student"
    skill = "from-interview"
    reply = PromptReply
    answers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class InterviewResult:
    """The result of an interview.

    Attributes:
        answers: Requirement → answer.
        further: Question of a model → answer.
        gaps: What is still open, and why it matters.
        complete: The share of the fixed questions that are answered, in [0, 1].
        description: The task in words.
        prompt: The start prompt.
    """

    answers: Mapping[str, str]
    further: Mapping[str, str] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()
    complete: float = 0.0
    description: str = ""
    prompt: str = ""


async def run_interview(
    answer: Answerer, team: Team | None = None, prefilled: Mapping[str, str] | None = None
) -> InterviewResult:
    """Interview a person.

    Args:
        answer: From a question's name and its words to the answer; empty for none.
        team: The models that ask further and write the prompt.
        prefilled: Answers that need no question.
    """
    answers = {name: text for name, text in (prefilled or {}).items() if is_answered(text)}
    for requirement in REQUIREMENTS:
        if requirement.name not in answers:
            answers[requirement.name] = await answer(requirement.name, requirement.question)
    for requirement in open_requirements(answers):
        if requirement.needed:  # once more, with the reason: nothing useful begins without it
            answers[requirement.name] = await answer(requirement.name, f"{requirement.question} ({requirement.why})")
    further: dict[str, str] = {}
    if team is not None:
        gaps = await team.act(FindGaps(answers=_answer_lines(answers, further), count=_MAX_FURTHER_QUESTIONS))
        for question in gaps.items[:_MAX_FURTHER_QUESTIONS] if gaps is not None else ():
            further[question] = await answer("further", question)
    return InterviewResult(
        answers=answers,
        further=further,
        gaps=tuple(f"{requirement.name}: {requirement.why}" for requirement in open_requirements(answers)),
        complete=completeness(answers),
        description=_with_further(describe_task(answers), further, " "),
        prompt=await _write_prompt(answers, further, team),
    )


def model_answerer(task: str, team: Team) -> Answerer:
    """A model that answers in place of a person who gave only one sentence."""
    answers: dict[str, str] = {}

    async def answer(name: str, question: str) -> str:
        if name == "goal":
            return task
        reply = await team.act(AnswerAsPerson(task=task, question=question, answers=_answer_lines(answers, {})))
        text = reply.text if reply is not None else ""
        if is_answered(text):
            answers[question] = text
        return text

    return answer


async def _write_prompt(answers: Mapping[str, str], further: Mapping[str, str], team: Team | None) -> str:
    """The prompt as a model writes it. Without a team, and if its answer cannot be read, it is made of the answers."""
    ask = WriteFromInterview(answers=_answer_lines(answers, further))
    reply = await team.act(ask) if team is not None else None
    return reply.prompt if reply is not None else _with_further(draft_prompt(answers), further, "\n")


def _answer_lines(answers: Mapping[str, str], further: Mapping[str, str]) -> tuple[str, ...]:
    questions = {requirement.name: requirement.question for requirement in REQUIREMENTS}
    lines = [f"{questions.get(name, name)}? {text}" for name, text in answers.items() if is_answered(text)]
    return (*lines, *(f"{question} {text}" for question, text in further.items() if is_answered(text)))


def _with_further(text: str, further: Mapping[str, str], separator: str) -> str:
    return separator.join([text, *(" ".join(answer.split()) for answer in further.values() if is_answered(answer))])
