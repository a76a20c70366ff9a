"""A Pareto front over val examples (GEPA, arXiv 2507.19457)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil

from ...core.identity import seeded_random
from ...core.lineage import Lineage
from ...core.protocols import NEEDS_TRAIN, Decision
from ...core.search_types import ALL_PROMPTS, Search, WorkOrder
from ..algorithms.fitness import fittest
from ..algorithms.selection import labelled_train, sufficiently_measured, unmeasured_candidates


@dataclass(kw_only=True)
class ParetoSearch:
    """Each round one parent from the front is mutated, with the next few train examples in view.

    A parent is drawn as often as it is best on a val example. After a new candidate was accepted, two lineages of the
    front are merged too, if their common ancestor is no better than either: no pair twice, at most `merges` children.

    Args:
        minibatch: Examples shown, all of them once before any twice.
        merges: Merged children at most.
        mergers: Operators that merge.
    """

    name = "pareto"
    needs = NEEDS_TRAIN

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
            WorkOrder(operator=name, parents=(parent,), cases=len(rows), rows=rows, stream=index)
            for index, name in enumerate(workers)
        ]
        return [*orders, *self._merge_orders(search, list(leading))]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return unmeasured_candidates(search, new)

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        let_in = [name for name in pool if verdicts.get(name) == "keep" and search.archive[name].parents]
        if let_in:
            search.memory["due"] = True
        merged = sum(search.archive[name].operator in self.mergers for name in pool)
        search.memory["merges"] = search.memory.get("merges", 0) + merged
        return dict(verdicts)

    def final(self, search: Search) -> str:
        return fittest(search, {"accuracy": 1.0})

    def _merge_orders(self, search: Search, leading: Sequence[str]) -> list[WorkOrder]:
        """An order per merger, on the first pair in random order that may be merged."""
        memory, mergers = search.memory, [name for name in search.operators if name in self.mergers]
        if not mergers or not memory.get("due") or memory.get("merges", 0) >= self.merges:
            return []
        tried = [tuple(pair) for pair in memory.get("merged", [])]
        for first, second, root in _mergeable_pairs(search, leading):
            if (first, second) not in tried:
                memory["merged"] = [*memory.get("merged", []), [first, second]]
                memory["due"] = False
                return [WorkOrder(operator=name, parents=(first, second, root), slot=ALL_PROMPTS) for name in mergers]
        return []


def pareto_front(search: Search) -> dict[str, int]:
    """Candidate → number of val examples on which no other is better, without dominated candidates.

    Dominated is a candidate that is nowhere best without an equal among the rest; the worst mean is checked first. Only
    contenders take part.
    """
    scores = search.archive.scores
    ranked = [candidate.id for candidate in search.archive.ranked(sufficiently_measured(search), search.val)]
    leaders = {row: set(names) for row, names in scores.front(ranked, search.val).items()}
    for name in reversed(ranked):
        if all(len(names) > 1 for names in leaders.values() if name in names):
            leaders = {row: names - {name} for row, names in leaders.items()}
    led = {name: sum(name in names for names in leaders.values()) for name in ranked}
    return {name: count for name, count in led.items() if count}


def next_minibatch(search: Search, size: int, turn: int | None = None) -> tuple[str, ...]:
    """This round's labeled train examples: the whole split in random order, then again in another.

    turn: counted from 0, for strategies that do not take examples every round.
    """
    labelled = labelled_train(search)
    size = min(size, len(labelled))
    if not size:
        return ()
    each = ceil(len(labelled) / size)
    epoch, index = divmod(search.round - 1 if turn is None else turn, each)
    shuffled = seeded_random(search.seed, "epoch", epoch).sample(labelled, len(labelled))
    return tuple((shuffled + shuffled[:size])[index * size : (index + 1) * size])


def _mergeable_pairs(search: Search, leading: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Pairs of the front with their nearest common ancestor that is no better than either, in random order."""
    mean = search.archive.scores.mean
    line = Lineage(search.archive.candidates.values())
    pairs = list(combinations(sorted(leading), 2))
    for first, second in search.rng("pairs").sample(pairs, len(pairs)):
        mine, theirs = line.ancestors(first), line.ancestors(second)
        if first in theirs or second in mine:
            continue
        limit = min(mean(first, search.val) or 0.0, mean(second, search.val) or 0.0)
        shared = [name for name in mine if name in theirs and (mean(name, search.val) or 0.0) <= limit]
        if shared:
            yield first, second, shared[-1]
