"""Texts as TF-IDF vectors, so that their similarity can be computed without a model."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from .words import count_unspaced

SparseVector = Mapping[str, float]
_WORD = re.compile(r"\w+")
# Below so many words per text, on average, words alone rarely coincide.
_SHORT_TEXT_WORDS = 8


class TfidfSpace:
    """The weights that a collection of texts gives to terms: rare terms weigh more, terms of all texts nothing.

    Terms are words in lower case; in scripts without spaces pairs of characters too. If the texts are short, runs of
    three letters are terms too, so that single words can be similar. The same texts in the same order give the same
    space.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [len(_WORD.findall(text)) for text in texts]
        self._uses_trigrams = sum(counts) < _SHORT_TEXT_WORDS * len(texts)
        frequencies = Counter(term for text in texts for term in dict.fromkeys(self._terms(text)))
        self._weights = {term: math.log((1 + len(texts)) / (1 + count)) for term, count in frequencies.items()}

    @classmethod
    def from_weights(cls, weights: Mapping[str, float], *, uses_trigrams: bool) -> TfidfSpace:
        """A space whose weights were learned elsewhere."""
        space = cls(())
        space._weights, space._uses_trigrams = dict(weights), uses_trigrams
        return space

    @property
    def weights(self) -> Mapping[str, float]:
        return self._weights

    @property
    def uses_trigrams(self) -> bool:
        return self._uses_trigrams

    def vector(self, text: str) -> SparseVector:
        """Of length 1; empty if the space has no term of the text."""
        counts = Counter(term for term in self._terms(text) if self._weights.get(term))
        return normalize({term: (1 + math.log(count)) * self._weights[term] for term, count in counts.items()})

    def _terms(self, text: str) -> list[str]:
        words = _WORD.findall(text.casefold())
        if not self._uses_trigrams:
            # A script without spaces runs whole clauses together: there, two characters are about a word.
            return [*words, *(pair for word in words if count_unspaced(word) > 2 for pair in _pairs(word))]
        return [*words, *(f"<{word}>"[start : start + 3] for word in words for start in range(len(word)))]


def _pairs(word: str) -> list[str]:
    return [word[start : start + 2] for start in range(len(word) - 1)]


def normalize(vector: SparseVector) -> SparseVector:
    """The same direction at length 1; the zero vector stays empty."""
    size = math.sqrt(math.fsum(value * value for value in vector.values()))
    return {term: value / size for term, value in vector.items()} if size else {}


def cosine(a: SparseVector, b: SparseVector) -> float:
    """The cosine similarity of two vectors of length 1, in [0, 1]."""
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    return math.fsum(value * long[term] for term, value in short.items() if term in long)


def centroid(vectors: Iterable[SparseVector]) -> SparseVector:
    """The direction of the sum, at length 1."""
    total: dict[str, float] = {}
    for vector in vectors:
        for term, value in vector.items():
            total[term] = total.get(term, 0.0) + value
    return normalize(total)
