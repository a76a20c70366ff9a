"""Scores the time, tokens and money that an answer used."""

from __future__ import annotations

from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.models import Output
from ...core.protocols import NEEDS_NOTHING
from ...core.score import Score

_NO_CALL_RECORDS = Score(value=0.0, failure="example", feedback="the target tells nothing of its calls")


class LatencyEvaluator:
    """Falls from 1 at once to 0 at `limit` seconds, summed over the answer's calls.

    A cached answer counts with the time that it took originally.
    """

    name = "latency"
    needs = NEEDS_NOTHING

    def __init__(self, limit: float = 10.0) -> None:
        self._limit = _positive(limit, "latency: limit")

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        if not output.replies:
            return _NO_CALL_RECORDS
        seconds = sum(reply.seconds for reply in output.replies)
        return Score(value=max(0.0, 1 - seconds / self._limit), values={"seconds": seconds})


class CostEvaluator:
    """Falls from 1 to 0 at a limit of `tokens`, prompt and completion together, or of `usd`.

    With both limits, the one that is closer counts. Prices are litellm's; a model of unknown price costs 0 dollars.
    """

    name = "cost"
    needs = NEEDS_NOTHING

    def __init__(self, tokens: float | None = None, usd: float | None = None) -> None:
        if tokens is None and usd is None:
            raise UsageError("a cost needs a limit", where="cost", possible=("tokens = 2000", "usd = 0.01"))
        self._tokens = None if tokens is None else _positive(tokens, "cost: tokens")
        self._usd = None if usd is None else _positive(usd, "cost: usd")

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        if not output.replies:
            return _NO_CALL_RECORDS
        tokens = sum(reply.tokens for reply in output.replies)
        usd = sum(reply.usd for reply in output.replies)
        shares = [took / limit for took, limit in ((tokens, self._tokens), (usd, self._usd)) if limit]
        return Score(value=max(0.0, 1 - max(shares)), values={"tokens": tokens, "usd": usd})


def _positive(limit: float, where: str) -> float:
    if not limit > 0:
        raise UsageError(f"the limit {limit} is not above 0", where=where, possible=("any number above 0",))
    return limit
