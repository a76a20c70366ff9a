"""ROUGE against the best reference, as rouge-score counts it."""

from __future__ import annotations

from ...core.errors import UsageError
from ...core.score import Score
from ..system.imports import import_optional
from .reference_base import ReferenceEvaluator, shorten

_VARIANTS = ("rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum")
_MEASURES = ("fmeasure", "precision", "recall")


class RougeEvaluator(ReferenceEvaluator):
    """variant: n-grams (`rouge1`, `rouge2`, `rouge3`), the longest common subsequence (`rougeL`), or that of sentences
    on lines of their own (`rougeLsum`). measure: F, precision or recall. stem: word endings do not count (English)."""

    name = "rouge"

    def __init__(self, variant: str = "rougeL", measure: str = "fmeasure", stem: bool = True) -> None:
        for option, value, known in (("variant", variant, _VARIANTS), ("measure", measure, _MEASURES)):
            if value not in known:
                raise UsageError(f"{value!r} is unknown", where=f"rouge: {option}", possible=known)
        scorers = import_optional("rouge_score.rouge_scorer", extra="metrics", who="rouge")
        self._scorer = scorers.RougeScorer([variant], use_stemmer=stem)
        self._variant, self._measure = variant, measure

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        found = [(self._scorer.score(one, answer)[self._variant], one) for one in references]
        best, reference = max(found, key=lambda pair: float(getattr(pair[0], self._measure)))
        value = float(getattr(best, self._measure))
        values = {"precision": float(best.precision), "recall": float(best.recall)}
        feedback = None if value == 1 else f"wanted {shorten(reference)!r}"
        return Score(value=min(1.0, value), values=values, feedback=feedback)
