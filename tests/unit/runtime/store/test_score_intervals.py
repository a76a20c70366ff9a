"""One candidate's score has one interval: in the report, on the scoreboard, and from the sums that displays read."""

from __future__ import annotations

import pytest
from maieutic.core.score import Evaluation, Score
from maieutic.core.stats.intervals import mean_interval
from maieutic.runtime.monitor.leaderboard import Leaderboard
from maieutic.runtime.store import Store
from scipy.stats import t

RUN = "r-one"
GRADED = [0.0, 0.25, 0.4, 0.5, 0.5, 0.67, 0.8, 1.0] * 5  # as token_f1 scores are


def evaluation(number: int, score: float, step: int) -> Evaluation:
    return Evaluation(
        candidate="c-start",
        example=f"v{number}",
        split="val",
        output="x",
        answer="x",
        score=score,
        scores={"token_f1": Score(value=score)},
        step=step,
    )


@pytest.mark.parametrize(
    "scores", [GRADED, [1.0] * 16 + [0.0] * 4, [0.4], [0.3] * 9], ids=["f1", "0/1", "one", "equal"]
)
async def test_sums_over_steps_give_the_interval_of_the_scores(store: Store, scores: list[float]) -> None:
    rows = [evaluation(number, score, step=number % 3) for number, score in enumerate(scores)]
    await store.save_evaluations(RUN, rows)
    tally = Leaderboard().extend(store.tallies(RUN)).tallies["c-start"]
    interval = mean_interval(scores)
    assert tally.mean == pytest.approx(interval.value)
    assert tally.interval == pytest.approx((interval.low, interval.high))


def test_a_graded_mean_has_students_interval() -> None:
    interval = mean_interval(GRADED)
    n, mean = len(GRADED), sum(GRADED) / len(GRADED)
    deviation = (sum((score - mean) ** 2 for score in GRADED) / (n - 1)) ** 0.5
    half = float(t.ppf(0.975, n - 1)) * deviation / n**0.5
    assert (interval.low, interval.high) == pytest.approx((mean - half, mean + half), abs=1e-4)
    assert (round(interval.low, 2), round(interval.high, 2)) == (0.42, 0.61)
