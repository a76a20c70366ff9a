"""Search by region: cluster the inputs, search for a prompt in each, compose them behind a router.

After MoP (arXiv 2407.00256) and ConstitutionalExperts (arXiv 2403.04894).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from ...core.option_types import Count
from ...core.protocols import NEEDS_TRAIN, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.clustering import cluster_regions
from ..algorithms.selection import EXCLUDED, human_candidates, sufficiently_measured
from ..operators.mixture import RouterKind, compose_mixture, expert_prompt

_COMPOSE = "mixture"
# With one case a step often sees no failure.
_MIN_CASES = 2
# Cases are paid per region and step; in a small budget val comes first.
_RUNS_PER_CASE = 60
# As many candidates as the allocator plans for; fewer than 4 val examples choose at random.
_CANDIDATES, _EXAMPLES_PER_REGION = 12, 4


@dataclass(kw_only=True)
class RegionSearch:
    """Puts the baseline behind a router, once per region, and improves every region's prompt step by step.

    In each step every operator works on every region's prompt, and the best prompt of each region, by the val examples
    routed there, goes on. A child differs from its parent in one region alone, so its answers on all other examples are
    known and free. In the end each expert also runs alone on all examples: the mixture wins only where it beats the
    best single prompt, its own experts included. If no mixture may be run, all inputs are one region.

    Args:
        kind: Kind of router.
        most: Regions at most.
        least: Train examples per region at least.
        steps: Steps of search.
        first: Operators of a step before these.
        complement: Operators that learn from the examples outside the region.
        cases: Train examples of the region that its prompt runs on, for operators that read failures.
        count: Proposals per order.
    """

    name = "regions"
    needs = NEEDS_TRAIN
    requires = frozenset({_COMPOSE})

    kind: RouterKind = "centroid"
    most: int = 4
    least: int = 4
    steps: int = 1
    first: Sequence[str] = ()
    complement: Sequence[str] = ()
    cases: int = 0
    count: Count = 1

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        memory = search.memory
        if "regions" not in memory:
            self._cluster_inputs(search)
        if memory["stage"] == "compose":
            if order := self._composition(search):
                return [order]
            memory["stage"] = "search"
        if memory["stage"] == "search":
            while memory["done"] < len(self._step_operators(search)) and self._can_afford_step(search):
                if orders := self._orders(search):
                    return orders
                memory["done"] += 1
            memory["stage"] = "alone"
            if self._region_names(search) != [""]:
                return [WorkOrder(operator=_COMPOSE, parents=(memory["current"],), options={"alone": True})]
        return []

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        memory = search.memory
        if memory["stage"] == "compose":
            self._adopt_composition(search, new)
        elif memory["stage"] == "search":
            memory["children"] = max(memory.get("children", 1), ceil(len(new) / len(self._region_names(search))))
        return list(dict.fromkeys([search.archive.baseline.id, memory["current"], *human_candidates(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        memory = search.memory
        if memory["stage"] == "compose":
            memory["stage"] = "search"
        elif memory["stage"] == "search":
            memory["experts"] = self._best_experts(search, pool)
            memory["done"] += 1
            memory["stage"] = "compose"
        else:
            return dict.fromkeys(pool, "keep")
        stay = {search.archive.baseline.id, memory["current"], *memory["experts"].values()}
        return {
            name: "keep" if name in stay or search.archive[name].operator in ("person", _COMPOSE) else "drop"
            for name in pool
        }

    def final(self, search: Search) -> str:
        """The best mean.

        A program of several prompts wins only if each of them was measured alone and it is better than every one.
        """
        archive, solid = search.archive, sufficiently_measured(search)
        measured = sufficiently_measured(search, list(archive.candidates.values()))
        alone = {candidate.program.main.id for candidate in measured if len(candidate.program.prompts) == 1}
        single = [candidate for candidate in solid if candidate.program.router is None]
        tested = [
            candidate
            for candidate in solid
            if candidate.program.router is not None
            and {prompt.id for prompt in candidate.program.prompts.values()} <= alone
        ]
        ranked = archive.ranked([*single, *tested], search.val)
        return ranked[0].id if ranked else archive.baseline.id

    def _cluster_inputs(self, search: Search) -> None:
        start = search.archive.baseline
        rows = [search.examples[row] for row in search.train if search.examples[row].outputs]
        plain = len(start.program.prompts) == 1
        measured = min(len(search.val), search.total_runs // _CANDIDATES)
        most = min(self.most, max(2, measured // _EXAMPLES_PER_REGION)) if plain else 1
        regions = cluster_regions(rows, most=most, least=self.least, rng=search.rng("regions"))
        search.memory["regions"] = {name: list(ids) for name, ids in regions.items()} if len(regions) > 1 else {}
        search.memory |= {"current": start.id, "done": 0, "stage": "compose", "experts": {}, "children": 1}

    def _adopt_composition(self, search: Search, new: Sequence[str]) -> None:
        """The composed program becomes current; without one the search continues in a single region."""
        memory, archive = search.memory, search.archive
        standing = archive[memory["current"]]
        if new:
            memory["current"] = new[0]
        elif standing.program.router is None or standing.status in EXCLUDED:
            memory |= {"regions": {}, "current": archive.baseline.id}

    def _composition(self, search: Search) -> WorkOrder | None:
        """The order that composes the experts; None if a candidate is that composition already."""
        memory, archive = search.memory, search.archive
        if not memory["regions"]:
            memory["current"] = memory["experts"].get("", memory["current"])
            return None
        experts = {name: memory["experts"].get(name, memory["current"]) for name in memory["regions"]}
        prompts = {name: expert_prompt(archive[expert_id], name) for name, expert_id in experts.items()}
        program_id = compose_mixture(prompts, memory["regions"], search.examples, self.kind).id
        allowed = [candidate for candidate in archive.candidates.values() if candidate.status not in EXCLUDED]
        existing = next((candidate.id for candidate in allowed if candidate.program.id == program_id), None)
        if existing is not None:
            memory["current"] = existing
            return None
        options: dict[str, Any] = {"regions": memory["regions"], "experts": experts, "kind": self.kind}
        parents = tuple(dict.fromkeys([memory["current"], *experts.values()]))
        return WorkOrder(operator=_COMPOSE, parents=parents, options=options)

    def _step_operators(self, search: Search) -> list[list[str]]:
        """The operators of each step."""
        rest = [name for name in search.operators if name != _COMPOSE and name not in self.first]
        return ([list(self.first)] if self.first else []) + [rest] * self.steps

    def _orders(self, search: Search) -> list[WorkOrder]:
        memory, orders = search.memory, list[WorkOrder]()
        for region in self._region_names(search):
            inside = memory["regions"].get(region, [])
            others = {row for name, rows in memory["regions"].items() if name != region for row in rows}
            outside = [row for row in search.train if row in others]
            for operator in self._step_operators(search)[memory["done"]]:
                if operator not in search.operators:
                    continue
                order = WorkOrder(
                    operator=operator,
                    parents=(memory["current"],),
                    slot=region,
                    within=tuple(outside if operator in self.complement else inside),
                    cases=self._affordable_cases(search),
                    count=self.count,
                    stream=len(orders),
                )
                orders.append(order)
        return orders

    def _region_names(self, search: Search) -> list[str]:
        """The regions that the current program has prompts for; one empty name if there are none."""
        current = search.archive[search.memory["current"]].program
        return list(search.memory["regions"]) or [""] if current.router is not None else [""]

    def _can_afford_step(self, search: Search) -> bool:
        """Whether the budget pays for another step and then for each expert alone.

        It counts on as many children per region as one had so far. A child costs the examples of its region: one child
        in each region costs the examples once.
        """
        rows, regions = (
            search.archive.scores.count(search.memory["current"], search.val),
            len(self._region_names(search)),
        )
        children: int = search.memory.get("children", 1)
        return search.remaining_runs >= rows * (children + regions) + self._affordable_cases(search) * regions

    def _affordable_cases(self, search: Search) -> int:
        return min(self.cases, max(_MIN_CASES, search.total_runs // _RUNS_PER_CASE)) if self.cases else 0

    def _best_experts(self, search: Search, pool: Sequence[str]) -> dict[str, str]:
        """Region → the candidate with the highest gain over the current program on its val examples."""
        archive, current = search.archive, search.archive[search.memory["current"]]
        evaluations = archive.scores.row(current.id, search.val)
        homes = {row: current.program.prompts_for(search.examples[row])[0] for row in evaluations}
        best: dict[str, str] = {}
        for region in self._region_names(search):
            rows = [row for row, home in homes.items() if not region or home == region]
            gains = {name: sum(archive.scores.paired(name, current.id, rows)) for name in pool}
            # Only candidates that changed this region's prompt: a gain elsewhere belongs to another region.
            gains = {
                name: gain for name, gain in gains.items() if not region or region in archive[name].program.prompts
            }
            winner = max(gains, key=lambda name: (gains[name], name == current.id), default=current.id)
            best[region] = winner if gains and gains[winner] > 0 else current.id
        return best
