"""The model client that runs share: connections, the embedded server and the requests in flight."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self
from urllib.parse import urlsplit

from ...core.budget import Cost
from ...core.errors import ModelError, NeedsError
from ...core.models import EMBEDDED, Call, ModelRef, Reply
from ..telemetry.spans import chat_span, embedding_span
from .abilities import check_call
from .providers import OPENAI_COMPATIBLE, key_variable
from .transports import wire
from .transports.base import Endpoint, ProxyResponse, Transport, TransportError
from .transports.caller import CALLER, AnswerCall, CallerTransport
from .transports.litellm import LitellmTransport
from .transports.loss import teacher_forced_loss
from .transports.openai_compatible import OpenAICompatibleTransport
from .transports.parameters import NO_LIMITS, ParameterLimits

TransportName = Literal["auto", "openai_compatible", "litellm"]

_PRICED_HOSTS = frozenset({"api.openai.com"})
_LOSS_PROVIDERS = frozenset({"local", "llamacpp"})
# Every parameter once, and a limit that is lowered a few times: more refusals in a row are no refusals of parameters.
_MAX_REFUSALS = 12

_log = logging.getLogger("maieutic")


class ServerHandle(Protocol):
    """The embedded model's server in this process, as the client uses it."""

    base: str
    key: str

    def close(self) -> None: ...


@dataclass(eq=False)
class InFlightRequest:
    """A request in flight, the run that sent it and how many callers wait.

    sent: recorded and at the endpoint, which may bill it, until its outcome is stored. abandoned: its run was closed.
    """

    run: str
    task: asyncio.Task[Reply] = field(init=False)
    waiters: int = 0
    sent: bool = False
    abandoned: bool = False

    @property
    def unwanted(self) -> bool:
        """Whether nobody waits for the answer; where it was sent, it is paid for and still worth storing."""
        return self.abandoned or not self.waiters

    def give_up(self) -> None:
        if self.unwanted:
            self.task.cancel()


class ModelClient:
    """Sends requests to models. One per event loop; close it with the loop.

    `transport` forces one transport for every model. By default OpenAI-compatible addresses and the embedded model
    use plain HTTP, and all other providers litellm. answer: answers for the models `caller/NAME`.
    """

    def __init__(
        self,
        *,
        transport: TransportName = "auto",
        start_embedded: Callable[[], Awaitable[ServerHandle]] | None = None,
        answer: AnswerCall | None = None,
    ) -> None:
        self.in_flight: dict[tuple[Path, str], InFlightRequest] = {}
        self._forced_transport = transport
        self._openai_compatible = OpenAICompatibleTransport()
        self._litellm = LitellmTransport()
        self._caller = CallerTransport(answer)
        self._start_embedded = start_embedded or _start_embedded
        self._embedded: ServerHandle | None = None
        self._starting = asyncio.Lock()
        self._endpoints: dict[ModelRef, Endpoint] = {}
        self._limits: dict[str, ParameterLimits] = {}

    async def send(self, call: Call, timeout_seconds: float) -> Reply:
        """One request, no retry. Raises ModelError.

        A request that is refused for an optional parameter is sent again without it. Nothing was generated, so that
        all this is one call, and what a budget allows does not depend on who learned it first.
        """
        price = call.model.options.price
        with chat_span(call) as answered:
            reply = await self._send_as_taken(call, call.model.options.timeout or timeout_seconds)
            if price is not None:
                usd = (reply.prompt_tokens * price[0] + reply.completion_tokens * price[1]) / 1e6
                reply = reply.model_copy(update={"usd": usd})
            answered(reply)
        return reply

    def limits_of(self, model: ModelRef) -> ParameterLimits:
        """What the model refused so far in this process."""
        return self._limits.get(str(model), NO_LIMITS)

    async def _send_as_taken(self, call: Call, timeout_seconds: float) -> Reply:
        endpoint, transport = await self._endpoint_for(call.model), self._transport_for(call.model)
        for _ in range(_MAX_REFUSALS):
            limits = self.limits_of(call.model)
            try:
                return await transport.send(call, replace(endpoint, limits=limits), timeout_seconds)
            except TransportError as error:
                if error.refusal is None:
                    raise
                if limits.after(error.refusal) == limits:
                    if error.refusal.name == "context":
                        return Reply(text="", finish="length")
                    raise
                self._learn(call.model, limits.after(error.refusal))
        raise TransportError(
            f"{call.model.id} refuses parameter after parameter",
            kind="refused",
            where=endpoint.base,
            remedy="see `maieutic models test`; the endpoint may not be a chat API",
        )

    def _learn(self, model: ModelRef, limits: ParameterLimits) -> None:
        """Remember what the model does not take, and tell what is new."""
        known = self.limits_of(model)
        self._limits[str(model)] = joined = known.join(limits)
        for line in joined.describe():
            if line not in known.describe():
                _log.warning("%s refuses a parameter: %s in this run", model.id, line)

    async def forward(self, model: ModelRef, body: Mapping[str, Any], key: str | None) -> ProxyResponse:
        """Pass on another client's request, with that client's key if it sent one. Nothing is counted or stored.

        Raises ModelError where the endpoint does not answer.
        """
        endpoint = await self._endpoint_for(model)
        if key and not endpoint.embedded:
            endpoint = replace(endpoint, key=key)
        return await self._transport_for(model).forward(model, body, endpoint)

    async def loss(self, call: Call, reference: str, timeout_seconds: float) -> Reply:
        """One request; the reply's text is the loss of `reference`. Raises ModelError."""
        return await teacher_forced_loss(
            self._openai_compatible, call, reference, await self._endpoint_for(call.model), timeout_seconds
        )

    async def similarities(self, call: Call, timeout_seconds: float) -> Reply:
        """One embedding request; the reply's text holds the cosines of the first message and each of the others.

        Raises ModelError, and NeedsError for the embedded model.
        """
        if call.model.provider == "local":
            raise NeedsError(
                f"{call.model.id} does not support embeddings",
                possible=("openai/text-embedding-3-small", "openai/NAME@http://HOST:PORT/v1"),
                remedy="name an embedding model, or leave the evaluator's model out",
            )
        with embedding_span(call):
            return await self._transport_for(call.model).similarities(
                call, await self._endpoint_for(call.model), timeout_seconds
            )

    async def worst_case(self, call: Call, reference: str | None = None) -> Cost:
        """The most that one request can cost, for a completion or for the loss of a reference.

        Raises, before anything is recorded, what prevents the request: ModelError for a missing key or an embedded
        model that does not start, NeedsError for a model that reports no losses, calls no tools or reads no images.
        """
        if reference is not None:
            if "loss" not in await self.capabilities(call.model):
                raise NeedsError(
                    f"{call.model.id} cannot score a given text",
                    possible=(EMBEDDED, "llamacpp/NAME@http://HOST:PORT/v1"),
                    remedy="use a model that llama.cpp serves, or an evaluator without a loss",
                )
            return await self.worst_case(call) + Cost(tokens=len(reference.encode()))
        await self._endpoint_for(call.model)
        litellm = not self._is_openai_compatible(call.model) and call.model.provider not in ("local", CALLER)
        needs_form = bool(call.tools) or call.response_format is not None
        check_call(call, await self._litellm.parameters(call.model) if litellm and needs_form else None)
        if (price := call.model.options.price) is not None:
            tokens, answer = wire.worst_tokens(call), call.sampling.max_tokens
            return Cost(calls=1, tokens=tokens, usd=((tokens - answer) * price[0] + answer * price[1]) / 1e6)
        return await self._litellm.worst_case(call) if litellm else Cost(calls=1, tokens=wire.worst_tokens(call))

    async def price(self, model: ModelRef) -> tuple[float, float] | None:
        """US dollars per prompt token and per completion token; None where the price is unknown."""
        if model.options.price is not None:
            return model.options.price[0] / 1e6, model.options.price[1] / 1e6
        if model.provider in ("local", CALLER):
            return (0.0, 0.0)
        return None if self._is_openai_compatible(model) else await self._litellm.price(model)

    async def warm_up(self, model: ModelRef) -> None:
        """Start the embedded model's server if the model is embedded. The first call does the same."""
        await self._endpoint_for(model)

    async def check(self, model: ModelRef) -> None:
        """Raises ModelError where calls to this model would fail: key, name or address. Costs nothing."""
        await self._transport_for(model).check(model, await self._endpoint_for(model))

    async def capabilities(self, model: ModelRef) -> frozenset[str]:
        """What the model supports beyond chat: `logprobs`, `loss`."""
        if supports_loss(model):
            return frozenset({"logprobs", "loss"})
        if self._is_openai_compatible(model):
            return frozenset({"logprobs"})
        if model.provider == CALLER:
            return frozenset()
        return await self._litellm.capabilities(model)

    async def aclose(self) -> None:
        """Close the connections and stop the embedded server. May be called twice."""
        await self._openai_compatible.aclose()
        await self._litellm.aclose()
        embedded, self._embedded = self._embedded, None
        self._endpoints.clear()
        if embedded is not None:
            await asyncio.to_thread(embedded.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _is_openai_compatible(self, model: ModelRef) -> bool:
        if self._forced_transport != "auto":
            return self._forced_transport == "openai_compatible"
        if model.provider == "local":
            return True
        return (
            model.provider in OPENAI_COMPATIBLE
            and model.api_base is not None
            and urlsplit(model.api_base).hostname not in _PRICED_HOSTS
        )

    def _transport_for(self, model: ModelRef) -> Transport:
        if model.provider == CALLER:
            return self._caller
        return self._openai_compatible if self._is_openai_compatible(model) else self._litellm

    async def _endpoint_for(self, model: ModelRef) -> Endpoint:
        endpoint = self._endpoints.get(model)
        if endpoint is None:
            endpoint = await self._embedded_endpoint(model) if model.provider == "local" else _remote_endpoint(model)
            self._endpoints[model] = endpoint
        return endpoint

    async def _embedded_endpoint(self, model: ModelRef) -> Endpoint:
        if model.id != EMBEDDED:
            raise ModelError(
                f"there is no embedded model {model.name!r}",
                possible=(EMBEDDED,),
                remedy="serve it yourself and name it llamacpp/NAME@http://HOST:PORT/v1",
            )
        async with self._starting:
            if self._embedded is None:
                self._embedded = await self._start_embedded()
        return Endpoint(base=self._embedded.base, name=model.name, key=self._embedded.key, embedded=True)


def supports_loss(model: ModelRef) -> bool:
    """Whether the model reports the likelihood of a given text; only llama.cpp does."""
    return model.provider in _LOSS_PROVIDERS


async def _start_embedded() -> ServerHandle:
    from .embedded.server import EmbeddedServer

    return await asyncio.to_thread(EmbeddedServer.start)


def _remote_endpoint(model: ModelRef) -> Endpoint:
    variable = key_variable(model)
    key = os.environ.get(variable) if variable else None
    if model.key_env and not key:
        raise ModelError(
            f"{model.id} has no key",
            where=f"environment variable {model.key_env}, which is not set",
            remedy=f"export {model.key_env}=…",
        )
    base = model.api_base or ""
    if model.provider == "ollama" and base and not urlsplit(base).path.strip("/"):
        base += "/v1"
    where = base or f"provider {model.provider}"
    return Endpoint(base=where, name=model.name, key=key, key_env=variable, proxy=_proxy_for(base))


def _proxy_for(base: str) -> str | None:
    """The proxy that the environment names; none for this machine itself."""
    from urllib.request import getproxies, proxy_bypass

    address = urlsplit(base)
    host = address.hostname or ""
    if host in ("localhost", "127.0.0.1", "::1", "") or proxy_bypass(host):
        return None
    return getproxies().get(address.scheme)
