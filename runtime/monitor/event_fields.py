"""Tolerant access to an event's data: a missing field, or one of a wrong type, gives a default."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_MAX_NUMBER = 1e18


def directive_kind(data: Mapping[str, Any]) -> str:
    """The kind of the directive in an event's data."""
    directive = data.get("directive")
    return text_field(directive, "kind") if isinstance(directive, Mapping) else ""


def float_field(data: Mapping[str, Any], key: str) -> float | None:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -_MAX_NUMBER < value < _MAX_NUMBER else None


def count_field(data: Mapping[str, Any], key: str, otherwise: int) -> int:
    value = float_field(data, key)
    return int(value) if value is not None and value >= 0 else otherwise


def text_field(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def text_list_field(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = data.get(key)
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else ()


def parse_time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        return None
