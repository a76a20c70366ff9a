"""Spans and logs: off unless asked, by the GenAI conventions, and without a word of what was said."""

from __future__ import annotations

import logging

import pytest
from maieutic.core.budget import Budget
from maieutic.core.errors import UsageError
from maieutic.graphs.api import aoptimize
from maieutic.runtime.telemetry.logging import CONTENT, LOG, OTEL, configure
from maieutic.runtime.telemetry.spans import span
from maieutic.testing.run_harness import RunHarness

pytest.importorskip("opentelemetry.sdk")

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


@pytest.fixture(scope="module")
def _memory() -> InMemorySpanExporter:
    memory = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    trace.set_tracer_provider(provider)
    return memory


@pytest.fixture
def spans(_memory: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    for name in (OTEL, CONTENT, LOG):
        monkeypatch.delenv(name, raising=False)
    _memory.clear()
    return _memory


async def a_run(harness: RunHarness) -> None:
    await aoptimize(harness.task(), recipe="protegi", budget=Budget(calls=70), folder=harness.new_folder(), run="r")


async def test_nothing_is_traced_unless_asked(harness: RunHarness, spans: InMemorySpanExporter) -> None:
    await a_run(harness)
    assert spans.get_finished_spans() == ()


async def test_a_run_its_nodes_and_its_calls(
    harness: RunHarness, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OTEL, "on")
    await a_run(harness)
    told = spans.get_finished_spans()
    chats = [one for one in told if one.name.startswith("chat ")]
    assert len(chats) == harness.request_count
    known = dict(chats[0].attributes or {})
    assert known["gen_ai.operation.name"] == "chat"
    assert known["gen_ai.request.model"] == "stub"
    assert known["gen_ai.usage.input_tokens"] > 0
    assert known["gen_ai.response.finish_reasons"] == ("stop",)
    assert {one.name for one in told} >= {"invoke_agent maieutic", "maieutic evaluate", "maieutic report"}
    assert len({one.context.trace_id for one in told}) == 1
    assert not any("red or blue" in str(value) for one in told for value in (one.attributes or {}).values())


async def test_what_was_said_is_told_where_it_is_asked(
    harness: RunHarness, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OTEL, "on")
    monkeypatch.setenv(CONTENT, "true")
    await a_run(harness)
    chats = [one for one in spans.get_finished_spans() if one.name.startswith("chat ")]
    assert all('"role": "user"' in str((one.attributes or {})["gen_ai.input.messages"]) for one in chats)


def test_an_error_is_told_by_its_type_alone(spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OTEL, "on")
    with pytest.raises(ValueError, match="secret"), span("x"):
        raise ValueError("secret")
    (told,) = spans.get_finished_spans()
    assert dict(told.attributes or {}) == {"error.type": "ValueError"}
    assert told.events == ()
    assert "secret" not in str(told.status.description)


async def test_the_log_tells_events_without_their_texts(harness: RunHarness, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="maieutic"):
        await a_run(harness)
    said = [one.getMessage() for one in caplog.records if one.name == "maieutic"]
    assert said[0].startswith("preflight_passed run=r seq=1 ")
    assert said[-1].startswith("run_finished run=r ")
    assert not any("rule" in one for one in said)


@pytest.mark.parametrize(("name", "word"), [(OTEL, "loud"), (LOG, "loud")])
def test_a_word_that_is_not_known_is_refused(name: str, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, word)
    with pytest.raises(UsageError, match="'loud' is no"):
        configure()
