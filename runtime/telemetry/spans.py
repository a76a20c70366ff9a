"""OpenTelemetry spans by the GenAI conventions, around what a run does; nothing where the environment asks for none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from ...core.models import Call, Reply
from .logging import content_enabled, opentelemetry_trace, spans_enabled

if TYPE_CHECKING:
    from opentelemetry.trace import Span

SetAttributes = Callable[[Mapping[str, Any]], None]


@contextmanager
def span(
    name: str, *, remote: bool = False, calm: type[BaseException] | None = None, **attributes: Any
) -> Iterator[SetAttributes]:
    """A span around what happens inside; attributes that are None are left out.

    Gives a function that adds attributes. An error ends the span as failed, named by its type, and goes on; `calm` is
    raised for another reason than a failure. remote: whether what happens is a request to somebody else.
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
    """One request to a model. What was said is part of it only where the environment asks."""
    if not spans_enabled():
        yield _no_op
        return
    asked = call.sampling
    attributes: dict[str, Any] = {
        "gen_ai.request.temperature": asked.temperature,
        "gen_ai.request.max_tokens": asked.max_tokens,
        "gen_ai.request.seed": asked.seed,
        "gen_ai.request.stop_sequences": asked.stop or None,
    }
    if shown := content_enabled():
        attributes["gen_ai.input.messages"] = json.dumps(
            [_message_part(**one) for one in call.messages], ensure_ascii=False
        )
    with _request_span("chat", call, attributes) as note:

        def answered(reply: Reply) -> None:
            said = {"gen_ai.output.messages": json.dumps([_message_part("assistant", reply.text)], ensure_ascii=False)}
            note(
                {
                    "gen_ai.usage.input_tokens": reply.prompt_tokens,
                    "gen_ai.usage.output_tokens": reply.completion_tokens,
                    "gen_ai.response.finish_reasons": (reply.finish,),
                    **(said if shown else {}),
                }
            )

        yield answered


def embedding_span(call: Call) -> AbstractContextManager[SetAttributes]:
    """One request for embeddings, without the texts."""
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
    """The type alone: messages of errors may quote what was said."""
    opened.set_attribute("error.type", type(error).__name__)
    opened.set_status(trace.Status(trace.StatusCode.ERROR, type(error).__name__))


def _without_none(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}


def _message_part(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": content}]}


def _no_op(more: object) -> None:
    """Where nobody traces there is nothing to add to."""
