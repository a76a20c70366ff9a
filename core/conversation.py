"""Inputs that are conversations: chat messages under the field `messages`, with their roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .messages import Message, from_wire, readable

MESSAGES = "messages"
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})


def conversation_of(value: Any) -> tuple[Message, ...]:
    """The messages of an input; empty for an input that is no conversation."""
    listed = value.get(MESSAGES) if isinstance(value, Mapping) else None
    return tuple(map(from_wire, listed or ())) if is_chat(listed) else ()


def is_chat(value: Any) -> bool:
    """Whether a value is a list of chat messages in OpenAI's spelling, with roles that models know."""
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(turn, Mapping) and turn.get("role") in _ROLES and "content" in turn for turn in value)
    )


def conversation_as_text(messages: Sequence[Message]) -> str:
    """The messages as `role: text` blocks; a single one of the user as its text."""
    if [message["role"] for message in messages] == ["user"]:
        return readable(messages[0])
    return "\n\n".join(f"{message['role']}: {readable(message)}" for message in messages)
