"""Evaluators of the text alone: length, readability, unwanted words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Literal

from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.models import Output
from ...core.protocols import NEEDS_NOTHING
from ...core.score import Score
from ...core.words import length_in_words, whole_words

_UNITS = ("words", "characters", "sentences", "lines")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE = re.compile(r"[^.!?…。！？]*\w[^.!?…。！？]*(?:[.!?…。！？]+|$)")
_VOWELS = re.compile(r"[aeiouy]+")


class LengthEvaluator:
    """Scores 1 inside [least, most] and less further outside: half of `least`, or twice `most`, scores 0.5."""

    name = "length"
    needs = NEEDS_NOTHING

    def __init__(
        self,
        least: int = 0,
        most: int | None = None,
        unit: Literal["words", "characters", "sentences", "lines"] = "words",
    ) -> None:
        if unit not in _UNITS:
            raise UsageError(f"{unit!r} is not a unit", where="length: unit", possible=_UNITS)
        if least < 0 or (most is not None and most < max(1, least)) or (most is None and not least):
            raise UsageError(
                f"from {least} to {most} is not a range of lengths",
                where="length: least, most",
                possible=("least = 20", "most = 100", "both, least first"),
            )
        self._least, self._most, self._unit = least, most, unit

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        size = _text_size(output.text.strip(), self._unit)
        if size < self._least:
            return self._scaled_score(size, size / self._least, f"at least {self._least}")
        if self._most is not None and size > self._most:
            return self._scaled_score(size, self._most / size, f"at most {self._most}")
        return self._scaled_score(size, 1.0, "")

    def _scaled_score(self, size: int, value: float, limits: str) -> Score:
        text = f"{size} {self._unit}, wanted {limits}" if limits else None
        return Score(value=value, values={self._unit: size}, feedback=text)


class ReadabilityEvaluator:
    """Flesch reading ease (English): scores 1 inside [least, most] and 0 from 50 points outside.

    90 reads like a children's book, 60 like plain English, 30 like a paper. Syllables are counted by vowels, so a
    single word's count may be off by one. `values` have the ease and the grade (Flesch-Kincaid).
    """

    name = "readability"
    needs = NEEDS_NOTHING

    def __init__(self, least: float = 60.0, most: float = 121.0) -> None:
        if least > most:
            raise UsageError(
                f"from {least} to {most} is no range", where="readability: least", possible=("least first",)
            )
        self._least, self._most = least, most

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        words = _WORD.findall(output.text)
        if not words:
            return Score(value=0.0, failure="format", feedback="the output has no words")
        sentences = max(1, len(_SENTENCE.findall(output.text)))
        pace, weight = len(words) / sentences, sum(map(count_syllables, words)) / len(words)
        ease = 206.835 - 1.015 * pace - 84.6 * weight
        grade = 0.39 * pace + 11.8 * weight - 15.59
        off = max(self._least - ease, ease - self._most, 0.0)
        text = f"reading ease {ease:.0f}, wanted {self._least:.0f} to {self._most:.0f}" if off else None
        return Score(value=max(0.0, 1 - off / 50), values={"ease": ease, "grade": grade}, feedback=text)


class WordListEvaluator:
    """Scores 1 without any of `words`; each occurrence of a whole word, in any case, subtracts `each`.

    A row's own words, in its field `field`, are added. Without a list it is one of common English insults and
    obscenities: it finds what is crude, not what is hateful in civil words; for that ask a judge (`rubric`).
    """

    name = "toxicity"
    needs = NEEDS_NOTHING

    def __init__(self, words: Sequence[str] = (), field: str = "banned", each: float = 1.0) -> None:
        if not 0 < each <= 1:
            raise UsageError(f"a share of {each}", where="toxicity: each", possible=("above 0, at most 1",))
        self._words, self._field, self._each = tuple(words) or _default_words(), field, each

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        own = example.metadata.get(self._field, ())
        words = (*self._words, *((own,) if isinstance(own, str) else tuple(map(str, own))))
        pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        matches = re.findall(whole_words(pattern), output.text, re.IGNORECASE)
        value = max(0.0, 1 - self._each * len(matches))
        text = f"it says {', '.join(dict.fromkeys(word.lower() for word in matches))}" if matches else None
        return Score(value=value, values={"found": len(matches)}, feedback=text)


def count_syllables(word: str) -> int:
    """Count groups of vowels, without a silent e at the end; at least one."""
    plain = word.casefold()
    groups = len(_VOWELS.findall(plain))
    silent = plain.endswith("e") and not plain.endswith(("le", "ee")) and groups > 1
    return max(1, groups - silent)


def _text_size(text: str, unit: str) -> int:
    match unit:
        case "words":
            return length_in_words(text)
        case "characters":
            return len(text)
        case "sentences":
            return len(_SENTENCE.findall(text))
        case _:
            return sum(bool(line.strip()) for line in text.splitlines())


@cache
def _default_words() -> tuple[str, ...]:
    return tuple(resources.files(__package__).joinpath("offensive_words.txt").read_text(encoding="utf-8").split())
