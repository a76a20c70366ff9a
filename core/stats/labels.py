"""Answers that are labels: which labels there are, how likely each was, and how often each was given."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ..answer import AnswerContract
from ..dataset import Example
from ..label_reader import normalize_answer

# A label that is not among the reported alternatives is at most this likely (nats).
MIN_LOGPROB = -12.0
MAX_LABELS = 12
# Below that, a label may be a coincidence of open answers.
_MIN_REPEATS = 3
# A first token shared by two labels only matters if it is at least this likely.
_AMBIGUOUS_PROBABILITY = 0.2


def infer_labels(answer: AnswerContract, examples: Iterable[Example]) -> tuple[str, ...]:
    """The labels that the contract declares or, failing that, that the references show; empty for open answers.

    References show labels if a few distinct outputs make up all examples, each at least three times.
    """
    if answer.labels:
        return answer.labels
    if answer.type not in ("text", "choice", "tag"):
        return ()
    counts = Counter(normalize_answer(example.output) for example in examples if example.output)
    if not 2 <= len(counts) <= MAX_LABELS or min(counts.values()) < _MIN_REPEATS:
        return ()
    return tuple(sorted(counts))


def label_likelihoods(labels: Sequence[str], alternatives: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Label → log-probability (nats) that the answer begins with it, from the alternatives of the first token.

    A token counts for a label if this label begins with it and no other one does. Empty if the model returns no
    log-probabilities, or if two labels cannot be told apart by their first token.
    """
    if not alternatives:
        return {}
    mass = dict.fromkeys(labels, 0.0)
    for token, logprob in alternatives[0].items():
        prefix = token.strip().casefold()
        matches = [label for label in labels if prefix and label.casefold().startswith(prefix)]
        if len(matches) == 1:
            mass[matches[0]] += math.exp(logprob)
        elif len(matches) > 1 and math.exp(logprob) > _AMBIGUOUS_PROBABILITY:
            return {}
    if not any(mass.values()):
        return {}
    return {label: max(MIN_LOGPROB, math.log(value)) if value > 0 else MIN_LOGPROB for label, value in mass.items()}


def label_shares(labels: Sequence[str], answers: Iterable[str | None]) -> dict[str, float]:
    """How often each label was given, as a share of all answers. Other answers count in the total only."""
    by_name = {normalize_answer(label): label for label in labels}
    read = [by_name.get(normalize_answer(answer)) if answer is not None else None for answer in answers]
    return {label: read.count(label) / len(read) if read else 0.0 for label in labels}
