"""A judge model rates one output: by a rubric, or by the probabilities of the rating token (G-Eval)."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median, pstdev
from typing import Any, Literal

from ...agents.asks.replies import RatingReply
from ...core.asks import CALLS_PER_ASK, Ask
from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.evaluator_protocols import EvaluatorContext
from ...core.models import Output
from ...core.protocols import NEEDS_NOTHING, Need
from ...core.score import Score
from ...core.search_types import TaskBrief
from ..algorithms.llm_helpers import gather_all, task_description
from .judge_calibration import CalibrationFit, JudgeCalibration, parse_pairs

__all__ = ["CALLS_PER_ASK", "UNREADABLE_REPLY", "gather_all", "requirements_text"]

UNREADABLE_REPLY = Score(value=0.0, failure="example", feedback="what the judge said could not be read")


def requirements_text(requirements: str, task: TaskBrief) -> str:
    """What a good output is: the evaluator's option, or else the task's description."""
    return requirements or task_description(task)


class RateOutput(Ask[RatingReply]):
    """How well an output meets a rubric. The reference is shown if the rubric refers to it."""

    role = "judge"
    skill = "rate"
    reply = RatingReply
    requirements: str
    rubric: str = ""
    input: str
    reference: str = ""
    output: str


class ScoreOutput(Ask[RatingReply]):
    """One digit from 1 to 5 and nothing else, so that its probabilities can be read (G-Eval)."""

    role = "judge"
    skill = "score"
    reply = RatingReply
    criteria: str
    steps: tuple[str, ...] = ()
    input: str
    output: str


class RubricEvaluator:
    """Asks the role `judge` for `votes` ratings, each an independent draw; the score is their mean or median.

    `values` has the raw rating, for calibration, and the spread of the votes. Unreadable votes are left out.

    Args:
        rubric: The criteria.
        requirements: What a good output is, in place of the task's description.
        reference: Whether the judge sees the reference.
        calibration: [[rating, label], …] of outputs that people labeled, both in [0, 1]. The score is then the label
            that such a rating stands for.
        fit: How the calibration is fitted.
    """

    name = "rubric"
    runs = 0

    def __init__(
        self,
        rubric: str = "",
        requirements: str = "",
        votes: int = 1,
        pool: Literal["mean", "median"] = "mean",
        reference: bool = False,
        calibration: Sequence[Any] = (),
        fit: CalibrationFit = "isotonic",
    ) -> None:
        if votes < 1:
            raise UsageError(f"{votes} votes are too few", where="rubric: votes", possible=("1 or more",))
        for option, value, choices in (("pool", pool, ("mean", "median")), ("fit", fit, ("isotonic", "linear"))):
            if value not in choices:
                raise UsageError(f"{value!r} is unknown", where=f"rubric: {option}", possible=choices)
        self.needs: frozenset[Need] = frozenset({"references"}) if reference else frozenset()
        self.calls = CALLS_PER_ASK * votes
        self._rubric, self._requirements, self._votes = rubric, requirements, votes
        self._pool = fmean if pool == "mean" else median
        self._reference = reference
        self._calibrate = JudgeCalibration.fit(parse_pairs(calibration), fit) if calibration else None

    async def rate(self, example: Example, output: Output, answer: str | None, *, bench: EvaluatorContext) -> Score:
        ask = RateOutput(
            requirements=requirements_text(self._requirements, bench.task),
            rubric=self._rubric,
            input=example.text,
            reference=(example.output or "") if self._reference else "",
            output=output.text,
        )
        replies = await gather_all(bench.team.act(ask) for _ in range(self._votes))
        read = [reply for reply in replies if reply is not None]
        if not read:
            return UNREADABLE_REPLY
        ratings = [reply.rating for reply in read]
        raw = float(self._pool(ratings))
        return Score(
            value=min(1.0, max(0.0, self._calibrate(raw))) if self._calibrate else raw,
            values={"rating": raw, "spread": pstdev(ratings), "votes": len(read)},
            feedback=_rationale(read[0].raw, read[0].why),
        )


def _rationale(raw: str, why: str) -> str | None:
    """The marked reason, or the text before the rating."""
    return (why or raw.partition("<rating>")[0]).strip()[:600] or None


_DIGITS = ("1", "2", "3", "4", "5")


class GEval:
    """One call of the role `judge` for a digit from 1 to 5; the score is its expected value, scaled to [0, 1].

    This is finer than a plain rating: equal digits differ in their probabilities. If the judge's endpoint gives no
    log-probabilities, the digit alone counts, and `values` has `likelihoods` 0.

    Args:
        criteria: What is rated, in place of the task's description.
        steps: How to evaluate, step by step. In the paper a model writes them.
    """

    name = "g-eval"
    needs = NEEDS_NOTHING
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
        has_likelihoods = float(max(weights.values()) < 1)
        values = {
            "expected": expected,
            "likelihoods": has_likelihoods,
            **{f"p{digit}": weights[digit] for digit in _DIGITS},
        }
        return Score(value=min(1.0, max(0.0, (expected - 1) / 4)), values=values)
