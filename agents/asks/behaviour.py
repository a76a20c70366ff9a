"""The questions of behavior optimization (after arXiv 2402.02101): what the model did, and one rule against it."""

from __future__ import annotations

from ...core.asks import Ask, Case
from .replies import ReasonsReply, TextReply


class ClaimBehaviours(Ask[ReasonsReply]):
    """What the model does in its wrong answers and not in its right ones. refuted: claims that did not hold."""

    role = "critic"
    skill = "behaviour"
    reply = ReasonsReply
    reads = {"failures": "errors", "successes": "errors", "refuted": "history"}
    task: str
    prompt: str
    failures: tuple[Case, ...] = ()
    successes: tuple[Case, ...] = ()
    refuted: tuple[str, ...] = ()
    count: int = 3


class WriteRule(Ask[TextReply]):
    """One sentence, added to the prompt, after which the model would not do so any more."""

    role = "student"
    skill = "rule"
    reply = TextReply
    reads = {"failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    behaviour: str
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()
