"""Two domains, one of them unlabeled: prompts label it together, then must do well on both (GPO, arXiv 2305.13954)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from ...core.option_types import Count
from ...core.protocols import NEEDS_LABELLED_TRAIN, Decision
from ...core.search_types import Search, WorkOrder
from ..algorithms.domain_shift import measure_shift
from ..algorithms.pseudo_labels import LABELLED_BY_AGREEMENT
from ..algorithms.selection import common_rows, measured_ids, sufficiently_measured

_LABELS = "relabel"


@dataclass(kw_only=True)
class CrossDomainLabels:
    """Pseudo-labels examples of the split target, then searches on both domains.

    In round 1 prompts are written from the labeled examples, and all of them answer val examples and examples of the
    split target. Where at least `threshold` of them give a target example the same answer, that becomes its label; half
    of those examples join val, half train. From then on the optimizer model sees both domains, and a prompt's value is
    the mean of its means on both.

    A check comes first: whether the domains differ at all, whether the majority answer is right where references exist,
    and whether there are `least` examples of more than one answer. Otherwise the labels are not used, the reason is
    recorded, and the search goes on with the labeled examples alone.

    Args:
        threshold: Share of prompts that has to agree.
        least: Pseudo-labeled examples at least.
        width: Prompts that stay, and are worked on in turn.
        patience: Rounds without a better prompt that end the search.
    """

    name = "joint"
    needs = NEEDS_LABELLED_TRAIN

    threshold: float = 0.75
    least: int = 4
    width: Count = 3
    patience: int = 3

    def ask(self, search: Search) -> Sequence[WorkOrder]:
        memory = search.memory
        if memory.get("idle", 0) >= self.patience or 2 * search.remaining_runs < self._required_rows(search):
            return []
        if memory.get("labels") and _LABELS in search.operators:
            labels = memory.pop("labels")
            return [WorkOrder(operator=_LABELS, parents=(search.archive.baseline.id,), options={"labels": labels})]
        ranked = self._rank_contenders(search)[: self.width]
        parent = ranked[(search.round - 1) % len(ranked)]
        return [WorkOrder(operator=name, parents=(parent,)) for name in search.operators if name != _LABELS]

    def pool(self, search: Search, new: Sequence[str]) -> Sequence[str]:
        """With all that may still win: after examples joined, all of them are compared on these too."""
        return list(
            dict.fromkeys([search.archive.baseline.id, *(candidate.id for candidate in search.archive.alive), *new])
        )

    def tell(self, search: Search, pool: Sequence[str], verdicts: Mapping[str, Decision]) -> Mapping[str, Decision]:
        memory, start = search.memory, search.archive.baseline.id
        if not memory.get("checked"):
            memory["checked"] = True
            self._check_transfer(search, pool)
        ranked, grown = self._rank_contenders(search), self._target_rows(search)
        # New examples change the measure, so the best before them is not comparable: the patience starts again.
        moved = ranked[0] != memory.get("best", start) or len(grown) != memory.get("grown", 0)
        memory["idle"] = 0 if moved else memory.get("idle", 0) + 1
        memory["best"], memory["grown"] = ranked[0], len(grown)
        stay = {start, *ranked[: self.width]}
        return {name: "keep" if name in stay else "drop" for name in pool}

    def final(self, search: Search) -> str:
        return self._rank_contenders(search)[0]

    def balanced_mean(self, search: Search, name: str, rows: Sequence[str]) -> float:
        """The mean of the means on both domains, or of the one that has examples."""
        joined = set(self._target_rows(search))
        groups = ([row for row in rows if row not in joined], [row for row in rows if row in joined])
        means = [mean for some in groups if (mean := search.archive.scores.mean(name, some)) is not None]
        return fmean(means) if means else -1.0

    def _check_transfer(self, search: Search, pool: Sequence[str]) -> None:
        shift, accepted = measure_shift(
            search.archive,
            measured_ids(search, pool),
            search.examples,
            search.val,
            search.target,
            threshold=self.threshold,
            least=self.least,
            rng=search.rng("shift"),
        )
        search.remarks["shift"] = shift.as_record
        search.remarks["said"] = shift.against or f"{len(accepted)} examples of the split target got labels"
        if not shift.against:
            surest = sorted(accepted, key=lambda row: (-accepted[row].confidence, row))
            search.memory["labels"] = {
                row: [accepted[row].label, round(accepted[row].confidence, 4), ("val", "train")[index % 2]]
                for index, row in enumerate(surest)
            }

    def _rank_contenders(self, search: Search) -> list[str]:
        """All that may win, best first, on the val examples all were measured on; never empty."""
        able = [candidate.id for candidate in sufficiently_measured(search)]
        common = common_rows(search, able)
        worth = {name: self.balanced_mean(search, name, common) for name in able}
        return sorted(worth, key=lambda name: -worth[name]) or [search.archive.baseline.id]

    def _required_rows(self, search: Search) -> int:
        """Val examples of the baseline; a winner needs at least half as many."""
        return search.archive.scores.count(search.archive.baseline.id, search.val)

    def _target_rows(self, search: Search) -> list[str]:
        return [row for row in search.val if search.examples[row].metadata.get("by") == LABELLED_BY_AGREEMENT]
