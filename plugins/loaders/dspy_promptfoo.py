"""Loads DSPy examples. The loader of promptfoo tests is in `promptfoo`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import PluginError, TaskError, UsageError
from ...runtime.tasks.rows import SourceRow, read_json, read_json_lines
from ..system.imports import load_function
from .promptfoo import PromptfooLoader as PromptfooLoader


class DspyLoader:
    """`dspy:trainset.json` (or .jsonl): rows as `Example.toDict()` gives them; `dspy:my_data.py:trainset` or
    `dspy:package.module:trainset`: a function that returns `dspy.Example`s.

    If an example declares its input fields, these are the input and the first other field is the output. Rows of a
    file are read by their column names, as any others.
    """

    name = "dspy"

    def read(self, source: str, folder: Path) -> list[SourceRow]:
        if Path(source).suffix.casefold() in (".json", ".jsonl"):
            return (read_json if source.endswith(".json") else read_json_lines)(folder / source)
        try:
            listed = load_function(source, folder)()
        except (UsageError, PluginError) as error:
            raise TaskError(error.what, where=f"dspy:{source}", possible=error.possible, remedy=error.remedy) from error
        if not isinstance(listed, Sequence):
            raise TaskError(f"{source} returns {type(listed).__name__}, not a list of examples", where=f"dspy:{source}")
        return [
            _row_from_example(example, f"dspy:{source} example {number}") for number, example in enumerate(listed, 1)
        ]


def _row_from_example(example: Any, where: str) -> SourceRow:
    if isinstance(example, Mapping):
        return SourceRow(fields=dict(example), where=where)
    if not hasattr(example, "toDict"):
        raise TaskError(f"this is {type(example).__name__}, no example", where=where)
    if getattr(example, "_input_keys", None) is None:
        return SourceRow(fields=example.toDict(), where=where)
    inputs, labels = example.inputs().toDict(), example.labels().toDict()
    value: Any = next(iter(inputs.values())) if len(inputs) == 1 else inputs
    first = next(iter(labels), None)
    others = {name: label for name, label in labels.items() if name != first}
    return SourceRow(fields={**others, "input": value, **({"output": labels[first]} if first else {})}, where=where)
