"""Tools, images and forms of answers through both transports: sent whole, cached, bounded, refused before spending."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from maieutic.core.errors import ModelError, NeedsError
from maieutic.core.messages import MAX_IMAGE_TOKENS, Message, ToolDefinition
from maieutic.core.models import Call, ModelRef, ModelSettings, Reply
from maieutic.runtime.models.abilities import check_call
from maieutic.runtime.models.client import ModelClient
from maieutic.runtime.models.transports.parameters import ParameterLimits
from maieutic.runtime.models.transports.refusals import lacking_ability
from maieutic.runtime.models.transports.wire import parse_completion, request_body, worst_tokens
from maieutic.runtime.store.redaction import Redactor
from maieutic.runtime.store.reply_limits import MAX_ANSWER_CHARACTERS, storable_reply
from maieutic.testing import ScriptedModel, StubServer
from maieutic.testing.models import Answer, Messages, Tools

PIXEL = "data:image/png;base64,iVBORw0KGgo="
SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}
SEARCH = ToolDefinition(name="search", description="Finds hotels.", parameters=SCHEMA)
Ask = Callable[..., Call]


def agent(messages: Messages, tools: Tools) -> Answer:
    """Looks it up with the tool that it is given, then says what the tool found."""
    if messages[-1]["role"] == "tool":
        return Answer(text=f"found {messages[-1]['content']}")
    return Answer.calling(tools[0].name, q=messages[-1]["content"]) if tools else Answer(text="no tools")


async def test_a_tool_call_and_its_result_go_both_ways_and_are_paid_once(gateway: Any, ask: Ask) -> None:
    with StubServer(ScriptedModel(agent)) as stub:
        question = ask(stub, "hotels", max_tokens=64).model_copy(update={"tools": (SEARCH,), "tool_choice": "auto"})
        first = gateway()
        reply = await first.complete(question, "target")
        assert reply.tool_calls == ({"id": "call_1", "name": "search", "arguments": '{"q": "hotels"}'},)
        assert (reply.finish, reply.text) == ("tool_calls", "")
        assert stub.seen.bodies[0]["tools"] == [SEARCH.to_wire()]
        assert stub.seen.bodies[0]["tool_choice"] == "auto"
        asked: Message = {"role": "assistant", "content": "", "tool_calls": reply.tool_calls}
        result: Message = {"role": "tool", "content": "3 hotels", "tool_call_id": "call_1"}
        then = question.model_copy(update={"messages": (*question.messages, asked, result)})
        assert (await first.complete(then, "target")).text == "found 3 hotels"
        again = await gateway().complete(question, "target")
        assert (again.tool_calls, again.cached, stub.count) == (reply.tool_calls, True, 2)


async def test_an_image_and_a_form_reach_the_endpoint(gateway: Any, ask: Ask) -> None:
    with StubServer(ScriptedModel(lambda messages: json.dumps({"images": len(messages[-1].get("parts", ()))}))) as stub:
        image: Message = {
            "role": "user",
            "content": "what",
            "parts": ({"type": "text", "text": "what"}, {"type": "image", "url": PIXEL}),
        }
        form = {"type": "json_object"}
        call = ask(stub).model_copy(update={"messages": (image,), "response_format": form})
        assert json.loads((await gateway().complete(call, "target")).text) == {"images": 2}
        body = stub.seen.bodies[0]
        assert body["messages"][0]["content"][1] == {"type": "image_url", "image_url": {"url": PIXEL}}
        assert body["response_format"] == form


MODEL = ModelRef.parse("openai/x@http://h/v1")
USER: Message = {"role": "user", "content": "hi"}
IMAGE: Message = {**USER, "parts": ({"type": "image", "url": PIXEL},)}


def test_the_worst_case_holds_tools_and_images() -> None:
    plain = worst_tokens(Call(model=MODEL, messages=(USER,)))
    assert worst_tokens(Call(model=MODEL, messages=(IMAGE,))) == plain + MAX_IMAGE_TOKENS
    with_tools = worst_tokens(Call(model=MODEL, messages=(USER,), tools=(SEARCH,)))
    assert with_tools > plain + len(json.dumps(SEARCH.to_wire()))


def test_named_tools_grammars_and_merged_system_messages_are_spelled_as_servers_take_them() -> None:
    call = Call(model=MODEL, messages=(USER,), tools=(SEARCH,), tool_choice="search", parallel_tool_calls=False)
    body = request_body(call, "x")
    assert body["tool_choice"] == {"type": "function", "function": {"name": "search"}}
    assert body["parallel_tool_calls"] is False
    grammar = Call(model=MODEL, messages=(USER,), response_format={"type": "grammar", "grammar": "root ::= [0-9]"})
    assert request_body(grammar, "x")["grammar"] == "root ::= [0-9]"
    system: Message = {"role": "system", "content": "Be brief."}
    merged = request_body(
        Call(model=MODEL, messages=(system, IMAGE)), "x", ParameterLimits(refused=frozenset({"system"}))
    )["messages"]
    assert [part["type"] for part in merged[0]["content"]] == ["text", "image_url"]
    assert merged[0]["content"][0]["text"] == "Be brief."


@pytest.mark.parametrize(
    ("model", "message", "tools", "says"),
    [
        ("local/smollm2", USER, (SEARCH,), "local/smollm2 calls no tools, and it is asked with the tools search"),
        ("local/smollm2", IMAGE, (), "reads text alone, and it is asked with an image"),
        ("openai/gpt-3.5-turbo", IMAGE, (), "openai/gpt-3.5-turbo reads text alone"),
    ],
)
def test_a_model_without_the_ability_is_refused_by_its_profile(
    model: str, message: Message, tools: Any, says: str
) -> None:
    ref = ModelRef.parse(model)
    with pytest.raises(NeedsError, match=says):
        check_call(Call(model=ref, messages=(message,), tools=tools))
    able = ref.model_copy(update={"options": ModelSettings(tools=True, images=True)})
    check_call(Call(model=able, messages=(message,), tools=tools))


def test_models_that_can_and_unknown_ones_are_asked() -> None:
    for name in ("openai/gpt-4o-mini", "openai/x@http://h/v1"):
        check_call(Call(model=ModelRef.parse(name), messages=(IMAGE,), tools=(SEARCH,)))


async def test_nothing_is_sent_or_spent_where_the_model_cannot(gateway: Any, ask: Ask) -> None:
    with StubServer() as stub:
        call = ask(stub)
        blind = call.model.model_copy(update={"options": ModelSettings(images=False)})
        opened = gateway()
        with pytest.raises(NeedsError, match="reads text alone"):
            await opened.complete(call.model_copy(update={"model": blind, "messages": (IMAGE,)}), "target")
        assert (stub.count, opened.ledger.used) == (0, {})


@pytest.mark.parametrize(
    ("status", "text", "sent", "ability"),
    [
        (400, "registry.ollama.ai/library/gemma:2b does not support tools", {"tools": [1]}, "tools"),
        (404, "No endpoints found that support tool use", {"tools": [1]}, "tools"),
        (500, "tools param requires --jinja flag", {"tools": [1]}, "tools"),
        (400, "Invalid schema for function 'x': 'q' is required", {"tools": [1]}, None),
        (400, "does not support tools", {}, None),
        (500, "image input is not supported - hint: provide the mmproj", {"messages": [{"content": [1]}]}, "images"),
        (404, "No endpoints found that support image input", {"messages": [{"content": [1]}]}, "images"),
        (400, "image_url is only supported by certain models", {"messages": [{"content": [1]}]}, "images"),
        (400, "image input is not supported", {"messages": [{"content": "x"}]}, None),
    ],
)
def test_what_endpoints_say_where_their_model_cannot(
    status: int, text: str, sent: Mapping[str, Any], ability: str | None
) -> None:
    assert lacking_ability(status, text, sent) == ability


async def test_an_endpoint_that_takes_no_tools_ends_the_run_with_its_name(client: ModelClient, ask: Ask) -> None:
    from maieutic.testing.faults import Refusal

    with StubServer(refuses=[Refusal(parameter="tools", text="this model does not support tools")]) as stub:
        with pytest.raises(ModelError, match="takes no tools") as raised:
            await client.send(ask(stub).model_copy(update={"tools": (SEARCH,)}), 5.0)
        assert not raised.value.retryable


def completion(message: dict[str, Any]) -> Reply:
    body = {"choices": [{"message": message, "finish_reason": "tool_calls"}]}
    return parse_completion(body, Call(model=MODEL, messages=(USER,)), 0.0)


def test_other_spellings_of_tool_calls_are_read() -> None:
    as_object = completion({"content": None, "tool_calls": [{"function": {"name": "search", "arguments": {"q": "x"}}}]})
    assert as_object.tool_calls == ({"id": "call_0", "name": "search", "arguments": '{"q": "x"}'},)
    assert as_object.completion_tokens >= len('search{"q": "x"}')
    old = completion({"content": "", "function_call": {"name": "search", "arguments": "{}"}})
    assert old.tool_calls[0]["name"] == "search"


def test_stored_tool_calls_hold_no_key_and_have_a_size() -> None:
    redactor = Redactor(environment={"MY_API_KEY": "sk-very-secret-value"})
    long = {"id": "a", "name": "write", "arguments": "x" * (MAX_ANSWER_CHARACTERS + 5)}
    secret = {"id": "b", "name": "log", "arguments": '{"key": "sk-very-secret-value"}'}
    stored = storable_reply(Reply.model_validate({"text": "", "tool_calls": (long, secret)}), redactor)
    assert len(stored.tool_calls[0]["arguments"]) == MAX_ANSWER_CHARACTERS
    assert stored.finish == "length"
    assert stored.tool_calls[1]["arguments"] == '{"key": "[MY_API_KEY]"}'
