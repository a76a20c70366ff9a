"""Populations: seeding, survival, and how many children the budget can measure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import zip_longest

from ...core.protocols import Decision
from ...core.search_types import Search, WorkOrder
from .fitness import fitness

# A generation may take a quarter of what remains, so that several follow.
_ROUNDS_PER_BUDGET = 4


def affordable_count(search: Search, most: int, rows: int) -> int:
    """At most `most`, at least 2; a quarter of the budget has to measure them on `rows` examples each."""
    return max(2, min(most, search.remaining_runs // (_ROUNDS_PER_BUDGET * max(1, rows))))


def seed_orders(
    search: Search, seeds: Mapping[str, int], most: int, cases: int = 0, pairs: Collection[str] = ()
) -> list[WorkOrder]:
    """Orders on the baseline, the operators in turn.

    Every operator of the recipe seeds where none of the seeds' operators is in it, except those in `pairs`, which need
    two parents.
    """
    start = search.archive.baseline.id
    counts = {name: count for name, count in seeds.items() if name in search.operators}
    counts = counts or dict.fromkeys((name for name in search.operators if name not in pairs), most)
    turns = zip_longest(*([name] * count for name, count in counts.items()))
    names = [name for turn in turns for name in turn if name is not None]
    return [
        WorkOrder(operator=name, parents=(start,), stream=index, cases=cases) for index, name in enumerate(names[:most])
    ]


def operator_weights(search: Search, others: Sequence[str]) -> dict[str, float]:
    """The recipe's operators with their weights, without `others`; all if nothing else is left."""
    weights = {name: weight for name, weight in search.operators.items() if name not in others}
    return weights or dict(search.operators)


def current_population(search: Search, size: int, views: Mapping[str, float]) -> list[str]:
    """The fittest `size` of the kept candidates, best first; the baseline if there are none."""
    fitness_by_id = fitness(search, [candidate.id for candidate in search.archive.with_status("kept", "pinned")], views)
    return sorted(fitness_by_id, key=lambda name: -fitness_by_id[name])[:size] or [search.archive.baseline.id]


def survivors(
    search: Search, pool: Sequence[str], size: int, views: Mapping[str, float], out: Sequence[str] = ()
) -> dict[str, Decision]:
    """The fittest `size` stay; those in `out` are dropped. Unmeasured candidates stay undecided."""
    fitness_by_id = fitness(search, pool, views)
    ranked = sorted((name for name in fitness_by_id if name not in out), key=lambda name: -fitness_by_id[name])
    decisions: dict[str, Decision] = dict.fromkeys(ranked[:size], "keep")
    return {name: decisions.get(name, "drop") if name in fitness_by_id or name in out else "undecided" for name in pool}
