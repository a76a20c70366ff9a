"""A few rows decide who is measured on val (GEPA, arXiv 2507.19457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...core.identity import seeded_random
from ...core.protocols import Decision, Need
from ...core.search_types import Measurement, Search
from .common import missing_measurements, row_order


@dataclass(kw_only=True)
class MinibatchGate:
    """A newcomer and its parent on the same train rows, those that the parent's author was shown; only who is better
    there, strictly in sum, goes on to val. A child of two lineages is tried on `merged` val rows, as many of each kind:
    where the one parent is better, the other, neither; it goes on if it is no worse than the better of them.

    rows: train rows where nobody was shown any. share: of the whole room, what one candidate may take on val, so that
    a small budget meets fewer rows; at least `least`. The start prompt and people's go to val at once; on which rows
    the start prompt was measured, everybody is.
    """

    name: str = field(default="gate", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    rows: int = 3
    merged: int = 5
    share: float = 0.15
    least: int = 5

    def ask(self, search: Search, pool: Sequence[str]) -> Sequence[Measurement]:
        order = self._val_rows(search)
        known = [name for name in pool if self._skips_gate(search, name)]
        pairs = missing_measurements(search, known, order)
        for name in pool:
            if name not in known:
                pairs += missing_measurements(
                    search, [*search.archive[name].parents, name], self._gate_rows(search, name)
                )
        if not pairs:
            let_in = [name for name in pool if name not in known and self._gate_result(search, name)]
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
        """None while it is not known on all rows of the gate."""
        rows, scores = self._gate_rows(search, name), search.archive.scores
        parents = search.archive[name].parents
        told = {one: scores.row(one, rows) for one in (name, *parents)}
        if not rows or any(len(seen) < len(rows) for seen in told.values()):
            return None
        sums = {one: sum(each.score for each in seen.values()) for one, seen in told.items()}
        best = max(sums[one] for one in parents)
        return sums[name] >= best if len(parents) > 1 else sums[name] > best

    def _gate_rows(self, search: Search, name: str) -> Sequence[str]:
        parents = search.archive[name].parents
        if len(parents) > 1:
            return self._balanced_parent_rows(search, parents[0], parents[1])
        shown = [order.rows for order in search.orders if order.rows and order.parents[:1] == parents]
        if shown:
            return shown[0]
        labelled = [row for row in search.train if row not in search.examples or search.examples[row].outputs]
        return seeded_random(search.seed, "gate", search.round).sample(labelled, min(self.rows, len(labelled)))

    def _balanced_parent_rows(self, search: Search, first: str, second: str) -> list[str]:
        """Val rows that both parents were measured on, the three kinds in turn."""
        scores = search.archive.scores
        kinds: dict[int, list[str]] = {-1: [], 1: [], 0: []}
        theirs = scores.row(second, self._val_rows(search))
        for row, one in scores.row(first, list(theirs)).items():
            other = theirs[row].score
            kinds[(one.score > other) - (one.score < other)].append(row)
        drawn: list[str] = []
        while any(kinds.values()) and len(drawn) < self.merged:
            drawn += [rows.pop() for rows in kinds.values() if rows]
        return drawn[: self.merged]

    def _val_rows(self, search: Search) -> Sequence[str]:
        order, start = row_order(search), search.archive.baseline.id
        met = [row for row in order if search.archive.scores.get(start, row) is not None]
        return met or order[: max(self.least, int(self.share * search.total_runs))]

    def _skips_gate(self, search: Search, name: str) -> bool:
        """Whether it needs no gate: nobody's child, a person's, or let in before."""
        one = search.archive[name]
        return not one.parents or one.operator == "person" or one.status in ("kept", "pinned")
