"""OpenTelemetry and standard logging: both off unless the environment asks.

MAIEUTIC_OTEL: `on` uses the tracer provider that the application has set up, `console` and `otlp` set one up for a
command. OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true adds what was said; without it no text leaves the run.
MAIEUTIC_LOG: a level of standard logging, written to stderr by a command; an application uses the logger `maieutic`.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

from ...core.errors import NeedsError, UsageError

OTEL, LOG = "MAIEUTIC_OTEL", "MAIEUTIC_LOG"
CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_OFF = ("", "0", "off", "false")
_LEVELS = ("debug", "info", "warning", "error")


def spans_enabled() -> bool:
    return os.environ.get(OTEL, "").casefold() not in _OFF


def content_enabled() -> bool:
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
    _install_provider(mode)


def _install_provider(mode: str) -> None:
    trace = opentelemetry_trace()
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter

        exporter: SpanExporter = ConsoleSpanExporter(out=sys.stderr)
        if mode == "otlp":
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            exporter = OTLPSpanExporter()
    except ImportError as error:
        raise _missing_library(error) from error
    provider = TracerProvider(resource=Resource.create({"service.name": "maieutic"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


def opentelemetry_trace() -> Any:
    """Raises NeedsError where it is not installed."""
    try:
        from opentelemetry import trace
    except ImportError as error:
        raise _missing_library(error) from error
    return trace


def _missing_library(error: ImportError) -> NeedsError:
    return NeedsError(
        "tracing needs a library that is not installed", where=str(error.name), remedy="pip install 'maieutic[otel]'"
    )
