"""An OpenAI-compatible server on loopback that applies a run's best prompt before it calls a model."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..core.budget import Payer
from ..core.errors import MaieuticError, ModelError, NeedsError, UsageError
from ..core.models import Call, ModelRef, Reply
from ..runtime.models.client import ModelClient
from ..runtime.models.transports import wire
from .guard import LoopbackGuard
from .served_program import ServedProgram

if TYPE_CHECKING:
    from aiohttp import web

# Chats with long contexts fit; a mistaken upload does not.
_MAX_BODY_BYTES = 16 * 2**20


@dataclass(kw_only=True)
class ClientGateway:
    """A `core.protocols.Gateway` for one request of a client, with its key. Nothing is cached or limited."""

    client: ModelClient
    key: str | None
    fields: dict[str, Any]
    replies: list[Reply] = field(default_factory=list)

    async def complete(self, call: Call, payer: Payer) -> Reply:
        body = {**wire.request_body(call, call.model.name), **self.fields, "stream": False}
        proxied = await self.client.forward(call.model, body, self.key)
        text = b"".join([chunk async for chunk in proxied.chunks]).decode(errors="replace")
        if proxied.status != 200:
            raise ModelError(f"the model rejected the request: {text[:500]}", where=str(call.model))
        try:
            reply = wire.parse_completion(json.loads(text), call, 0.0)
        except ValueError as error:
            raise ModelError(f"{call.model.id} sent a reply that cannot be parsed: {error}") from error
        self.replies.append(reply)
        return reply

    async def loss(self, call: Call, reference: str, payer: Payer) -> float:
        raise NeedsError("a served prompt provides no losses")


@dataclass(kw_only=True)
class ChatProxy:
    """`/v1/chat/completions`, streaming and not, and `/v1/models`.

    model: called with the prompt; a client that names another model gets that one, at the same endpoint.
    own_key: the model's key comes from the environment of this process; else the client's key is passed on.
    """

    served: ServedProgram
    model: ModelRef
    client: ModelClient
    own_key: bool = False

    def app(self) -> web.Application:
        from aiohttp import web

        app = web.Application(client_max_size=_MAX_BODY_BYTES, middlewares=[web.middleware(_loopback_only)])
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_get("/v1/models", self._models)
        return app

    async def _models(self, request: web.Request) -> web.Response:
        from aiohttp import web

        names = (self.served.name, self.model.name)
        rows = [{"id": name, "object": "model", "created": 0, "owned_by": "maieutic"} for name in names]
        return web.json_response({"object": "list", "data": rows})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = _parse_request(await request.text())
        bearer = request.headers.get("Authorization", "").partition(" ")[2].strip()
        key = None if self.own_key else bearer or None
        model, conversation = self._model_for(str(body.get("model") or "")), body["messages"]
        if self.served.is_single_call:
            fields = {"temperature": self.served.task.constraints.temperature, **body}
            return await self._relay(request, model, {**fields, "messages": self.served.messages(conversation)}, key)
        if form := sorted(name for name in ("tools", "response_format") if body.get(name)):
            raise UsageError(
                f"this prompt takes several calls, and none of them can be given {' or '.join(form)}",
                where=form[0],
                remedy="leave it out, or serve a run whose prompt takes one call",
            )
        fields = {name: body[name] for name in ("temperature", "seed", "user") if name in body}
        gateway = ClientGateway(client=self.client, key=key, fields=fields)
        output = await self.served.answer(conversation, model, gateway)
        return await _complete_response(
            request, output.text, self.served.name, gateway.replies, stream=bool(body.get("stream"))
        )

    async def _relay(
        self, request: web.Request, model: ModelRef, body: dict[str, Any], key: str | None
    ) -> web.StreamResponse:
        from aiohttp import web

        proxied = await self.client.forward(model, body, key)
        response = web.StreamResponse(status=proxied.status, headers={"Content-Type": proxied.content_type})
        return await _send_parts(request, response, proxied.chunks)

    def _model_for(self, name: str) -> ModelRef:
        if name in ("", "maieutic", self.served.name, self.model.name, self.model.id):
            return self.model
        return self.model.model_copy(update={"name": name.removeprefix(f"{self.model.provider}/")})


def _parse_request(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except ValueError as error:
        raise UsageError(f"the body is not JSON: {error}", where="body") from error
    turns = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(turns, list) or not all(isinstance(turn, dict) and "role" in turn for turn in turns):
        raise UsageError("a request needs messages, each with a role", where="messages")
    return dict(body)


async def _complete_response(
    request: web.Request, text: str, name: str, replies: list[Reply], *, stream: bool
) -> web.StreamResponse:
    """A response that took several calls: one completion, or one chunk and the end."""
    from aiohttp import web

    head = {"id": f"chatcmpl-{time.time_ns():x}", "created": int(time.time()), "model": name}
    message = {"role": "assistant", "content": text}
    if not stream:
        prompt, completion = (
            sum(getattr(reply, f"{kind}_tokens") for reply in replies) for kind in ("prompt", "completion")
        )
        usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return web.json_response({**head, "object": "chat.completion", "choices": [choice], "usage": usage})
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    return await _send_parts(request, response, _chunks(head, message))


async def _send_parts(
    request: web.Request, response: web.StreamResponse, parts: AsyncGenerator[bytes, None]
) -> web.StreamResponse:
    """Part by part. A client that disconnects is not an error; the rest of the model's reply is dropped."""
    with suppress(ConnectionResetError):
        await response.prepare(request)
        async for part in parts:
            await response.write(part)
        await response.write_eof()
    await parts.aclose()
    return response


async def _chunks(head: dict[str, Any], message: dict[str, str]) -> AsyncGenerator[bytes, None]:
    steps: tuple[tuple[dict[str, str], str | None], ...] = ((message, None), ({}, "stop"))
    for delta, finish in steps:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {**head, "object": "chat.completion.chunk", "choices": [choice]}
        yield f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode()
    yield b"data: [DONE]\n\n"


async def _loopback_only(request: web.Request, handler: Any) -> web.StreamResponse:
    """No page of a browser reaches the models, by its own or another host name; every error in OpenAI's format."""
    from aiohttp import web

    if reason := LoopbackGuard().refusal(request):
        return web.json_response(_error_body(reason, "forbidden"), status=403)
    try:
        response: web.StreamResponse = await handler(request)
        return response
    except UsageError as error:
        return web.json_response(_error_body(str(error), "invalid_request_error"), status=400)
    except MaieuticError as error:
        status = getattr(error, "status", None)
        return web.json_response(_error_body(str(error), error.code), status=status if status else 502)


def _error_body(message: str, kind: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "code": None, "param": None}}
