"""Counts and means of tracked examples are those that a sum over all of them gives, in any order, after any change."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from maieutic.core.score import Evaluation, ScoreMatrix

ROWS = tuple(f"e{number}" for number in range(40))


def evaluation(candidate: str, example: str, score: float) -> Evaluation:
    return Evaluation(candidate=candidate, example=example, split="val", output="", answer="", score=score)


@pytest.mark.parametrize("seed", range(5))
def test_a_tracked_mean_is_exact_whatever_was_replaced_and_in_which_order(seed: int) -> None:
    rng = random.Random(seed)
    matrix, other = ScoreMatrix(), ScoreMatrix()
    matrix.track(ROWS)
    latest: dict[tuple[str, str], float] = {}
    for _ in range(600):
        key = (rng.choice("abc"), rng.choice((*ROWS, "train")))
        latest[key] = rng.choice((0.0, 1.0, 0.1, 1e-17, rng.random()))
        matrix.add(evaluation(*key, latest[key]))
    for key in rng.sample(sorted(latest), len(latest)):
        other.add(evaluation(*key, latest[key]))
    for name in "abc":
        scores = [Fraction(score) for (candidate, row), score in latest.items() if candidate == name and row in ROWS]
        assert matrix.mean(name, ROWS) == float(sum(scores)) / len(scores)
        assert matrix.count(name, list(ROWS)) == len(scores)
        assert other.mean(name, ROWS) == matrix.mean(name, ROWS)
        assert list(matrix.row(name, ROWS).items()) == list(other.row(name, ROWS).items())
        assert matrix.mean(name, ROWS[:7]) == other.mean(name, ROWS[:7])
    other.track(ROWS)
    assert [other.mean(name, ROWS) for name in "abc"] == [matrix.mean(name, ROWS) for name in "abc"]
    assert len(matrix) == len(latest)
    assert matrix.mean("nobody", ROWS) is None
    assert matrix.count("nobody", ROWS) == 0


def test_the_last_few_values_of_a_version_are_held() -> None:
    matrix = ScoreMatrix()
    assert [matrix.memo_of_version(key, lambda key=key: key) for key in range(8)] == list(range(8))
    assert [matrix.memo_of_version(key, lambda: -1) for key in range(8)] == list(range(8))
    assert matrix.memo_of_version("new", lambda: "new") == "new"
    assert matrix.memo_of_version(7, lambda: -1) == 7
    assert matrix.memo_of_version(0, lambda: -1) == -1
    matrix.add(evaluation("a", "e0", 1.0))
    assert matrix.memo_of_version(7, lambda: -1) == -1
