"""Suggestions for misspelled names."""

from __future__ import annotations

from collections.abc import Iterable


def closest_name(word: str, possible: Iterable[str]) -> str | None:
    """The most similar possible name, or None if none is similar."""
    from rapidfuzz import fuzz, process

    # 60 of 100 still pairs "acuracy" with "accuracy", and no longer unrelated short names.
    match = process.extractOne(word, list(possible), scorer=fuzz.ratio, score_cutoff=60, processor=str.casefold)
    return str(match[0]) if match else None


def did_you_mean(word: str, possible: Iterable[str]) -> str | None:
    """A remedy for an unknown name: the closest one as a question, or None."""
    near = closest_name(word, possible)
    return f"did you mean {near!r}?" if near else None
