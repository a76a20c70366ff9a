"""Which of equally good prompts wins, and the front of score and length."""

from __future__ import annotations

import pytest
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.deployment import Preferred, preferred_candidate, size_front
from maieutic.core.program import Program
from maieutic.core.score import Evaluation

VAL = tuple(f"v{number}" for number in range(4))
LONG, SHORT, CURT = "Say yes or no and nothing else at all please.", "Say yes or no.", "Yes or no?"


def archive_of(*measured: tuple[str, str, list[float], str]) -> Archive:
    """measured: id, prompt, scores on the first val examples, and what it answers each time."""
    archive = Archive()
    for name, text, scores, answer in measured:
        archive.add(Candidate(id=name, program=Program.of(text), operator="rewrite", status="kept"))
        for row, score in zip(VAL, scores, strict=False):
            evaluation = Evaluation(candidate=name, example=row, split="val", output=answer, answer="", score=score)
            archive.scores.add(evaluation)
    return archive


@pytest.mark.parametrize(("prefer", "winner"), [("score", "long"), ("short", "short"), ("cheap", "long")])
def test_of_equal_scores_the_preferred_one_wins(prefer: Preferred, winner: str) -> None:
    """The shorter prompt is answered at greater length, so that its calls cost more."""
    archive = archive_of(("long", LONG, [1, 0, 1, 1], "yes"), ("short", SHORT, [0, 1, 1, 1], "yes " * 20))
    assert preferred_candidate(archive, "long", VAL, prefer) == winner


def test_what_is_written_counts_by_its_price() -> None:
    archive = archive_of(("long", LONG, [1, 1], "yes"), ("short", SHORT, [1, 1], "yes, I think so"))
    assert preferred_candidate(archive, "long", VAL, "cheap") == "short"
    assert preferred_candidate(archive, "long", VAL, "cheap", (1.0, 10.0)) == "long"
    assert preferred_candidate(archive, "long", VAL, "cheap", (0.0, 0.0)) == "short", "nothing is charged: words count"


def test_a_worse_score_is_no_equal() -> None:
    archive = archive_of(("long", LONG, [1, 1, 1, 1], "yes"), ("short", SHORT, [1, 1, 1, 0], "yes"))
    assert preferred_candidate(archive, "long", VAL, "short") == "long"


def test_a_score_on_fewer_examples_is_no_equal() -> None:
    archive = archive_of(("long", LONG, [1, 1, 1, 0], "yes"), ("short", SHORT, [1, 1], "yes"))
    assert preferred_candidate(archive, "long", VAL, "short") == "long"


def test_the_front_has_what_nothing_beats_in_score_and_length() -> None:
    archive = archive_of(
        ("long", LONG, [1, 1, 1, 1], "yes"),
        ("short", SHORT, [1, 1, 0, 0], "yes"),
        ("curt", CURT, [1, 1, 1, 0], "yes"),
        ("few", "Yes?", [1], "yes"),
    )
    front = size_front(archive, "long", VAL)
    assert [(point.candidate, point.score, point.words) for point in front] == [("curt", 0.75, 3), ("long", 1.0, 10)]


def test_without_measurements_there_is_no_front() -> None:
    assert size_front(archive_of(("long", LONG, [], "")), "long", VAL) == []
