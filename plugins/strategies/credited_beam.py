"""A beam that tracks what each component contributed (SPRIG, arXiv 2410.14826)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.candidate import Candidate
from ...core.option_types import Count
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.fitness import fittest
from ..algorithms.population import affordable_count, current_population, survivors
from ..algorithms.selection import human_candidates
from .local_search import ACCURACY


@dataclass(kw_only=True)
class CreditedBeam:
    """Each round the beam's prompts get children; parents and children compete for the beam.

    Operators are drawn by their weights and receive what each component contributed so far: the option `credit`,
    component → [sum of gains, count].

    Args:
        width: Prompts kept.
        children: Children of the whole beam per round, best parents first; fewer in a small budget (see
            `affordable_count`).
        rows: Examples that each child is expected to be measured on.
        cases: Train examples that a parent runs on first.
    """

    name = "credited-beam"
    needs = NEEDS_NOTHING

    width: Count = 10
    children: Count = 40
    rows: int = 4
    cases: int = 0

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        beam, rng = current_population(search, self.width, ACCURACY), search.rng("operators")
        count = affordable_count(search, self.children, self.rows)
        each, more = divmod(count, len(beam))
        names, weights = list(search.operators), list(search.operators.values())
        credit_by_component = component_credit(search)
        return [
            WorkOrder(
                operator=rng.choices(names, weights)[0],
                parents=(parent,),
                count=each + (index < more),
                options={"credit": credit_by_component},
                cases=self.cases,
                stream=index,
            )
            for index, parent in enumerate(beam)
            if each + (index < more)
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        return list(dict.fromkeys([*current_population(search, self.width, ACCURACY), *human_candidates(search), *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        return survivors(search, pool, self.width, ACCURACY)

    def final(self, search: Search) -> str:
        return fittest(search, ACCURACY)


def component_credit(search: Search) -> dict[str, list[float]]:
    """Component → [sum of gains, count]: a child's gain over its parent on common val examples.

    The gain counts for each component that was added, and negatively for each that was removed.
    """
    archive, credit_by_component = search.archive, dict[str, list[float]]()
    for child in archive.candidates.values():
        parent = archive.candidates.get(child.parents[0]) if child.parents else None
        if parent is None or not (paired := archive.scores.paired(child.id, parent.id, search.val)):
            continue
        gain = sum(paired) / len(paired)
        before, after = _components(parent), _components(child)
        for line in sorted(before ^ after):
            entry = credit_by_component.setdefault(line, [0.0, 0.0])
            entry[0] += gain if line in after else -gain
            entry[1] += 1
    return credit_by_component


def _components(candidate: Candidate) -> set[str]:
    """Components are lines of system prompts, and principles."""
    prompts = candidate.program.prompts.values()
    return {line for prompt in prompts for line in (*prompt.system.splitlines(), *prompt.principles) if line.strip()}
