"""A model answers yes-or-no questions about one output; the score is how much of it is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...agents.asks.replies import VerdictsReply
from ...core.asks import Ask
from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.evaluator_protocols import EvaluatorContext
from ...core.models import Output
from ...core.protocols import Need
from ...core.score import Score
from .llm_base import CALLS_PER_ASK, UNREADABLE_REPLY, requirements_text


class CheckOutput(Ask[VerdictsReply]):
    """Which of several questions about an output are answered with yes."""

    role = "judge"
    skill = "check"
    reply = VerdictsReply
    requirements: str
    questions: tuple[str, ...]
    input: str
    output: str


class ChecklistEvaluator:
    """The share of `questions` that the role `judge` answers with yes, in one call; each names a virtue.

    weights: how much each counts, in their order. A row may bring questions of its own in its field `field`. The
    feedback is what was answered with no. An answer with fewer verdicts than questions is a failed row.
    """

    name = "checklist"
    needs: frozenset[Need] = frozenset()
    calls = CALLS_PER_ASK
    runs = 0

    def __init__(
        self,
        questions: Sequence[str] = (),
        weights: Sequence[float] = (),
        field: str = "questions",
        requirements: str = "",
    ) -> None:
        if isinstance(questions, str):
            questions = (questions,)
        if weights and (len(weights) != len(questions) or any(not one > 0 for one in weights)):
            raise UsageError(
                f"{len(weights)} weights for {len(questions)} questions",
                where="checklist: weights",
                possible=("one above 0 for each question, in their order",),
            )
        self._questions, self._field, self._requirements = tuple(questions), field, requirements
        self._weights = tuple(weights) or (1.0,) * len(self._questions)

    async def rate(self, example: Example, output: Output, answer: str | None, *, bench: EvaluatorContext) -> Score:
        own = _example_questions(example, self._field)
        questions, weights = (*self._questions, *own), (*self._weights, *(1.0 for _ in own))
        if not questions:
            said = f"the checklist has no questions, and the row brings none in {self._field!r}"
            return Score(value=0.0, failure="example", feedback=said)
        ask = CheckOutput(
            requirements=requirements_text(self._requirements, bench.task),
            questions=questions,
            input=example.text,
            output=output.text,
        )
        reply = await bench.team.act(ask)
        if reply is None or len(reply.verdicts) < len(questions):
            return UNREADABLE_REPLY
        met = [yes for _, yes in reply.verdicts[: len(questions)]]
        missed = [question for question, yes in zip(questions, met, strict=True) if not yes]
        return Score(
            value=sum(weight for weight, yes in zip(weights, met, strict=True) if yes) / sum(weights),
            values={f"question {number}": float(yes) for number, yes in enumerate(met, 1)},
            feedback="not so: " + " / ".join(missed) if missed else None,
        )


def _example_questions(example: Example, field: str) -> tuple[str, ...]:
    inside = example.input if isinstance(example.input, Mapping) else {}
    found = example.metadata.get(field, inside.get(field, ()))
    return (found,) if isinstance(found, str) else tuple(str(one) for one in found)
