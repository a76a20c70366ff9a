"""Asks that several operators share, or that the graph itself makes. The others are defined beside their operator."""

from __future__ import annotations

from ...core.asks import Ask, Case
from .replies import (
    ItemsReply,
    JudgementReply,
    PathReply,
    PromptReply,
    QuestionsReply,
    ReasonsReply,
    TextReply,
)


class ChooseViews(Ask[ItemsReply]):
    """Which of the recipe's views of the evidence matter for a task (TAPO, arXiv 2501.06689)."""

    role = "planner"
    skill = "views"
    reply = ItemsReply
    reads = {"rows": "rows"}
    task: str
    views: tuple[str, ...]
    rows: tuple[Case, ...] = ()


class SummarizeBatch(Ask[TextReply]):
    """What some of many runs show, for a question that cannot hold all of them."""

    role = "critic"
    skill = "batch"
    reply = TextReply
    task: str
    prompt: str
    cases: tuple[Case, ...]


class PlanPath(Ask[PathReply]):
    """An ordered path of edits to the prompt."""

    role = "planner"
    skill = "plan"
    reply = PathReply
    reads = {"rows": "rows", "failures": "errors"}
    task: str
    prompt: str
    rows: tuple[Case, ...] = ()
    failures: tuple[Case, ...] = ()
    steps: int = 4


class PlanSolution(PlanPath):
    """The steps by which the task is solved, in order; each becomes a part of the prompt (MARS, arXiv 2503.16874)."""

    skill = "solution"


class AskQuestions(Ask[QuestionsReply]):
    """Two Socratic questions: one on the last prompt, one on the step (MARS). `asked` holds rejected questions."""

    role = "teacher"
    skill = "questions"
    reply = QuestionsReply
    reads = {"rows": "rows", "failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    step: str
    asked: tuple[str, ...] = ()
    suggestion: str = ""
    rows: tuple[Case, ...] = ()
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


class JudgeQuestions(Ask[JudgementReply]):
    """Whether the questioning is Socratic, and where the critic is told more, whether it leads to the aim (MARS).

    Not whether the prompt is good.
    """

    role = "critic"
    skill = "judge-questions"
    reply = JudgementReply
    reads = {"rows": "rows", "failures": "errors"}
    questions: tuple[str, ...]
    task: str = ""
    prompt: str = ""
    step: str = ""
    rows: tuple[Case, ...] = ()
    failures: tuple[Case, ...] = ()


class AnswerQuestions(Ask[PromptReply]):
    """A new prompt that answers the questions (MARS)."""

    role = "student"
    skill = "answer-questions"
    reply = PromptReply
    reads = {"rows": "rows", "failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    questions: tuple[str, ...]
    step: str = ""
    rows: tuple[Case, ...] = ()
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


class FindReasons(Ask[ReasonsReply]):
    """A textual gradient: why the prompt got these cases wrong (ProTeGi, arXiv 2305.03495)."""

    role = "critic"
    skill = "gradient"
    reply = ReasonsReply
    reads = {"failures": "errors"}
    prompt: str
    failures: tuple[Case, ...] = ()
    count: int = 1
    task: str = ""


class EditPrompt(Ask[PromptReply]):
    """A prompt changed against one reason (ProTeGi)."""

    role = "student"
    skill = "edit"
    reply = PromptReply
    reads = {"failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    reason: str
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


class ParaphrasePrompt(Ask[PromptReply]):
    """The same request in other words."""

    role = "student"
    skill = "paraphrase"
    reply = PromptReply
    prompt: str
