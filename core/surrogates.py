"""Halves of surrogate pairs: JSON may hold them, and no file, database or terminal can."""

from __future__ import annotations

import re

_HALF_PAIR = re.compile("[\ud800-\udfff]")
# In JSON: an escaped backslash, a whole pair, or a half one; only the last is replaced.
_ESCAPE = re.compile(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


def replace_half_pairs(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair."""
    return text if text.isascii() else _HALF_PAIR.sub("\ufffd", text)


def replace_escaped_half_pairs(json_text: str) -> str:
    """The same for a JSON text, where escapes may stand for them."""
    text = replace_half_pairs(json_text)
    return _ESCAPE.sub(lambda match: "\\ufffd" if match[1] else match[0], text) if "\\u" in text else text
