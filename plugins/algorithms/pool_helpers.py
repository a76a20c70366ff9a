"""Candidates that are measured next beside those of the operators."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.search_types import Search


def human_candidates(search: Search) -> list[str]:
    """Candidates that people wrote and that are undecided."""
    return [candidate.id for candidate in search.archive.with_status("racing") if candidate.operator == "person"]


def unmeasured_candidates(search: Search, new: Sequence[str]) -> list[str]:
    """The baseline until it is measured, candidates of people, and the new ones."""
    start = search.archive.baseline.id
    first = [] if search.archive.scores.count(start, search.val) else [start]
    return list(dict.fromkeys([*first, *human_candidates(search), *new]))
