"""A real OpenAI-compatible server on loopback, for tests and benchmarks.

    with StubServer(ScriptedModel({"good": "positive"}, otherwise="negative")) as stub:
        call(stub.base)                # http://127.0.0.1:PORT/v1
        assert stub.count == 1

It runs in a thread of its own, so that it serves sync and async clients alike, and other processes:

    python -m maieutic.testing.stub --latency 0.05 --port 0
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ..core.identity import digest
from ..core.messages import ToolDefinition, from_wire, to_wire
from .fault_plan import wrong_body
from .faults import Fault, FaultSchedule, Refusal, fault_for
from .models import Model, ScriptedModel, answer_request, count_tokens, embedding
from .token_scores import TokenScores

if TYPE_CHECKING:
    from aiohttp import web


@dataclass(kw_only=True)
class RequestLog:
    """What the server received.

    Attributes:
        keys: a digest of the body of every request for a chat or for embeddings, in order of arrival.
        bodies: the bodies themselves, where they are kept.
        tokens: of all prompts and answers.
        max_concurrent: the most requests that were answered at once.
        running: how many are being answered now.
        arrivals: notified at each arrival.
    """

    keys: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    tokens: int = 0
    max_concurrent: int = 0
    running: int = 0
    arrivals: threading.Condition = field(default_factory=threading.Condition, repr=False)

    @contextmanager
    def record(self, body: dict[str, Any], keep: bool) -> Iterator[int]:
        """The request's number."""
        number = len(self.keys)
        with self.arrivals:
            self.keys.append(digest(body))
            if keep:
                self.bodies.append(body)
            self.arrivals.notify_all()
        self.running += 1
        self.max_concurrent = max(self.max_concurrent, self.running)
        try:
            yield number
        finally:
            self.running -= 1


class StubServer:
    """Serves a stand-in model as `/v1/chat/completions` and `/v1/models`, and embeddings of spelling as
    `/v1/embeddings`; `/count` gives the counts to other processes.
    Named `llamacpp/NAME@BASE`, it also scores given texts, as llama.cpp does.

    latency: seconds before each answer. faults: which requests go wrong. at_once: with more requests than this
    under way, the next gets a 429. key: the only key it accepts; None accepts all. usage: whether it
    reports token counts, or what it reports in their place. refuses: parameters that it does not take. A context
    manager; `start` and `stop` do the same by hand.
    """

    def __init__(
        self,
        model: Model | None = None,
        *,
        latency: float = 0.0,
        faults: FaultSchedule = (),
        at_once: int | None = None,
        key: str | None = None,
        names: tuple[str, ...] = ("stub",),
        usage: bool | Mapping[str, Any] = True,
        refuses: Sequence[Refusal] = (),
        port: int = 0,
    ) -> None:
        self._model = model or ScriptedModel({}, otherwise="ok")
        self._scores = TokenScores(self._model)
        self._latency, self._faults, self._at_once = latency, faults, at_once
        self._key, self._names, self._usage = key, names, usage
        self._refuses = tuple(refuses)
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._release = asyncio.Event()
        self._stopping = asyncio.Event()
        self._failure: Exception | None = None
        self.keep_bodies = True
        self.seen = RequestLog()

    @property
    def base(self) -> str:
        """What goes behind the `@` of a model's name."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def count(self) -> int:
        """How many chat requests arrived, the failed ones included."""
        return len(self.seen.keys)

    def wait_for(self, count: int, limit: float = 10.0) -> None:
        """Block until so many chat requests have arrived. Raises TimeoutError."""
        with self.seen.arrivals:
            if not self.seen.arrivals.wait_for(lambda: self.count >= count, limit):
                raise TimeoutError(f"{self.count} of {count} requests arrived within {limit:g} seconds")

    def start(self) -> Self:
        """Raises OSError where the port is taken."""
        self._thread = threading.Thread(target=self._run, name="maieutic-stub", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def stop(self) -> None:
        """End the server and whatever hangs in it. May be called twice."""
        if self._thread is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except Exception as error:  # noqa: BLE001 - raised again by `start`, in the thread that asked
            self._failure = error
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self) -> None:
        from aiohttp import web

        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/embeddings", self._embed)
        app.router.add_get("/v1/models", self._models)
        for name in ("apply-template", "tokenize", "completion"):
            app.router.add_post(f"/{name}", self._score)
        app.router.add_get("/count", self._count)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", self._port)
            await site.start()
            self._port = runner.addresses[0][1]
            self._ready.set()
            await self._stopping.wait()
            self._release.set()
        finally:
            await runner.cleanup()

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        return await self._handle(request, self._answer)

    async def _embed(self, request: web.Request) -> web.StreamResponse:
        return await self._handle(request, self._embeddings)

    async def _handle(
        self, request: web.Request, answer: Callable[[dict[str, Any], int], dict[str, Any]]
    ) -> web.StreamResponse:
        from aiohttp import web

        body = await request.json()
        with self.seen.record(body, self.keep_bodies) as number:
            if not self._allowed(request):
                return self._error_response(Fault(status=401, text="Incorrect API key provided"))
            if self._at_once is not None and self.seen.running > self._at_once:
                return self._error_response(Fault(status=429, text="too many requests at once", retry_after="0.01"))
            if body["model"] not in self._names:
                return self._error_response(Fault(status=404, text=f"The model `{body['model']}` does not exist"))
            if (fault := fault_for(self._faults, number)) is not None:
                return await self._fail(request, fault, lambda: answer(body, number))
            if (refusal := next((rule for rule in self._refuses if rule.concerns(body)), None)) is not None:
                return self._error_response(Fault(status=refusal.status, text=refusal.text))
            if self._latency:
                await asyncio.sleep(self._latency)
            return web.json_response(answer(body, number))

    async def _score(self, request: web.Request) -> web.StreamResponse:
        """What llama.cpp offers to score a given text. The completion is a request to the model and counts as one."""
        from aiohttp import web

        body, name = await request.json(), request.path.lstrip("/")
        if not self._allowed(request):
            return self._error_response(Fault(status=401, text="Incorrect API key provided"))
        if name != "completion":
            return web.json_response(self._scores.template(body) if "messages" in body else self._scores.tokens(body))
        with self.seen.record(body, self.keep_bodies) as number:
            if (fault := fault_for(self._faults, number)) is not None:
                return await self._fail(request, fault)
            if self._latency:
                await asyncio.sleep(self._latency)
            scored = self._scores.completion(body)
            self.seen.tokens += scored["tokens_evaluated"] + len(scored["completion_probabilities"])
            return web.json_response(scored)

    def _answer(self, body: dict[str, Any], number: int) -> dict[str, Any]:
        limit = body.get("max_completion_tokens") or body.get("max_tokens")
        messages = [from_wire(message) for message in body["messages"]]
        tools = tuple(ToolDefinition.from_wire(tool) for tool in body.get("tools") or ())
        answer = answer_request(self._model, messages, body.get("seed") or 0, limit, tools)
        first = answer.text.split(maxsplit=1)[0] if answer.text.strip() else ""
        choice: dict[str, Any] = {
            "index": 0,
            "finish_reason": answer.finish,
            "message": {"role": "assistant", "content": answer.text},
        }
        if answer.tool_calls:
            wire = to_wire({"role": "assistant", "content": answer.text, "tool_calls": answer.tool_calls})
            choice |= {"message": dict(wire), "finish_reason": "tool_calls"}
        if answer.reasoning:
            choice["message"]["reasoning_content"] = answer.reasoning
        if body.get("logprobs"):
            top = [{"token": t, "logprob": p, "bytes": None} for t, p in (answer.logprobs or {first: -0.01}).items()]
            top = sorted(top, key=lambda alternative: -float(alternative["logprob"] or 0))[
                : body.get("top_logprobs") or 1
            ]
            choice["logprobs"] = {"content": [{**top[0], "top_logprobs": top}]}
        prompt, completion = count_tokens(messages), len(f"{answer.text} {answer.reasoning}".split())
        self.seen.tokens += prompt + completion
        completion_body = {"id": f"stub-{number}", "object": "chat.completion", "created": 0, "model": body["model"]}
        counts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        usage = counts if isinstance(self._usage, bool) else dict(self._usage)
        return {**completion_body, "choices": [choice], **({"usage": usage} if self._usage else {})}

    def _embeddings(self, body: dict[str, Any], number: int) -> dict[str, Any]:
        """In reverse order, so that a client that ignores `index` fails its tests."""
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        rows = [{"object": "embedding", "index": at, "embedding": embedding(text)} for at, text in enumerate(texts)]
        tokens = sum(len(text.split()) for text in texts)
        self.seen.tokens += tokens
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        answer = {"object": "list", "model": body["model"], "data": rows[::-1]}
        return {**answer, **({"usage": usage} if self._usage else {})}

    async def _fail(
        self, request: web.Request, fault: Fault, answer: Callable[[], dict[str, Any]] | None = None
    ) -> web.StreamResponse:
        from aiohttp import web

        if fault.how == "status":
            return self._error_response(fault)
        if fault.how == "body" and answer is not None:
            key = request.headers.get("Authorization", "").removeprefix("Bearer ")
            content, content_type = wrong_body(fault.body, answer(), key)
            return web.Response(body=content, content_type=content_type)
        if fault.how in ("truncated", "drip") and answer is not None:
            return await self._send_slowly(request, json.dumps(answer()).encode(), whole=fault.how == "drip")
        if fault.how == "hang":
            await self._release.wait()
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _send_slowly(self, request: web.Request, content: bytes, *, whole: bool) -> web.StreamResponse:
        """The answer in small pieces; half of it, and then the end of the connection, where it is not whole."""
        from aiohttp import web

        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(content))})
        await response.prepare(request)
        end = len(content) if whole else len(content) // 2
        for start in range(0, end, 16):
            await response.write(content[start : min(start + 16, end)])
        if not whole and request.transport is not None:
            request.transport.abort()
        return response

    def _error_response(self, fault: Fault) -> web.Response:
        from aiohttp import web

        headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
        content = {"error": {"message": fault.text, "type": "stub", "code": fault.status}}
        return web.json_response(content, status=fault.status, headers=headers)

    async def _models(self, request: web.Request) -> web.Response:
        from aiohttp import web

        if not self._allowed(request):
            return self._error_response(Fault(status=401, text="Incorrect API key provided"))
        return web.json_response({"object": "list", "data": [{"id": name, "object": "model"} for name in self._names]})

    async def _count(self, request: web.Request) -> web.Response:
        from aiohttp import web

        log = self.seen
        counts = {"count": len(log.keys), "tokens": log.tokens, "most": log.max_concurrent, "keys": log.keys}
        return web.json_response(counts)

    def _allowed(self, request: web.Request) -> bool:
        return self._key is None or request.headers.get("Authorization") == f"Bearer {self._key}"
