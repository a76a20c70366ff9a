"""Evaluators that compare numbers."""

from __future__ import annotations

import math

from ...core.answer import AnswerContract
from ...core.errors import UsageError
from ...core.score import Score
from .reference_base import NO_ANSWER, ReferenceEvaluator, binary_score

_NUMBER = AnswerContract(type="number")


class Numeric(ReferenceEvaluator):
    """1 where the last number of the answer is within a tolerance of a reference.

    abs_tol: the largest difference. rel_tol: the largest difference as a share of the larger of the two.
    """

    name = "numeric"

    def __init__(self, abs_tol: float = 0.0, rel_tol: float = 1e-6) -> None:
        for option, value in (("abs_tol", abs_tol), ("rel_tol", rel_tol)):
            if not value >= 0 or math.isinf(value):
                raise UsageError(f"a tolerance of {value}", where=f"numeric: {option}", possible=("0 or more",))
        self._abs_tol = abs_tol
        self._rel_tol = rel_tol

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        said = _NUMBER.read_answer(answer)
        if said is None:
            return NO_ANSWER
        wanted = [number for one in references if (number := _NUMBER.read_answer(one)) is not None]
        if not wanted:
            return Score(value=0.0, failure="example", feedback=f"the reference {references[0]!r} is no number")
        near = any(
            math.isclose(float(said), float(one), rel_tol=self._rel_tol, abs_tol=self._abs_tol) for one in wanted
        )
        return binary_score(near, said, tuple(wanted))
