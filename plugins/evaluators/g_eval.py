"""The expected rating by the likelihoods of the rating token (G-Eval, arXiv 2303.16634)."""

from __future__ import annotations

from collections.abc import Sequence

from ...agents.asks.replies import RatingReply
from ...core.asks import Ask
from ...core.dataset import Example
from ...core.evaluator_protocols import EvaluatorContext
from ...core.models import Output
from ...core.protocols import Need
from ...core.score import Score
from .llm_base import UNREADABLE_REPLY, requirements_text


class ScoreOutput(Ask[RatingReply]):
    """One digit from 1 to 5 and nothing else, so that its probabilities can be read (G-Eval)."""

    role = "judge"
    skill = "score"
    reply = RatingReply
    criteria: str
    steps: tuple[str, ...] = ()
    input: str
    output: str


_DIGITS = ("1", "2", "3", "4", "5")


class GEval:
    """One call of the role `judge` for a digit from 1 to 5; the score is its expectation, brought to [0, 1].

    criteria: what is rated, in place of the task's description; steps: how to go about it (the paper lets a model
    write them; here they are given). Finer than a rating that is said: equal digits differ in their likelihoods.
    Where the judge's endpoint shows no likelihoods, the digit it says is all there is, and `values` has
    `likelihoods` 0.
    """

    name = "g-eval"
    needs: frozenset[Need] = frozenset()
    calls = 1
    runs = 0

    def __init__(self, criteria: str = "", steps: Sequence[str] = ()) -> None:
        self._criteria = criteria
        self._steps = (steps,) if isinstance(steps, str) else tuple(steps)

    async def rate(self, example: Example, output: Output, answer: str | None, *, bench: EvaluatorContext) -> Score:
        criteria = requirements_text(self._criteria, bench.task)
        ask = ScoreOutput(criteria=criteria, steps=self._steps, input=example.text, output=output.text)
        weights = await bench.team.choose_with_probabilities(ask, _DIGITS)
        if weights is None:
            return UNREADABLE_REPLY
        expected = sum(int(digit) * share for digit, share in weights.items())
        shown = float(max(weights.values()) < 1)
        values = {"expected": expected, "likelihoods": shown, **{f"p{digit}": weights[digit] for digit in _DIGITS}}
        return Score(value=min(1.0, max(0.0, (expected - 1) / 4)), values=values)
