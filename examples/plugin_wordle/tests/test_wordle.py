"""maieutic-wordle keeps Maieutic's contracts."""

from __future__ import annotations

from typing import Any

import pytest
from maieutic.agents.asks.replies import PromptReply
from maieutic.testing import EvaluatorConformance, OperatorConformance, StrategyConformance
from maieutic_wordle import ClueOperator, ColoursEvaluator, GuessStrategy, colours


@pytest.mark.parametrize(
    ("guess", "secret", "told"),
    [("crane", "crane", "GGGGG"), ("nacre", "crane", "YYYYG"), ("speed", "abide", "--Y-Y"), ("a", "abba", "G---")],
)
def test_colours_are_those_of_the_game(guess: str, secret: str, told: str) -> None:
    assert colours(guess, secret) == told


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
