"""Texts of examples, prompts and models on a terminal: none may move its cursor, set its title or turn lines round."""

from __future__ import annotations

import json
import re
from typing import Any

# C0 but tab and newline, DEL, C1, the other line ends, direction marks and overrides, and halves of surrogate pairs,
# which no encoding can write. Joiners stay: emoji and several scripts need them.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)


def clean(text: str) -> str:
    """The text without what could control a terminal: each such character becomes a middle dot."""
    return _CONTROL.sub("·", text.replace("\r\n", "\n"))


def escape_json(text: str) -> str:
    """JSON text whose strings escape those characters, so that a parser reads all of them back."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def json_text(value: Any, *, indent: int | None = None) -> str:
    """The value as escaped JSON."""
    return escape_json(json.dumps(value, ensure_ascii=False, indent=indent))
