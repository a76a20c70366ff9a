"""Variants of an input: with the outputs of earlier steps of a chain, or with its options in another order."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...core.dataset import Example
from ...core.prompt import Prompt

_OPTION = re.compile(
    r"^(?P<before>[ \t]*)(?P<open>\(?)(?P<letter>[A-Z])(?P<close>[).:])(?P<gap>[ \t]+)(?P<text>\S.*)$", re.M
)
_MIN_OPTIONS = 2


def step_heading(name: str) -> str:
    """The heading of a step's output: the step's name without its number."""
    return (name.partition("-")[2] or name).replace("-", "_")


def with_step_output(row: Example, name: str, output: str) -> Example:
    """The example with a step's output: appended to a text, or as another field of a mapping."""
    heading, output = step_heading(name), output.strip()
    if isinstance(row.input, str):
        return row.model_copy(update={"input": f"{row.input}\n\n{heading}:\n{output}"})
    return row.model_copy(update={"input": {**row.input, heading: output}})


def option_orders(prompt: Prompt, row: Example) -> list[tuple[Example, Mapping[str, str]]]:
    """The example in each option order of the prompt, with the map from shown letter to original letter."""
    variants: list[tuple[Example, Mapping[str, str]]] = []
    for turn in range(max(1, prompt.format.shuffles)):
        if isinstance(row.input, str):
            text, letters = shuffle_options(row.input, turn)
            variant = row.model_copy(update={"input": text})
        else:
            variant, letters = row, {}
            for field, value in row.input.items():
                shuffled_text, mapping = shuffle_options(str(value), turn)
                if mapping:
                    variant, letters = row.model_copy(update={"input": {**row.input, field: shuffled_text}}), mapping
                    break
        if letters or not turn:
            variants.append((variant, letters))
    return variants


def shuffle_options(text: str, turn: int) -> tuple[str, dict[str, str]]:
    """Rotate the options of a text by `turn` positions.

    Options are lines that begin with A, B, C … in order, each once.

    Returns:
        The new text, and new letter → original letter. If there are no options, or the rotation changes nothing: the
        text as it is and an empty mapping.
    """
    options = list(_OPTION.finditer(text))
    letters = [option["letter"] for option in options]
    if len(options) < _MIN_OPTIONS or letters != [chr(ord("A") + index) for index in range(len(options))]:
        return text, {}
    turn %= len(options)
    if not turn:
        return text, {}
    pieces, end = list[str](), 0
    for index, option in enumerate(options):
        moved = options[(index + turn) % len(options)]["text"]
        pieces += [text[end : option.start("text")], moved]
        end = option.end("text")
    originals = {letters[index]: letters[(index + turn) % len(options)] for index in range(len(options))}
    return "".join([*pieces, text[end:]]), originals


def first_option(text: str) -> int:
    """Where the first lettered option of a text begins; its length where it has none."""
    options = list(_OPTION.finditer(text))
    letters = [option["letter"] for option in options]
    listed = len(options) >= _MIN_OPTIONS and letters == [chr(ord("A") + index) for index in range(len(options))]
    return options[0].start() if listed else len(text)
