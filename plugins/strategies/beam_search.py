"""Beam search (ProTeGi, arXiv 2305.03495)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.option_types import Count
from ...core.protocols import NEEDS_TRAIN, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.selection import best_mean, human_candidates, keep_top

# With fewer examples a parent often shows no failure.
_MIN_MINIBATCH = 8
# Lets a small budget last for several rounds.
_MINIBATCHES_PER_BUDGET = 20


@dataclass(kw_only=True)
class BeamSearch:
    """Each round every prompt of the beam gets an order of each operator; parents and children race for the beam.

    Args:
        width: Prompts kept.
        minibatch: Train examples that each parent runs on to show its errors, fewer in a small budget.
        children: New prompts measured per round at most, sampled at random.
    """

    name = "beam"
    needs = NEEDS_TRAIN

    width: Count = 4
    minibatch: int = 64
    children: Count = 8

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        cases = min(self.minibatch, max(_MIN_MINIBATCH, search.total_runs // _MINIBATCHES_PER_BUDGET))
        return [
            WorkOrder(operator=operator, parents=(parent,), cases=cases)
            for parent in self._current_beam(search)
            for operator in search.operators
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        sampled = list(new)
        if len(sampled) > self.children:
            sampled = search.rng("children").sample(sampled, self.children)
        return list(dict.fromkeys([*self._current_beam(search), *human_candidates(search), *sampled]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        return keep_top(search, pool, self.width)

    def final(self, search: Search) -> str:
        return best_mean(search)

    def _current_beam(self, search: Search) -> list[str]:
        members = search.archive.with_status("kept", "pinned")
        return [candidate.id for candidate in search.archive.ranked(members, search.val)[: self.width]] or [
            search.archive.baseline.id
        ]
