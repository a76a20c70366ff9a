"""The transport for OpenAI-compatible endpoints, over plain HTTP.

It takes a tenth of the CPU time per call that the SDKs take, which limits an evaluation on a fast endpoint.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import TYPE_CHECKING, Any

from ....core.models import Call, ModelRef, Reply
from . import embeddings, wire
from .base import Endpoint, ProxyResponse, TransportError
from .prefix_queue import PrefixQueue

if TYPE_CHECKING:
    import aiohttp

_READ_TIMEOUT_SECONDS = 300.0  # a slow local model may think that long between two chunks of a stream
_CHECK_TIMEOUT_SECONDS = 20.0
_JSON_CONTENT_TYPE = "application/json"


class OpenAICompatibleTransport:
    """One connection pool for all endpoints, opened by the first request in its event loop."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._prefix_queue = PrefixQueue()

    async def send(self, call: Call, endpoint: Endpoint, timeout_seconds: float) -> Reply:
        if not endpoint.embedded:
            return await self._post_chat(call, endpoint, timeout_seconds)
        async with self._prefix_queue.slot(call):
            return await self._post_chat(call, endpoint, timeout_seconds)

    async def _post_chat(self, call: Call, endpoint: Endpoint, timeout_seconds: float) -> Reply:
        started = time.perf_counter()
        url, sent = f"{endpoint.base}/chat/completions", wire.request_body(call, endpoint.name, endpoint.limits)
        status, text, headers = await self.request("POST", url, endpoint, call.model.id, timeout_seconds, sent)
        seconds = time.perf_counter() - started
        if status == 200:
            return _parse_reply(wire.parse_completion, text, call, endpoint, seconds)
        if (reply := wire.empty_reply(status, text, seconds, sent)) is not None:
            return reply
        raise await self._error_for(call, endpoint, status, text, headers, sent)

    async def similarities(self, call: Call, endpoint: Endpoint, timeout_seconds: float) -> Reply:
        started = time.perf_counter()
        fields = {"model": endpoint.name, "input": embeddings.input_texts(call)}
        status, text, headers = await self.request(
            "POST", f"{endpoint.base}/embeddings", endpoint, call.model.id, timeout_seconds, fields
        )
        if status == 200:
            return _parse_reply(embeddings.parse_embeddings, text, call, endpoint, time.perf_counter() - started)
        raise await self._error_for(call, endpoint, status, text, headers)

    async def _error_for(
        self, call: Call, endpoint: Endpoint, status: int, text: str, headers: Mapping[str, str], sent: Any = None
    ) -> TransportError:
        names = await self._model_names(endpoint) if status == 404 else ()
        return wire.error_from_status(call.model.id, endpoint, status, text, headers, names, sent)

    async def check(self, model: ModelRef, endpoint: Endpoint) -> None:
        status, text, headers = await self.request(
            "GET", f"{endpoint.base}/models", endpoint, model.id, _CHECK_TIMEOUT_SECONDS
        )
        if status in (401, 403) or status >= 500:
            raise wire.error_from_status(model.id, endpoint, status, text, headers)
        names, any_name = _listed_models(text) if status == 200 else ((), True)
        if any_name or not names or endpoint.name in names or f"{endpoint.name}:latest" in names:
            return
        raise wire.error_from_status(model.id, endpoint, 404, "the endpoint does not list it", {}, names)

    async def forward(self, model: ModelRef, body: Mapping[str, Any], endpoint: Endpoint) -> ProxyResponse:
        import aiohttp

        headers = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
        wait = aiohttp.ClientTimeout(total=None, sock_connect=20.0, sock_read=_READ_TIMEOUT_SECONDS)
        fields = {**body, "model": endpoint.name}
        url = f"{endpoint.base}/chat/completions"
        try:
            response = await self._open_session().post(
                url, json=fields, headers=headers, timeout=wait, proxy=endpoint.proxy
            )
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TransportError(
                f"nothing answers for {model.id} ({error or type(error).__name__})",
                kind="unreachable",
                where=endpoint.base,
                remedy="start the server, or correct the address behind the model's name (@http://…/v1)",
            ) from error

        async def chunks() -> AsyncGenerator[bytes, None]:
            async with response:
                async for chunk in response.content.iter_any():
                    yield chunk

        return ProxyResponse(
            status=response.status,
            content_type=response.headers.get("Content-Type", _JSON_CONTENT_TYPE),
            chunks=chunks(),
        )

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def request(
        self, method: str, url: str, endpoint: Endpoint, model: str, timeout_seconds: float, fields: Any = None
    ) -> tuple[int, str, Mapping[str, str]]:
        """Status, text and headers. Raises TransportError where there is no complete response."""
        import aiohttp

        headers = {"Content-Type": "application/json"}
        if endpoint.key:
            headers["Authorization"] = f"Bearer {endpoint.key}"
        content = None if fields is None else json.dumps(fields, ensure_ascii=False).encode()
        wait = aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=min(timeout_seconds, 20.0))
        try:
            async with self._open_session().request(
                method, url, data=content, headers=headers, timeout=wait, proxy=endpoint.proxy
            ) as response:
                return response.status, (await response.read()).decode(errors="replace"), response.headers
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise TransportError(
                f"nothing answers for {model} ({error or type(error).__name__})",
                kind="unreachable",
                where=endpoint.base,
                remedy="start the server, or correct the address behind the model's name (@http://…/v1)",
            ) from error
        except TimeoutError as error:
            raise TransportError(
                f"{model} did not answer within {timeout_seconds:g} seconds",
                kind="timeout",
                where=endpoint.base,
                remedy="lower --concurrency, or take a faster model; then resume the run",
            ) from error
        except aiohttp.ClientError as error:
            raise TransportError(
                f"the connection to {model} broke ({error or type(error).__name__})",
                kind="dropped",
                where=endpoint.base,
                remedy="look at the server's own log; then resume the run",
            ) from error

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            import aiohttp

            # The gateway limits the concurrency; a second limit here would only hide that one.
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    async def _model_names(self, endpoint: Endpoint) -> tuple[str, ...]:
        try:
            status, text, _ = await self.request("GET", f"{endpoint.base}/models", endpoint, endpoint.name, 5.0)
        except TransportError:
            return ()
        return _listed_models(text)[0] if status == 200 else ()


def _parse_reply(
    parse: Callable[[Any, Call, float], Reply], text: str, call: Call, endpoint: Endpoint, seconds: float
) -> Reply:
    """The reply in a response. Raises TransportError where it is none."""
    try:
        return parse(json.loads(text), call, seconds)
    except (ValueError, RecursionError) as error:
        raise TransportError(
            f"{call.model.id} sent something that is no answer: {error}",
            kind="server",
            where=endpoint.base,
            remedy="check that the address is that of an OpenAI-compatible API; it usually ends in /v1",
            status=200,
        ) from error


def _listed_models(text: str) -> tuple[tuple[str, ...], bool]:
    """The model names that an endpoint lists, and whether it accepts any name, as llama.cpp does."""
    try:
        rows = json.loads(text)["data"]
        names = tuple(str(row["id"]) for row in rows)[:50]
        return names, any(row.get("owned_by") == "llamacpp" for row in rows)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return (), True
