"""maieutic-wordle meets the contracts of its kinds."""

from __future__ import annotations

from typing import Any

import pytest
from maieutic.plugin import PromptReply
from maieutic.testing import EvaluatorConformance, OperatorConformance, StrategyConformance
from maieutic_wordle import ClueOperator, ColoursEvaluator, GuessStrategy, colours


@pytest.mark.parametrize(
    ("guess", "secret", "pattern"),
    [("crane", "crane", "GGGGG"), ("nacre", "crane", "YYYYG"), ("speed", "abide", "--Y-Y"), ("a", "abba", "G---")],
)
def test_colours_are_those_of_the_game(guess: str, secret: str, pattern: str) -> None:
    assert colours(guess, secret) == pattern


class TestColours(EvaluatorConformance):
    def make(self) -> Any:
        return ColoursEvaluator()


class TestClue(OperatorConformance):
    def make(self) -> Any:
        return ClueOperator()

    def say(self, ask: Any) -> PromptReply:
        return PromptReply(prompt="Think of a word with two vowels.")


class TestGuess(StrategyConformance):
    def make(self) -> Any:
        return GuessStrategy()
