"""Whether inputs come from another domain than those with references, and whether pseudo-labels there are reliable."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from ...core.candidate import Archive
from ...core.dataset import Example
from ...core.label_reader import normalize_answer
from ...core.tfidf import SparseVector, TfidfSpace
from .pseudo_labels import Consensus, LabelVote

# Enough to detect a shift; the permutations compare all pairs.
_MAX_EXAMPLES = 60
# The smallest p-value is 0.01.
_PERMUTATIONS = 99
# The usual significance level.
_MAX_P = 0.05


@dataclass(frozen=True, kw_only=True)
class DomainShift:
    """Attributes of the shift between two groups of examples.

    Attributes:
        separation: How much more similar inputs are to their own group.
        p: Probability of as much by chance.
        agreed: Share of the other group's examples that prompts agree on.
        right: How often the majority answer is right where references exist.
        usual: What the most frequent answer reaches there.
        against: Why labels of the other group are not worth using; empty if they are.
    """

    separation: float
    p: float
    agreed: float
    right: float
    usual: float
    against: str = ""

    @property
    def as_record(self) -> dict[str, Any]:
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}


def measure_shift(
    archive: Archive,
    voters: Sequence[str],
    examples: Mapping[str, Example],
    source: Sequence[str],
    target: Sequence[str],
    *,
    threshold: float,
    least: int,
    rng: Random,
) -> tuple[DomainShift, dict[str, LabelVote]]:
    """The shift, and the target examples that at least `threshold` of the voters agree on."""
    accepted = _agreed_labels(Consensus(archive, voters, target, votes=True), threshold)
    source_votes = _agreed_labels(Consensus(archive, voters, source, votes=True), 0.0)
    right = [_agreed_label_score(archive, voters, row, belief) for row, belief in source_votes.items()]
    references = Counter(normalize_answer(examples[row].output or "") for row in source_votes)
    usual = max(references.values(), default=0) / max(1, len(source_votes))
    separation, p = separation_test([examples[row].text for row in source], [examples[row].text for row in target], rng)
    measured = sum(any(archive.scores.get(voter, row) is not None for voter in voters) for row in target)
    shift = DomainShift(
        separation=separation,
        p=p,
        agreed=len(accepted) / max(1, measured),
        right=sum(right) / max(1, len(right)),
        usual=usual,
    )
    return DomainShift(**{**asdict(shift), "against": _objection(shift, accepted, references, least)}), accepted


def separation_test(first: Sequence[str], second: Sequence[str], rng: Random) -> tuple[float, float]:
    """How much more alike texts are within their group than across (TF-IDF), and the permutation p-value."""
    first_sample, second_sample = (rng.sample(list(some), min(_MAX_EXAMPLES, len(some))) for some in (first, second))
    if len(first_sample) < 2 or len(second_sample) < 2:
        return 0.0, 1.0
    space = TfidfSpace([*first_sample, *second_sample])
    vectors = [space.vector(text) for text in (*first_sample, *second_sample)]
    groups = [0] * len(first_sample) + [1] * len(second_sample)
    observed = _separation(vectors, groups)
    shuffled = [_separation(vectors, rng.sample(groups, len(groups))) for _ in range(_PERMUTATIONS)]
    return observed, (1 + sum(value >= observed for value in shuffled)) / (1 + len(shuffled))


def _separation(vectors: Sequence[SparseVector], groups: Sequence[int]) -> float:
    """Mean similarity of two different texts of one group, minus that of two texts of different groups."""
    sums: list[dict[str, float]] = [{}, {}]
    own = [0.0, 0.0]
    sizes = [groups.count(0), groups.count(1)]
    for vector, group in zip(vectors, groups, strict=True):
        for term, value in vector.items():
            sums[group][term] = sums[group].get(term, 0.0) + value
            own[group] += value * value
    within = [
        (math.fsum(value * value for value in sums[g].values()) - own[g]) / (sizes[g] * (sizes[g] - 1)) for g in (0, 1)
    ]
    across = math.fsum(value * sums[1].get(term, 0.0) for term, value in sums[0].items()) / (sizes[0] * sizes[1])
    return sum(within) / 2 - across


def _agreed_labels(consensus: Consensus, threshold: float) -> dict[str, LabelVote]:
    votes = {row: belief for row in consensus.rows if (belief := consensus.vote_on(row)) is not None}
    return {row: belief for row, belief in votes.items() if belief.confidence >= threshold}


def _agreed_label_score(archive: Archive, voters: Sequence[str], row: str, belief: LabelVote) -> float:
    """The score of an answer that gives the agreed label."""
    for voter in voters:
        evaluation = archive.scores.get(voter, row)
        if (
            evaluation is not None
            and evaluation.answer is not None
            and normalize_answer(evaluation.answer) == normalize_answer(belief.label)
        ):
            return evaluation.score
    return 0.0


def _objection(shift: DomainShift, accepted: Mapping[str, LabelVote], references: Mapping[str, int], least: int) -> str:
    if shift.p > _MAX_P:
        return (
            f"the groups' inputs do not differ significantly (p {shift.p:.2f}): examples with references represent both"
        )
    if len(accepted) < least:
        return f"the prompts agree on only {len(accepted)} examples of the other group, {least} are needed"
    if shift.right <= shift.usual:
        return (
            f"the majority answer is right for {shift.right:.0%} of the examples with references, the most frequent "
            f"answer for {shift.usual:.0%}"
        )
    if len({normalize_answer(vote.label) for vote in accepted.values()}) < 2 <= len(references):
        return "the prompts agree on the same answer for all examples of the other group"
    return ""
