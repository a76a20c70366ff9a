"""How checkpoints are written and read: without keys, and as plain values alone.

A store may come from elsewhere. LangGraph's own serializer makes objects of any class that a checkpoint names; the
state of a run is plain data, so that nothing but LangGraph's own values is made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from ..runtime.store.redaction import Redactor


class PlainSerializer(JsonPlusSerializer):
    """redactor: knows the keys of the run."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__(allowed_msgpack_modules=None)
        self._redactor = redactor

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        return super().dumps_typed(self._redacted(obj))

    def _redacted(self, value: Any) -> Any:
        """The value without keys; what holds none stays the same object."""
        if isinstance(value, str):
            return self._redactor.text(value)
        if isinstance(value, BaseException):
            return self._redactor.text(repr(value))
        if isinstance(value, Mapping):
            changed = {self._redacted(key): self._redacted(item) for key, item in value.items()}
            return changed if changed != value else value
        if type(value) in (list, tuple):
            items = [self._redacted(item) for item in value]
            return type(value)(items) if any(a is not b for a, b in zip(items, value, strict=True)) else value
        return value
