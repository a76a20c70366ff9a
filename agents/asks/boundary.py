"""The questions of IPC (arXiv 2402.03099): boundary rows, their labels, an analysis of the errors, and the next prompt.
Rows and labels are also what a task without data begins with."""

from __future__ import annotations

from ...core.asks import Ask, Case, ScoredPrompt
from .replies import CasesReply, PromptReply, TextReply


class WriteBoundaryExamples(Ask[CasesReply]):
    """Inputs that are hard to answer: near the border between answers, rare, or unlike the ones there are."""

    role = "synthesizer"
    skill = "boundary"
    reply = CasesReply
    reads = {"rows": "rows", "failures": "errors"}
    task: str
    prompt: str
    rows: tuple[Case, ...] = ()
    failures: tuple[Case, ...] = ()
    count: int = 5


class LabelExample(Ask[TextReply]):
    """The right answer to an input, by the task alone: no prompt that is worked on is shown."""

    role = "judge"
    skill = "label"
    reply = TextReply
    task: str
    input: str


class AnalyseErrors(Ask[TextReply]):
    """What a confusion matrix and some errors say of a prompt."""

    role = "critic"
    skill = "confusion"
    reply = TextReply
    reads = {"matrix": "errors", "failures": "errors"}
    task: str
    prompt: str
    matrix: str
    failures: tuple[Case, ...] = ()


class StepPrompt(Ask[PromptReply]):
    """The next prompt, from the earlier ones with their scores and the analysis of the last."""

    role = "student"
    skill = "calibrate"
    reply = PromptReply
    reads = {"history": "history", "hints": "hints"}
    task: str
    prompt: str
    history: tuple[ScoredPrompt, ...] = ()
    analysis: str
    hints: tuple[str, ...] = ()
