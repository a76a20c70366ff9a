"""Calibration on growing data (IPC, arXiv 2402.03099): each step adds hard examples and a prompt that learns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.candidate import Candidate
from ...core.option_types import Count
from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.selection import common_rows, sufficiently_measured


@dataclass(kw_only=True)
class BoundaryCalibration:
    """A chain of prompts; every third step after the warm-up restarts from the best.

    Args:
        writer: The operator that adds examples. It runs alone first, so that the first analysis is of hard examples.
        samples: Examples by which train and val may grow.
        keep: Prompts that stay in the race beside the baseline; each is run on every new example before any two are
            compared.
        warmup: Steps before the first restart.
        back: Steps from restart to restart.
        patience: Steps without a new best that end the search.
        rows: Train examples that the parent runs on.
    """

    name = "calibration"
    needs = NEEDS_NOTHING

    writer: str = "boundary-rows"
    samples: int = 50
    keep: int = 3
    warmup: int = 4
    back: Count = 3
    patience: int = 10
    rows: int = 12

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        memory = search.memory
        size = len(search.train) + len(search.val)
        initial_size = memory.setdefault("size", size)
        if memory.get("idle", 0) >= self.patience:
            return []
        parent = self._parent(search)
        wrong = WorkOrder(operator=self.writer, parents=(parent,), cases=min(self.rows, len(search.train)))
        grows = self.writer in search.operators and size - initial_size < self.samples
        if grows and search.round == 1:
            return [wrong]
        steps = [
            WorkOrder(operator=name, parents=(parent,), cases=min(self.rows, len(search.train)))
            for name in search.operators
            if name != self.writer
        ]
        return [*steps, *([wrong] if grows else [])]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        """All that may still win are measured on all examples, so that means are comparable."""
        return [candidate.id for candidate in search.archive.alive]

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        start, best = search.archive.baseline.id, best_on_common(search)
        search.memory["idle"] = 0 if best != search.memory.get("best", start) else search.memory.get("idle", 0) + 1
        search.memory["best"] = best
        newest = search.archive.alive[-1].id
        stay = {start, best, newest, *(candidate.id for candidate in _rank_contenders(search)[: self.keep])}
        return {name: "keep" if name in stay else "drop" for name in pool}

    def final(self, search: Search) -> str:
        return best_on_common(search)

    def _parent(self, search: Search) -> str:
        step = search.round - self.warmup
        if step >= 0 and step % self.back == 0:
            return best_on_common(search)
        return search.archive.alive[-1].id


def best_on_common(search: Search) -> str:
    """The highest mean on the val examples that all contenders were measured on; the oldest on ties."""
    ranked = _rank_contenders(search)
    return ranked[0].id if ranked else search.archive.baseline.id


def _rank_contenders(search: Search) -> list[Candidate]:
    """Contenders, best first."""
    able = sufficiently_measured(search)
    return search.archive.ranked(able, common_rows(search, [candidate.id for candidate in able]))
