"""A row and an output as metrics written for other tools expect to see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...core.dataset import Example
from ...core.models import Output


class _FieldsView(Mapping[str, Any]):
    """Read-only; its fields are attributes and keys alike."""

    def __init__(self, fields: Mapping[str, Any], text: str) -> None:
        self._fields = dict(fields)
        self._text = text

    def __getitem__(self, name: str) -> Any:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._fields:
            raise AttributeError(f"there is no {name!r} here, only {', '.join(sorted(self._fields))}")
        return self._fields[name]

    def __str__(self) -> str:
        return self._text


class ExampleView(_FieldsView):
    """An example: its metadata, the fields of its input, and the usual names for its input and reference."""

    def __init__(self, example: Example) -> None:
        fields: dict[str, Any] = {}
        fields |= dict.fromkeys(("output", "answer", "target", "expected", "label", "reference"), example.output)
        fields |= dict.fromkeys(("input", "inputs", "question", "text"), example.text)
        fields |= {"id": example.id, "outputs": example.outputs, "references": example.outputs}
        fields |= {"metadata": dict(example.metadata)}
        fields = {**dict(example.metadata), **fields}
        if isinstance(example.input, Mapping):
            fields |= {**example.input, "inputs": dict(example.input)}
        super().__init__(fields, example.text)


class PredictionView(_FieldsView):
    """An output: its whole text, and the answer that was read from it (None where none could be)."""

    def __init__(self, output: Output, answer: str | None) -> None:
        fields: dict[str, Any] = dict.fromkeys(("answer", "label", "prediction", "target"), answer)
        fields |= dict.fromkeys(("text", "output", "outputs", "response", "completion"), output.text)
        fields |= {"messages": output.messages, "trajectory": output.trajectory}
        super().__init__(fields, output.text)
