"""Perturbers: what they change, what they leave, and where the right answer goes."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from maieutic.agents.asks.replies import TextReply
from maieutic.core.dataset import Example
from maieutic.core.prompt import Demo, Format, Prompt
from maieutic.plugins.perturbers.inputs import OptionOrderPerturber, RephrasePerturber, option_rotations
from maieutic.plugins.perturbers.layouts import FormatPerturber
from maieutic.plugins.perturbers.wordings import DemoOrderPerturber, TypoPerturber
from maieutic.testing.conformance.operators import SilentTeam

CHOICE = Example(input="Which is a colour?\n\nA. red\nB. seven\nC. loud", outputs=("B",))


def vary(perturber: Any, subject: Any, count: int, say: Any = lambda ask: None) -> Any:
    method = perturber.vary_prompt if isinstance(subject, Prompt) else perturber.vary_example
    return asyncio.run(method(subject, count, rng=Random(1), team=SilentTeam(say)))


def test_a_format_changes_the_layout_and_no_word() -> None:
    prompt = Prompt(instruction="Name it:\n- be short\n- be sure", format=Format(answer_hint="One word."))
    variants = vary(FormatPerturber(), prompt, 9)
    assert len({variant.prompt.id for variant in variants}) == 9
    for variant in variants:
        words = variant.prompt.instruction.replace("be short", "").replace("be sure", "")
        assert "be short" in variant.prompt.instruction
        assert "Name it:" in words
        assert variant.prompt.format.answer_hint == "One word."


def test_a_template_keeps_its_fields_and_changes_their_names() -> None:
    prompt = Prompt(instruction="Rate it.\nReview: {review}\nRating:")
    variants = vary(FormatPerturber(), prompt, 9)
    assert {variant.prompt.placeholders for variant in variants} == {("review",)}
    assert any("REVIEW" in variant.prompt.instruction for variant in variants)


def test_a_prompt_without_demos_has_no_other_order_of_them() -> None:
    assert vary(DemoOrderPerturber(), Prompt(instruction="Name it."), 3) == []
    two = Prompt(instruction="Name it.", demos=(Demo(input="a", output="b"), Demo(input="c", output="d")))
    (variant,) = vary(DemoOrderPerturber(), two, 3)
    assert variant.prompt.demos == two.demos[::-1]


def test_a_typing_error_leaves_fields_alone() -> None:
    for variant in vary(TypoPerturber(), Prompt(instruction="Classify the {review} carefully."), 4):
        assert variant.prompt.placeholders == ("review",)
        assert sorted(variant.prompt.instruction) == sorted("Classify the {review} carefully.")


def test_the_reference_moves_with_its_option() -> None:
    first, second = vary(OptionOrderPerturber(), CHOICE, 5)
    assert first.example.text.endswith("A. seven\nB. loud\nC. red")
    assert (first.example.outputs, second.example.outputs) == (("A",), ("C",))
    assert [row.outputs[0] for row in option_rotations(CHOICE)] == ["B", "A", "C"]
    assert option_rotations(Example(input="no options", outputs=("B",))) == []
    assert option_rotations(CHOICE.model_copy(update={"outputs": ("seven",)})) == []


def test_options_are_not_reworded() -> None:
    asked = []

    def say(ask: Any) -> TextReply:
        asked.append(ask.text)
        return TextReply(text="Name a colour, please?")

    (variant,) = vary(RephrasePerturber(strength=1.5), CHOICE, 1, say)
    assert asked == ["Which is a colour?"]
    assert variant.example.text == "Name a colour, please?\n\nA. red\nB. seven\nC. loud"
    assert variant.example.outputs == ("B",)
