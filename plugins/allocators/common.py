"""Measurements to pay for, and the order of examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from ...core.identity import seeded_random
from ...core.protocols import Decision
from ...core.search_types import Measurement, Search
from ...core.stats.answer_classes import answer_classifier


def missing_measurements(search: Search, pool: Sequence[str], rows: Sequence[str]) -> list[Measurement]:
    """What is not measured yet, candidate by candidate, which suits a server's prefix cache."""
    scores = search.archive.scores
    return [Measurement(name, row) for name in pool for row in rows if scores.get(name, row) is None]


def affordable_measurements(search: Search, pool: Sequence[str], rows: Sequence[str]) -> list[Measurement]:
    """Missing measurements on as many examples, from the first on, as the budget pays for.

    The same for all candidates, so that comparisons stay paired.
    """
    for most in range(len(rows), 0, -1):
        if len(pairs := missing_measurements(search, pool, rows[:most])) <= search.remaining_runs:
            return pairs
    return []


def row_order(search: Search) -> list[str]:
    """One fixed order of the val examples for the whole run, such that every beginning is balanced.

    Labels take turns, or the positions that answers are copied from; of several tasks these too.
    """
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
    examples = {row: search.examples[row] for row in rows if row in search.examples}
    classify = answer_classifier(examples.values())
    if classify is None:
        return rows
    groups: dict[str, list[str]] = {}
    for row in rows:
        named = classify(examples[row].text, examples[row].output) if row in examples else None
        groups.setdefault(named or "", []).append(row)
    mixed = []
    while any(groups.values()):
        mixed += [groups[name].pop() for name in sorted(groups) if groups[name]]
    return mixed


def no_decisions(search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
    """All undecided: the strategy decides from the means."""
    return dict.fromkeys(pool, "undecided")
