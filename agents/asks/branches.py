"""The questions of AMPO (arXiv 2410.08696): why a case failed, which patterns failures have, what branch mends one."""

from __future__ import annotations

from ...core.asks import Ask, Case
from .replies import ItemsReply, TextReply


class FindCause(Ask[TextReply]):
    """The analyzer: what the prompt leaves out for this one failed case."""

    role = "critic"
    skill = "failure-cause"
    reply = TextReply
    reads = {"failures": "errors"}
    task: str
    prompt: str
    failures: tuple[Case, ...]


class FindPatterns(Ask[ItemsReply]):
    """The summarizer: causes merged into patterns, each `IMPORTANCE | pattern` with an importance from 1 to 10."""

    role = "critic"
    skill = "failure-patterns"
    reply = ItemsReply
    reads = {"causes": "errors"}
    task: str
    causes: tuple[str, ...]
    count: int = 3


class AddBranch(Ask[TextReply]):
    """The revisor: one branch against one pattern, new (breadth) or under one that is there (depth).

    branches: those there are, numbered.
    """

    role = "student"
    skill = "branch"
    reply = TextReply
    reads = {"failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    branches: str
    pattern: str
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


class PruneBranches(Ask[TextReply]):
    """Which of the numbered branches fit single rows only, repeat others or contradict them."""

    role = "critic"
    skill = "prune-branches"
    reply = TextReply
    task: str
    prompt: str
    branches: str
