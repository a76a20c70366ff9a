"""Choosing among what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.candidate import Candidate
from ...core.contracts import Decision, Search


def best_mean(search: Search, candidates: Sequence[Candidate] | None = None) -> str:
    """The highest mean on val among those measured on at least half as many rows as any; the oldest on ties.

    A prompt that was lucky on a handful of rows is no winner.
    """
    pool = list(search.archive.alive if candidates is None else candidates)
    counts = {one.id: search.archive.scores.count(one.id, search.val) for one in pool}
    most = max(counts.values(), default=0)
    measured = [one for one in pool if most and counts[one.id] * 2 >= most]
    return search.archive.ranked(measured, search.val)[0].id if measured else search.archive.start.id


def keep_top(search: Search, pool: Sequence[str], width: int) -> Mapping[str, Decision]:
    """The `width` best means stay, the rest goes."""
    ranked = search.archive.ranked([search.archive[name] for name in pool], search.val)
    return {one.id: "keep" if place < width else "drop" for place, one in enumerate(ranked)}
