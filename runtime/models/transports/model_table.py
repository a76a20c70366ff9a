"""The table of models that litellm ships with, read without importing litellm, which takes seconds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ....core.models import ModelRef

_FILE = "model_prices_and_context_window_backup.json"


def table_entry(model: ModelRef) -> Mapping[str, Any] | None:
    """The chat model's line, under its whole name or the part behind the provider; None where it has none."""
    table = _table()
    for name in (model.id, model.name):
        entry = table.get(name)
        if isinstance(entry, dict) and entry.get("mode", "chat") in ("chat", "responses", "completion"):
            return entry
    return None


@cache
def _table() -> Mapping[str, Any]:
    package = find_spec("litellm")
    if package is None or package.origin is None:
        return {}
    try:
        content = json.loads((Path(package.origin).parent / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def chat_model_names(prefix: str) -> list[str]:
    """The chat models whose `provider/name` begins so, sorted."""
    names = set()
    for name, entry in _table().items():
        if isinstance(entry, dict) and entry.get("mode") == "chat" and entry.get("litellm_provider"):
            full = name if "/" in name else f"{entry['litellm_provider']}/{name}"
            if full.startswith(prefix):
                names.add(full)
    return sorted(names)
