"""A program that routes each input to the prompt a log of runs favors (Prompt-OIRL, Automatic Prompt Selection)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ...core.program import Program
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.routing import LinearScorer, Router
from ...core.search_types import Proposal, Request
from ...core.tfidf import SparseVector, TfidfSpace, cosine

Array = NDArray[np.float64]
# A half-decade grid; the best value is chosen by leave-one-out error.
_RIDGES = (0.1, 0.3, 1.0, 3.0, 10.0)
# Keeps the router's JSON small; rarer terms change no choice.
_MAX_TERMS = 400


def fit_offline_scorer(log: Mapping[str, Mapping[str, float]], texts: Mapping[str, str]) -> LinearScorer:
    """Fit one ridge regression per prompt on a log of scores. Pure.

    The target is a prompt's gain over the mean of all prompts on the example, so that hard inputs do not count against
    the prompts that were run on them. Each prompt's ridge parameter has the least leave-one-out error; with little to
    learn the prediction is nearly its mean. Only the strongest terms are kept.

    Args:
        log: Prompt → example → score.
        texts: Example → input text.
    """
    rows = sorted({row for scores in log.values() for row in scores if row in texts})
    space = TfidfSpace([texts[row] for row in rows])
    vectors = {row: space.vector(texts[row]) for row in rows}
    level = {row: float(np.mean([scores[row] for scores in log.values() if row in scores])) for row in rows}
    base: dict[str, float] = {}
    weights: dict[str, dict[str, float]] = {}
    for name, scores in log.items():
        own = [row for row in rows if row in scores]
        gains = np.array([scores[row] - level[row] for row in own], dtype=float)
        base[name] = float(gains.mean()) if own else 0.0
        weights[name] = _ridge([vectors[row] for row in own], gains - base[name]) if len(own) > 2 else {}
    strength: dict[str, float] = {}
    for own_weights in weights.values():
        for term, value in own_weights.items():
            strength[term] = strength.get(term, 0.0) + abs(value)
    frequent_terms = set(sorted(strength, key=lambda term: (-strength[term], term))[:_MAX_TERMS])
    return LinearScorer(
        terms={term: value for term, value in sorted(space.weights.items()) if value},
        fine=space.uses_trigrams,
        weights={
            name: {t: round(v, 6) for t, v in sorted(own.items()) if t in frequent_terms}
            for name, own in weights.items()
        },
        base={name: round(value, 6) for name, value in base.items()},
    )


def _ridge(vectors: Sequence[SparseVector], gains: Array) -> dict[str, float]:
    """Term → weight, by the ridge parameter with the least leave-one-out error."""
    kernel = np.array([[cosine(a, b) for b in vectors] for a in vectors])
    best, least = np.zeros(len(gains)), float((gains**2).sum())
    for ridge in _RIDGES:
        inverse = np.linalg.inv(kernel + ridge * np.eye(len(gains)))
        dual = inverse @ gains
        error = float(((dual / np.diag(inverse)) ** 2).sum())
        if error < least:
            best, least = dual, error
    weights: dict[str, float] = {}
    for share, vector in zip(best, vectors, strict=True):
        for term, value in vector.items():
            weights[term] = weights.get(term, 0.0) + float(share) * value
    return {term: value for term, value in weights.items() if abs(value) > 1e-6}


class SelectByLog:
    """The parents' prompts behind a learned router; makes no model calls.

    The order's option `log` maps candidate → train example → score. There is no proposal for fewer than two prompts,
    for parents with several prompts, or where the target is not a chat model, since nothing would route.
    """

    name = "select-by-log"
    needs = NEEDS_NOTHING
    calls = 0

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        log = request.order.options.get("log", {})
        logged = [
            candidate for candidate in request.parents if candidate.id in log and len(candidate.program.prompts) == 1
        ]
        if len(logged) < 2 or not request.task.chat:
            return []
        names = {candidate.id: f"prompt-{index:02d}" for index, candidate in enumerate(logged, 1)}
        texts = {row: example.text for row, example in request.examples.items()}
        scorer = fit_offline_scorer({names[candidate.id]: log[candidate.id] for candidate in logged}, texts)
        program = Program(
            prompts={names[candidate.id]: candidate.program.main for candidate in logged},
            router=Router(kind="learned", scorer=scorer),
        )
        return [Proposal(program=program, rationale=f"the best of {len(logged)} prompts per input, by a log")]
