"""A front for each val row (GEPA, arXiv 2507.19457)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import ceil

from ...core.identity import seeded_random
from ...core.lineage import Lineage
from ...core.protocols import Decision, Need
from ...core.search_types import ALL_PROMPTS, Search, WorkOrder
from ..algorithms.fitness import fittest
from ..algorithms.pool_helpers import unmeasured_candidates
from ..algorithms.selection import labelled_train, sufficiently_measured


@dataclass(kw_only=True)
class ParetoSearch:
    """Each round one parent, drawn as often as it leads on a val row among those that nobody dominates, is worked on
    with the next few train rows in view.

    After a newcomer was let in, two lineages of the front are merged too, whose common ancestor is no better than
    either: no pair twice, at most `merges` children. minibatch: rows shown, all of them once before any twice.
    mergers: operators that merge.
    """

    name: str = field(default="pareto", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    minibatch: int = 3
    merges: int = 5
    mergers: Sequence[str] = ("merge",)

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        leading = pareto_front(search)
        parent = search.archive.baseline.id
        if leading:
            parent = search.rng("parent").choices(list(leading), list(leading.values()))[0]
        rows = next_minibatch(search, self.minibatch)
        workers = [name for name in search.operators if name not in self.mergers]
        orders = [
            WorkOrder(operator=name, parents=(parent,), cases=len(rows), rows=rows, stream=place)
            for place, name in enumerate(workers)
        ]
        return [*orders, *self._merge_orders(search, list(leading))]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return unmeasured_candidates(search, new)

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        let_in = [one for one in pool if verdicts.get(one) == "keep" and search.archive[one].parents]
        if let_in:
            search.memory["due"] = True
        made = sum(search.archive[one].operator in self.mergers for one in pool)
        search.memory["merges"] = search.memory.get("merges", 0) + made
        return dict(verdicts)

    def final(self, search: Search) -> str:
        return fittest(search, {"accuracy": 1.0})

    def _merge_orders(self, search: Search, leading: Sequence[str]) -> list[WorkOrder]:
        """An order for each merger, on the first pair in a drawn order that may be merged."""
        memory, mergers = search.memory, [name for name in search.operators if name in self.mergers]
        if not mergers or not memory.get("due") or memory.get("merges", 0) >= self.merges:
            return []
        tried = [tuple(pair) for pair in memory.get("merged", [])]
        for one, other, root in _mergeable_pairs(search, leading):
            if (one, other) not in tried:
                memory["merged"] = [*memory.get("merged", []), [one, other]]
                memory["due"] = False
                return [WorkOrder(operator=name, parents=(one, other, root), slot=ALL_PROMPTS) for name in mergers]
        return []


def pareto_front(search: Search) -> dict[str, int]:
    """Candidate → on how many val rows no other is better, the dominated left out.

    Dominated is who leads nowhere without an equal among the rest; the worst mean is looked at first. Only contenders
    take part.
    """
    scores = search.archive.scores
    ranked = [one.id for one in search.archive.ranked(sufficiently_measured(search), search.val)]
    leaders = {row: set(names) for row, names in scores.front(ranked, search.val).items()}
    for name in reversed(ranked):
        if all(len(names) > 1 for names in leaders.values() if name in names):
            leaders = {row: names - {name} for row, names in leaders.items()}
    led = {name: sum(name in names for names in leaders.values()) for name in ranked}
    return {name: count for name, count in led.items() if count}


def next_minibatch(search: Search, size: int, turn: int | None = None) -> tuple[str, ...]:
    """This round's labelled train rows: the whole split in a drawn order, then again in another. turn: counted from 0,
    where not every round takes some."""
    labelled = labelled_train(search)
    size = min(size, len(labelled))
    if not size:
        return ()
    each = ceil(len(labelled) / size)
    epoch, place = divmod(search.round - 1 if turn is None else turn, each)
    drawn = seeded_random(search.seed, "epoch", epoch).sample(labelled, len(labelled))
    return tuple((drawn + drawn[:size])[place * size : (place + 1) * size])


def _mergeable_pairs(search: Search, leading: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Two of the front with their nearest common ancestor that is no better than either, in a drawn order."""
    mean = search.archive.scores.mean
    line = Lineage(search.archive.candidates.values())
    pairs = list(combinations(sorted(leading), 2))
    for one, other in search.rng("pairs").sample(pairs, len(pairs)):
        mine, theirs = line.ancestors(one), line.ancestors(other)
        if one in theirs or other in mine:
            continue
        limit = min(mean(one, search.val) or 0.0, mean(other, search.val) or 0.0)
        shared = [name for name in mine if name in theirs and (mean(name, search.val) or 0.0) <= limit]
        if shared:
            yield one, other, shared[-1]
