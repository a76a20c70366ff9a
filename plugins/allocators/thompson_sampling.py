"""Thompson sampling: examples go to each candidate as often as it may be the best (Beta posteriors)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from ...core.protocols import NEEDS_NOTHING, Decision
from ...core.search_types import Measurement, Search
from .common import missing_measurements, no_decisions, row_order


@dataclass(kw_only=True)
class ThompsonSampling:
    """Each pull samples a mean from everyone's posterior and measures the highest on its next example.

    Args:
        first: Examples that everyone gets before.
        pulls: Pulls of a batch, decided from the same evidence.
        batches: Batches per round, up to half of the budget.
        prior: Successes and failures that everyone begins with; a partial score counts as part of each.
    """

    name = "thompson"
    needs = NEEDS_NOTHING

    first: int = 4
    pulls: int = 16
    batches: int = 8
    prior: tuple[float, float] = (1.0, 1.0)

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        order, memory = row_order(search), search.memory
        first_pairs = missing_measurements(search, pool, order[: self.first])
        if first_pairs:
            return first_pairs[: search.remaining_runs]
        memory.setdefault("purse", search.remaining_runs // 2)
        if memory.get("batches", 0) >= self.batches or memory["purse"] < 1:
            return []
        open_rows = {name: rows for name in pool if (rows := missing_measurements(search, [name], order))}
        pull_counts = self._draw(search, open_rows, min(self.pulls, memory["purse"], search.remaining_runs))
        memory |= {"batches": memory.get("batches", 0) + 1, "purse": memory["purse"] - sum(pull_counts.values())}
        return [pair for name in open_rows for pair in open_rows[name][: pull_counts[name]]]

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        return no_decisions(search, pool)

    def _draw(self, search: Search, open_rows: Mapping[str, Sequence[Measurement]], pulls: int) -> Counter[str]:
        rng, pull_counts = search.rng("thompson"), Counter[str]()
        for _ in range(pulls):
            able = [name for name in open_rows if pull_counts[name] < len(open_rows[name])]
            if not able:
                break
            means = {name: self._sample(search, name, rng) for name in able}
            pull_counts[max(means, key=lambda name: means[name])] += 1
        return pull_counts

    def _sample(self, search: Search, name: str, rng: Random) -> float:
        evaluations = search.archive.scores.row(name, search.val).values()
        right = sum(evaluation.score for evaluation in evaluations)
        return rng.betavariate(self.prior[0] + right, self.prior[1] + len(evaluations) - right)
