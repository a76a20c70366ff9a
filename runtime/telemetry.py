"""OpenTelemetry spans with the GenAI conventions, and standard logging: both off unless the environment asks.

MAIEUTIC_OTEL: `on` uses the tracer provider that the application has set up, `console` and `otlp` set one up for a
command. OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true adds what was said; without it no text leaves the run.
MAIEUTIC_LOG: a level of standard logging, written to stderr by a command; an application uses the logger `maieutic`.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..core.errors import NeedsError, UsageError
from ..core.models import Call, Reply

if TYPE_CHECKING:
    from opentelemetry.trace import Span

OTEL, LOG = "MAIEUTIC_OTEL", "MAIEUTIC_LOG"
CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_OFF = ("", "0", "off", "false")
_LEVELS = ("debug", "info", "warning", "error")
Note = Callable[[Mapping[str, Any]], None]


@contextmanager
def span(name: str, *, calm: type[BaseException] | None = None, **attributes: Any) -> Iterator[Note]:
    """A span around what happens inside; attributes that are None are left out.

    Gives a function that adds attributes. An error ends the span as failed, named by its type, and goes on; `calm` is
    raised for another reason than a failure.
    """
    if not _on():
        yield _ignore
        return
    trace = _library()
    kind = trace.SpanKind.CLIENT if name.startswith(("chat ", "embeddings ")) else trace.SpanKind.INTERNAL
    tracer = trace.get_tracer("maieutic")
    options = {"kind": kind, "record_exception": False, "set_status_on_exception": False}
    with tracer.start_as_current_span(name, attributes=_known(attributes), **options) as opened:
        try:
            yield lambda more: opened.set_attributes(_known(more))
        except BaseException as error:
            if calm is None or not isinstance(error, calm):
                _fail(opened, error, trace)
            raise


@contextmanager
def chat_span(call: Call) -> Iterator[Callable[[Reply], None]]:
    """One request to a model. What was said is part of it only where the environment asks."""
    if not _on():
        yield _ignore
        return
    asked = call.sampling
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": call.model.provider,
        "gen_ai.request.model": call.model.name,
        "gen_ai.request.temperature": asked.temperature,
        "gen_ai.request.max_tokens": asked.max_tokens,
        "gen_ai.request.seed": asked.seed,
        "gen_ai.request.stop_sequences": asked.stop or None,
        "server.address": call.model.api_base,
    }
    if shown := asks_for_content():
        attributes["gen_ai.input.messages"] = json.dumps([_part(**one) for one in call.messages], ensure_ascii=False)
    with span(f"chat {call.model.name}", **attributes) as note:

        def answered(reply: Reply) -> None:
            said = {"gen_ai.output.messages": json.dumps([_part("assistant", reply.text)], ensure_ascii=False)}
            note(
                {
                    "gen_ai.usage.input_tokens": reply.prompt_tokens,
                    "gen_ai.usage.output_tokens": reply.completion_tokens,
                    "gen_ai.response.finish_reasons": (reply.finish,),
                    **(said if shown else {}),
                }
            )

        yield answered


def _on() -> bool:
    return os.environ.get(OTEL, "").casefold() not in _OFF


@contextmanager
def embedding_span(call: Call) -> Iterator[None]:
    """One request for embeddings, without the texts."""
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.provider.name": call.model.provider,
        "gen_ai.request.model": call.model.name,
        "server.address": call.model.api_base,
    }
    with span(f"embeddings {call.model.name}", **attributes):
        yield


def asks_for_content() -> bool:
    """Whether what was said may leave the run."""
    return os.environ.get(CONTENT, "").casefold() in ("true", "1")


def configure() -> None:
    """What the environment asks of a command. Raises UsageError for a word it does not know, NeedsError where the
    library is missing."""
    level, mode = os.environ.get(LOG, "").casefold(), os.environ.get(OTEL, "").casefold()
    if level:
        if level not in _LEVELS:
            raise UsageError(f"{level!r} is no level", where=LOG, possible=_LEVELS)
        logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
        logging.getLogger("maieutic").setLevel(level.upper())
    if mode in (*_OFF, "on"):
        return
    if mode not in ("console", "otlp"):
        raise UsageError(f"{mode!r} is no way to trace", where=OTEL, possible=("off", "on", "console", "otlp"))
    _provide(_library(), mode)


def _provide(trace: Any, mode: str) -> None:
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter

        exporter: SpanExporter = ConsoleSpanExporter(out=sys.stderr)
        if mode == "otlp":
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            exporter = OTLPSpanExporter()
    except ImportError as error:
        raise _missing(error) from error
    provider = TracerProvider(resource=Resource.create({"service.name": "maieutic"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


def _library() -> Any:
    try:
        from opentelemetry import trace
    except ImportError as error:
        raise _missing(error) from error
    return trace


def _missing(error: ImportError) -> NeedsError:
    return NeedsError(
        "tracing needs a library that is not installed", where=str(error.name), remedy="pip install 'maieutic[otel]'"
    )


def _fail(opened: Span, error: BaseException, trace: Any) -> None:
    """The type alone: messages of errors may quote what was said."""
    opened.set_attribute("error.type", type(error).__name__)
    opened.set_status(trace.Status(trace.StatusCode.ERROR, type(error).__name__))


def _known(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}


def _part(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": content}]}


def _ignore(more: object) -> None:
    """Where nobody traces there is nothing to add to."""
