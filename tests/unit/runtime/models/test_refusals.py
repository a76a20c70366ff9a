"""What an endpoint refuses: a parameter is left out and asked again, one example is that example's, the rest ends."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from maieutic.core.models import Call, ModelRef, Sampling
from maieutic.runtime.models.client import ModelClient
from maieutic.runtime.models.gateway import RunGateway
from maieutic.runtime.models.transports.base import TransportError
from maieutic.runtime.models.transports.refusals import meaning_of_refusal, refused_parameter
from maieutic.runtime.models.transports.wire import parse_completion
from maieutic.testing import Answer, Fault, Refusal, ScriptedModel, StubServer

Open = Callable[..., RunGateway]
Ask = Callable[..., Call]


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (403, {"message": "Your chosen model requires moderation and your input was flagged", "code": 403}, "example"),
        (
            400,
            {
                "code": "invalid_prompt",
                "message": "Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
            },
            "example",
        ),
        (
            400,
            {"message": "Output data may contain inappropriate content.", "code": "data_inspection_failed"},
            "example",
        ),
        (400, {"message": "Content Exists Risk"}, "example"),
        (
            400,
            {"message": "The prompt triggered Azure OpenAI's content management policy."},
            "example",
        ),
        (
            400,
            {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens > 200000 maximum"},
            "too_long",
        ),
        (413, {"message": "Request too large"}, "too_long"),
        (422, {"message": "Input validation error: `inputs` must have less than 4096 tokens"}, "too_long"),
        (
            400,
            {"message": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."},
            "too_long",
        ),
        (400, {"message": "Input is too long for requested model."}, "too_long"),
        (400, {"message": "Range of input length should be [1, 30720]"}, "too_long"),
        (400, {"message": "This model's maximum context length is 4096 tokens. Your messages have 9000."}, "too_long"),
        (
            429,
            {"message": "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 41000."},
            "too_long",
        ),
        (
            400,
            {
                "message": "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead.",
                "param": "max_tokens",
                "code": "unsupported_parameter",
            },
            "parameter",
        ),
        (403, {"message": "You are not allowed to request logprobs from this model"}, "parameter"),
        (
            429,
            {
                "message": "You exceeded your current quota, please check your plan and billing details.",
                "code": "insufficient_quota",
            },
            "account",
        ),
        (400, {"message": "Your credit balance is too low to access the Anthropic API."}, "account"),
        (402, {"message": "Insufficient Balance"}, "account"),
        (401, {"message": "Incorrect API key provided"}, "key"),
        (403, {"message": "This key may not use this model"}, "key"),
        (429, {"message": "Rate limit reached for requests per minute"}, None),
        (429, {"message": "You exceeded your current quota, check billing details. Please retry in 34s."}, None),
        (500, {"message": "content_filter crashed"}, None),
    ],
)
def test_a_refusal_means(status: int, body: dict[str, Any], meaning: str | None) -> None:
    assert meaning_of_refusal(status, json.dumps({"error": body})) == meaning


@pytest.mark.parametrize(
    ("message", "name", "limit"),
    [
        (
            "Unsupported value: 'temperature' does not support 0.0. Only the default (1) value is supported.",
            "temperature",
            None,
        ),
        ("top_logprobs must be less than or equal to 5", "logprobs", 5),
        ("Invalid value for 'top_logprobs': must be between 0 and 5, inclusive", "logprobs", 5),
        ("logprobs is not supported by this model", "logprobs", None),
        ("body.seed: Extra inputs are not permitted", "seed", None),
        ("Unknown parameter: stop", "stop", None),
        ("System role not supported", "system", None),
        ("Developer instruction is not enabled for models/gemma-3-27b-it", "system", None),
        ("max_tokens is too large: 8192. This model supports at most 4096 completion tokens", "output", 4096),
        ("max_tokens: 8192 > 4096, which is the maximum allowed number of output tokens", "output", 4096),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 4096]", "output", 4096),
        (
            "This model's maximum context length is 4096 tokens. You requested 8300 tokens (108 in the messages, "
            "8192 in the completion).",
            "context",
            4096,
        ),
        (
            "input length and `max_tokens` exceed context limit: 108 + 8192 > 4096, decrease input length",
            "context",
            4096,
        ),
        ("prompt is too long: 210000 tokens > 200000 maximum", None, None),
        ("the number of parameters is fine and the weather is not", None, None),
    ],
)
def test_the_parameter_that_a_refusal_names(message: str, name: str | None, limit: int | None) -> None:
    sent = {
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
        "temperature": 0.0,
        "max_tokens": 8192,
        "seed": 1,
        "stop": ["x"],
        "logprobs": True,
        "top_logprobs": 20,
    }
    refusal = refused_parameter(400, message, sent)
    assert (refusal and refusal.name, refusal and refusal.limit) == (name, limit)


def test_a_parameter_that_was_not_sent_is_not_refused() -> None:
    assert refused_parameter(400, "the seed of the matter is invalid", {"messages": [], "max_tokens": 5}) is None


REFUSALS = {
    "temperature": Refusal(parameter="temperature", text="'temperature' does not support 0.0 with this model"),
    "seed": Refusal(parameter="seed", status=422, text="body.seed: Extra inputs are not permitted"),
    "max_tokens": Refusal(
        parameter="max_tokens",
        text="'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    ),
    "logprobs": Refusal(
        parameter="logprobs", status=403, text="You are not allowed to request logprobs from this model"
    ),
    "top_logprobs": Refusal(parameter="top_logprobs", above=5, text="top_logprobs must be at most 5"),
    "stop": Refusal(parameter="stop", text="Unknown parameter: 'stop'"),
    "system": Refusal(parameter="system", text="System role not supported"),
}


def _rich(stub: StubServer, ask: Ask, text: str = "hello") -> Call:
    """A call with every optional parameter."""
    call = ask(stub, text, temperature=0.5, seed=7, stop=("END",), top_logprobs=20)
    return call.model_copy(update={"messages": ({"role": "system", "content": "Be brief."}, *call.messages)})


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_refused_parameter_is_left_out_and_the_call_is_answered(
    gateway: Open, ask: Ask, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with StubServer(ScriptedModel({}, otherwise="ok END of it"), refuses=[REFUSALS[name]]) as stub:
        one = gateway("r-0")
        with caplog.at_level(logging.WARNING, "maieutic"):
            replies = [await one.complete(_rich(stub, ask, text), "target") for text in ("a", "b")]
        bodies = stub.seen.bodies
    assert [reply.text.strip() for reply in replies] == ["ok"] * 2
    assert len(bodies) == 3, "refused once, and remembered"
    assert len([record for record in caplog.records if "refuses a parameter" in record.getMessage()]) == 1
    assert one.ledger.view().total.calls == 2
    last = bodies[-1]
    if name == "top_logprobs":
        assert last["top_logprobs"] == 5
        assert len(replies[1].top_logprobs) == 1
    elif name == "system":
        assert last["messages"] == [{"role": "user", "content": "Be brief.\n\nb"}]
    else:
        assert name not in last
    if name == "max_tokens":
        assert last["max_completion_tokens"] == 8
    if name == "logprobs":
        assert "top_logprobs" not in last


async def test_all_refusals_together(gateway: Open, ask: Ask) -> None:
    with StubServer(refuses=list(REFUSALS.values())) as stub:
        assert (await gateway().complete(_rich(stub, ask), "target")).text == "ok"
        assert stub.seen.bodies[-1].keys() == {"model", "messages", "max_completion_tokens"}


async def test_the_cache_key_is_that_of_the_call(gateway: Open, ask: Ask) -> None:
    with StubServer(refuses=[REFUSALS["temperature"]]) as stub:
        await gateway("r-0").complete(_rich(stub, ask), "target")
        again = await gateway("r-1").complete(_rich(stub, ask), "target")
        assert stub.count == 2
    assert again.cached


async def test_a_limit_of_output_is_learned(gateway: Open, ask: Ask) -> None:
    too_large = Refusal(
        parameter="max_tokens",
        above=4096,
        text="max_tokens is too large. This model supports at most 4096 completion tokens",
    )
    with StubServer(refuses=[too_large]) as stub:
        assert (await gateway().complete(ask(stub, max_tokens=8192), "optimizer")).text == "ok"
        assert stub.seen.bodies[-1]["max_tokens"] == 4096


async def test_an_answer_gets_the_room_that_the_prompt_leaves(gateway: Open, ask: Ask) -> None:
    shared = Refusal(
        parameter="max_tokens",
        above=4000,
        text="This model's maximum context length is 4096 tokens. However, you requested 8300 tokens "
        "(108 in the messages, 8192 in the completion).",
    )
    with StubServer(refuses=[shared]) as stub:
        assert (await gateway().complete(ask(stub, "x" * 400, max_tokens=8192), "optimizer")).text == "ok"
        assert stub.seen.bodies[-1]["max_tokens"] == 4096 - 200 - 16


async def test_a_parameter_that_cannot_be_left_out_ends_the_call(gateway: Open, ask: Ask) -> None:
    always = Refusal(parameter="model", text="Unsupported parameter: 'temperature'")
    with StubServer(refuses=[always]) as stub, pytest.raises(TransportError) as raised:
        await ModelClient(transport="openai_compatible").send(ask(stub), 5.0)
    assert raised.value.kind in ("refused", "parameter")
    assert not raised.value.retryable


@pytest.mark.parametrize(
    ("status", "text", "finish"),
    [
        (403, "Your chosen model requires moderation and your input was flagged", "content_filter"),
        (400, "invalid_prompt: your prompt was flagged", "content_filter"),
        (413, "Request too large", "length"),
        (422, "`inputs` must have less than 4096 tokens", "length"),
        (400, "prompt is too long: 210000 tokens > 200000 maximum", "length"),
    ],
)
async def test_one_refused_example_is_an_empty_answer(
    gateway: Open, ask: Ask, status: int, text: str, finish: str
) -> None:
    with StubServer(faults=[Fault(status=status, text=text)]) as stub:
        one = gateway()
        reply = await one.complete(ask(stub), "target")
        assert (reply.text, reply.finish) == ("", finish)
        assert (await one.complete(ask(stub, "next"), "target")).text == "ok"
        assert stub.count == 2


async def test_an_account_without_quota_is_not_asked_again(gateway: Open, ask: Ask) -> None:
    text = "You exceeded your current quota, please check your plan and billing details. insufficient_quota"
    with StubServer(faults=lambda number: Fault(status=429, text=text)) as stub:
        with pytest.raises(Exception, match="no credit or quota left"):
            await gateway().complete(ask(stub), "target")
        assert stub.count == 1


@pytest.mark.parametrize(
    ("message", "finish", "text", "reasoning"),
    [
        ({"content": "blue", "reasoning_content": "sky"}, "stop", "blue", "sky"),
        ({"content": "blue", "reasoning": "sky"}, "stop", "blue", "sky"),
        ({"content": None, "reasoning_content": "sky, so"}, "length", "", "sky, so"),
        ({"content": "<think>\nsky\n</think>\n\nblue"}, "stop", "blue", "sky"),
        ({"content": "sky</think>blue"}, "stop", "blue", "sky"),
        ({"content": "<think>sky and"}, "length", "", "sky and"),
        (
            {"content": "Write <think>…</think> first, then answer."},
            "stop",
            "Write <think>…</think> first, then answer.",
            "",
        ),
        ({"content": " blue\n"}, "stop", " blue\n", ""),
        ({"content": ""}, "length", "", ""),
    ],
)
def test_reasoning_stays_apart(message: dict[str, Any], finish: str, text: str, reasoning: str) -> None:
    call = Call(model=ModelRef.parse("openai/x"), messages=({"role": "user", "content": "q"},), sampling=Sampling())
    reply = parse_completion({"choices": [{"message": message, "finish_reason": finish}]}, call, 0.0)
    assert (reply.text, reply.reasoning, reply.finish) == (text, reasoning, finish)


async def test_reasoning_is_stored_with_the_reply(gateway: Open, ask: Ask) -> None:
    with StubServer(ScriptedModel({}, otherwise=Answer(text="blue", reasoning="sky"))) as stub:  # type: ignore[dict-item]
        await gateway("r-0").complete(ask(stub), "target")
        again = await gateway("r-1").complete(ask(stub), "target")
    assert (again.text, again.reasoning, again.cached) == ("blue", "sky", True)
