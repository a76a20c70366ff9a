"""What the start and the last prompts agree on about rows that nobody labelled: what of it is trusted, shown, taken
over."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from statistics import fmean
from typing import Any

from ...core.answer import normalize_answer
from ...core.search_types import Search
from ..algorithms.pseudo_labels import Consensus, LabelVote, gives_label, label_probability


class PseudoLabels:
    """share: of each label's rows, which are trusted. voters: beside the start prompt.

    sure: the val rows that are trusted; none where one label has all, or nearly every row one of its own.
    """

    def __init__(self, search: Search, voters: Sequence[str], share: float) -> None:
        self._search, self._share = search, share
        self._voters = [search.archive.baseline.id, *voters]
        self._val = self._consensus(search.val)
        sure = self._val.most_confident(share)
        labels = len({normalize_answer(one.label) for one in sure.values()})
        self.sure: dict[str, LabelVote] = sure if 2 <= labels <= max(2, len(sure) // 2) else {}

    def agreement_score(self, name: str) -> tuple[float, float]:
        """How often a prompt answers a trusted row as the others do, and how likely it finds what they say."""
        seen = self._search.archive.scores.row(name, list(self.sure))
        told = [
            (one, belief) for row, one in seen.items() if (belief := self._val.vote_on(row, without=name)) is not None
        ]
        if 2 * len(told) < len(self.sure):
            return -1.0, 0.0
        agreed = fmean(float(gives_label(one, belief.label)) for one, belief in told)
        return round(agreed, 6), round(fmean(label_probability(one, belief.label) for one, belief in told), 6)

    def label_demos(self, most: int) -> list[list[str]]:
        """[row, label] of each label's surest train rows, labels in turn, the surest last; none of a single label."""
        groups: dict[str, list[list[str]]] = {}
        for row, belief in self._consensus(self._search.train).most_confident(self._share).items():
            groups.setdefault(normalize_answer(belief.label), []).append([row, belief.label])
        if len(groups) < 2:
            return []
        turns = [one for turn in zip_longest(*(groups[name] for name in sorted(groups))) for one in turn if one]
        return turns[:most][::-1]

    def revised_labels(self) -> dict[str, list[Any]]:
        """Row → its label now, how sure that is, its split: where that is another label than before."""
        changed: dict[str, list[Any]] = {}
        for split, consensus in (("val", self._val), ("train", self._consensus(self._search.train))):
            for row in consensus.rows:
                belief = consensus.vote_on(row)
                if belief is not None and normalize_answer(belief.label) != normalize_answer(
                    self._search.examples[row].output or ""
                ):
                    changed[row] = [belief.label, round(belief.confidence, 4), split]
        return changed

    def _consensus(self, rows: Sequence[str]) -> Consensus:
        return Consensus(self._search.archive, self._voters, rows)
