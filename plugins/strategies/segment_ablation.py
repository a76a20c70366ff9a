"""Segments are masked to see what each is worth; the least useful are written anew (PMPO, arXiv 2505.16307)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from ...core.option_types import Count
from ...core.protocols import Decision, Need
from ...core.score import Evaluation
from ...core.search_types import Search, WorkOrder
from ..algorithms.pool_helpers import human_candidates
from ..algorithms.segments import Segment, split_segments, without_segment

_MASK = "mask"
_CALLS_PER_MASK, _CALLS_PER_REWRITE, _CALLS_PER_CASE = 48, 120, 30
_LEAST = 2
_EXCLUDED = ("rejected", "vetoed")


@dataclass(kw_only=True)
class SegmentAblation:
    """Two rounds in turn. First the current prompt is measured without each of its segments: what the loss rises by is
    the segment's worth. Then every other operator works on the segments that are worth least, with the rows in view
    that the current prompt finds hardest, and the variant with the lowest loss, if lower than before, is current.

    A masked prompt is a variant too. The loss is the recipe's, or one minus the score where it has none.

    segments: into how many parts a prompt is divided at most. low: segments written anew a round. cases: train rows
    among which the hardest are found. hard: of them shown. patience: turns without a gain before the search ends.
    A small budget has fewer of each.
    """

    name: str = field(default="blame", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train", "references"}), init=False)
    requires: frozenset[str] = field(default=frozenset({_MASK}), init=False)
    segments: Count = 8
    low: int = 2
    cases: int = 12
    hard: int = 3
    patience: Count = 2

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        memory = search.memory
        memory.setdefault("current", search.archive.baseline.id)
        if memory.get("idle", 0) >= self.patience:
            return []
        memory["stage"] = "rewrite" if memory.get("stage") == "mask" else "mask"
        if memory["stage"] == "mask":
            # A budget that is changed in between divides the prompt no other way for writing than for masking.
            memory["most"] = most = self._max_segments(search)
            cases = min(self.cases, max(_LEAST, search.total_runs // _CALLS_PER_CASE))
            return [WorkOrder(operator=_MASK, parents=(memory["current"],), options={"most": most}, cases=cases)]
        low = min(self.low, max(1, search.total_runs // _CALLS_PER_REWRITE))
        worth = self.segment_worth(search) or dict.fromkeys(range(len(self._segments(search))), 0.0)
        places = sorted(worth, key=worth.__getitem__)[:low]
        rows = tuple(self._hardest_rows(search))
        return [
            WorkOrder(
                operator=name,
                parents=(memory["current"],),
                options={"segment": place, "most": memory["most"]},
                rows=rows,
                stream=place,
            )
            for place in places
            for name in search.operators
            if name != _MASK
        ]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        running = [
            name for name in self._masked_candidates(search).values() if search.archive[name].status != "dropped"
        ]
        return list(dict.fromkeys([search.memory["current"], *human_candidates(search), *running, *new]))

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        memory = search.memory
        if memory["stage"] == "mask":
            return dict.fromkeys(pool, "undecided")
        gains = {name: -self._loss_increase(search, name) for name in pool if name != memory["current"]}
        best = max(gains, key=gains.__getitem__, default=memory["current"])
        gained = bool(gains) and gains[best] > 0
        memory["idle"] = 0 if gained else memory.get("idle", 0) + 1
        memory["current"] = best if gained else memory["current"]
        return {name: "keep" if name in (memory["current"], search.archive.baseline.id) else "drop" for name in pool}

    def final(self, search: Search) -> str:
        """The lowest mean loss among those measured on at least half as many rows as any."""
        seen = {one.id: search.archive.scores.row(one.id, search.val).values() for one in search.archive.alive}
        most = max(map(len, seen.values()), default=0)
        solid = {
            name: fmean(map(evaluation_loss, rows)) for name, rows in seen.items() if most and len(rows) * 2 >= most
        }
        return min(solid, key=solid.__getitem__, default=search.archive.baseline.id)

    def segment_worth(self, search: Search) -> dict[int, float]:
        """Segment by its place → what the loss rises by without it; those that were not measured are left out."""
        return {
            place: self._loss_increase(search, name)
            for place, name in self._masked_candidates(search).items()
            if self._val_evaluations(search, name)
        }

    def _masked_candidates(self, search: Search) -> dict[int, str]:
        """Segment by its place → the candidate that is the current prompt without it. One that was dropped has told
        what its segment is worth, and is not proposed again."""
        program = search.archive[search.memory["current"]].program
        allowed = [one for one in search.archive.candidates.values() if one.status not in _EXCLUDED]
        known = {one.program.id: one.id for one in allowed}
        cut = [without_segment(program.main, one) for one in self._segments(search)]
        found = {place: known.get(program.replace(prompt).id) for place, prompt in enumerate(cut)}
        return {place: name for place, name in found.items() if name is not None}

    def _segments(self, search: Search) -> list[Segment]:
        return split_segments(search.archive[search.memory["current"]].program.main, search.memory["most"])

    def _loss_increase(self, search: Search, name: str) -> float:
        """How much higher the loss is than the current prompt's, on the val rows that both were measured on."""
        theirs = search.archive.scores.row(search.memory["current"], search.val)
        mine = search.archive.scores.row(name, search.val)
        both = [row for row in mine if row in theirs]
        return fmean(evaluation_loss(mine[row]) - evaluation_loss(theirs[row]) for row in both) if both else 0.0

    def _val_evaluations(self, search: Search, name: str) -> int:
        return search.archive.scores.count(name, search.val)

    def _hardest_rows(self, search: Search) -> list[str]:
        seen = search.archive.scores.row(search.memory["current"], search.train)
        return sorted(seen, key=lambda row: -evaluation_loss(seen[row]))[: self.hard]

    def _max_segments(self, search: Search) -> int:
        return min(self.segments, max(_LEAST, search.total_runs // _CALLS_PER_MASK))


def evaluation_loss(evaluation: Evaluation) -> float:
    """In nats where a loss was measured, else what the score lacks to 1."""
    told = (score.values.get("loss") for score in evaluation.scores.values())
    return next((loss for loss in told if loss is not None), 1.0 - evaluation.score)
