"""An input as a chat target shows it: with what a chain's earlier prompts said, or its options in another order."""

from __future__ import annotations

from collections.abc import Mapping

from ...core.dataset import Example
from ...core.option_shuffle import shuffle_options
from ...core.prompt import Prompt


def step_heading(name: str) -> str:
    """What a chain's prompt is called where its output is shown: its name without what orders it."""
    return (name.partition("-")[2] or name).replace("-", "_")


def with_step_output(row: Example, name: str, said: str) -> Example:
    """The row with what the prompt `name` said: behind a text, and as one more field of a mapping."""
    heading, said = step_heading(name), said.strip()
    if isinstance(row.input, str):
        return row.model_copy(update={"input": f"{row.input}\n\n{heading}:\n{said}"})
    return row.model_copy(update={"input": {**row.input, heading: said}})


def option_orders(prompt: Prompt, row: Example) -> list[tuple[Example, Mapping[str, str]]]:
    """The row in each order in which the prompt shows its options, with shown letter → letter as it was."""
    made: list[tuple[Example, Mapping[str, str]]] = []
    for turn in range(max(1, prompt.format.shuffles)):
        if isinstance(row.input, str):
            text, letters = shuffle_options(row.input, turn)
            one = row.model_copy(update={"input": text})
        else:
            one, letters = row, {}
            for field, value in row.input.items():
                told, found = shuffle_options(str(value), turn)
                if found:
                    one, letters = row.model_copy(update={"input": {**row.input, field: told}}), found
                    break
        if letters or not turn:
            made.append((one, letters))
    return made
