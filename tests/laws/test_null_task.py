"""Under a null task nothing can be better than anything else, and hardly a run may say so."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from maieutic.core.identity import digest
from maieutic.testing import Answer
from maieutic.testing.run_harness import RunHarness

RUNS = 40


class Coin:
    """Heads or tails, by a hash of all that is said: a row and a prompt decide it, and nothing makes it better."""

    def answer(self, messages: Sequence[Any], draw: int = 0) -> Answer:
        said = LABELS[int(digest([message["content"] for message in messages])[:8], 16) % 2]
        return Answer(text=said, logprobs={said: -0.4, LABELS[said == LABELS[0]]: -1.1})


LABELS = ("red", "blue")


@pytest.mark.slow  # forty runs each
@pytest.mark.parametrize("recipe", ["auto", "protegi", "gepa", "capo"])
async def test_coins_are_not_improved(harness: RunHarness, recipe: str) -> None:
    """At most 5 % of runs claim a gain, whatever the search made of the coins before the seal was opened."""
    honest = harness.target._model
    harness.target._model = Coin()
    task = harness.task(train=16, val=16, test=30)
    try:
        gate = asyncio.Semaphore(2)

        async def one(seed: int) -> str:
            async with gate:
                done = await harness.run(recipe, task=task, calls=120, seed=seed, folder=harness.new_folder())
            return str(done.report.verdict)

        verdicts = Counter(await asyncio.gather(*(one(seed) for seed in range(RUNS))))
    finally:
        harness.target._model = honest
    assert sum(verdicts.values()) == RUNS
    assert verdicts["improved"] <= RUNS * 0.05
