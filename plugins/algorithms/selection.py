"""Choosing among what was measured, and which rows there are to choose by or to learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.candidate import Candidate
from ...core.protocols import Decision
from ...core.search_types import Search


def measured_ids(search: Search, names: Sequence[str]) -> list[str]:
    """Those that were run on a val row at least."""
    return [name for name in names if search.archive.scores.count(name, search.val)]


def sufficiently_measured(search: Search, candidates: Sequence[Candidate] | None = None) -> list[Candidate]:
    """Of these, or of all alive, those measured on at least half as many val rows as any, the oldest first; nobody
    where nothing was measured. A prompt that was lucky on a handful of rows is no winner."""
    pool = list(search.archive.alive if candidates is None else candidates)
    counts = {one.id: search.archive.scores.count(one.id, search.val) for one in pool}
    most = max(counts.values(), default=0)
    return [one for one in pool if most and counts[one.id] * 2 >= most]


def common_rows(search: Search, names: Sequence[str]) -> list[str]:
    """The val rows that all of these were measured on."""
    scores = search.archive.scores
    return [row for row in search.val if all(scores.get(name, row) is not None for name in names)]


def labelled_train(search: Search) -> list[str]:
    """The train rows that have a reference, in the task's order."""
    return [row for row in search.train if row not in search.examples or search.examples[row].outputs]


def best_mean(search: Search, candidates: Sequence[Candidate] | None = None) -> str:
    """The contender with the highest mean on val; the oldest on ties, the start prompt where nobody is one."""
    ranked = search.archive.ranked(sufficiently_measured(search, candidates), search.val)
    return ranked[0].id if ranked else search.archive.baseline.id


def keep_top(search: Search, pool: Sequence[str], width: int) -> Mapping[str, Decision]:
    """The `width` best means stay, the rest goes."""
    ranked = search.archive.ranked([search.archive[name] for name in pool], search.val)
    return {one.id: "keep" if place < width else "drop" for place, one in enumerate(ranked)}
