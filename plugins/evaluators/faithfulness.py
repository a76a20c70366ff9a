"""Whether an output says only what its context says."""

from __future__ import annotations

from collections.abc import Mapping

from ...agents.asks.replies import VerdictsReply
from ...core.asks import Ask
from ...core.dataset import Example
from ...core.evaluator_protocols import EvaluatorContext
from ...core.models import Output
from ...core.protocols import Need
from ...core.score import Score
from .llm_base import CALLS_PER_ASK, UNREADABLE_REPLY


class CheckClaims(Ask[VerdictsReply]):
    """Which claims of an output the context supports."""

    role = "judge"
    skill = "claims"
    reply = VerdictsReply
    input: str
    context: str
    output: str


class Faithfulness:
    """The share of the output's claims that the role `judge` finds supported by the context, in one call.

    field: the row's field that holds the context, of its input or beside it; without such a field, the whole input
    is the context. The feedback names what was unsupported.
    """

    name = "faithfulness"
    needs: frozenset[Need] = frozenset()
    calls = CALLS_PER_ASK
    runs = 0

    def __init__(self, field: str = "context") -> None:
        self._field = field

    async def rate(self, example: Example, output: Output, answer: str | None, *, bench: EvaluatorContext) -> Score:
        if not output.text.strip():
            return Score(value=0.0, failure="format", feedback="the output is empty")
        fields = {**example.metadata, **(example.input if isinstance(example.input, Mapping) else {})}
        context = fields.get(self._field, example.text)
        told = context if isinstance(context, str) else "\n\n".join(map(str, context))
        reply = await bench.team.act(CheckClaims(input=example.text, context=told, output=output.text))
        if reply is None:
            return UNREADABLE_REPLY
        unsupported = [claim for claim, supported in reply.verdicts if not supported]
        many = len(reply.verdicts)
        return Score(
            value=1 - len(unsupported) / many,
            values={"claims": many, "unsupported": len(unsupported)},
            feedback="not in the context: " + " / ".join(unsupported) if unsupported else None,
        )
