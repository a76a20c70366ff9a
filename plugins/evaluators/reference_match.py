"""Evaluators that compare an answer with the references: texts, options, numbers, sets of items."""

from __future__ import annotations

import json
import math
import re
import string
from abc import ABC, abstractmethod
from typing import Literal

from ...core.answer import AnswerContract, token_f1
from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.label_reader import normalize_answer
from ...core.models import Output
from ...core.number_reader import read_reference_number
from ...core.protocols import NEEDS_REFERENCES
from ...core.score import Score
from ...core.words import split_tokens, whole_words

NO_ANSWER = Score(value=0.0, failure="format", feedback="no answer could be read from the output")
NO_REFERENCE = Score(value=0.0, failure="example", feedback="the example has no reference to compare with")


class ReferenceEvaluator(ABC):
    """Compares the answer with the references. No answer is a format failure; no reference fails the example."""

    name: str
    needs = NEEDS_REFERENCES

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        if answer is None:
            return NO_ANSWER
        if not example.outputs:
            return NO_REFERENCE
        return self.compare(answer, example.outputs)

    @abstractmethod
    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        """The score of an answer: the best over `references`, of which there is at least one."""
        ...


def binary_score(right: bool, answer: str, references: tuple[str, ...]) -> Score:
    """1 or 0, with the expected answer as feedback."""
    if right:
        return Score(value=1.0)
    expected = " or ".join(repr(shorten(reference)) for reference in references[:3])
    return Score(value=0.0, feedback=f"answered {shorten(answer)!r}, wanted {expected}")


def shorten(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


_CHOICE_CONTRACT = AnswerContract(type="choice")
_ARTICLES = frozenset({"a", "an", "the"})
_PUNCTUATION = {ord(mark): None for mark in string.punctuation} | {
    ord(mark): " " for mark in "，。、；：！？（）「」『』《》【】"
}


class ExactMatch(ReferenceEvaluator):
    """Scores 1 if the answer equals a reference, ignoring case, white space, quotes and a final full stop."""

    name = "exact"

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        return binary_score(
            normalize_answer(answer) in {normalize_answer(reference) for reference in references}, answer, references
        )


class ContainsMatch(ReferenceEvaluator):
    """Scores 1 if the answer contains a reference as whole words, ignoring case and white space."""

    name = "contains"

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        text = " ".join(answer.casefold().split())
        phrases = [normalize_answer(reference) for reference in references]
        contains = any(phrase and re.search(whole_words(re.escape(phrase)), text) for phrase in phrases)
        return binary_score(contains, answer, references)


class ChoiceMatch(ReferenceEvaluator):
    """Scores 1 if the answer names the letter of a reference, and no other letter."""

    name = "choice"

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        letter = _CHOICE_CONTRACT.read_answer(answer)
        if letter is None:
            return NO_ANSWER
        return binary_score(
            letter in {_CHOICE_CONTRACT.read_answer(reference) for reference in references}, answer, references
        )


class TokenF1(ReferenceEvaluator):
    """Word-overlap F1 with the best reference as in SQuAD, ignoring case, punctuation and articles; in scripts without
    spaces of characters."""

    name = "token_f1"

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        tokens = _squad_tokens(answer)
        value, best = max((token_f1(tokens, _squad_tokens(reference)), reference) for reference in references)
        return Score(value=value, feedback=None if value == 1 else f"wanted {shorten(best)!r}")


class RegexMatch:
    """Scores 1 if `pattern` matches somewhere in the answer; without a pattern, each reference is one."""

    name = "regex"

    def __init__(self, pattern: str | None = None) -> None:
        self.needs = frozenset() if pattern else ReferenceEvaluator.needs
        try:
            self._pattern = re.compile(pattern, re.DOTALL) if pattern else None
        except re.error as error:
            raise UsageError(f"the pattern {pattern!r} cannot be read: {error}", where="regex: pattern") from error

    async def evaluate(self, example: Example, output: Output, answer: str | None) -> Score:
        if answer is None:
            return NO_ANSWER
        if self._pattern is not None:
            return binary_score(self._pattern.search(answer) is not None, answer, (self._pattern.pattern,))
        if not example.outputs:
            return NO_REFERENCE
        try:
            matches = any(re.search(pattern, answer, re.DOTALL) for pattern in example.outputs)
        except re.error as error:
            return Score(value=0.0, failure="example", feedback=f"the reference is no pattern: {error}")
        return binary_score(matches, answer, example.outputs)


def _squad_tokens(text: str) -> list[str]:
    return [word for word in split_tokens(text.casefold().translate(_PUNCTUATION)) if word not in _ARTICLES]


_NUMBER = AnswerContract(type="number")


class Numeric(ReferenceEvaluator):
    """Scores 1 if the last number of the answer is within a tolerance of a reference.

    Args:
        abs_tol: The largest difference.
        rel_tol: The largest difference as a share of the larger of the two numbers.
    """

    name = "numeric"

    def __init__(self, abs_tol: float = 0.0, rel_tol: float = 1e-6) -> None:
        for option, value in (("abs_tol", abs_tol), ("rel_tol", rel_tol)):
            if not value >= 0 or math.isinf(value):
                raise UsageError(
                    f"{value} is not a valid tolerance", where=f"numeric: {option}", possible=("0 or more",)
                )
        self._abs_tol = abs_tol
        self._rel_tol = rel_tol

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        number_text = _NUMBER.read_answer(answer)
        if number_text is None:
            return NO_ANSWER
        numbers = [number for reference in references if (number := read_reference_number(reference)) is not None]
        if not numbers:
            return Score(value=0.0, failure="example", feedback=f"the reference {references[0]!r} is no number")
        near = any(
            math.isclose(float(number_text), float(expected), rel_tol=self._rel_tol, abs_tol=self._abs_tol)
            for expected in numbers
        )
        return binary_score(near, number_text, tuple(numbers))


_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")


class ItemSetEvaluator(ReferenceEvaluator):
    """Compares the items of the answer with those of the best reference, ignoring order and repetition.

    Args:
        mode: `f1`, or `exact` for 1 or 0.
        separators: The characters between items; a JSON list and bullet points are read too.
        together: Whether the references are the items of one set, in place of alternatives.
    """

    name = "set"

    def __init__(self, mode: Literal["f1", "exact"] = "f1", separators: str = ",;\n", together: bool = False) -> None:
        if mode not in ("f1", "exact"):
            raise UsageError(f"the set evaluator has no mode {mode!r}", possible=("f1", "exact"))
        if not separators:
            raise UsageError("the set evaluator needs at least one separator", where="set: separators")
        self._mode = mode
        self._between = re.compile(f"[{re.escape(separators)}]")
        self._together = together

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        items = self._items(answer)
        lists = [self._items(reference) for reference in references]
        if self._together:
            lists = [set().union(*lists)]
        f1, best_items = max(
            ((token_f1(sorted(items), sorted(reference_items)), reference_items) for reference_items in lists),
            key=lambda pair: pair[0],
        )
        value = f1 if self._mode == "f1" else float(f1 == 1)
        missing, extra = sorted(best_items - items), sorted(items - best_items)
        remarks = [f"missing: {', '.join(missing)}"] * bool(missing) + [f"not wanted: {', '.join(extra)}"] * bool(extra)
        return Score(value=value, feedback="; ".join(remarks) or None)

    def _items(self, text: str) -> set[str]:
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError):
            listed = None
        parts = [str(item) for item in listed] if isinstance(listed, list) else self._between.split(text)
        return {item for part in parts if (item := normalize_answer(_BULLET.sub("", part)))}
