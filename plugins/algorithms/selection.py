"""Selection among measured candidates, and the examples to select by or to learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.candidate import Candidate
from ...core.protocols import Decision
from ...core.search_types import Search

# Statuses of candidates that may neither win nor be worked on: refused by a guard, or vetoed by a person.
EXCLUDED = ("rejected", "vetoed")


def measured_ids(search: Search, names: Sequence[str]) -> list[str]:
    """Candidates with at least one val example."""
    return [name for name in names if search.archive.scores.count(name, search.val)]


def sufficiently_measured(search: Search, candidates: Sequence[Candidate] | None = None) -> list[Candidate]:
    """Candidates (all alive by default) with at least half as many val examples as any, oldest first.

    A prompt that was lucky on a handful of examples is no winner. Empty where nothing was measured.
    """
    pool = list(search.archive.alive if candidates is None else candidates)
    counts = {candidate.id: search.archive.scores.count(candidate.id, search.val) for candidate in pool}
    most = max(counts.values(), default=0)
    return [candidate for candidate in pool if most and counts[candidate.id] * 2 >= most]


def common_rows(search: Search, names: Sequence[str]) -> list[str]:
    """The val examples that all of these candidates were measured on."""
    scores = search.archive.scores
    return [row for row in search.val if all(scores.get(name, row) is not None for name in names)]


def labelled_train(search: Search) -> list[str]:
    """The train examples with a reference, in the task's order."""
    return [row for row in search.train if row not in search.examples or search.examples[row].outputs]


def best_mean(search: Search, candidates: Sequence[Candidate] | None = None) -> str:
    """The contender with the highest val mean; the oldest on ties, the baseline without a contender."""
    ranked = search.archive.ranked(sufficiently_measured(search, candidates), search.val)
    return ranked[0].id if ranked else search.archive.baseline.id


def keep_top(search: Search, pool: Sequence[str], width: int) -> Mapping[str, Decision]:
    """Keep the `width` best means, drop the rest."""
    ranked = search.archive.ranked([search.archive[name] for name in pool], search.val)
    return {candidate.id: "keep" if index < width else "drop" for index, candidate in enumerate(ranked)}


def human_candidates(search: Search) -> list[str]:
    """Candidates that people wrote and that are undecided."""
    return [candidate.id for candidate in search.archive.with_status("racing") if candidate.operator == "person"]


def unmeasured_candidates(search: Search, new: Sequence[str]) -> list[str]:
    """The baseline until it is measured, candidates of people, and the new ones."""
    start = search.archive.baseline.id
    first = [] if search.archive.scores.count(start, search.val) else [start]
    return list(dict.fromkeys([*first, *human_candidates(search), *new]))
