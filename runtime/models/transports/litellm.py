"""The transport for all providers that litellm knows, with their prices and capabilities.

Only this file imports litellm, with the first request that needs it: the import takes seconds.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from typing import Any

from ....core.budget import Cost
from ....core.models import Call, ModelRef, Reply
from . import embeddings, wire
from .base import Endpoint, ProxyResponse, TransportError

_READ_TIMEOUT_SECONDS = 600.0  # litellm's own default
_PLAIN_OPENAI = frozenset({"local", "llamacpp", "vllm", "openai_like"})
"""Providers that are just an OpenAI-compatible address."""


class LitellmTransport:
    """Sends by `litellm.acompletion` with retries off: a retry inside litellm would be paid without being counted."""

    def __init__(self) -> None:
        self._module: Any = None

    async def send(self, call: Call, endpoint: Endpoint, timeout_seconds: float) -> Reply:
        litellm = await self._load()
        started = time.perf_counter()
        sent = wire.request_body(call, _litellm_name(call.model), endpoint.limits)
        try:
            response = await litellm.acompletion(
                **{**sent, "messages": [dict(message) for message in sent["messages"]]},
                **_address_fields(endpoint),
                timeout=timeout_seconds,
                num_retries=0,
                max_retries=0,
                drop_params=True,
            )
        except asyncio.CancelledError:
            raise
        except Exception as error:
            seconds = time.perf_counter() - started
            if (reply := wire.empty_reply(_status_code(error), _body_text(error), seconds, sent)) is not None:
                return reply
            raise _transport_error(error, call.model.id, endpoint, timeout_seconds, sent) from error
        return _parse_reply(wire.parse_completion, response, call, endpoint, time.perf_counter() - started)

    async def similarities(self, call: Call, endpoint: Endpoint, timeout_seconds: float) -> Reply:
        litellm = await self._load()
        started = time.perf_counter()
        try:
            response = await litellm.aembedding(
                model=_litellm_name(call.model),
                input=embeddings.input_texts(call),
                **_address_fields(endpoint),
                timeout=timeout_seconds,
                num_retries=0,
                max_retries=0,
            )
        except asyncio.CancelledError:
            raise
        except Exception as error:
            raise _transport_error(error, call.model.id, endpoint, timeout_seconds) from error
        return _parse_reply(embeddings.parse_embeddings, response, call, endpoint, time.perf_counter() - started)

    async def forward(self, model: ModelRef, body: Mapping[str, Any], endpoint: Endpoint) -> ProxyResponse:
        litellm = await self._load()
        fields = {**body, "model": _litellm_name(model), **_address_fields(endpoint)}
        try:
            response = await litellm.acompletion(**fields, num_retries=0, max_retries=0, drop_params=True)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            raise _transport_error(error, model.id, endpoint, _READ_TIMEOUT_SECONDS) from error
        streams = bool(body.get("stream"))

        async def chunks() -> AsyncGenerator[bytes, None]:
            if not streams:
                yield response.model_dump_json().encode()
                return
            async for chunk in response:
                yield b"data: " + chunk.model_dump_json(exclude_none=True).encode() + b"\n\n"
            yield b"data: [DONE]\n\n"

        return ProxyResponse(
            status=200, content_type="text/event-stream" if streams else "application/json", chunks=chunks()
        )

    async def check(self, model: ModelRef, endpoint: Endpoint) -> None:
        """Checks provider and key against litellm's own tables."""
        litellm = await self._load()
        name = _litellm_name(model)
        try:
            litellm.get_llm_provider(name, api_base=model.api_base)
        except Exception as error:
            raise TransportError(
                f"unknown provider {model.provider!r}",
                kind="model",
                where=f"model {model}",
                possible=tuple(sorted(str(getattr(provider, "value", provider)) for provider in litellm.provider_list))[
                    :40
                ],
                remedy="write provider/model as litellm spells it, or openai/NAME@http://HOST/v1 for your own server",
            ) from error
        if endpoint.key:
            return
        environment = litellm.validate_environment(name, api_base=model.api_base)
        if environment["missing_keys"] and not model.api_base:
            missing = ", ".join(environment["missing_keys"])
            raise TransportError(
                f"{model.id} needs a key, and none is set",
                kind="key",
                where=f"environment variable {missing}",
                remedy=f"export {missing}=…, or use local/smollm2, which needs none",
            )

    async def worst_case(self, call: Call) -> Cost:
        """The most that a call can cost, in tokens and by the price table."""
        prices = self._model_info(await self._load(), call.model)
        tokens = wire.worst_tokens(call)
        completion = call.sampling.max_tokens
        usd = (tokens - completion) * (prices.get("input_cost_per_token") or 0.0)
        usd += completion * (prices.get("output_cost_per_token") or 0.0)
        return Cost(calls=1, tokens=tokens, usd=usd)

    async def price(self, model: ModelRef) -> tuple[float, float] | None:
        """US dollars per prompt token and per completion token; None where the table has no price."""
        prices = self._model_info(await self._load(), model)
        prompt, answer = prices.get("input_cost_per_token"), prices.get("output_cost_per_token")
        return None if prompt is None or answer is None else (float(prompt), float(answer))

    async def capabilities(self, model: ModelRef) -> frozenset[str]:
        parameters = await self.parameters(model) or ()
        return frozenset({"logprobs"}) if "top_logprobs" in parameters else frozenset()

    async def parameters(self, model: ModelRef) -> frozenset[str] | None:
        """The parameters that the provider takes; litellm leaves out the others. None where it does not know."""
        litellm = await self._load()
        supported = litellm.get_supported_openai_params(_litellm_name(model))
        return None if supported is None else frozenset(supported)

    async def aclose(self) -> None:
        if self._module is not None:
            await self._module.close_litellm_async_clients()

    async def _load(self) -> Any:
        """litellm with the price table it ships with, and without its log messages."""
        if self._module is None:
            os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
            self._module = await asyncio.to_thread(_import_litellm)
        return self._module

    def _model_info(self, litellm: Any, model: ModelRef) -> dict[str, Any]:
        try:
            return dict(litellm.get_model_info(_litellm_name(model)))
        except Exception:  # noqa: BLE001 - litellm raises a plain Exception for a model that it does not list
            return {}


def _parse_reply(
    parse: Callable[[Any, Call, float, float], Reply], response: Any, call: Call, endpoint: Endpoint, seconds: float
) -> Reply:
    """The reply with litellm's price. Raises TransportError where the response is none."""
    hidden = getattr(response, "_hidden_params", None) or {}
    try:
        return parse(response.model_dump(), call, seconds, float(hidden.get("response_cost") or 0.0))
    except ValueError as error:
        raise TransportError(
            f"{call.model.id} sent something that is no answer: {error}",
            kind="server",
            where=endpoint.base,
            remedy="check the model's name and address",
        ) from error


def _import_litellm() -> Any:
    import litellm

    litellm.telemetry = False
    litellm.suppress_debug_info = True
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return litellm


def _litellm_name(model: ModelRef) -> str:
    return f"openai/{model.name}" if model.provider in _PLAIN_OPENAI else model.id


def _address_fields(endpoint: Endpoint) -> dict[str, Any]:
    """Key and address, where litellm does not know them. litellm requires a key even for a server without one."""
    fields: dict[str, Any] = {"api_key": endpoint.key} if endpoint.key else {}
    if endpoint.base.startswith("http"):
        fields = {"api_key": endpoint.key or "none", "api_base": endpoint.base}
    return fields


def _status_code(error: BaseException) -> int | None:
    status = getattr(error, "status_code", None)
    return int(status) if isinstance(status, int | str) and str(status).isdigit() else None


def _transport_error(
    error: Exception, model: str, endpoint: Endpoint, timeout_seconds: float, sent: Mapping[str, Any] | None = None
) -> TransportError:
    names = {type(cause).__name__ for cause in _cause_chain(error)}
    if "Timeout" in names or "APITimeoutError" in names:
        return TransportError(
            f"{model} did not answer within {timeout_seconds:g} seconds",
            kind="timeout",
            where=endpoint.base,
            remedy="lower --concurrency, or take a faster model; then resume the run",
        )
    if names & {"ConnectError", "ClientConnectorError", "ConnectionRefusedError", "gaierror"}:
        return TransportError(
            f"nothing answers for {model} ({_root_message(error)})",
            kind="unreachable",
            where=endpoint.base,
            remedy="start the server, or correct the address behind the model's name (@http://…/v1)",
        )
    if type(error).__name__ == "APIConnectionError":
        return TransportError(
            f"the connection to {model} broke ({_root_message(error)})",
            kind="dropped",
            where=endpoint.base,
            remedy="look at the server's own log; then resume the run",
        )
    return wire.error_from_status(
        model,
        endpoint,
        _status_code(error) or 500,
        _message_text(error),
        _response_headers(error),
        sent=sent,
        evidence=_body_text(error),
    )


def _message_text(error: Exception) -> str:
    """The message without the class names that litellm and the SDKs put in front."""
    text = str(getattr(error, "message", "") or error)
    for mark in ("Exception - ", "Error: "):
        text = text.rsplit(mark, 1)[-1]
    return text


def _body_text(error: Exception) -> str:
    """What names the cause: litellm's message has the provider's, the SDK's error below it the code and parameter."""
    bodies = (getattr(cause, "body", None) for cause in _cause_chain(error))
    return "\n".join([str(error), *(str(body) for body in bodies if body)])


def _response_headers(error: Exception) -> dict[str, str]:
    response = getattr(error, "response", None)
    headers = getattr(error, "litellm_response_headers", None) or getattr(response, "headers", None) or {}
    return {str(name).lower(): str(value) for name, value in dict(headers).items()}


def _cause_chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _root_message(error: BaseException) -> str:
    last = list(_cause_chain(error))[-1]
    return str(last)[:200] or type(last).__name__
