"""In which order the embedded server reads prompts that begin alike.

docs/decisions/2026-11-21-repacked-weights.md has the figures.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ....core.models import Call


class PrefixQueue:
    """Prompts with the same demos are read one after the other.

    Sent at once, they land in different slots of the server, and each slot reads the same demos anew; sent one by one,
    each finds the slot in which its beginning was read. Only demos that are turns are looked at, for there the
    common beginning can be told from the row; other prompts, and their long answers, stay side by side.
    """

    def __init__(self) -> None:
        self._locks: dict[int, asyncio.Lock] = {}
        self._waiting: dict[int, int] = {}

    @asynccontextmanager
    async def slot(self, call: Call) -> AsyncIterator[None]:
        beginning = call.messages[:-1]
        if not any(message["role"] == "assistant" for message in beginning):
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
