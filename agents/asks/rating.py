"""The questions a judge is asked about one output."""

from __future__ import annotations

from ...core.asks import Ask
from .replies import RatingReply, VerdictsReply


class RateOutput(Ask[RatingReply]):
    """How well an output does what a rubric wants. The reference is shown where the rubric goes by it."""

    role = "judge"
    skill = "rate"
    reply = RatingReply
    requirements: str
    rubric: str = ""
    input: str
    reference: str = ""
    output: str


class CheckOutput(Ask[VerdictsReply]):
    """Which of several questions about an output are answered with yes."""

    role = "judge"
    skill = "check"
    reply = VerdictsReply
    requirements: str
    questions: tuple[str, ...]
    input: str
    output: str


class CheckClaims(Ask[VerdictsReply]):
    """Which of an output's claims the context supports."""

    role = "judge"
    skill = "claims"
    reply = VerdictsReply
    input: str
    context: str
    output: str


class ScoreOutput(Ask[RatingReply]):
    """One digit from 1 to 5 and nothing else, so that its likelihoods can be read (G-Eval)."""

    role = "judge"
    skill = "score"
    reply = RatingReply
    criteria: str
    steps: tuple[str, ...] = ()
    input: str
    output: str
