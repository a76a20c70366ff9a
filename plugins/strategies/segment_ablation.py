"""Segments are masked to measure their worth; the least useful are rewritten (PMPO, arXiv 2505.16307)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from ...core.option_types import Count
from ...core.protocols import NEEDS_LABELLED_TRAIN, Decision
from ...core.score import Evaluation
from ...core.search_types import Search, WorkOrder
from ..algorithms.segments import Segment, split_segments, without_segment
from ..algorithms.selection import EXCLUDED, human_candidates

_MASK = "mask"
# The total budget per masked segment, rewritten segment and case, so that a small one lasts for two turns.
_RUNS_PER_MASK, _RUNS_PER_REWRITE, _RUNS_PER_CASE = 48, 120, 30
# A prompt in one segment has nothing to compare.
_MIN_SEGMENTS = 2


@dataclass(kw_only=True)
class SegmentAblation:
    """Alternates two rounds.

    First the current prompt is measured without each of its segments: the increase in loss is the segment's worth. Then
    every other operator rewrites the least useful segments, with the hardest examples in view, and the variant with the
    lowest loss becomes current if it is lower than before. A masked prompt is a variant too. The loss is the recipe's,
    or one minus the score where it has none. A small budget has less of everything.

    Args:
        segments: Segments of a prompt at most.
        low: Segments rewritten per round.
        cases: Train examples among which the hardest are found.
        hard: Hardest examples shown.
        patience: Turns without a gain that end the search.
    """

    name = "blame"
    needs = NEEDS_LABELLED_TRAIN
    requires = frozenset({_MASK})

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
            # Remembered, so that a budget change between the two rounds does not divide the prompt differently.
            memory["most"] = most = self._max_segments(search)
            cases = min(self.cases, max(_MIN_SEGMENTS, search.total_runs // _RUNS_PER_CASE))
            return [WorkOrder(operator=_MASK, parents=(memory["current"],), options={"most": most}, cases=cases)]
        low = min(self.low, max(1, search.total_runs // _RUNS_PER_REWRITE))
        worth = self.segment_worth(search) or dict.fromkeys(range(len(self._segments(search))), 0.0)
        positions = sorted(worth, key=worth.__getitem__)[:low]
        rows = tuple(self._hardest_rows(search))
        return [
            WorkOrder(
                operator=name,
                parents=(memory["current"],),
                options={"segment": position, "most": memory["most"]},
                rows=rows,
                stream=position,
            )
            for position in positions
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
        """The lowest mean loss among those measured on at least half as many examples as any."""
        evaluations = {
            candidate.id: search.archive.scores.row(candidate.id, search.val).values()
            for candidate in search.archive.alive
        }
        most = max(map(len, evaluations.values()), default=0)
        solid = {
            name: fmean(map(evaluation_loss, rows))
            for name, rows in evaluations.items()
            if most and len(rows) * 2 >= most
        }
        return min(solid, key=solid.__getitem__, default=search.archive.baseline.id)

    def segment_worth(self, search: Search) -> dict[int, float]:
        """Segment position → increase in loss without it; unmeasured segments are left out."""
        return {
            index: self._loss_increase(search, name)
            for index, name in self._masked_candidates(search).items()
            if self._val_evaluations(search, name)
        }

    def _masked_candidates(self, search: Search) -> dict[int, str]:
        """Segment position → the candidate that is the current prompt without it.

        A dropped candidate has shown what its segment is worth, and is not proposed again.
        """
        program = search.archive[search.memory["current"]].program
        allowed = [candidate for candidate in search.archive.candidates.values() if candidate.status not in EXCLUDED]
        ids_by_program = {candidate.program.id: candidate.id for candidate in allowed}
        masked_prompts = [without_segment(program.main, segment) for segment in self._segments(search)]
        matches = {index: ids_by_program.get(program.replace(prompt).id) for index, prompt in enumerate(masked_prompts)}
        return {index: name for index, name in matches.items() if name is not None}

    def _segments(self, search: Search) -> list[Segment]:
        return split_segments(search.archive[search.memory["current"]].program.main, search.memory["most"])

    def _loss_increase(self, search: Search, name: str) -> float:
        """The increase in loss over the current prompt, on the val examples of both."""
        theirs = search.archive.scores.row(search.memory["current"], search.val)
        mine = search.archive.scores.row(name, search.val)
        both = [row for row in mine if row in theirs]
        return fmean(evaluation_loss(mine[row]) - evaluation_loss(theirs[row]) for row in both) if both else 0.0

    def _val_evaluations(self, search: Search, name: str) -> int:
        return search.archive.scores.count(name, search.val)

    def _hardest_rows(self, search: Search) -> list[str]:
        evaluations = search.archive.scores.row(search.memory["current"], search.train)
        return sorted(evaluations, key=lambda row: -evaluation_loss(evaluations[row]))[: self.hard]

    def _max_segments(self, search: Search) -> int:
        return min(self.segments, max(_MIN_SEGMENTS, search.total_runs // _RUNS_PER_MASK))


def evaluation_loss(evaluation: Evaluation) -> float:
    """In nats if a loss was measured, else one minus the score."""
    losses = (score.values.get("loss") for score in evaluation.scores.values())
    return next((loss for loss in losses if loss is not None), 1.0 - evaluation.score)
