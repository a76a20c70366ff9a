"""Variants of an input: with the outputs of earlier steps of a chain, or with its options in another order."""

from __future__ import annotations

from collections.abc import Mapping

from ...core.dataset import Example
from ...core.option_shuffle import shuffle_options
from ...core.prompt import Prompt


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
