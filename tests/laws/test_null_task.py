"""Under a null task nothing can be better than anything else, and hardly a run may say so."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

from maieutic.core.identity import digest
from maieutic.testing import Answer

RUNS = 20


class Coin:
    """Heads or tails, by a hash of all that is said: a row and a prompt decide it, and nothing makes it better."""

    def answer(self, messages: Sequence[Any], draw: int = 0) -> Answer:
        said = LABELS[int(digest([message["content"] for message in messages])[:8], 16) % 2]
        return Answer(text=said, logprobs={said: -0.4, LABELS[said == LABELS[0]]: -1.1})


LABELS = ("red", "blue")


async def test_coins_are_not_improved(lab: Any) -> None:
    """At most 5 % of runs may claim a gain. With 20 runs, 4 claims would have a chance of 1.6 % at that rate, so up to
    3 pass (binomial margin); in expectation it is far below one."""
    honest = lab.target._model
    lab.target._model = Coin()
    task = lab.task(train=24, val=20, test=40)
    try:
        gate = asyncio.Semaphore(2)

        async def one(seed: int) -> str:
            async with gate:
                done = await lab.run(task=task, calls=200, seed=seed, folder=lab.folder())
            return str(done.report.verdict)

        verdicts = Counter(await asyncio.gather(*(one(seed) for seed in range(RUNS))))
    finally:
        lab.target._model = honest
    assert sum(verdicts.values()) == RUNS
    assert verdicts["improved"] <= 3
    assert verdicts["no evidence of improvement"] >= RUNS - 6
