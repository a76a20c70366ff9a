"""Similarity of answer and reference: of character n-grams, without a model, or of embeddings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.evaluator_protocols import EvaluatorContext
from ...core.models import ModelRef, Output
from ...core.protocols import NEEDS_REFERENCES
from ...core.score import Score
from ...core.tfidf import SparseVector, cosine, normalize
from .reference_match import NO_ANSWER, NO_REFERENCE, ReferenceEvaluator, shorten


def similarity(
    model: str = "", key_env: str = "", floor: float = 0.0, shortest: int = 2, longest: int = 4
) -> NgramSimilarity | EmbeddingSimilarity:
    """Compares embeddings if a model is named, else n-grams of `shortest` to `longest` characters.

    Args:
        key_env: The variable that holds the model's key, if it is not the provider's usual one.
        floor: The similarity that scores 0.
    """
    if model:
        return EmbeddingSimilarity(model, key_env=key_env, floor=floor)
    return NgramSimilarity(shortest, longest, floor)


class NgramSimilarity(ReferenceEvaluator):
    """The cosine of character n-grams, from `shortest` to `longest`, to the nearest reference; case does not count.

    It sees spelling and word stems but no synonyms: "car" and "automobile" score near 0. A similarity below `floor`
    scores 0, and the rest is rescaled to [0, 1].
    """

    name = "similarity"

    def __init__(self, shortest: int = 2, longest: int = 4, floor: float = 0.0) -> None:
        if not 1 <= shortest <= longest:
            raise UsageError(
                f"n-grams from {shortest} to {longest}", where="similarity", possible=("1 <= shortest <= longest",)
            )
        self._sizes, self._floor = range(shortest, longest + 1), validate_floor(floor)

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        vector = self._vector(answer)
        return best_similarity(
            [cosine(vector, self._vector(reference)) for reference in references], references, self._floor
        )

    def _vector(self, text: str) -> SparseVector:
        plain = f" {' '.join(text.casefold().split())} "
        counts = Counter(plain[at : at + size] for size in self._sizes for at in range(len(plain) - size + 1))
        return normalize({gram: 1 + math.log(many) for gram, many in counts.items()})


class EmbeddingSimilarity:
    """The cosine of an embedding model's vectors to the nearest reference.

    Answer and references go in one request, which is cached and charged to the optimizer. Embeddings of unrelated
    texts are seldom orthogonal: set `floor` to the cosine that should score 0.

    Args:
        model: As everywhere, for example `openai/text-embedding-3-small` or `openai/NAME@http://HOST/v1`.
    """

    name = "similarity"
    needs = NEEDS_REFERENCES
    calls = 1
    runs = 0

    def __init__(self, model: str, *, key_env: str = "", floor: float = 0.0) -> None:
        self._model = ModelRef.parse(model, key_env=key_env or None)
        if self._model.provider == "local":
            raise UsageError(
                f"{self._model.id} gives no embeddings",
                where="similarity: model",
                possible=("openai/text-embedding-3-small", "openai/NAME@http://HOST:PORT/v1"),
            )
        self.models = (self._model,)
        self._floor = validate_floor(floor)

    async def rate(self, example: Example, output: Output, answer: str | None, *, bench: EvaluatorContext) -> Score:
        if answer is None:
            return NO_ANSWER
        references = tuple(reference for reference in example.outputs if reference.strip())
        if not references:
            return NO_REFERENCE
        if not answer.strip():
            return best_similarity([0.0] * len(references), references, self._floor)
        return best_similarity(await bench.similarities(self._model, answer, references), references, self._floor)


def best_similarity(cosines: Sequence[float], references: Sequence[str], floor: float) -> Score:
    """The score of the best cosine, with its reference as feedback."""
    cosine, best = max(zip(cosines, references, strict=True))
    value = max(0.0, (min(1.0, cosine) - floor) / (1 - floor))
    feedback = None if value > 0.999 else f"wanted {shorten(best)!r}"
    return Score(value=value, values={"cosine": cosine}, feedback=feedback)


def validate_floor(floor: float) -> float:
    if not 0 <= floor < 1:
        raise UsageError(
            f"similarity has no floor={floor}", where="similarity: floor", possible=("at least 0, below 1",)
        )
    return floor
