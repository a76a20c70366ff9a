"""A long instruction beside worked examples is sent once."""

from __future__ import annotations

import pytest
from maieutic.core.dataset import Example
from maieutic.core.prompt import Demo, Format, Prompt
from maieutic.core.render import render
from maieutic.plugins.algorithms.instruction_placement import placed_once

LONG, SHORT = "Weigh every word of the review. " * 20, "Judge the review."
DEMOS = tuple(Demo(input=f"review {n}", output="good") for n in range(8))


@pytest.mark.parametrize(
    ("prompt", "placement"),
    [
        (Prompt(instruction=LONG, demos=DEMOS), "first"),
        (Prompt(instruction="逐字权衡这篇影评。" * 20, demos=DEMOS), "first"),
        (Prompt(instruction=SHORT, demos=DEMOS), "user"),
        (Prompt(instruction=LONG, demos=DEMOS[:1]), "user"),
        (Prompt(instruction=LONG, demos=DEMOS, format=Format(demos="text")), "user"),
        (Prompt(instruction=LONG, demos=DEMOS, format=Format(placement="system")), "system"),
        (Prompt(instruction=LONG + "{text}", demos=DEMOS), "user"),
    ],
)
def test_a_long_instruction_stands_before_the_first_example_alone(prompt: Prompt, placement: str) -> None:
    assert placed_once(prompt).format.placement == placement
    assert placed_once(prompt).instruction == prompt.instruction


def test_it_is_sent_once() -> None:
    messages = render(placed_once(Prompt(instruction=LONG, demos=DEMOS)), Example(input="review 9"))
    assert sum(str(message).count(LONG.strip()) for message in messages) == 1
