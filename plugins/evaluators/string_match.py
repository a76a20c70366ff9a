"""Evaluators that compare texts."""

from __future__ import annotations

import re
import string
from collections import Counter

from ...core.answer import AnswerContract, normalize_answer
from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.models import Output
from ...core.score import Score
from .reference_base import NO_ANSWER, NO_REFERENCE, ReferenceEvaluator, binary_score, shorten

_CHOICE_CONTRACT = AnswerContract(type="choice")
_ARTICLES = frozenset({"a", "an", "the"})
_PUNCTUATION = str.maketrans("", "", string.punctuation)


class ExactMatch(ReferenceEvaluator):
    """1 where the answer is one of the references; case, white space, quotes and a closing stop do not count."""

    name = "exact"

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        return binary_score(
            normalize_answer(answer) in {normalize_answer(one) for one in references}, answer, references
        )


class ContainsMatch(ReferenceEvaluator):
    """1 where a reference stands in the answer as whole words; case and white space do not count."""

    name = "contains"

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        text = " ".join(answer.casefold().split())
        wanted = [normalize_answer(one) for one in references]
        found = any(one and re.search(rf"(?<!\w){re.escape(one)}(?!\w)", text) for one in wanted)
        return binary_score(found, answer, references)


class ChoiceMatch(ReferenceEvaluator):
    """1 where the answer names the letter of a reference, and no other letter."""

    name = "choice"

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        said = _CHOICE_CONTRACT.read_answer(answer)
        if said is None:
            return NO_ANSWER
        return binary_score(said in {_CHOICE_CONTRACT.read_answer(one) for one in references}, answer, references)


class TokenF1(ReferenceEvaluator):
    """The F1 overlap of words with the best reference, as SQuAD counts: no case, punctuation or articles."""

    name = "token_f1"

    def compare(self, answer: str, references: tuple[str, ...]) -> Score:
        said = _squad_tokens(answer)
        value, best = max((token_f1(said, _squad_tokens(one)), one) for one in references)
        return Score(value=value, feedback=None if value == 1 else f"wanted {shorten(best)!r}")


class RegexMatch:
    """1 where `pattern` is found in the answer; without a pattern, each reference is one."""

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
            found = any(re.search(one, answer, re.DOTALL) for one in example.outputs)
        except re.error as error:
            return Score(value=0.0, failure="example", feedback=f"the reference is no pattern: {error}")
        return binary_score(found, answer, example.outputs)


def token_f1(said: list[str], wanted: list[str]) -> float:
    """F1 of two bags, in [0, 1]; two empty bags are the same."""
    if not said or not wanted:
        return float(said == wanted)
    common = sum((Counter(said) & Counter(wanted)).values())
    return 2 * common / (len(said) + len(wanted))


def _squad_tokens(text: str) -> list[str]:
    return [word for word in text.casefold().translate(_PUNCTUATION).split() if word not in _ARTICLES]
