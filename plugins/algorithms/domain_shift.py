"""Whether inputs come from elsewhere than those with references, and whether agreed labels there can be trusted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from ...core.answer import normalize_answer
from ...core.candidate import Archive
from ...core.dataset import Example
from ...core.tfidf import SparseVector, TfidfSpace
from .pseudo_labels import Consensus, LabelVote

_MOST_ROWS = 60
_PERMUTATIONS = 99
_CHANCE = 0.05


@dataclass(frozen=True, kw_only=True)
class DomainShift:
    """separation: how much nearer inputs are to their own group, and p, how often as much by chance. agreed: the share
    of the other group's rows that prompts agree on. right: how often what most of them say is right where that is
    known; usual: what the most frequent answer reaches there. against: why labels of the other group are not worth
    using, empty where they are."""

    separation: float
    p: float
    agreed: float
    right: float
    usual: float
    against: str = ""

    @property
    def as_record(self) -> dict[str, Any]:
        return {name: round(one, 4) if isinstance(one, float) else one for name, one in asdict(self).items()}


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
    """What is known of the shift, and the target rows that at least `threshold` of the voters agree on."""
    accepted = _agreed_labels(Consensus(archive, voters, target, votes=True), threshold)
    known = _agreed_labels(Consensus(archive, voters, source, votes=True), 0.0)
    right = [_agreed_label_score(archive, voters, row, belief) for row, belief in known.items()]
    references = Counter(normalize_answer(examples[row].output or "") for row in known)
    usual = max(references.values(), default=0) / max(1, len(known))
    separation, p = separation_test([examples[row].text for row in source], [examples[row].text for row in target], rng)
    met = sum(any(archive.scores.get(voter, row) is not None for voter in voters) for row in target)
    told = DomainShift(
        separation=separation,
        p=p,
        agreed=len(accepted) / max(1, met),
        right=sum(right) / max(1, len(right)),
        usual=usual,
    )
    return DomainShift(**{**asdict(told), "against": _objection(told, accepted, references, least)}), accepted


def separation_test(first: Sequence[str], second: Sequence[str], rng: Random) -> tuple[float, float]:
    """By how much texts are more alike within their group than across (TF-IDF), and the chance of as much with the
    groups' names shuffled."""
    one, two = (rng.sample(list(some), min(_MOST_ROWS, len(some))) for some in (first, second))
    if len(one) < 2 or len(two) < 2:
        return 0.0, 1.0
    space = TfidfSpace([*one, *two])
    vectors = [space.vector(text) for text in (*one, *two)]
    groups = [0] * len(one) + [1] * len(two)
    seen = _separation(vectors, groups)
    shuffled = [_separation(vectors, rng.sample(groups, len(groups))) for _ in range(_PERMUTATIONS)]
    return seen, (1 + sum(value >= seen for value in shuffled)) / (1 + len(shuffled))


def _separation(vectors: Sequence[SparseVector], groups: Sequence[int]) -> float:
    """Mean likeness of two different texts of one group, less that of two texts of different groups."""
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
    told = {row: belief for row in consensus.rows if (belief := consensus.vote_on(row)) is not None}
    return {row: belief for row, belief in told.items() if belief.confidence >= threshold}


def _agreed_label_score(archive: Archive, voters: Sequence[str], row: str, belief: LabelVote) -> float:
    """The score of an answer that says what was agreed on."""
    for voter in voters:
        seen = archive.scores.get(voter, row)
        if (
            seen is not None
            and seen.answer is not None
            and normalize_answer(seen.answer) == normalize_answer(belief.label)
        ):
            return seen.score
    return 0.0


def _objection(told: DomainShift, accepted: Mapping[str, LabelVote], references: Mapping[str, int], least: int) -> str:
    if told.p > _CHANCE:
        return f"the groups' inputs cannot be told apart (p {told.p:.2f}): rows with references speak for both"
    if len(accepted) < least:
        return f"the prompts agree on {len(accepted)} rows of the other group alone, {least} are needed"
    if told.right <= told.usual:
        return (
            f"what most prompts say is right in {told.right:.0%} of the rows with references, the most frequent "
            f"answer in {told.usual:.0%}"
        )
    if len({normalize_answer(one.label) for one in accepted.values()}) < 2 <= len(references):
        return "the prompts agree on one and the same answer for all rows of the other group"
    return ""
