"""LangChain's own standard tests of chat models, on `GatewayChat` within a run: store, ledger and a real endpoint."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from maieutic.core.budget import Budget
from maieutic.core.models import ModelRef, Sampling
from maieutic.plugins.apps.binding import AppBinding
from maieutic.plugins.apps.chat import GatewayChat
from maieutic.runtime.models.client import ModelClient
from maieutic.runtime.models.gateway import RunGateway
from maieutic.runtime.store import RunRecord, Store
from maieutic.testing import ScriptedModel, StubServer
from maieutic.testing.models import Answer, Messages, Tools

pytest.importorskip("langchain_tests")

from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

SAMPLES: dict[str, Any] = {"string": "a café", "integer": 3, "number": 3.5, "boolean": True, "array": [], "object": {}}


def filled(schema: dict[str, Any], text: str) -> Any:
    """A value of a JSON schema, with the numbers of the question where it has some."""
    if "$ref" in schema or "anyOf" in schema or "allOf" in schema:
        return "text"
    kind = schema.get("type", "string")
    if kind == "object":
        properties = schema.get("properties") or {}
        return {name: filled(inner, text) for name, inner in properties.items() if name in schema.get("required", ())}
    number = re.search(r"\d+", text)
    if kind == "integer" and number:
        return int(number[0])
    unicode = re.search("[^\\x00-\\x7f][^\"'.]*", text)
    return unicode[0] if kind == "string" and unicode else SAMPLES[kind]


def assistant(messages: Messages, tools: Tools) -> Answer:
    """Calls the tool that it is given, tells what a tool gave, and otherwise talks; JSON where it is asked for."""
    text = messages[-1]["content"]
    if messages[-1]["role"] == "tool":
        return Answer(text=f"It is {text or 'there'}.")
    if tools:
        tool = tools[0]
        arguments = filled(dict(tool.parameters), text)
        return Answer.calling(tool.name, **arguments)
    if "json" in text.casefold() or "joke" in text.casefold():
        return Answer(text=json.dumps({"setup": "Why?", "punchline": "Because."}))
    return Answer(text="Hello, here I am.")


class BoundChat(GatewayChat):
    """The model of one run, in whichever thread or task a test asks it."""

    current: ClassVar[AppBinding | None] = None

    def _binding(self) -> AppBinding | None:
        return type(self).current


@pytest.fixture(scope="module", autouse=True)
def bound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppBinding]:
    """A run in a thread of its own, as it is while an application runs in others."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(30)

    folder: Path = tmp_path_factory.mktemp("standard")
    with Store.open(folder) as store, StubServer(ScriptedModel(assistant)) as stub:
        client = ModelClient(transport="openai_compatible")
        wait(store.create_run(RunRecord(id="r", task="t", recipe="x")))
        ledger = store.ledger_sums("r").ledger(Budget(calls=500))
        gateway = RunGateway(run="r", store=store, ledger=ledger, client=client, concurrency=4)

        async def bind() -> AppBinding:
            model = ModelRef.parse(f"openai/stub@{stub.base}")
            return AppBinding(model=model, gateway=gateway, sampling=Sampling(max_tokens=64))

        BoundChat.current = binding = wait(bind())
        yield binding
        BoundChat.current = None
        spent = sum(cost.calls for cost in store.ledger_sums("r").paid.values())
        assert spent == stub.count  # every call of every standard test is in the account
        wait(gateway.aclose())
        wait(client.aclose())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def benchmark() -> Callable[..., Any]:
    """In place of pytest-benchmark's, which warns beside xdist: once is enough to see that it works."""
    return lambda function, *arguments, **options: function(*arguments, **options)


@pytest.fixture
def snapshot() -> None:
    """Only models that can be serialized have one."""


@pytest.fixture
def vcr() -> None:
    """Nothing is recorded: the endpoint is on loopback."""


@pytest.fixture(autouse=True)
def picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the standard tests load from the network: here it is one pixel."""

    class Response:
        content = b"a pixel"

    monkeypatch.setattr("httpx.get", lambda *_, **__: Response())


class TestUnit(ChatModelUnitTests):
    @property
    def chat_model_class(self) -> type[BoundChat]:
        return BoundChat


class TestIntegration(ChatModelIntegrationTests):
    @property
    def chat_model_class(self) -> type[BoundChat]:
        return BoundChat

    @property
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_image_urls(self) -> bool:
        return True

    @property
    def supports_image_tool_message(self) -> bool:
        return True

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True
