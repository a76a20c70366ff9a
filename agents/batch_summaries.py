"""Runs that are too many for one question: batches of them are summarized, and the question shows the summaries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ..core.asks import Ask
from .asks.common import SummarizeBatch
from .asks.replies import TextReply
from .evidence import batches_of, is_cases

AskBatch = Callable[[SummarizeBatch], Awaitable[TextReply | None]]


def batch_asks(ask: Ask[Any], tokens: int) -> dict[str, list[SummarizeBatch]]:
    """Field → a question for each batch of its runs; without the fields whose runs can be shown in the ask itself."""
    asks = {}
    for name in type(ask).model_fields:
        value = getattr(ask, name)
        if is_cases(value) and (batches := batches_of(value, tokens)):
            asks[name] = [
                SummarizeBatch(task=getattr(ask, "task", ""), prompt=getattr(ask, "prompt", ""), cases=tuple(batch))
                for batch in batches
            ]
    return asks


async def summarize(asks: dict[str, list[SummarizeBatch]], ask_batch: AskBatch) -> dict[str, str]:
    """Field → the summaries of its batches. A batch whose summary could not be read is named as missing.

    A field without any summary is left out: its runs are cut instead.
    """
    texts = {}
    for name, batches in asks.items():
        replies = await asyncio.gather(*(ask_batch(batch) for batch in batches), return_exceptions=True)
        # Calls in flight are paid for: all of them end before a failure goes on.
        for reply in replies:
            if isinstance(reply, BaseException):
                raise reply
        if not any(replies):
            continue
        total, first, lines = sum(len(batch.cases) for batch in batches), 1, []
        for batch, reply in zip(batches, replies, strict=True):
            last = first + len(batch.cases) - 1
            findings = reply.text if isinstance(reply, TextReply) else "(no summary)"
            lines.append(f"Runs {first} to {last} of {total}:\n{findings}")
            first = last + 1
        texts[name] = "All of them, read in batches:\n\n" + "\n\n".join(lines)
    return texts
