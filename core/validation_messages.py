"""Pydantic's validation errors in the words of this package's error messages."""

from __future__ import annotations

import re

from pydantic import ValidationError


def validation_message(error: ValidationError) -> tuple[str, tuple[str, ...]]:
    """The first error as words that follow the name of the value, and the possible values."""
    first = error.errors(include_url=False)[0]
    if first["type"] in ("literal_error", "enum"):
        return "is none of the possible values", tuple(re.findall(r"'([^']*)'", str(first["ctx"]["expected"])))
    if first["type"] in ("bool_type", "bool_parsing"):
        return "is neither true nor false", ("true", "false")
    if first["type"] in ("missing", "extra_forbidden"):
        return "is missing" if first["type"] == "missing" else "is unknown", ()
    return first["msg"].replace("Input should", "should", 1), ()


def validation_location(error: ValidationError) -> str:
    """The position of the first error, as dotted keys."""
    return ".".join(str(part) for part in error.errors(include_url=False)[0]["loc"])
