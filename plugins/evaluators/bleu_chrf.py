"""BLEU and chrF of single sentences, as sacreBLEU counts them."""

from __future__ import annotations

from typing import Any

from ...core.errors import UsageError
from ...core.score import Score
from ..system.imports import import_optional
from .reference_base import ReferenceEvaluator, shorten


class _SentenceMetric(ReferenceEvaluator):
    _metric: Any

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        value = float(self._metric.sentence_score(answer, list(references)).score) / 100
        feedback = None if value >= 1 else f"wanted {shorten(references[0])!r}"
        return Score(value=min(1.0, max(0.0, value)), feedback=feedback)


class BleuEvaluator(_SentenceMetric):
    """BLEU over all references at once, smoothed, so that a short answer without a common 4-gram is not simply 0.

    tokenize: sacreBLEU's (`13a`, `intl`, `zh`, `char`, …). A corpus' BLEU is not the mean of these.
    """

    name = "bleu"

    def __init__(self, tokenize: str = "13a", lowercase: bool = False, order: int = 4) -> None:
        bleu = import_optional("sacrebleu.metrics", extra="metrics", who="bleu").BLEU
        if tokenize not in bleu.TOKENIZERS:
            raise UsageError(f"{tokenize!r} is unknown", where="bleu: tokenize", possible=sorted(bleu.TOKENIZERS))
        self._metric = bleu(tokenize=tokenize, lowercase=lowercase, max_ngram_order=order, effective_order=True)


class ChrfEvaluator(_SentenceMetric):
    """chrF: the F score of character n-grams; with `words` 2 it is chrF++."""

    name = "chrf"

    def __init__(self, characters: int = 6, words: int = 0, beta: int = 2) -> None:
        metrics = import_optional("sacrebleu.metrics", extra="metrics", who="chrf")
        self._metric = metrics.CHRF(char_order=characters, word_order=words, beta=beta)
