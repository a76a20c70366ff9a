"""A beam that remembers which component brought what (SPRIG, arXiv 2410.14826)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.candidate import Candidate
from ...core.option_types import Count
from ...core.protocols import Decision, Need
from ...core.search_types import Search, WorkOrder
from ..algorithms.fitness import fittest
from ..algorithms.pool_helpers import human_candidates
from ..algorithms.population import affordable_count, current_population, survivors
from .local_search import ACCURACY


@dataclass(kw_only=True)
class CreditedBeam:
    """Each round the beam's prompts get children; parents and children compete for the beam.

    width: prompts kept. children: wanted a round of the whole beam, the best parents first; fewer where the room is
    short (see `afforded`). Operators are drawn by their weights, and told what each component brought so far: option
    `credit`, component → [sum of gains, how often].
    """

    name: str = field(default="credited-beam", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    width: Count = 10
    children: Count = 40
    rows: int = 4
    cases: int = 0

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        beam, rng = current_population(search, self.width, ACCURACY), search.rng("operators")
        count = affordable_count(search, self.children, self.rows)
        each, more = divmod(count, len(beam))
        names, weights = list(search.operators), list(search.operators.values())
        told = component_credit(search)
        return [
            WorkOrder(
                operator=rng.choices(names, weights)[0],
                parents=(parent,),
                count=each + (place < more),
                options={"credit": told},
                cases=self.cases,
                stream=place,
            )
            for place, parent in enumerate(beam)
            if each + (place < more)
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return list(dict.fromkeys([*current_population(search, self.width, ACCURACY), *human_candidates(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        return survivors(search, pool, self.width, ACCURACY)

    def final(self, search: Search) -> str:
        return fittest(search, ACCURACY)


def component_credit(search: Search) -> dict[str, list[float]]:
    """Line of a prompt → [sum of gains, how often]: a child's gain over its parent on common val rows, for each line
    that came in; for one that went, the loss."""
    archive, told = search.archive, dict[str, list[float]]()
    for child in archive.candidates.values():
        parent = archive.candidates.get(child.parents[0]) if child.parents else None
        if parent is None or not (paired := archive.scores.paired(child.id, parent.id, search.val)):
            continue
        gain = sum(paired) / len(paired)
        before, after = _components(parent), _components(child)
        for line in sorted(before ^ after):
            entry = told.setdefault(line, [0.0, 0.0])
            entry[0] += gain if line in after else -gain
            entry[1] += 1
    return told


def _components(candidate: Candidate) -> set[str]:
    """What counts as a component: lines of system prompts, and principles."""
    prompts = candidate.program.prompts.values()
    return {line for prompt in prompts for line in (*prompt.system.splitlines(), *prompt.principles) if line.strip()}
