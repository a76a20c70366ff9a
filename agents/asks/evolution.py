"""The questions of evolutionary methods: a child of two prompts, and a child of four."""

from __future__ import annotations

from ...core.asks import Ask, Case
from .replies import PromptReply


class CrossPrompts(Ask[PromptReply]):
    """One prompt that has the best of two (the crossover of CAPO, arXiv 2504.16005)."""

    role = "student"
    skill = "cross"
    reply = PromptReply
    reads = {"failures": "errors"}
    task: str
    first: str
    second: str
    failures: tuple[Case, ...] = ()


class CrossAndMutate(Ask[PromptReply]):
    """Two steps in one question: cross two prompts, then change the child (EvoPrompt GA, arXiv 2309.08532)."""

    role = "student"
    skill = "cross-mutate"
    reply = PromptReply
    reads = {"failures": "errors"}
    task: str
    first: str
    second: str
    failures: tuple[Case, ...] = ()


class StepByDifference(Ask[PromptReply]):
    """Change where two prompts differ, put it into the best one, cross with the base (EvoPrompt DE)."""

    role = "student"
    skill = "differential"
    reply = PromptReply
    reads = {"failures": "errors"}
    task: str
    base: str
    first: str
    second: str
    best: str
    failures: tuple[Case, ...] = ()
