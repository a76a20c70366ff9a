"""What prompts agree on about a row whose answer nobody told: pseudo-labels, and how sure they are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from ...core.answer import normalize_answer
from ...core.candidate import Archive
from ...core.score import Evaluation

LABELLED_BY_AGREEMENT = "agreement"
_FEWEST_TO_CALIBRATE = 4
_LEAST_LIKELY = 0.01


@dataclass(frozen=True, kw_only=True)
class LabelVote:
    """The answer that most speaks for, and the mean share that voters give it, in [0, 1]."""

    label: str
    confidence: float


class Consensus:
    """What voters say of rows, whatever the rows' references say.

    A voter speaks by its label likelihoods where the target shows them, brought to equal use of all labels over these
    rows, because a prompt that pushes every input towards one label knows no more of the row for it; else, and always
    with `votes`, by its answer. An unreadable answer is no voice.
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
        """What is believed of a row; without the voice of one voter, so that nobody is held to its own word. None where
        nobody else spoke."""
        voices = [shares for voter, shares in self._said.get(row, {}).items() if voter != without]
        if not voices:
            return None
        total: dict[str, float] = {}
        for shares in voices:
            for label, share in shares.items():
                total[label] = total.get(label, 0.0) + share / len(voices)
        label = min(total, key=lambda one: (-total[one], one))
        return LabelVote(label=self._spelled[label], confidence=min(1.0, total[label]))

    def most_confident(self, share: float) -> dict[str, LabelVote]:
        """Of each answer the surest share of its rows, at least one; row → belief, the surest first."""
        beliefs = {row: belief for row in self._said if (belief := self.vote_on(row)) is not None}
        groups: dict[str, list[str]] = {}
        for row in sorted(beliefs, key=lambda one: (-beliefs[one].confidence, one)):
            groups.setdefault(normalize_answer(beliefs[row].label), []).append(row)
        kept = {row for rows in groups.values() for row in rows[: max(1, round(share * len(rows)))]}
        return {row: beliefs[row] for rows in groups.values() for row in rows if row in kept}

    def _voter_shares(self, seen: Mapping[str, Evaluation], votes: bool) -> dict[str, Mapping[str, float]]:
        shown = {} if votes else {row: one.likelihoods for row, one in seen.items() if one.likelihoods}
        for one in seen.values():
            for label in [*one.likelihoods, *([one.answer] if one.answer else [])]:
                self._spelled.setdefault(normalize_answer(label), label)
        spoken = {
            row: {normalize_answer(one.answer): 1.0} for row, one in seen.items() if one.answer and row not in shown
        }
        return {**spoken, **_calibrate_batch({row: _normalize_shares(told) for row, told in shown.items()})}


def label_probability(evaluation: Evaluation, label: str) -> float:
    """How likely the target found a label among the labels; by its answer alone where it shows no likelihoods."""
    if not evaluation.likelihoods:
        return float(gives_label(evaluation, label))
    return _normalize_shares(evaluation.likelihoods).get(normalize_answer(label), 0.0)


def gives_label(evaluation: Evaluation, label: str) -> bool:
    return evaluation.answer is not None and normalize_answer(evaluation.answer) == normalize_answer(label)


def label_loss(evaluations: Iterable[Evaluation], labels: Sequence[str]) -> float:
    """The mean of how often another answer was given and, at half the weight, how unlikely the labels were in nats."""
    return fmean(
        1.0 - gives_label(one, label) - math.log(max(label_probability(one, label), _LEAST_LIKELY)) / 2
        for one, label in zip(evaluations, labels, strict=True)
    )


def _normalize_shares(likelihoods: Mapping[str, float]) -> dict[str, float]:
    top = max(likelihoods.values())
    mass = {normalize_answer(label): math.exp(value - top) for label, value in likelihoods.items()}
    return {label: value / sum(mass.values()) for label, value in mass.items()}


def _calibrate_batch(rows: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Shares with the mean over the rows taken out (batch calibration); of few rows as they are."""
    labels = {label for shares in rows.values() for label in shares}
    usual = {label: math.fsum(one.get(label, 0.0) for one in rows.values()) / len(rows) for label in sorted(labels)}
    if len(rows) < _FEWEST_TO_CALIBRATE:
        return {row: dict(shares) for row, shares in rows.items()}
    even = {
        row: {label: one / max(usual[label], 1e-6) for label, one in shares.items()} for row, shares in rows.items()
    }
    return {
        row: {label: one / math.fsum(shares.values()) for label, one in shares.items()} for row, shares in even.items()
    }
