"""Names that are nearly right."""

from __future__ import annotations

from collections.abc import Iterable


def closest_name(word: str, possible: Iterable[str]) -> str | None:
    """The possible name that a person most likely meant, or None where none is near."""
    from rapidfuzz import fuzz, process

    found = process.extractOne(word, list(possible), scorer=fuzz.ratio, score_cutoff=60, processor=str.casefold)
    return str(found[0]) if found else None


def did_you_mean(word: str, possible: Iterable[str]) -> str | None:
    """A remedy for an unknown name: the close match as a question, or None."""
    near = closest_name(word, possible)
    return f"did you mean {near!r}?" if near else None
