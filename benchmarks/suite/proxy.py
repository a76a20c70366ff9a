"""One loopback server between a method and its models: it counts, ends at the limit, and scores answers.

`/target/v1` and `/author/v1` forward to the models; past the limit of target calls the target answers 403. `/score`
scores an answer on an example of train or val as our runs do. `/phase/test` ends the search: the calls that follow are
counted apart, and the target answers again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from .problems import AnswerScorer, Row

_TIMEOUT = aiohttp.ClientTimeout(total=600)


class MeteredProxy:
    """Counts are by role, `target` or `author`, and by phase, `search` or `test`.

    Args:
        upstream: Role → base address of its endpoint, such as `http://127.0.0.1:8000/v1`.
        limit: Target calls while the method searches.
        scorer: Scores answers.
    """

    def __init__(self, upstream: Mapping[str, str], limit: int, scorer: AnswerScorer) -> None:
        self._upstream, self._limit, self._scorer = dict(upstream), limit, scorer
        self.calls: Counter[tuple[str, str]] = Counter()
        self.tokens: Counter[tuple[str, str]] = Counter()
        self.refused = 0
        self.phase = "search"
        self.base = ""
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._session = await self._stack.enter_async_context(aiohttp.ClientSession(timeout=_TIMEOUT))
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/{role}/v1/chat/completions", self._complete)
        app.router.add_get("/{role}/v1/models", self._models)
        app.router.add_post("/score", self._score)
        app.router.add_post("/phase/{phase}", self._set_phase)
        runner = web.AppRunner(app, shutdown_timeout=1.0)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _complete(self, request: web.Request) -> web.Response:
        role, body = request.match_info["role"], await request.json()
        if role == "target" and self.phase == "search" and self.calls["target", "search"] >= self._limit:
            self.refused += 1
            message = f"the budget of {self._limit} target calls is spent"
            return web.json_response({"error": {"message": message, "type": "budget"}}, status=403)
        key = (role, self.phase)
        self.calls[key] += 1
        async with self._session.post(f"{self._upstream[role]}/chat/completions", json=body) as response:
            reply: dict[str, Any] = await response.json()
        self.tokens[key] += int((reply.get("usage") or {}).get("total_tokens") or 0)
        return web.json_response(reply, status=response.status)

    async def _models(self, request: web.Request) -> web.Response:
        async with self._session.get(f"{self._upstream[request.match_info['role']]}/models") as response:
            return web.json_response(await response.json(), status=response.status)

    async def _score(self, request: web.Request) -> web.Response:
        body = await request.json()
        row: Row = body["row"]
        score, feedback = await self._scorer.score(row, body["text"])
        return web.json_response({"score": score, "feedback": feedback})

    async def _set_phase(self, request: web.Request) -> web.Response:
        self.phase = request.match_info["phase"]
        return web.json_response({"phase": self.phase})
