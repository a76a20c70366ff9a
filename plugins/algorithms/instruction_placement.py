"""Where a long instruction stands beside worked examples: once, not before each of them."""

from __future__ import annotations

from ...core.prompt import Prompt
from ...core.words import length_in_words

# Repeated before each of twelve examples, sixty words are a thousand tokens a call: more than the examples.
_MOST_REPEATED_WORDS = 60


def placed_once(prompt: Prompt) -> Prompt:
    """The prompt with its instruction before the first example alone, where it is long and would stand before each.

    One with placeholders stays, since it takes another text for each input.
    """
    style = prompt.format
    repeated = len(prompt.demos) > 1 and style.demos == "turns" and style.placement == "user"
    if not repeated or prompt.placeholders or length_in_words(prompt.instruction) <= _MOST_REPEATED_WORDS:
        return prompt
    return prompt.with_(format=style.model_copy(update={"placement": "first"}))
