"""Formats of one prompt that mean the same: field names, separators, spacing, casing and enumerations."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import product
from random import Random

from ...core.measures import PromptVariant
from ...core.prompt import Prompt
from ...core.protocols import NEEDS_NOTHING, Need, Team

_FIELDS = (("Input", "Output"), ("Question", "Answer"), ("Text", "Label"), ("Passage", "Answer"))
_AFTER_NAME = (": ", " - ", ":: ", ":\n", " = ", " || ", "\t", ":  ")
_BETWEEN = ("\n\n", "\n", "\n---\n", " || ", "\n\n\n")
_CASINGS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("Title", str.title),
    ("UPPER", str.upper),
    ("lower", str.lower),
)
_MARKS: tuple[tuple[str, Callable[[int], str]], ...] = (
    ("- ", lambda number: "- "),
    ("* ", lambda number: "* "),
    ("1. ", lambda number: f"{number}. "),
    ("1) ", lambda number: f"{number}) "),
    ("(a) ", lambda number: f"({chr(96 + number)}) " if number <= 26 else f"({number}) "),
    ("[1] ", lambda number: f"[{number}] "),
)
_LIST_LINE = re.compile(r"^([ \t]*)(?:[-*•]|\d{1,2}[.)]|\([a-z0-9]{1,2}\)|\[\d{1,2}\])[ \t]+(?=\S)", re.MULTILINE)
_FIELD_LINE = re.compile(
    r"^([A-Za-z][A-Za-z ]{0,20}?)[ \t]*(?:::|\|\||[:=-])[ \t\n]*(?=\{[A-Za-z_]\w*\}[ \t]*$)", re.MULTILINE
)


class FormatPerturber:
    """Draws formats from the grammar of FormatSpread (Sclar et al., arXiv 2310.11324), without a model.

    A format is a pair of field names with their casing, what stands between name and value, what stands between blocks,
    and the marks of enumerations. Where the prompt is a template, its own `Name: {field}` lines are rewritten.
    """

    name = "format"
    needs: frozenset[Need] = NEEDS_NOTHING
    calls = 0

    async def vary_prompt(self, prompt: Prompt, count: int, *, rng: Random, team: Team) -> Sequence[PromptVariant]:
        grammar = list(product(_FIELDS, _CASINGS, _AFTER_NAME, _BETWEEN, _MARKS))
        rng.shuffle(grammar)
        variants: dict[str, PromptVariant] = {}
        for names, (case_name, case), after, between, (mark_name, mark) in grammar:
            if len(variants) >= count:
                break
            instruction = _with_marks(prompt.instruction, mark)
            instruction = _FIELD_LINE.sub(lambda match: case(match[1]) + after, instruction)  # noqa: B023 - used at once
            style = prompt.format.model_copy(
                update={
                    "input_prefix": case(names[0]) + after,
                    "output_prefix": (case(names[1]) + after).rstrip(),
                    "separator": between,
                }
            )
            if prompt.placeholders:  # a template is sent as it stands: only its own text can change
                style = prompt.format.model_copy(update={"separator": between})
            varied = prompt.with_(instruction=instruction, format=style)
            if varied.id == prompt.id or varied.placeholders != prompt.placeholders:
                continue
            change = f"{case_name} {names[0]}/{names[1]}, after names {after!r}, between blocks {between!r}"
            marks = f", lists {mark_name.strip()!r}" if instruction != prompt.instruction else ""
            variants.setdefault(varied.id, PromptVariant(prompt=varied, change=f"{change}{marks}", component="format"))
        return list(variants.values())


def _with_marks(text: str, mark: Callable[[int], str]) -> str:
    """Every list line of a text with the marks of one enumeration, numbered from 1."""
    number = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal number
        number += 1
        return match[1] + mark(number)

    return _LIST_LINE.sub(replace, text)
