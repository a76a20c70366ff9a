"""OpenTelemetry and standard logging, both off by default.

MAIEUTIC_OTEL: `on` uses the application's tracer provider; `console` and `otlp` set one up for a command.
OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true adds prompts and replies; without it spans hold no text.
MAIEUTIC_LOG: a command logs to stderr from this level on; an application configures the logger `maieutic` itself.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

from ...core.errors import NeedsError, UsageError
from ...core.terminal import clean

OTEL, LOG = "MAIEUTIC_OTEL", "MAIEUTIC_LOG"
CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_OFF = ("", "0", "off", "false")
_LEVELS = ("debug", "info", "warning", "error")


class _CleanFormatter(logging.Formatter):
    """Messages repeat what models and endpoints wrote, and stderr is a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))


def spans_enabled() -> bool:
    from ..settings import settings

    return settings().otel.casefold() not in _OFF


def content_enabled() -> bool:
    """Whether spans may hold prompts and replies."""
    return os.environ.get(CONTENT, "").casefold() in ("true", "1")


def configure() -> None:
    """Set up logging and tracing for a command, as the environment says.

    Raises UsageError for an unknown value, and NeedsError where the library is missing.
    """
    if not any(name.startswith("MAIEUTIC_") for name in os.environ):
        return  # the usual case, in which a command need not load pydantic-settings
    from ..settings import settings

    level, mode = settings().log.casefold(), settings().otel.casefold()
    if level:
        if level not in _LEVELS:
            raise UsageError(f"{level!r} is not a log level", where=LOG, possible=_LEVELS)
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_CleanFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        logging.basicConfig(handlers=[handler])
        logging.getLogger("maieutic").setLevel(level.upper())
    if mode in (*_OFF, "on"):
        return
    if mode not in ("console", "otlp"):
        raise UsageError(f"{mode!r} is not a tracing mode", where=OTEL, possible=("off", "on", "console", "otlp"))
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
    """The module `opentelemetry.trace`. Raises NeedsError where it is not installed."""
    try:
        from opentelemetry import trace
    except ImportError as error:
        raise _missing_library(error) from error
    return trace


def _missing_library(error: ImportError) -> NeedsError:
    return NeedsError(
        "tracing needs a library that is not installed", where=str(error.name), remedy="pip install 'maieutic[otel]'"
    )
