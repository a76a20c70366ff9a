"""ROUGE, BLEU and chrF, as the reference libraries compute them."""

from __future__ import annotations

from typing import Any

from ...core.errors import UsageError
from ...core.score import Score
from ..system.imports import import_optional
from .reference_match import ReferenceEvaluator, shorten

_VARIANTS = ("rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum")
_MEASURES = ("fmeasure", "precision", "recall")


class RougeEvaluator(ReferenceEvaluator):
    """ROUGE with the best reference, as rouge-score computes it.

    Args:
        variant: n-grams (`rouge1`, `rouge2`, `rouge3`), the longest common subsequence (`rougeL`), or that of
            sentences on separate lines (`rougeLsum`).
        measure: F-measure, precision or recall.
        stem: Whether word endings are ignored (English).
    """

    name = "rouge"

    def __init__(self, variant: str = "rougeL", measure: str = "fmeasure", stem: bool = True) -> None:
        for option, value, choices in (("variant", variant, _VARIANTS), ("measure", measure, _MEASURES)):
            if value not in choices:
                raise UsageError(f"{value!r} is unknown", where=f"rouge: {option}", possible=choices)
        scorers = import_optional("rouge_score.rouge_scorer", extra="metrics", who="rouge")
        self._scorer = scorers.RougeScorer([variant], use_stemmer=stem)
        self._variant, self._measure = variant, measure

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        results = [(self._scorer.score(text, answer)[self._variant], text) for text in references]
        best, reference = max(results, key=lambda pair: float(getattr(pair[0], self._measure)))
        value = float(getattr(best, self._measure))
        values = {"precision": float(best.precision), "recall": float(best.recall)}
        feedback = None if value == 1 else f"wanted {shorten(reference)!r}"
        return Score(value=min(1.0, value), values=values, feedback=feedback)


class _SentenceMetric(ReferenceEvaluator):
    _metric: Any

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        value = float(self._metric.sentence_score(answer, list(references)).score) / 100
        feedback = None if value >= 1 else f"wanted {shorten(references[0])!r}"
        return Score(value=min(1.0, max(0.0, value)), feedback=feedback)


class BleuEvaluator(_SentenceMetric):
    """Sentence BLEU over all references at once, smoothed, so that a short answer without a common 4-gram is not 0.

    tokenize: sacreBLEU's (`13a`, `intl`, `zh`, `char`, …). A corpus' BLEU is not the mean of these.
    """

    name = "bleu"

    def __init__(self, tokenize: str = "13a", lowercase: bool = False, order: int = 4) -> None:
        bleu = import_optional("sacrebleu.metrics", extra="metrics", who="bleu").BLEU
        if tokenize not in bleu.TOKENIZERS:
            raise UsageError(f"{tokenize!r} is unknown", where="bleu: tokenize", possible=sorted(bleu.TOKENIZERS))
        self._metric = bleu(tokenize=tokenize, lowercase=lowercase, max_ngram_order=order, effective_order=True)


class ChrfEvaluator(_SentenceMetric):
    """chrF, the F-score of character n-grams; with `words` = 2 it is chrF++."""

    name = "chrf"

    def __init__(self, characters: int = 6, words: int = 0, beta: int = 2) -> None:
        metrics = import_optional("sacrebleu.metrics", extra="metrics", who="chrf")
        self._metric = metrics.CHRF(char_order=characters, word_order=words, beta=beta)
