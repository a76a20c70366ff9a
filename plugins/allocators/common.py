"""Pairs to pay for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from ...core.identity import seeded_random
from ...core.protocols import Decision
from ...core.search_types import Measurement, Search
from ...core.stats.answer_classes import answer_classifier


def missing_measurements(search: Search, pool: Sequence[str], rows: Sequence[str]) -> list[Measurement]:
    """What is not known yet, candidate by candidate: a server's prefix cache likes it so."""
    known = search.archive.scores
    return [Measurement(name, row) for name in pool for row in rows if known.get(name, row) is None]


def affordable_measurements(search: Search, pool: Sequence[str], rows: Sequence[str]) -> list[Measurement]:
    """What is missing on as many rows, from the first on, as the room pays for: the same for all, so that comparisons
    stay paired."""
    for most in range(len(rows), 0, -1):
        if len(wanted := missing_measurements(search, pool, rows[:most])) <= search.remaining_runs:
            return wanted
    return []


def row_order(search: Search) -> list[str]:
    """One fixed order of the val rows for the whole run, so that any beginning is balanced: the labels in turn, or the
    places where answers are copied from the input; of several tasks these too."""
    rng = seeded_random(search.seed, "rows")
    rows = rng.sample(list(search.val), len(search.val))
    tasks: dict[str, list[str]] = {}
    if search.archive.baseline.program.by_task:
        for row in rows:
            tasks.setdefault(search.archive.baseline.program.prompts_for(search.examples[row])[0], []).append(row)
    if len(tasks) < 2:
        return _by_class(search, rows)
    turns = zip_longest(*(_by_class(search, tasks[name]) for name in sorted(tasks)))
    return [row for turn in turns for row in turn if row is not None]


def _by_class(search: Search, rows: list[str]) -> list[str]:
    known = {row: search.examples[row] for row in rows if row in search.examples}
    classify = answer_classifier(known.values())
    if classify is None:
        return rows
    groups: dict[str, list[str]] = {}
    for row in rows:
        named = classify(known[row].text, known[row].output) if row in known else None
        groups.setdefault(named or "", []).append(row)
    mixed = []
    while any(groups.values()):
        mixed += [groups[name].pop() for name in sorted(groups) if groups[name]]
    return mixed


def no_decisions(search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
    """No opinion: the strategy decides from the means."""
    return dict.fromkeys(pool, "undecided")
