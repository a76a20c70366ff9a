"""Answers that are labels: which they are, how likely each was, and how often each was given."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ..answer import AnswerContract, normalize_answer
from ..dataset import Example

MIN_LOGPROB = -12.0
MAX_LABELS = 12


def infer_labels(answer: AnswerContract, examples: Iterable[Example]) -> tuple[str, ...]:
    """The labels that the contract declares or, failing that, that the references show; empty for open answers.

    References show labels where a few distinct outputs make up all rows, each at least three times.
    """
    if answer.labels:
        return answer.labels
    if answer.type not in ("text", "choice", "tag"):
        return ()
    counts = Counter(normalize_answer(example.output) for example in examples if example.output)
    if not 2 <= len(counts) <= MAX_LABELS or min(counts.values()) < 3:
        return ()
    return tuple(sorted(counts))


def label_likelihoods(labels: Sequence[str], alternatives: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Label → log-probability that the answer begins with it, from the alternatives of the first token (nats).

    A token speaks for a label when the label begins with it and no other label does. Empty where likelihoods are
    not shown, or where two labels cannot be told apart by their first token.
    """
    if not alternatives:
        return {}
    mass = dict.fromkeys(labels, 0.0)
    for token, logprob in alternatives[0].items():
        begun = token.strip().casefold()
        meant = [label for label in labels if begun and label.casefold().startswith(begun)]
        if len(meant) == 1:
            mass[meant[0]] += math.exp(logprob)
        elif len(meant) > 1 and math.exp(logprob) > 0.2:
            return {}
    if not any(mass.values()):
        return {}
    return {label: max(MIN_LOGPROB, math.log(value)) if value > 0 else MIN_LOGPROB for label, value in mass.items()}


def label_shares(labels: Sequence[str], answers: Iterable[str | None]) -> dict[str, float]:
    """How often each label was given, as a share of all answers; what is no label counts in the total only."""
    by_name = {normalize_answer(label): label for label in labels}
    given = [by_name.get(normalize_answer(answer)) if answer is not None else None for answer in answers]
    return {label: given.count(label) / len(given) if given else 0.0 for label in labels}
