"""Pseudo-labels: what prompts agree on about an unlabeled example, and how confident they are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from statistics import fmean
from typing import Any

from ...core.candidate import Archive
from ...core.label_reader import normalize_answer
from ...core.score import Evaluation
from ...core.search_types import Search

LABELLED_BY_AGREEMENT = "agreement"
# On fewer examples equal use of the labels is not to be expected.
_MIN_TO_CALIBRATE = 4
# Bounds the loss of a single confident disagreement.
_MIN_LIKELIHOOD = 0.01


@dataclass(frozen=True, kw_only=True)
class LabelVote:
    """The answer with the most votes, and the mean share that voters give it, in [0, 1]."""

    label: str
    confidence: float


class Consensus:
    """Votes on examples, whatever their references are.

    A voter votes by its label likelihoods where the target model returns them, calibrated to equal use of all labels
    over these examples: a prompt that pushes every input towards one label knows no more of the example for it.
    Otherwise, and always with `votes`, it votes by its answer. An unreadable answer is no vote.
    """

    def __init__(self, archive: Archive, voters: Sequence[str], rows: Sequence[str], *, votes: bool = False) -> None:
        self._said: dict[str, dict[str, Mapping[str, float]]] = {}
        self._spelled: dict[str, str] = {}
        for voter in dict.fromkeys(voters):
            for row, shares in self._voter_shares(archive.scores.row(voter, rows), votes).items():
                self._said.setdefault(row, {})[voter] = shares

    @property
    def rows(self) -> list[str]:
        return list(self._said)

    def vote_on(self, row: str, *, without: str = "") -> LabelVote | None:
        """The vote on an example, optionally without one voter, so that none is compared with its own vote.

        None if nobody else voted.
        """
        voices = [shares for voter, shares in self._said.get(row, {}).items() if voter != without]
        if not voices:
            return None
        total: dict[str, float] = {}
        for shares in voices:
            for label, share in shares.items():
                total[label] = total.get(label, 0.0) + share / len(voices)
        label = min(total, key=lambda name: (-total[name], name))
        return LabelVote(label=self._spelled[label], confidence=min(1.0, total[label]))

    def most_confident(self, share: float) -> dict[str, LabelVote]:
        """Of each answer the most confident share of its examples (at least one), most confident first."""
        beliefs = {row: belief for row in self._said if (belief := self.vote_on(row)) is not None}
        groups: dict[str, list[str]] = {}
        for row in sorted(beliefs, key=lambda row_id: (-beliefs[row_id].confidence, row_id)):
            groups.setdefault(normalize_answer(beliefs[row].label), []).append(row)
        confident_rows = {row for rows in groups.values() for row in rows[: max(1, round(share * len(rows)))]}
        return {row: beliefs[row] for rows in groups.values() for row in rows if row in confident_rows}

    def _voter_shares(self, evaluations: Mapping[str, Evaluation], votes: bool) -> dict[str, Mapping[str, float]]:
        likelihoods = (
            {}
            if votes
            else {row: evaluation.likelihoods for row, evaluation in evaluations.items() if evaluation.likelihoods}
        )
        for evaluation in evaluations.values():
            for label in [*evaluation.likelihoods, *([evaluation.answer] if evaluation.answer else [])]:
                self._spelled.setdefault(normalize_answer(label), label)
        spoken = {
            row: {normalize_answer(evaluation.answer): 1.0}
            for row, evaluation in evaluations.items()
            if evaluation.answer and row not in likelihoods
        }
        return {**spoken, **_calibrate_batch({row: _normalize_shares(shares) for row, shares in likelihoods.items()})}


def label_probability(evaluation: Evaluation, label: str) -> float:
    """How likely the target finds a label among the labels; by its answer alone without likelihoods."""
    if not evaluation.likelihoods:
        return float(gives_label(evaluation, label))
    return _normalize_shares(evaluation.likelihoods).get(normalize_answer(label), 0.0)


def gives_label(evaluation: Evaluation, label: str) -> bool:
    return evaluation.answer is not None and normalize_answer(evaluation.answer) == normalize_answer(label)


def label_loss(evaluations: Iterable[Evaluation], labels: Sequence[str]) -> float:
    """Mean disagreement with the labels, plus half the mean negative log-likelihood in nats."""
    return fmean(
        1.0 - gives_label(evaluation, label) - math.log(max(label_probability(evaluation, label), _MIN_LIKELIHOOD)) / 2
        for evaluation, label in zip(evaluations, labels, strict=True)
    )


def _normalize_shares(likelihoods: Mapping[str, float]) -> dict[str, float]:
    top = max(likelihoods.values())
    mass = {normalize_answer(label): math.exp(value - top) for label, value in likelihoods.items()}
    return {label: value / sum(mass.values()) for label, value in mass.items()}


def _calibrate_batch(rows: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Shares without their mean over the examples (batch calibration); unchanged for few examples."""
    labels = {label for shares in rows.values() for label in shares}
    usual = {
        label: math.fsum(shares.get(label, 0.0) for shares in rows.values()) / len(rows) for label in sorted(labels)
    }
    if len(rows) < _MIN_TO_CALIBRATE:
        return {row: dict(shares) for row, shares in rows.items()}
    even = {
        row: {label: share / max(usual[label], 1e-6) for label, share in shares.items()} for row, shares in rows.items()
    }
    return {
        row: {label: share / math.fsum(shares.values()) for label, share in shares.items()}
        for row, shares in even.items()
    }


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
