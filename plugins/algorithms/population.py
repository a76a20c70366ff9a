"""A population: how it is seeded, who lives, and how many children the budget can feed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import zip_longest

from ...core.protocols import Decision
from ...core.search_types import Search, WorkOrder
from .fitness import fitness

_BUDGET_SHARE_PER_ROUND = 4


def affordable_count(search: Search, wanted: int, rows: int) -> int:
    """At most `wanted`, at least 2, and no more than a quarter of the room can measure on `rows` rows each."""
    return max(2, min(wanted, search.remaining_runs // (_BUDGET_SHARE_PER_ROUND * max(1, rows))))


def seed_orders(
    search: Search, seeds: Mapping[str, int], most: int, cases: int = 0, pairs: Collection[str] = ()
) -> list[WorkOrder]:
    """Orders on the start prompt, the operators in turn; every operator of the recipe where none of the seeds' is,
    without those in `pairs`, which make nothing of one parent."""
    start = search.archive.baseline.id
    wanted = {name: count for name, count in seeds.items() if name in search.operators}
    wanted = wanted or dict.fromkeys((name for name in search.operators if name not in pairs), most)
    turns = zip_longest(*([name] * count for name, count in wanted.items()))
    names = [name for turn in turns for name in turn if name is not None]
    return [
        WorkOrder(operator=name, parents=(start,), stream=place, cases=cases) for place, name in enumerate(names[:most])
    ]


def operator_weights(search: Search, others: Sequence[str]) -> dict[str, float]:
    """The recipe's operators with their weights, without `others`; all where nothing else is left."""
    left = {name: weight for name, weight in search.operators.items() if name not in others}
    return left or dict(search.operators)


def current_population(search: Search, size: int, views: Mapping[str, float]) -> list[str]:
    """The fittest `size` of those that were kept, best first; the start prompt where nobody was yet."""
    told = fitness(search, [one.id for one in search.archive.with_status("kept", "pinned")], views)
    return sorted(told, key=lambda name: -told[name])[:size] or [search.archive.baseline.id]


def survivors(
    search: Search, pool: Sequence[str], size: int, views: Mapping[str, float], out: Sequence[str] = ()
) -> dict[str, Decision]:
    """The fittest `size` stay; who is in `out` goes whatever its fitness. Who was not measured may still win."""
    told = fitness(search, pool, views)
    ranked = sorted((name for name in told if name not in out), key=lambda name: -told[name])
    kept: dict[str, Decision] = dict.fromkeys(ranked[:size], "keep")
    return {name: kept.get(name, "drop") if name in told or name in out else "undecided" for name in pool}
