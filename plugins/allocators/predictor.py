"""Predicts a candidate's score from measured candidates: ridge regression on words, length and layout."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.candidate import Candidate
from ...core.render import instruction_text as brief_of
from ...core.render import messages_as_text
from ...core.tfidf import SparseVector, TfidfSpace, cosine

Array = NDArray[np.float64]
_RIDGE = 0.5


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
    _, place, counts = np.unique(values.round(9), return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[place], dtype=float)


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
        math.log1p(sum(len(brief_of(prompt).split()) for prompt in prompts)),
        math.log1p(len(demos)),
        float(any(demo.rationale for demo in demos)),
        float(any(prompt.system for prompt in prompts)),
        float(any(prompt.format.answer_hint for prompt in prompts)),
        float(prompts[0].format.placement == "user"),
    ]
