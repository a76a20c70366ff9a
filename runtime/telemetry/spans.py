"""OpenTelemetry spans by the GenAI conventions; no-ops unless the environment turns them on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from ...core.messages import readable
from ...core.models import Call, Reply
from .logging import content_enabled, opentelemetry_trace, spans_enabled

if TYPE_CHECKING:
    from opentelemetry.trace import Span

SetAttributes = Callable[[Mapping[str, Any]], None]


@contextmanager
def span(
    name: str, *, remote: bool = False, calm: type[BaseException] | None = None, **attributes: Any
) -> Iterator[SetAttributes]:
    """A span around the block; yields a function that adds attributes. None values are left out.

    An exception marks the span as failed with its type, and propagates. `calm` is an exception that is no failure.
    remote: whether the block is a request to another system.
    """
    if not spans_enabled():
        yield _no_op
        return
    trace = opentelemetry_trace()
    kind = trace.SpanKind.CLIENT if remote else trace.SpanKind.INTERNAL
    tracer = trace.get_tracer("maieutic")
    options = {"kind": kind, "record_exception": False, "set_status_on_exception": False}
    with tracer.start_as_current_span(name, attributes=_without_none(attributes), **options) as opened:
        try:
            yield lambda more: opened.set_attributes(_without_none(more))
        except BaseException as error:
            if calm is None or not isinstance(error, calm):
                _mark_failed(opened, error, trace)
            raise


@contextmanager
def chat_span(call: Call) -> Iterator[Callable[[Reply], None]]:
    """The span of one chat request. Messages are recorded only if the environment turns that on."""
    if not spans_enabled():
        yield _no_op
        return
    sampling = call.sampling
    attributes: dict[str, Any] = {
        "gen_ai.request.temperature": sampling.temperature,
        "gen_ai.request.max_tokens": sampling.max_tokens,
        "gen_ai.request.seed": sampling.seed,
        "gen_ai.request.stop_sequences": sampling.stop or None,
    }
    if with_content := content_enabled():
        attributes["gen_ai.input.messages"] = json.dumps(
            [_message_part(message["role"], readable(message)) for message in call.messages], ensure_ascii=False
        )
    with _request_span("chat", call, attributes) as note:

        def answered(reply: Reply) -> None:
            output = {"gen_ai.output.messages": json.dumps([_answer_part(reply)], ensure_ascii=False)}
            note(
                {
                    "gen_ai.usage.input_tokens": reply.prompt_tokens,
                    "gen_ai.usage.output_tokens": reply.completion_tokens,
                    "gen_ai.response.finish_reasons": (reply.finish,),
                    **(output if with_content else {}),
                }
            )

        yield answered


def embedding_span(call: Call) -> AbstractContextManager[SetAttributes]:
    """The span of one embedding request, without the texts."""
    return _request_span("embeddings", call, {})


def _request_span(operation: str, call: Call, more: Mapping[str, Any]) -> AbstractContextManager[SetAttributes]:
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": call.model.provider,
        "gen_ai.request.model": call.model.name,
        "server.address": call.model.api_base,
    }
    return span(f"{operation} {call.model.name}", remote=True, **attributes, **more)


def _mark_failed(opened: Span, error: BaseException, trace: Any) -> None:
    """Record the error's type alone, because its message may quote the texts."""
    opened.set_attribute("error.type", type(error).__name__)
    opened.set_status(trace.Status(trace.StatusCode.ERROR, type(error).__name__))


def _without_none(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}


def _message_part(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": content}]}


def _answer_part(reply: Reply) -> dict[str, Any]:
    """The answer with the tools that it asks for, as the GenAI conventions spell them."""
    message = _message_part("assistant", reply.text)
    calls = [
        {"type": "tool_call", "id": call["id"], "name": call["name"], "arguments": call["arguments"]}
        for call in reply.tool_calls
    ]
    return {**message, "parts": [*message["parts"], *calls]}


def _no_op(more: object) -> None:
    """Stands in for the span's setter where tracing is off."""
