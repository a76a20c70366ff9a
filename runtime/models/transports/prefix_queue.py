"""Serialises prompts that share a prefix, so that the embedded server's prompt cache is used.

docs/decisions/2026-11-21-repacked-weights.md has the figures.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ....core.messages import is_plain
from ....core.models import Call


class PrefixQueue:
    """Sends prompts with the same few-shot turns one after the other.

    Sent at once, they land in different slots of the server, and each slot reads the same turns again. Sent one by
    one, each finds the slot that has its prefix in the cache. Only prompts with few-shot turns are serialised, because
    there the prefix can be told from the example; all others run concurrently.
    """

    def __init__(self) -> None:
        self._locks: dict[int, asyncio.Lock] = {}
        self._waiting: dict[int, int] = {}

    @asynccontextmanager
    async def slot(self, call: Call) -> AsyncIterator[None]:
        beginning = call.messages[:-1]
        if not any(message["role"] == "assistant" for message in beginning) or not all(map(is_plain, beginning)):
            yield
            return
        mark = hash(tuple((message["role"], message["content"]) for message in beginning))
        lock = self._locks.setdefault(mark, asyncio.Lock())
        self._waiting[mark] = self._waiting.get(mark, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._waiting[mark] -= 1
            if not self._waiting[mark]:
                del self._locks[mark], self._waiting[mark]
