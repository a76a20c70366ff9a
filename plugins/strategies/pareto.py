"""A Pareto front over val examples (GEPA, arXiv 2507.19457)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil
from typing import Literal, get_args

from ...core.errors import UsageError
from ...core.identity import seeded_random
from ...core.lineage import Lineage
from ...core.protocols import NEEDS_TRAIN, Decision
from ...core.search_types import ALL_PROMPTS, Search, WorkOrder
from ..algorithms.fitness import fittest
from ..algorithms.selection import labelled_train, sufficiently_measured, unmeasured_candidates

FrontKind = Literal["examples", "evaluators", "both", "pairs"]
ParentRule = Literal["front", "best", "mostly-best", "top"]
# What GEPA's own rules of these names draw from and how often.
_EXPLORED_SHARE, _TOP_CANDIDATES = 0.1, 5


@dataclass(kw_only=True)
class ParetoSearch:
    """Each round parents from the front are mutated, with the next few train examples in view.

    A parent is drawn as often as it is best in one of the front's places. After a new candidate was accepted, two
    lineages of the front are merged too, if their common ancestor is no better than either: no pair twice, at most
    `merges` children.

    Args:
        minibatch: Examples shown, all of them once before any twice.
        merges: Merged children at most.
        mergers: Operators that merge.
        front: The front's places: val `examples`, `evaluators` by their means, `both`, or `pairs` of the two.
        parents: Whom a parent is drawn from: the whole `front`, the `best` mean, `mostly-best` (one in ten is any
            candidate), or the `top` five of the front by mean.
        proposals: Mutations in a round, each of a parent of its own draw; parents that are drawn twice see one
            minibatch.
        components: Which prompts of a program a parent's mutations work on: `rule`, one by the recipe's `slots`, or
            `all`, each in a mutation of its own.
    """

    name = "pareto"
    needs = NEEDS_TRAIN

    minibatch: int = 3
    merges: int = 5
    mergers: Sequence[str] = ("merge",)
    front: FrontKind = "examples"
    parents: ParentRule = "front"
    proposals: int = 1
    components: Literal["rule", "all"] = "rule"

    def __post_init__(self) -> None:
        for name, value, possible in (
            ("front", self.front, get_args(FrontKind)),
            ("parents", self.parents, get_args(ParentRule)),
            ("components", self.components, ("rule", "all")),
        ):
            if value not in possible:
                raise UsageError(f"{value!r} is unknown", where=f"pareto.{name}", possible=possible)
        if self.proposals < 1:
            raise UsageError(f"proposals must be at least 1, got {self.proposals}", where="pareto.proposals")

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        leading = pareto_front(search, self.front)
        parents = self._draw_parents(search, leading)
        workers = [name for name in search.operators if name not in self.mergers]
        orders: list[WorkOrder] = []
        rows_by_parent: dict[str, tuple[str, ...]] = {}
        for parent in parents:
            turn = (search.round - 1) * self.proposals + len(rows_by_parent)
            if parent not in rows_by_parent:
                rows_by_parent[parent] = self._rows_to_learn_from(search, parent, turn)
            rows = rows_by_parent[parent]
            slots = search.archive[parent].program.slots if self.components == "all" else ()
            orders += [
                WorkOrder(
                    operator=name, parents=(parent,), cases=len(rows), rows=rows, stream=len(orders) + index, slot=slot
                )
                for index, (name, slot) in enumerate((name, slot) for name in workers for slot in slots or ("",))
            ]
        return [*orders, *self._merge_orders(search, list(leading))]

    def _draw_parents(self, search: Search, leading: Mapping[str, int]) -> list[str]:
        """As many as there are proposals, with repetition; the baseline before anything was measured."""
        if not leading:
            return [search.archive.baseline.id]
        rng, mean = search.rng("parent"), search.archive.scores.mean
        by_mean = sorted(leading, key=lambda name: -(mean(name, search.val) or 0.0))
        measured = [candidate.id for candidate in sufficiently_measured(search)]
        parents = []
        for _ in range(self.proposals):
            pool = list(leading)
            if self.parents in ("best", "mostly-best"):
                explores = self.parents == "mostly-best" and rng.random() < _EXPLORED_SHARE
                pool = measured if explores else by_mean[:1]
            elif self.parents == "top":
                pool = by_mean[:_TOP_CANDIDATES]
            parents.append(rng.choices(pool, [leading.get(name, 1) for name in pool])[0])
        return parents

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

    def _rows_to_learn_from(self, search: Search, parent: str, turn: int) -> tuple[str, ...]:
        """The minibatch of a turn, or the next one that the parent has not answered right as a whole.

        A minibatch without a failure has nothing to reflect on, and its answers are known: passing it over is free.
        """
        scores = search.archive.scores
        passed_over = int(search.memory.get("passed_over", 0))
        epoch = ceil(len(labelled_train(search)) / max(1, self.minibatch))
        for further in range(epoch):
            rows = next_minibatch(search, self.minibatch, turn + passed_over + further)
            results = [scores.get(parent, row) for row in rows]
            if any(result is None or result.score < 1.0 for result in results):
                search.memory["passed_over"] = passed_over + further
                return rows
        return next_minibatch(search, self.minibatch, turn + passed_over)

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


def pareto_front(search: Search, kind: FrontKind = "examples") -> dict[str, int]:
    """Candidate → number of the front's places where no other is better, without dominated candidates.

    Dominated is a candidate that is nowhere best without an equal among the rest; the worst mean is checked first. Only
    contenders take part.
    """
    scores = search.archive.scores
    ranked = [candidate.id for candidate in search.archive.ranked(sufficiently_measured(search), search.val)]
    leaders: dict[str, set[str]] = {}
    if kind in ("examples", "both"):
        leaders |= {row: set(names) for row, names in scores.front(ranked, search.val).items()}
    if kind != "examples":
        leaders |= _evaluator_leaders(search, ranked, paired=kind == "pairs")
    equals = {row: len(names) for row, names in leaders.items()}
    places: dict[str, list[str]] = {name: [] for name in ranked}
    for row, names in leaders.items():
        for name in names:
            places[name].append(row)
    for name in reversed(ranked):
        if all(equals[row] > 1 for row in places[name]):
            for row in places[name]:
                equals[row] -= 1
            places[name] = []
    return {name: len(rows) for name, rows in places.items() if rows}


def _evaluator_leaders(search: Search, names: Sequence[str], *, paired: bool) -> dict[str, set[str]]:
    """Evaluator, or pair of evaluator and example → who is best there, by the scores of single evaluators.

    Means are compared on the examples that all have; where there is none, on each one's own.
    """
    by_candidate = {name: search.archive.scores.row(name, search.val) for name in names}
    common = [row for row in search.val if all(row in own for own in by_candidate.values())]
    values: dict[str, dict[str, list[float]]] = {}
    for name, own in by_candidate.items():
        for row in own if paired or not common else common:
            for evaluator, score in own[row].scores.items():
                place = f"{evaluator}/{row}" if paired else evaluator
                values.setdefault(place, {}).setdefault(name, []).append(score.value)
    leaders = {}
    for place, scored in values.items():
        means = {name: sum(listed) / len(listed) for name, listed in scored.items()}
        leaders[place] = {name for name, mean in means.items() if mean == max(means.values())}
    return leaders


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
