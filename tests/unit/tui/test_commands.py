"""Commands behind a colon: words, quotes and named values."""

from __future__ import annotations

import pytest
from maieutic.tui.screens.questions import command_words
from maieutic.tui.steer import named_values

LIMITS = ("calls", "tokens", "minutes")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('hint "be brief, please"', ["hint", "be brief, please"]),
        ("hint don't guess", ["hint", "don't", "guess"]),
        ("budget calls=900", ["budget", "calls=900"]),
        ("", []),
    ],
)
def test_quotes_hold_words_together_and_an_apostrophe_is_none(text: str, words: list[str]) -> None:
    assert command_words(text) == words


@pytest.mark.parametrize(
    ("words", "rest", "values"),
    [
        (["calls=900"], [], {"calls": "900"}),
        (["calls", "900"], [], {"calls": "900"}),
        (["minutes=5", "calls=900"], [], {"minutes": "5", "calls": "900"}),
        (["c-1", "calls=900"], ["c-1"], {"calls": "900"}),
        (["900"], ["900"], {}),
        (["x=y"], ["x=y"], {}),
    ],
)
def test_limits_have_their_names(words: list[str], rest: list[str], values: dict[str, str]) -> None:
    """`:budget calls=900` was read as the number of calls `calls=900`."""
    assert named_values(words, LIMITS) == (rest, values)
