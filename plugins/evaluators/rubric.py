"""A model rates one output by a rubric; several judgements, and their correction by what people said."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median, pstdev
from typing import Any, Literal

from ...agents.asks.replies import RatingReply
from ...core.asks import Ask
from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.evaluator_protocols import EvaluatorContext
from ...core.models import Output
from ...core.protocols import Need
from ...core.score import Score
from .judge_calibration import CalibrationFit, JudgeCalibration, parse_pairs
from .llm_base import CALLS_PER_ASK, UNREADABLE_REPLY, gather_all, requirements_text


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


class RubricEvaluator:
    """`votes` ratings of the role `judge`, each a draw of its own; their mean, or median, is the score.

    rubric: what counts; requirements: what is wanted, in place of the task's description. reference: whether the
    judge sees a right answer. calibration: [[rating, label], …] of outputs that people labelled, both in [0, 1]; the
    score is then what the labels say of such a rating, by `fit`. `values` keep the raw rating, to calibrate with, and
    how far the votes lie apart. Unreadable votes are left out.
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
            raise UsageError(f"{votes} votes rate nothing", where="rubric: votes", possible=("1 or more",))
        for option, value, known in (("pool", pool, ("mean", "median")), ("fit", fit, ("isotonic", "linear"))):
            if value not in known:
                raise UsageError(f"{value!r} is unknown", where=f"rubric: {option}", possible=known)
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
    """The reason that was marked, or the words before the rating."""
    return (why or raw.partition("<rating>")[0]).strip()[:600] or None
