"""Parts of error messages: suggestions for misspelled names, and pydantic's validation errors in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


def closest_name(word: str, possible: Iterable[str]) -> str | None:
    """The most similar possible name, or None if none is similar."""
    from rapidfuzz import fuzz, process

    # 70 of 100 still pairs a short word with one typing error, and no longer "nope" with "openai".
    match = process.extractOne(word, list(possible), scorer=fuzz.ratio, score_cutoff=70, processor=str.casefold)
    return str(match[0]) if match else None


def did_you_mean(word: str, possible: Iterable[str]) -> str | None:
    """A remedy for an unknown name: the closest one as a question, or None."""
    near = closest_name(word, possible)
    return f"did you mean {near!r}?" if near else None


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
