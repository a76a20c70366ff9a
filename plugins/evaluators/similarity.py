"""How alike answer and reference are written, by runs of characters: no model, no library."""

from __future__ import annotations

import math
from collections import Counter

from ...core.errors import UsageError
from ...core.score import Score
from ...core.vectors import Vector, likeness, unit
from .reading import ReferenceEvaluator, short


class Similarity(ReferenceEvaluator):
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
        if not 0 <= floor < 1:
            raise UsageError(f"a floor of {floor}", where="similarity: floor", possible=("at least 0, below 1",))
        self._sizes, self._floor = range(shortest, longest + 1), floor

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        said = self._vector(answer)
        cosine, best = max((likeness(said, self._vector(one)), one) for one in references)
        value = max(0.0, (min(1.0, cosine) - self._floor) / (1 - self._floor))
        feedback = None if value > 0.999 else f"wanted {short(best)!r}"
        return Score(value=value, values={"cosine": cosine}, feedback=feedback)

    def _vector(self, text: str) -> Vector:
        plain = f" {' '.join(text.casefold().split())} "
        counts = Counter(plain[at : at + size] for size in self._sizes for at in range(len(plain) - size + 1))
        return unit({gram: 1 + math.log(many) for gram, many in counts.items()})
