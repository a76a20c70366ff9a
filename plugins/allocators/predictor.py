"""What a candidate will score, guessed from candidates that were measured: ridge over words, length and layout."""

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
    """scores: of the candidates asked for, in their order. agreement: the rank correlation in [-1, 1] between what was
    measured and what the same ridge says of each measured candidate when it is left out of the fit."""

    scores: tuple[float, ...]
    agreement: float


def predict_scores(
    known: Sequence[Candidate], means: Sequence[float], rows: Sequence[int], new: Sequence[Candidate]
) -> ScorePrediction:
    """rows: how many each known mean rests on; means on more rows weigh more. Pure; needs two known candidates."""
    space = TfidfSpace([_text(one) for one in known])
    told = [(space.vector(_text(one)), _shape(one)) for one in (*known, *new)]
    shapes = np.array([shape for _, shape in told])
    fitted = shapes[: len(known)]
    shapes = (shapes - fitted.mean(0)) / np.where(fitted.std(0) > 0, fitted.std(0), 1.0)
    kernel = _kernel([vector for vector, _ in told], shapes)
    counts, target = np.array(rows, dtype=float), np.array(means)
    centre = float((counts * target).sum() / counts.sum())
    inverse = np.linalg.inv(kernel[: len(known), : len(known)] + np.diag(_RIDGE * counts.mean() / counts))
    weights = inverse @ (target - centre)
    left_out = target - weights / np.diag(inverse)
    scores = centre + kernel[len(known) :, : len(known)] @ weights
    return ScorePrediction(scores=tuple(float(one) for one in scores), agreement=rank_correlation(target, left_out))


def rank_correlation(first: Sequence[float] | Array, second: Sequence[float] | Array) -> float:
    """Spearman's, ties sharing their rank; 0 where either does not vary."""
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
    return "\n".join(f"{one.system}\n{brief_of(one)}" for one in prompts) + "\n" + _rendered_prompt(candidate)


def _rendered_prompt(candidate: Candidate) -> str:
    demos = [demo for prompt in candidate.program.prompts.values() for demo in prompt.demos]
    return messages_as_text([{"role": "user", "content": f"{demo.input} {demo.output}"} for demo in demos])


def _shape(candidate: Candidate) -> list[float]:
    """Length, demos and layout of the prompts, as numbers."""
    prompts = list(candidate.program.prompts.values())
    demos = [demo for one in prompts for demo in one.demos]
    return [
        math.log1p(sum(one.words for one in prompts)),
        math.log1p(sum(len(brief_of(one).split()) for one in prompts)),
        math.log1p(len(demos)),
        float(any(demo.rationale for demo in demos)),
        float(any(one.system for one in prompts)),
        float(any(one.format.answer_hint for one in prompts)),
        float(prompts[0].format.placement == "user"),
    ]
