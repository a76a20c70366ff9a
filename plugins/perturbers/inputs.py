"""Variants of an input whose right answer is known: other words, or its options in another order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from ...agents.asks.replies import TextReply
from ...core.asks import CALLS_PER_ASK, Ask
from ...core.dataset import Example
from ...core.measures import ExampleVariant
from ...core.protocols import NEEDS_NOTHING, Need, Team
from ..algorithms.input_variants import first_option, shuffle_options

_DEGREES = (
    (0.75, "Change a few words only: use a synonym here and there."),
    (1.25, "Say each sentence in other words."),
    (float("inf"), "Say all of it in entirely other words, with other sentences, in another order."),
)


class RephraseInput(Ask[TextReply]):
    """The input of an example in other words (C-BOD, arXiv 2502.07445)."""

    role = "student"
    skill = "rephrase-input"
    reply = TextReply
    text: str
    degree: str


@dataclass(kw_only=True)
class RephrasePerturber:
    """The input in other words, by an optimizer model. Lettered options stay as they are.

    Args:
        strength: How far from the original: 0.5 a few words, 1 every sentence, 1.5 all of it.
    """

    name = "rephrase"
    needs: ClassVar[frozenset[Need]] = frozenset({"optimizer"})
    calls = CALLS_PER_ASK

    strength: float = 1.0

    async def vary_example(self, example: Example, count: int, *, rng: Random, team: Team) -> Sequence[ExampleVariant]:
        field, text = longest_field(example)
        cut = first_option(text)
        head, options = text[:cut], text[cut:]
        degree = next(words for most, words in _DEGREES if self.strength < most)
        variants: dict[str, ExampleVariant] = {}
        for _ in range(count if head.strip() else 0):
            reply = await team.act(RephraseInput(text=head.strip(), degree=degree))
            if reply is None or not reply.text.strip() or reply.text.strip() == head.strip():
                continue
            ending = head[len(head.rstrip()) :]
            varied = with_field(example, field, reply.text.strip() + ending + options, example.outputs)
            variants[varied.id] = ExampleVariant(example=varied, change=f"reworded at strength {self.strength:g}")
        return list(variants.values())


class OptionOrderPerturber:
    """Lettered options in another order; a letter as the reference moves with its option."""

    name = "option-order"
    needs: frozenset[Need] = NEEDS_NOTHING
    calls = 0

    async def vary_example(self, example: Example, count: int, *, rng: Random, team: Team) -> Sequence[ExampleVariant]:
        return [
            ExampleVariant(example=varied, change=f"options moved by {turn}")
            for turn, varied in enumerate(option_rotations(example)[1 : count + 1], 1)
        ]


def option_rotations(example: Example) -> list[Example]:
    """The example with its options in every rotation, the original first; empty for an input without options, and for
    a reference that is none of the letters."""
    field, text = longest_field(example)
    rotations = [example]
    letters: set[str] = set()
    for turn in range(1, 27):
        rotated, originals = shuffle_options(text, turn)
        if not originals or (letters and turn >= len(letters)):
            break
        letters = set(originals)
        moved = {before: after for after, before in originals.items()}
        outputs = tuple(moved.get(_letter(output), "") for output in example.outputs)
        if not all(outputs):
            return []
        rotations.append(with_field(example, field, rotated, outputs))
    return rotations if letters else []


def longest_field(example: Example) -> tuple[str, str]:
    """The field with the longest text and that text; the name is empty where the input is one text."""
    if isinstance(example.input, str):
        return "", example.input
    texts = {name: value for name, value in example.input.items() if isinstance(value, str)}
    if not texts:
        return "", ""
    name = max(texts, key=lambda field: len(texts[field]))
    return name, texts[name]


def with_field(example: Example, field: str, text: str, outputs: Sequence[str]) -> Example:
    """The example with another text in a field, under an id of its own."""
    changed = text if isinstance(example.input, str) else {**example.input, field: text}
    return Example(input=changed, outputs=tuple(outputs), metadata=example.metadata)


def _letter(output: str) -> str:
    """The letter of a reference such as `B`, `(B)` or `B.`."""
    return output.strip().strip("().:").upper()
