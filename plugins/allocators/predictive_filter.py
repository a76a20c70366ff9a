"""A learned score predictor as a filter: unpromising new candidates are not measured (as in PROMST)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.candidate import Candidate
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.render import instruction_text as brief_of
from ...core.render import messages_as_text
from ...core.search_types import Measurement, Search
from ...core.tfidf import SparseVector, TfidfSpace, cosine
from ...core.words import length_in_words
from .full_evaluation import FullEvaluation

Array = NDArray[np.float64]
# Features are standardized; half a unit of shrinkage suits the dozen candidates there are.
_RIDGE = 0.5


@dataclass(kw_only=True)
class PredictiveFilter:
    """Measures only the top share `keep` of a round's new candidates; the rest as `full`, with its options.

    The predictor is fitted on the run's own candidates. Its quality is the rank correlation between measured means and
    its leave-one-out predictions, and is recorded each round. Filtered candidates are dropped unmeasured; people's
    never are.

    Args:
        keep: Share of new candidates to measure.
        enough: Measured candidates before it filters.
        trust: Rank correlation below which it does not filter.
        rows: As for `full`, like `candidates` and `least`.
    """

    name = "predicted"
    needs = NEEDS_NOTHING

    keep: float = 0.5
    enough: int = 8
    trust: float = 0.3
    rows: int | None = None
    candidates: int | None = None
    least: int = 8

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        if "left_out" not in search.memory:
            search.memory["left_out"], search.memory["agreement"] = self._predict_dropped(search, pool)
        chosen = [name for name in pool if name not in search.memory["left_out"]]
        return FullEvaluation(rows=self.rows, candidates=self.candidates, least=self.least).ask(search, chosen)

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        left_out, agreement = search.memory.get("left_out", []), search.memory.get("agreement")
        if agreement is not None:
            search.remarks |= {"rank_correlation": round(agreement, 3), "left_out": list(left_out)}
        return {name: "drop" if name in left_out else "undecided" for name in pool}

    def _predict_dropped(self, search: Search, pool: Sequence[str]) -> tuple[list[str], float | None]:
        """The candidates to drop, and the rank correlation; None if there is nothing to learn from."""
        archive, scores = search.archive, search.archive.scores
        measured = [candidate for candidate in archive.candidates.values() if scores.count(candidate.id, search.val)]
        new = [
            archive[name]
            for name in pool
            if not scores.count(name, search.val)
            and archive[name].operator != "person"
            and archive[name].status != "pinned"
        ]
        if len(measured) < max(2, self.enough) or not new:
            return [], None
        means = [scores.mean(candidate.id, search.val) or 0.0 for candidate in measured]
        prediction = predict_scores(
            measured, means, [scores.count(candidate.id, search.val) for candidate in measured], new
        )
        if prediction.agreement < self.trust:
            return [], prediction.agreement
        promise = dict(zip((candidate.id for candidate in new), prediction.scores, strict=True))
        ranked = sorted(promise, key=lambda name: -promise[name])
        return ranked[math.ceil(self.keep * len(ranked)) :], prediction.agreement


@dataclass(frozen=True, kw_only=True)
class ScorePrediction:
    """Predictions.

    Attributes:
        scores: Of the new candidates, in their order.
        agreement: Rank correlation in [-1, 1] between measured means and leave-one-out predictions.
    """

    scores: tuple[float, ...]
    agreement: float


def predict_scores(
    measured: Sequence[Candidate], means: Sequence[float], rows: Sequence[int], new: Sequence[Candidate]
) -> ScorePrediction:
    """Fit on measured candidates and predict the new ones. rows: examples behind each mean, as weights. Pure."""
    space = TfidfSpace([_text(candidate) for candidate in measured])
    features = [(space.vector(_text(candidate)), _shape(candidate)) for candidate in (*measured, *new)]
    shapes = np.array([shape for _, shape in features])
    fitted = shapes[: len(measured)]
    shapes = (shapes - fitted.mean(0)) / np.where(fitted.std(0) > 0, fitted.std(0), 1.0)
    kernel = _kernel([vector for vector, _ in features], shapes)
    counts, target = np.array(rows, dtype=float), np.array(means)
    centre = float((counts * target).sum() / counts.sum())
    inverse = np.linalg.inv(kernel[: len(measured), : len(measured)] + np.diag(_RIDGE * counts.mean() / counts))
    weights = inverse @ (target - centre)
    left_out = target - weights / np.diag(inverse)
    scores = centre + kernel[len(measured) :, : len(measured)] @ weights
    return ScorePrediction(scores=tuple(float(score) for score in scores), agreement=rank_correlation(target, left_out))


def rank_correlation(first: Sequence[float] | Array, second: Sequence[float] | Array) -> float:
    """Spearman's, with shared ranks on ties; 0 if either does not vary."""
    a, b = _ranks(np.asarray(first, dtype=float)), _ranks(np.asarray(second, dtype=float))
    if a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.clip(((a - a.mean()) * (b - b.mean())).mean() / (a.std() * b.std()), -1, 1))


def _ranks(values: Array) -> Array:
    _, index, counts = np.unique(values.round(9), return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[index], dtype=float)


def _kernel(vectors: Sequence[SparseVector], shapes: Array) -> Array:
    words = np.array([[cosine(a, b) for b in vectors] for a in vectors])
    return np.asarray(words + shapes @ shapes.T / shapes.shape[1], dtype=float)


def _text(candidate: Candidate) -> str:
    prompts = candidate.program.prompts.values()
    return "\n".join(f"{prompt.system}\n{brief_of(prompt)}" for prompt in prompts) + "\n" + _rendered_prompt(candidate)


def _rendered_prompt(candidate: Candidate) -> str:
    demos = [demo for prompt in candidate.program.prompts.values() for demo in prompt.demos]
    return messages_as_text([{"role": "user", "content": f"{demo.input} {demo.output}"} for demo in demos])


def _shape(candidate: Candidate) -> list[float]:
    """Length, demos and layout of the prompts, as numbers."""
    prompts = list(candidate.program.prompts.values())
    demos = [demo for prompt in prompts for demo in prompt.demos]
    return [
        math.log1p(sum(prompt.words for prompt in prompts)),
        math.log1p(sum(length_in_words(brief_of(prompt)) for prompt in prompts)),
        math.log1p(len(demos)),
        float(any(demo.rationale for demo in demos)),
        float(any(prompt.system for prompt in prompts)),
        float(any(prompt.format.answer_hint for prompt in prompts)),
        float(prompts[0].format.placement == "user"),
    ]
