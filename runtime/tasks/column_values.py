"""Values in rows: reached by dotted paths, written as texts. Conversations and answer options become readable text."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ...core.conversation import MESSAGES, is_chat
from .image_values import is_image
from .source_row import SourceRow

MISSING: Final = object()
_MAX_DEPTH = 3  # of objects in objects whose leaves are listed as columns
_ROLES = {"human": "user", "gpt": "assistant", "bot": "assistant", "model": "assistant"}  # of ShareGPT and the like


def value_at(fields: Mapping[str, Any], path: str) -> Any:
    """The value of a column, or at a dotted path into its objects; MISSING if there is none."""
    if path in fields:
        return fields[path]
    stripped = next((value for name, value in fields.items() if str(name).strip() == path), MISSING)
    if stripped is not MISSING or "." not in path:
        return stripped
    # A column's own name may have dots, so the longest prefix that is a column counts.
    parts = path.split(".")
    for end in range(len(parts) - 1, 0, -1):
        head = ".".join(parts[:end])
        if head in fields:
            return _descend(fields[head], parts[end:])
    return MISSING


def leaf_paths(rows: Sequence[SourceRow]) -> list[str]:
    """The columns of all rows, those of objects by the paths of their values."""
    return list(dict.fromkeys(path for row in rows for path in _leaves(row.fields, "", 0)))


def is_blank(value: Any) -> bool:
    """Whether a value stands for none: missing, null, NaN, an empty text, list or object."""
    if value is MISSING or value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return isinstance(value, str | list | tuple | dict) and not (value.strip() if isinstance(value, str) else value)


def as_text(value: Any) -> str:
    """A value as the text of a reference or an id. NaN and null are no text."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if math.isnan(value):
            return ""
        case int() | float():
            return str(value)
        case _:
            return json.dumps(json_value(value), ensure_ascii=False, sort_keys=True)


def json_value(value: Any) -> Any:
    """A value that JSON can hold; NaN becomes null, dates and the like become text."""
    if isinstance(value, dict):
        return {str(name): json_value(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, float) and math.isnan(value):
        return None
    return value if isinstance(value, str | bool | int | float | None) else str(value)


def readable_text(value: Any) -> str:
    """A value beside the input, such as the contexts of a question, as plain lines."""
    match value:
        case dict():
            return "\n".join(f"{name}: {readable_text(item)}" for name, item in value.items())
        case list() | tuple():
            return "\n".join(readable_text(item) for item in value)
        case _:
            return as_text(value)


def is_conversation(value: Any) -> bool:
    """Whether a value is a list of chat messages, with `role` and `content` or ShareGPT's `from` and `value`."""
    return isinstance(value, list | tuple) and bool(value) and all(_turn(item) is not None for item in value)


def split_last_turn(value: Sequence[Any]) -> tuple[Sequence[Any], str]:
    """The turns before the last one of the assistant, and its text; empty if another has the last word."""
    role, text = _turn(value[-1]) or ("", "")
    return (value[:-1], text) if role == "assistant" else (value, "")


def conversation_text(value: Sequence[Any]) -> str:
    """Chat messages as `role: text` blocks; a single one of the user as its text."""
    turns = [turn for item in value if (turn := _turn(item)) is not None]
    if [role for role, _ in turns] == ["user"]:
        return turns[0][1]
    return "\n\n".join(f"{role}: {text}" for role, text in turns)


def conversation_input(value: Sequence[Any]) -> str | dict[str, Any]:
    """Chat messages as the input of an example, with their roles; a single one of the user as its text.

    Messages of roles that no model knows are one text.
    """
    turns = [_chat_message(item) for item in value]
    if [turn["role"] for turn in turns] == ["user"] and isinstance(turns[0]["content"], str):
        return str(turns[0]["content"])
    return {MESSAGES: turns} if is_chat(turns) else conversation_text(value)


def _chat_message(item: Any) -> dict[str, Any]:
    """A message in OpenAI's spelling, whatever the tool called role and text."""
    if "role" in item and "content" in item:
        return {**item, "role": _ROLES.get(str(item["role"]), item["role"])}
    role, content = _turn(item) or ("", "")
    return {"role": role, "content": content}


def options_text(options: Sequence[Any]) -> str:
    """Answer options with letters, one a line."""
    return "\n".join(f"{_letter(number)}. {as_text(option)}" for number, option in enumerate(options))


def option_letter(reference: Any, options: Sequence[Any], *, by_text: bool) -> str | None:
    """The letter of the right option, given as its index, its letter or, if `by_text`, its text; None for another."""
    if isinstance(reference, int) and not isinstance(reference, bool):
        return _letter(reference) if 0 <= reference < len(options) else None
    text = as_text(reference).strip()
    texts = [as_text(option).strip() for option in options]
    if text in texts and by_text:
        return _letter(texts.index(text))
    if len(text) == 1 and text.upper() in map(_letter, range(len(options))):
        return text.upper()
    if text.isdecimal() and text not in texts and int(text) < len(options):
        return _letter(int(text))
    return None


def _letter(number: int) -> str:
    return chr(ord("A") + number)


def _turn(item: Any) -> tuple[str, str] | None:
    """Role and text of a chat message; None if it is not one."""
    if not isinstance(item, dict):
        return None
    role, content = item.get("role", item.get("from")), item.get("content", item.get("value"))
    if isinstance(content, list):  # parts, as multimodal APIs write them
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "\n".join(text for text in texts if isinstance(text, str))
    if content is None and item.get("tool_calls"):
        content = ""  # an assistant that only calls tools
    if not isinstance(role, str) or not isinstance(content, str):
        return None
    return _ROLES.get(role, role), content


def _descend(value: Any, parts: Sequence[str]) -> Any:
    for number, part in enumerate(parts):
        if isinstance(value, dict):
            rest = ".".join(parts[number:])
            if rest in value:
                return value[rest]
            value = value.get(part, MISSING)
        elif isinstance(value, list | tuple) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return value


def _leaves(fields: Mapping[Any, Any], prefix: str, depth: int) -> Iterator[str]:
    for name, value in fields.items():
        path = f"{prefix}{str(name).strip()}"
        if isinstance(value, dict) and value and depth < _MAX_DEPTH and not is_image(value):
            yield from _leaves(value, f"{path}.", depth + 1)
        else:
            yield path
