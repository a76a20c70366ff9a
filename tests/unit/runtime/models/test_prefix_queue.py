"""Prompts that begin alike are read by the embedded server one after the other."""

from __future__ import annotations

import asyncio

from maieutic.core.models import EMBEDDED, Call, ModelRef
from maieutic.core.render import Message
from maieutic.runtime.models.transports.prefix_queue import PrefixQueue


def call(candidate: int, row: int) -> Call:
    messages: tuple[Message, ...] = (
        {"role": "user", "content": f"candidate {candidate}"},
        {"role": "assistant", "content": "positive"},
        {"role": "user", "content": f"row {row}"},
    )
    return Call(model=ModelRef.parse(EMBEDDED), messages=messages)


async def most_at_once(calls: list[Call]) -> int:
    turns, running, most = PrefixQueue(), 0, 0

    async def one(call: Call) -> None:
        nonlocal running, most
        async with turns.slot(call):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(one(call) for call in calls))
    assert turns._locks == {}
    return most


async def test_rows_of_one_candidate_take_turns() -> None:
    assert await most_at_once([call(1, row) for row in range(5)]) == 1


async def test_candidates_stay_side_by_side() -> None:
    assert await most_at_once([call(candidate, row) for row in range(3) for candidate in range(4)]) == 4


async def test_prompts_without_demos_stay_side_by_side() -> None:
    plain: tuple[Message, ...] = ({"role": "system", "content": "be brief"}, {"role": "user", "content": "row"})
    assert await most_at_once([Call(model=ModelRef.parse(EMBEDDED), messages=plain)] * 3) == 3
