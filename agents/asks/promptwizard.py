"""The questions of PromptWizard (arXiv 2405.18369): styles, critique and synthesis, persona, keywords, worked rows."""

from __future__ import annotations

from ...core.asks import Ask, Case
from .replies import CasesReply, ItemsReply, PromptReply, TextReply


class MutateInStyle(Ask[PromptReply]):
    """The prompt thought over in one thinking style."""

    role = "student"
    skill = "style"
    reply = PromptReply
    reads = {"hints": "hints"}
    task: str
    prompt: str
    style: str
    hints: tuple[str, ...] = ()


class CritiquePrompt(Ask[TextReply]):
    """What the prompt gets wrong on these rows; where it got none wrong, what it could still say better."""

    role = "critic"
    skill = "critique"
    reply = TextReply
    reads = {"failures": "errors", "successes": "errors"}
    prompt: str
    failures: tuple[Case, ...] = ()
    successes: tuple[Case, ...] = ()


class SynthesizePrompt(Ask[PromptReply]):
    """A new prompt from the old one and its critique; with a trajectory, from the prompts that led there too
    (PromptAgent, arXiv 2310.16427)."""

    role = "student"
    skill = "synthesize"
    reply = PromptReply
    reads = {"failures": "errors", "trajectory": "history", "hints": "hints"}
    task: str
    prompt: str
    critique: str
    failures: tuple[Case, ...] = ()
    trajectory: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


class DescribeExpert(Ask[TextReply]):
    """Who would do the task best, as words to that person."""

    role = "student"
    skill = "expert"
    reply = TextReply
    task: str


class NameIntent(Ask[ItemsReply]):
    """The few words that the task is about."""

    role = "student"
    skill = "intent"
    reply = ItemsReply
    task: str


class SynthesizeExamples(Ask[CasesReply]):
    """New rows with their answers, like the ones shown, hard where the prompt failed."""

    role = "synthesizer"
    skill = "rows"
    reply = CasesReply
    reads = {"rows": "rows", "failures": "errors"}
    task: str
    rows: tuple[Case, ...] = ()
    failures: tuple[Case, ...] = ()
    count: int = 5


class ExplainAnswer(Ask[TextReply]):
    """Why the answer of a row is right, in a sentence or two that end before the answer."""

    role = "student"
    skill = "explain"
    reply = TextReply
    task: str
    input: str
    expected: str
