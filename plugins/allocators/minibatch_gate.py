"""A few examples decide who is measured on val (GEPA, arXiv 2507.19457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ...core.identity import seeded_random
from ...core.protocols import NEEDS_TRAIN, Decision
from ...core.search_types import Measurement, Search
from .common import missing_measurements, row_order


@dataclass(kw_only=True)
class MinibatchGate:
    """A new candidate and its parent on the same train examples; only a strictly better sum goes on to val.

    The examples are those that the parent's rewriter was shown. A child of two lineages is tried on `merged` val
    examples, equally many where either parent is better and where neither is; it goes on if it is no worse than the
    better parent. The baseline and people's candidates go to val at once, and the baseline's val examples are
    everybody's.

    Args:
        rows: Train examples, if none were shown.
        merged: Val examples for merged children.
        accept: `better`, or `no-worse`, which also lets those in that do as well as their parent.
        share: Share of the whole budget that one candidate may take on val, so that a small budget uses fewer examples.
        least: Val examples at least.
    """

    name = "gate"
    needs = NEEDS_TRAIN

    rows: int = 3
    merged: int = 5
    share: float = 0.15
    least: int = 5
    accept: Literal["better", "no-worse"] = "better"

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        order = self._val_rows(search)
        ungated = [name for name in pool if self._skips_gate(search, name)]
        pairs = missing_measurements(search, ungated, order)
        for name in pool:
            if name not in ungated:
                pairs += missing_measurements(
                    search, [*search.archive[name].parents, name], self._gate_rows(search, name)
                )
        if not pairs:
            let_in = [name for name in pool if name not in ungated and self._gate_result(search, name)]
            pairs = missing_measurements(search, let_in, order)
        return list(dict.fromkeys(pairs))[: search.remaining_runs]

    def tell(self, search: Search, pool: Sequence[str]) -> Mapping[str, Decision]:
        return {name: self._decision(search, name) for name in pool}

    def _decision(self, search: Search, name: str) -> Decision:
        if self._skips_gate(search, name):
            return "keep"
        passed = self._gate_result(search, name)
        if passed is None:
            return "undecided"
        if not passed:
            return "drop"
        return "keep" if search.archive.scores.count(name, search.val) else "undecided"

    def _gate_result(self, search: Search, name: str) -> bool | None:
        """None until it is measured on all examples of the gate."""
        rows, scores = self._gate_rows(search, name), search.archive.scores
        parents = search.archive[name].parents
        evaluations = {candidate_id: scores.row(candidate_id, rows) for candidate_id in (name, *parents)}
        if not rows or any(len(by_row) < len(rows) for by_row in evaluations.values()):
            return None
        sums = {
            candidate_id: sum(each.score for each in by_row.values()) for candidate_id, by_row in evaluations.items()
        }
        best = max(sums[candidate_id] for candidate_id in parents)
        return sums[name] >= best if len(parents) > 1 or self.accept == "no-worse" else sums[name] > best

    def _gate_rows(self, search: Search, name: str) -> Sequence[str]:
        parents = search.archive[name].parents
        if len(parents) > 1:
            return self._balanced_parent_rows(search, parents[0], parents[1])
        shown_rows = [order.rows for order in search.orders if order.rows and order.parents[:1] == parents]
        if shown_rows:
            return shown_rows[0]
        labelled = [row for row in search.train if row not in search.examples or search.examples[row].outputs]
        return seeded_random(search.seed, "gate", search.round).sample(labelled, min(self.rows, len(labelled)))

    def _balanced_parent_rows(self, search: Search, first: str, second: str) -> list[str]:
        """Val examples of both parents, the three kinds in turn."""
        scores = search.archive.scores
        kinds: dict[int, list[str]] = {-1: [], 1: [], 0: []}
        theirs = scores.row(second, self._val_rows(search))
        for row, evaluation in scores.row(first, list(theirs)).items():
            other = theirs[row].score
            kinds[(evaluation.score > other) - (evaluation.score < other)].append(row)
        chosen: list[str] = []
        while any(kinds.values()) and len(chosen) < self.merged:
            chosen += [rows.pop() for rows in kinds.values() if rows]
        return chosen[: self.merged]

    def _val_rows(self, search: Search) -> Sequence[str]:
        order, start = row_order(search), search.archive.baseline.id
        baseline_rows = [row for row in order if search.archive.scores.get(start, row) is not None]
        return baseline_rows or order[: max(self.least, int(self.share * search.total_runs))]

    def _skips_gate(self, search: Search, name: str) -> bool:
        """Whether it has no parent, is a person's, or was accepted before."""
        candidate = search.archive[name]
        return not candidate.parents or candidate.operator == "person" or candidate.status in ("kept", "pinned")
