"""Asks that several operators share, or that the graph itself makes. The others are defined beside their operator."""

from __future__ import annotations

from ...core.asks import Ask, Case
from .replies import ItemsReply, JudgementReply, PathReply, PromptReply, QuestionsReply, ReasonsReply


class ChooseViews(Ask[ItemsReply]):
    """Which of the recipe's views of the evidence matter for a task (TAPO, arXiv 2501.06689)."""

    role = "planner"
    skill = "views"
    reply = ItemsReply
    reads = {"rows": "rows"}
    task: str
    views: tuple[str, ...]
    rows: tuple[Case, ...] = ()


class PlanPath(Ask[PathReply]):
    """An ordered path of sub-goals (MARS, arXiv 2503.16874)."""

    role = "planner"
    skill = "plan"
    reply = PathReply
    reads = {"rows": "rows", "failures": "errors"}
    task: str
    prompt: str
    rows: tuple[Case, ...] = ()
    failures: tuple[Case, ...] = ()
    steps: int = 4


class AskQuestions(Ask[QuestionsReply]):
    """Two Socratic questions: one on the last prompt, one on the step (MARS). `asked` holds rejected questions."""

    role = "teacher"
    skill = "questions"
    reply = QuestionsReply
    reads = {"failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    step: str
    asked: tuple[str, ...] = ()
    suggestion: str = ""
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


class JudgeQuestions(Ask[JudgementReply]):
    """Whether the questioning is Socratic; not whether the prompt is good (MARS)."""

    role = "critic"
    skill = "judge-questions"
    reply = JudgementReply
    questions: tuple[str, ...]


class AnswerQuestions(Ask[PromptReply]):
    """A new prompt that answers the questions (MARS)."""

    role = "student"
    skill = "answer-questions"
    reply = PromptReply
    reads = {"failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    questions: tuple[str, ...]
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
