"""ape against its card: fifty draws from five sets of rows, no iteration, the same val rows for all."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from maieutic.core.budget import Budget
from maieutic.core.identity import digest


def friend() -> Any:
    """Every fifth instruction is one that was said before; the others have levels from 0 to 9."""
    number = itertools.count(1)

    def say(text: str) -> str:
        turn = next(number)
        return f"<prompt>Say even or odd, wording {0 if turn % 5 == 0 else turn}, at level {turn % 10}.</prompt>"

    return say


async def test_fifty_draws_from_five_sets_of_five_rows_and_nothing_after(play: Any) -> None:
    run = await play("ape", friend(), budget=Budget(target_calls=500))
    assert run.skills == {"induce": 50}
    assert run.author_calls == 50
    assert Counter(Counter(run.asked("induce")).values()) == {10: 5}, "five questions, ten draws of each"
    for text in set(run.asked("induce")):
        seen = re.findall(r"number (\d+)", text)
        assert len(set(seen)) == 5
        assert all(one.startswith("10") for one in seen), "rows for the author are train rows"
        assert "Say even or odd." not in text, "the start prompt is not shown: the instruction is guessed from rows"
    assert [len(orders) for orders in run.orders] == [1]


@pytest.mark.slow
async def test_the_repeated_are_measured_once(play: Any) -> None:
    run = await play("ape", friend(), budget=Budget(target_calls=500))
    texts = [one.program.main.instruction for one in run.made_by("induce")]
    assert len(texts) == len(set(texts))
    assert 40 <= len(texts) <= 42, "ten of the fifty were said before, in two wordings"


@pytest.mark.slow
async def test_halving_measures_all_on_the_same_rows_and_the_better_half_on_more(play: Any) -> None:
    run = await play("ape", friend(), budget=Budget(target_calls=600))
    start = next(iter(run.candidates))
    order = max((run.rows(one) for one in run.candidates), key=len)
    for one in run.candidates:
        seen = [row.example for row in run.rows(one)]
        assert set(seen) == {row.example for row in order[: len(seen)]}, "paired: nobody has rows of its own"
    assert run.rows(start), "the start prompt takes part"
    counts = Counter(len(run.rows(one)) for one in run.candidates)
    assert len(counts) >= 4
    assert max(counts) > 4 * min(counts)
    assert len(run.rows(run.best)) == max(counts)
    assert "level 9" in run.candidates[run.best].program.main.instruction
    assert run.report.best.score > run.report.start.score + 0.3


async def test_with_little_to_spend_the_winner_is_the_finalist_and_none_that_was_lucky_on_a_row(play: Any) -> None:
    def noisy(messages: Sequence[Any]) -> str:
        """Right on half of the rows, whatever the prompt says: half of the instructions are right on the first."""
        text = messages[-1]["content"]
        row = int(re.findall(r"number (\d+)", text)[-1])
        return ("even", "odd")[(row + int(digest(messages)[0], 16)) % 2]

    run = await play("ape", friend(), target=noisy, budget=Budget(target_calls=200))
    counts = [len(run.rows(one)) for one in run.candidates]
    assert min(counts) <= 2, "a small budget leaves a row or two for most"
    assert len(run.rows(run.best)) * 2 >= max(counts)
    kept = [one.id for one in run.candidates.values() if one.status == "kept"]
    assert kept == [run.best]
