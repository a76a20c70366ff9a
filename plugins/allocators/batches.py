"""Pairs to pay for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.answer import bare
from ...core.contracts import Decision, Pair, Search
from ...core.identity import seeded


def missing(search: Search, pool: Sequence[str], rows: Sequence[str]) -> list[Pair]:
    """What is not known yet, candidate by candidate: a server's prefix cache likes it so."""
    known = search.archive.scores
    return [Pair(name, row) for name in pool for row in rows if known.get(name, row) is None]


def row_order(search: Search) -> list[str]:
    """One fixed order of the val rows for the whole run, the labels in turn, so that any beginning is balanced."""
    rng = seeded(search.seed, "rows")
    rows = rng.sample(list(search.val), len(search.val))
    groups: dict[str, list[str]] = {}
    for row in rows:
        example = search.examples.get(row)
        groups.setdefault(bare(example.output or "") if example else "", []).append(row)
    if len(groups) > 12:
        return rows
    mixed = []
    while any(groups.values()):
        mixed += [groups[name].pop() for name in sorted(groups) if groups[name]]
    return mixed


def all_measured(search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
    """No opinion: the strategy decides from the means."""
    return dict.fromkeys(pool, "undecided")
