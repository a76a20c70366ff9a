"""What a prompt costs where it is used, and which of equally good prompts costs least."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Literal

from pydantic import BaseModel, ConfigDict

from .candidate import Archive
from .program import Program
from .words import length_in_words

Preferred = Literal["score", "short", "cheap"]
"""What decides between prompts of equal score: the recipe alone, the shorter prompt, or what an answer costs."""

# Sums of differences of scores that are equal but for rounding.
_EQUAL = 1e-9


class FrontPoint(BaseModel):
    """A prompt that no other one beats in both score and length.

    Attributes:
        candidate: Candidate id.
        score: Mean on the winner's val examples, in [0, 1].
        words: Length of the program's prompts, demos included.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    candidate: str
    score: float
    words: int


def program_words(program: Program) -> int:
    """The length of all prompts in words, demos included."""
    return sum(prompt.words for prompt in program.prompts.values())


def preferred_candidate(
    archive: Archive,
    best: str,
    val: Sequence[str],
    prefer: Preferred,
    price: tuple[float, float] | None = None,
) -> str:
    """The cheapest of those that score no less than the best on all of its val examples; on ties the best itself.

    Args:
        archive: All candidates with their evaluations.
        best: The candidate that the strategy chose.
        val: Ids of the val examples.
        prefer: `score` keeps the best, `short` compares words of the prompts, `cheap` the price of prompts and answers.
        price: Of the target, for what it reads and for what it writes, in any unit. Without one, or where nothing is
            charged, a word written counts as much as a word read.
    """
    if prefer == "score":
        return best
    sizes: Mapping[Preferred, Callable[[str], float]] = {
        "short": lambda name: program_words(archive[name].program),
        "cheap": lambda name: _answer_cost(archive, name, val, price),
    }
    equals = [name for name in _rivals(archive, best, val) if sum(archive.scores.paired(name, best, val)) >= -_EQUAL]
    return min([best, *equals], key=sizes[prefer])


def size_front(archive: Archive, best: str, val: Sequence[str]) -> list[FrontPoint]:
    """The best and its rivals without those beaten in score and length, shortest first."""
    rows = list(archive.scores.row(best, val))
    if not rows:
        return []
    points = [
        FrontPoint(
            candidate=name,
            score=archive.scores.mean(name, rows) or 0.0,
            words=program_words(archive[name].program),
        )
        for name in (best, *_rivals(archive, best, val))
    ]
    front: list[FrontPoint] = []
    for point in sorted(points, key=lambda each: (each.words, -each.score)):
        if not front or point.score > front[-1].score:
            front.append(point)
    return front


def _rivals(archive: Archive, best: str, val: Sequence[str]) -> list[str]:
    """The other living candidates that were measured on every val example that the best was measured on."""
    rows = list(archive.scores.row(best, val))
    return [
        candidate.id
        for candidate in archive.alive
        if candidate.id != best and rows and archive.scores.count(candidate.id, rows) == len(rows)
    ]


def _answer_cost(archive: Archive, candidate: str, val: Sequence[str], price: tuple[float, float] | None) -> float:
    """The prompts' words and the mean words of an answer, each by its price; inputs cost every prompt the same."""
    read, written = price if price and any(price) else (1.0, 1.0)
    evaluations = archive.scores.row(candidate, val).values()
    answers = [
        sum(length_in_words(part.get("output", "")) for part in evaluation.trajectory)
        or length_in_words(evaluation.output)
        for evaluation in evaluations
    ]
    return read * program_words(archive[candidate].program) + written * (fmean(answers) if answers else 0.0)
