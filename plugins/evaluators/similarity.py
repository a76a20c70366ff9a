"""How alike answer and reference are: by runs of characters, without any model, or by an embedding model."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.evaluator_protocols import EvaluatorContext
from ...core.models import ModelRef, Output
from ...core.protocols import Need
from ...core.score import Score
from ...core.tfidf import SparseVector, cosine, normalize
from .reference_base import NO_ANSWER, NO_REFERENCE, ReferenceEvaluator, shorten


def similarity(
    model: str = "", key_env: str = "", floor: float = 0.0, shortest: int = 2, longest: int = 4
) -> NgramSimilarity | EmbeddingSimilarity:
    """With a model its embeddings are compared, else n-grams of `shortest` to `longest` characters. key_env: the
    variable that holds the model's key, where it is not the provider's usual one."""
    if model:
        return EmbeddingSimilarity(model, key_env=key_env, floor=floor)
    return NgramSimilarity(shortest, longest, floor)


class NgramSimilarity(ReferenceEvaluator):
    """The cosine of character n-grams, from `shortest` to `longest`, to the nearest reference; case does not count.

    It sees spelling and word stems, no synonyms: "car" and "automobile" are strangers. `floor`: what is less alike
    counts 0, and the rest is stretched to [0, 1].
    """

    name = "similarity"

    def __init__(self, shortest: int = 2, longest: int = 4, floor: float = 0.0) -> None:
        if not 1 <= shortest <= longest:
            raise UsageError(
                f"n-grams from {shortest} to {longest}", where="similarity", possible=("1 <= shortest <= longest",)
            )
        self._sizes, self._floor = range(shortest, longest + 1), validate_floor(floor)

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        said = self._vector(answer)
        return best_similarity([cosine(said, self._vector(one)) for one in references], references, self._floor)

    def _vector(self, text: str) -> SparseVector:
        plain = f" {' '.join(text.casefold().split())} "
        counts = Counter(plain[at : at + size] for size in self._sizes for at in range(len(plain) - size + 1))
        return normalize({gram: 1 + math.log(many) for gram, many in counts.items()})


class EmbeddingSimilarity:
    """The cosine of an embedding model's vectors to the nearest reference.

    model: as everywhere, for example `openai/text-embedding-3-small` or `openai/NAME@http://HOST/v1`. Answer and
    references go in one request, which is cached, and charged to the optimizer's side. Embeddings of unlike texts are
    seldom at right angles: `floor` says from where on a cosine counts.
    """

    name = "similarity"
    needs: frozenset[Need] = frozenset({"references"})
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
        references = tuple(one for one in example.outputs if one.strip())
        if not references:
            return NO_REFERENCE
        if not answer.strip():
            return best_similarity([0.0] * len(references), references, self._floor)
        return best_similarity(await bench.similarities(self._model, answer, references), references, self._floor)


def best_similarity(cosines: Sequence[float], references: Sequence[str], floor: float) -> Score:
    """The score of the best cosine, with what was wanted in words."""
    cosine, best = max(zip(cosines, references, strict=True))
    value = max(0.0, (min(1.0, cosine) - floor) / (1 - floor))
    feedback = None if value > 0.999 else f"wanted {shorten(best)!r}"
    return Score(value=value, values={"cosine": cosine}, feedback=feedback)


def validate_floor(floor: float) -> float:
    if not 0 <= floor < 1:
        raise UsageError(f"a floor of {floor}", where="similarity: floor", possible=("at least 0, below 1",))
    return floor
