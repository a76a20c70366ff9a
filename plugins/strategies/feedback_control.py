"""A control loop (after linear feedback control for prompts): measure the error, correct, measure again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...core.protocols import NEEDS_REFERENCES, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.error_signals import AnswerComparison, error_signals
from .greedy import AcceptanceRule, GreedySearch

# The integral term is bounded anyway; a longer history would only grow the stored memory.
_MAX_STEPS = 20


@dataclass(kw_only=True)
class FeedbackControl(GreedySearch):
    """Greedy steps whose operators receive the errors of all steps so far (`options["errors"]`, oldest first).

    An error is output minus desired value, in [-1, 1]: the shares of wrong and of unreadable answers, how much too
    often each label is given, and how much too long answers are, all of the prompt that was current at that step. An
    undone step leaves the error where it was, so its sum grows and the controller corrects harder.

    Args:
        accept: As in `greedy`.
        tolerance: The loop ends when no error is larger.
    """

    name = "feedback"
    needs = NEEDS_REFERENCES

    accept: AcceptanceRule = "no-worse"
    tolerance: float = 0.02

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        last = search.memory.get("errors", [])[-1:]
        if last and max(map(abs, last[0].values()), default=0.0) <= self.tolerance:
            return []
        return super().ask(search)

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        if not search.memory.get("errors"):
            self._record_error(search)
        decided = super().tell(search, pool, verdicts)
        if pool:
            self._record_error(search)
        return decided

    def _operator_options(self, search: Search) -> Mapping[str, Any]:
        return {"errors": search.memory.get("errors", [])}

    def _record_error(self, search: Search) -> None:
        """The error of the current prompt, on the val examples it was measured on."""
        rows = search.archive.scores.row(self._current(search), search.val)
        if rows:
            comparisons = [
                AnswerComparison.from_evaluation(evaluation, search.examples[row]) for row, evaluation in rows.items()
            ]
            search.memory["errors"] = [*search.memory.get("errors", []), error_signals(comparisons)][-_MAX_STEPS:]
