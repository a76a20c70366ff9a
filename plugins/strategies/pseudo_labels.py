"""Pseudo-labels of unlabeled examples: what the baseline and the last prompts agree on, and what of it is trusted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from statistics import fmean
from typing import Any

from ...core.answer import normalize_answer
from ...core.search_types import Search
from ..algorithms.pseudo_labels import Consensus, LabelVote, gives_label, label_probability


class PseudoLabels:
    """Pseudo-labels of val and train.

    Args:
        voters: Prompts that vote, beside the baseline.
        share: Share of each label's examples that is trusted.

    Attributes:
        sure: Trusted val examples; empty where one label has all, or nearly every example a label of its own.
    """

    def __init__(self, search: Search, voters: Sequence[str], share: float) -> None:
        self._search, self._share = search, share
        self._voters = [search.archive.baseline.id, *voters]
        self._val = self._consensus(search.val)
        sure = self._val.most_confident(share)
        labels = len({normalize_answer(vote.label) for vote in sure.values()})
        self.sure: dict[str, LabelVote] = sure if 2 <= labels <= max(2, len(sure) // 2) else {}

    def agreement_score(self, name: str) -> tuple[float, float]:
        """How often a prompt gives a trusted example the others' answer, and how likely it finds that answer."""
        evaluations = self._search.archive.scores.row(name, list(self.sure))
        pairs = [
            (evaluation, belief)
            for row, evaluation in evaluations.items()
            if (belief := self._val.vote_on(row, without=name)) is not None
        ]
        if 2 * len(pairs) < len(self.sure):
            return -1.0, 0.0
        agreed = fmean(float(gives_label(evaluation, belief.label)) for evaluation, belief in pairs)
        return round(agreed, 6), round(
            fmean(label_probability(evaluation, belief.label) for evaluation, belief in pairs), 6
        )

    def label_demos(self, most: int) -> list[list[str]]:
        """[example, label] of each label's most confident train examples, in turn; none for a single label."""
        groups: dict[str, list[list[str]]] = {}
        for row, belief in self._consensus(self._search.train).most_confident(self._share).items():
            groups.setdefault(normalize_answer(belief.label), []).append([row, belief.label])
        if len(groups) < 2:
            return []
        turns = [pair for turn in zip_longest(*(groups[name] for name in sorted(groups))) for pair in turn if pair]
        return turns[:most][::-1]

    def revised_labels(self) -> dict[str, list[Any]]:
        """Example → [new label, confidence, split], where the label changed."""
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
