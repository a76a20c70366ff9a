"""A judge model answers yes or no: questions about the output, or which of its claims the context supports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...agents.asks.replies import VerdictsReply
from ...core.asks import Ask
from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.evaluator_protocols import EvaluatorContext
from ...core.models import Output
from ...core.protocols import NEEDS_NOTHING
from ...core.score import Score
from .llm_judges import CALLS_PER_ASK, UNREADABLE_REPLY, requirements_text


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
    """Which claims of an output the context supports."""

    role = "judge"
    skill = "claims"
    reply = VerdictsReply
    input: str
    context: str
    output: str


class ChecklistEvaluator:
    """The share of `questions` that the role `judge` answers with yes, in one call.

    The feedback lists the questions answered with no. A reply with fewer answers than questions fails the example.

    Args:
        questions: Each asks for a virtue, so that yes is good.
        weights: The weight of each question, in their order.
        field: The field in which an example may have questions of its own.
        requirements: What a good output is, in place of the task's description.
    """

    name = "checklist"
    needs = NEEDS_NOTHING
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
        if weights and (len(weights) != len(questions) or any(not weight > 0 for weight in weights)):
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
            text = f"the checklist has no questions, and the example has none in {self._field!r}"
            return Score(value=0.0, failure="example", feedback=text)
        ask = CheckOutput(
            requirements=requirements_text(self._requirements, bench.task),
            questions=questions,
            input=example.text,
            output=output.text,
        )
        reply = await bench.team.act(ask)
        if reply is None or len(reply.verdicts) < len(questions):
            return UNREADABLE_REPLY
        answers = [yes for _, yes in reply.verdicts[: len(questions)]]
        missed = [question for question, yes in zip(questions, answers, strict=True) if not yes]
        return Score(
            value=sum(weight for weight, yes in zip(weights, answers, strict=True) if yes) / sum(weights),
            values={f"question {number}": float(yes) for number, yes in enumerate(answers, 1)},
            feedback="not so: " + " / ".join(missed) if missed else None,
        )


def _example_questions(example: Example, field: str) -> tuple[str, ...]:
    inside = example.input if isinstance(example.input, Mapping) else {}
    questions = example.metadata.get(field, inside.get(field, ()))
    return (questions,) if isinstance(questions, str) else tuple(str(question) for question in questions)


class Faithfulness:
    """The share of the output's claims that the role `judge` finds supported by the context, in one call.

    The feedback lists the unsupported claims.

    Args:
        field: The field of the input or the metadata that holds the context; without it, the input is the context.
    """

    name = "faithfulness"
    needs = NEEDS_NOTHING
    calls = CALLS_PER_ASK
    runs = 0

    def __init__(self, field: str = "context") -> None:
        self._field = field

    async def rate(self, example: Example, output: Output, answer: str | None, *, bench: EvaluatorContext) -> Score:
        if not output.text.strip():
            return Score(value=0.0, failure="format", feedback="the output is empty")
        fields = {**example.metadata, **(example.input if isinstance(example.input, Mapping) else {})}
        context = fields.get(self._field, example.text)
        context_text = context if isinstance(context, str) else "\n\n".join(map(str, context))
        reply = await bench.team.act(CheckClaims(input=example.text, context=context_text, output=output.text))
        if reply is None:
            return UNREADABLE_REPLY
        unsupported = [claim for claim, supported in reply.verdicts if not supported]
        many = len(reply.verdicts)
        return Score(
            value=1 - len(unsupported) / many,
            values={"claims": many, "unsupported": len(unsupported)},
            feedback="not in the context: " + " / ".join(unsupported) if unsupported else None,
        )
