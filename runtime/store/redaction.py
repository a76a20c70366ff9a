"""Keeps secrets out of the store, also where an error text or a model's answer repeats one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

_SECRET_ENDINGS = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD")
_MIN_SECRET_LENGTH = 8


def redact(text: str, environment: Mapping[str, str] | None = None) -> str:
    """The text with the value of every secret environment variable replaced by its name in brackets.

    A variable is secret by its name (`…_KEY`, `…_TOKEN`, `…_SECRET`, `…_PASSWORD`). Values under 8 characters are
    left alone, because they would match ordinary words.
    """
    return _replace(text, _secrets(os.environ if environment is None else environment))


def redact_json(value: Any, environment: Mapping[str, str] | None = None) -> Any:
    """A copy of a JSON value with all texts redacted, field names included."""
    secrets = _secrets(os.environ if environment is None else environment)
    return _walk(value, secrets) if secrets else value


def _secrets(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """Longest first: of a secret that begins with another one, the rest must not stay."""
    secrets = [
        (value, f"[{name}]")
        for name, value in environment.items()
        if name.upper().endswith(_SECRET_ENDINGS) and len(value) >= _MIN_SECRET_LENGTH
    ]
    return sorted(secrets, key=lambda secret: -len(secret[0]))


def _replace(text: str, secrets: list[tuple[str, str]]) -> str:
    for value, name in secrets:
        text = text.replace(value, name)
    return text


def _walk(value: Any, secrets: list[tuple[str, str]]) -> Any:
    if isinstance(value, str):
        return _replace(value, secrets)
    if isinstance(value, Mapping):
        return {_walk(name, secrets): _walk(item, secrets) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_walk(item, secrets) for item in value]
    return value
