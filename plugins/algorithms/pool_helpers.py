"""Who is looked at next beside what the operators made."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.search_types import Search


def human_candidates(search: Search) -> list[str]:
    """What people wrote and nobody has decided on."""
    return [one.id for one in search.archive.with_status("racing") if one.operator == "person"]


def unmeasured_candidates(search: Search, new: Sequence[str]) -> list[str]:
    """The start prompt until it was measured, what people wrote, and the new ones."""
    start = search.archive.baseline.id
    first = [] if search.archive.scores.count(start, search.val) else [start]
    return list(dict.fromkeys([*first, *human_candidates(search), *new]))
