"""Texts as weighted bags of terms (TF-IDF), so that likeness can be told without any model."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

SparseVector = Mapping[str, float]
_WORD = re.compile(r"\w+")
_SHORT_TEXT_WORDS = 8


class TfidfSpace:
    """The weights that a collection of texts gives to terms: rare ones say more, what all texts hold says nothing.

    Terms are words in lower case; where the texts are short (under eight words on average) also runs of three
    letters, so that single words can be alike. The same texts in the same order give the same space.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [len(_WORD.findall(text)) for text in texts]
        self._uses_trigrams = sum(counts) < _SHORT_TEXT_WORDS * len(texts)
        seen = Counter(term for text in texts for term in dict.fromkeys(self._terms(text)))
        self._weights = {term: math.log((1 + len(texts)) / (1 + many)) for term, many in seen.items()}

    @classmethod
    def from_weights(cls, weights: Mapping[str, float], *, fine: bool) -> TfidfSpace:
        """A space whose weights were learned elsewhere, as `weights` and `fine` of another told them."""
        space = cls(())
        space._weights, space._uses_trigrams = dict(weights), fine
        return space

    @property
    def weights(self) -> Mapping[str, float]:
        return self._weights

    @property
    def uses_trigrams(self) -> bool:
        return self._uses_trigrams

    def vector(self, text: str) -> SparseVector:
        """Of length one; empty where the space knows no term of the text."""
        counts = Counter(term for term in self._terms(text) if self._weights.get(term))
        return normalize({term: (1 + math.log(many)) * self._weights[term] for term, many in counts.items()})

    def _terms(self, text: str) -> list[str]:
        words = _WORD.findall(text.casefold())
        if not self._uses_trigrams:
            return words
        return [*words, *(f"<{word}>"[at : at + 3] for word in words for at in range(len(word)))]


def normalize(vector: SparseVector) -> SparseVector:
    """The same direction at length one; nothing stays nothing."""
    size = math.sqrt(math.fsum(value * value for value in vector.values()))
    return {term: value / size for term, value in vector.items()} if size else {}


def cosine(a: SparseVector, b: SparseVector) -> float:
    """The cosine of two vectors of length one, in [0, 1]."""
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    return math.fsum(value * long[term] for term, value in short.items() if term in long)


def centroid(vectors: Iterable[SparseVector]) -> SparseVector:
    """The direction of the sum."""
    total: dict[str, float] = {}
    for vector in vectors:
        for term, value in vector.items():
            total[term] = total.get(term, 0.0) + value
    return normalize(total)
