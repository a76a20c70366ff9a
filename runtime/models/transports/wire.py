"""The OpenAI chat protocol: request bodies, replies and the meaning of error responses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from ....core.answer_markers import split_reasoning
from ....core.messages import MAX_IMAGE_TOKENS, ToolCall, images_of, text_bytes, to_wire, tool_calls_from_wire
from ....core.models import Call, Reply
from ....core.surrogates import replace_half_pairs
from .base import Endpoint, TransportError, TransportErrorKind
from .parameters import NO_LIMITS, ParameterLimits
from .refusals import lacking_ability, meaning_of_refusal, refused_parameter

_MAX_MESSAGE_LENGTH = 300
_MAX_TOKENS = 10**12  # far above any bill, and sums of it still fit into a column of the store
_RETRYABLE_STATUSES = frozenset({408, 409, 425, 429})
_TOOL_CHOICES = frozenset({"auto", "none", "required"})
# What chat templates and providers say around tools: 346 tokens at Anthropic, about 200 in Qwen's template.
_TOOL_TEMPLATE_TOKENS = 512
# A model that reasons begins with it; some chat templates put the opening tag into the prompt. Elsewhere in a text, the
# tags are the text's own: an author may write a prompt that asks for them.
_BEGINS_WITH_REASONING = re.compile(
    r"\s*<think(?:ing)?>|(?:(?!<think(?:ing)?>).)*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE
)


def seed_for(call: Call) -> int | None:
    """A seed that differs between samples. The embedded model always gets one, so that its runs are repeatable."""
    if call.sampling.seed is not None:
        return call.sampling.seed + call.sample
    if call.model.provider == "local" and call.sampling.temperature > 0:
        return int(call.key[:7], 16)
    return None


def request_body(call: Call, name: str, limits: ParameterLimits = NO_LIMITS) -> dict[str, Any]:
    """The request body. Unset fields are left out, because strict servers reject unknown ones, and so are those that
    this model refused."""
    sampling = call.sampling
    fields: dict[str, Any] = {
        "model": name,
        "messages": call.messages,
        "temperature": sampling.temperature,
        "max_tokens": sampling.max_tokens,
    }
    if (seed := seed_for(call)) is not None:
        fields["seed"] = seed
    if sampling.stop:
        fields["stop"] = sampling.stop
    if sampling.top_logprobs:
        fields["logprobs"] = True
        fields["top_logprobs"] = sampling.top_logprobs
    accepted = limits.apply({**fields, **_form_fields(call), **call.model.options.request_fields})
    return {**accepted, "messages": tuple(to_wire(message) for message in accepted["messages"])}


def _form_fields(call: Call) -> dict[str, Any]:
    """Tools and the form of the answer."""
    fields: dict[str, Any] = {}
    if call.tools:
        fields["tools"] = [tool.to_wire() for tool in call.tools]
        if call.tool_choice:
            named = {"type": "function", "function": {"name": call.tool_choice}}
            fields["tool_choice"] = call.tool_choice if call.tool_choice in _TOOL_CHOICES else named
        if call.parallel_tool_calls is not None:
            fields["parallel_tool_calls"] = call.parallel_tool_calls
    if call.response_format is not None:
        if call.response_format.get("type") == "grammar":
            fields["grammar"] = call.response_format["grammar"]
        else:
            fields["response_format"] = dict(call.response_format)
    return fields


def worst_tokens(call: Call) -> int:
    """An upper bound: no tokenizer makes more tokens than bytes, and the chat template adds a few per message.

    Tools and the form of the answer are part of the prompt. Images have a bound of their own.
    """
    texts = text_bytes(call.messages)
    if form := _form_fields(call):
        # Templates spell a schema in their own way, with more spaces and words than JSON has.
        texts += 2 * len(json.dumps(form, ensure_ascii=False).encode()) + _TOOL_TEMPLATE_TOKENS
    images = sum(1 for _ in images_of(call.messages)) * MAX_IMAGE_TOKENS
    return texts + images + 16 * (len(call.messages) + 1) + call.sampling.max_tokens


def parse_completion(data: Any, call: Call, seconds: float, usd: float = 0.0) -> Reply:
    """The reply in a response, its reasoning apart. Raises ValueError where there is none.

    Missing or impossible usage is charged: the worst case for the prompt, one token per byte of the completion.
    """
    try:
        choice = data["choices"][0]
        message = choice["message"]
        written = replace_half_pairs(_content_text(message.get("content")))
        reasoning, text = _apart(written, message.get("reasoning_content") or message.get("reasoning"))
        reasoning = replace_half_pairs(reasoning)
        text = _before_stop(text, call.sampling.stop)
        tool_calls = _tool_calls(message)
        call_texts = "".join(f"{tool_call['name']}{tool_call['arguments']}" for tool_call in tool_calls)
        prompt, completion = (token_count(data.get("usage"), f"{kind}_tokens") for kind in ("prompt", "completion"))
        answer = written + reasoning + call_texts
        return Reply(
            text=text,
            # Nothing is read and nothing written for 0 tokens; a limit on tokens would never be reached.
            prompt_tokens=prompt or worst_tokens(call) - call.sampling.max_tokens,
            completion_tokens=len(answer.encode()) if completion is None or (answer and not completion) else completion,
            top_logprobs=_top_logprobs(choice.get("logprobs")),
            finish=choice.get("finish_reason") or "stop",
            usd=usd,
            seconds=seconds,
            reasoning=reasoning,
            tool_calls=tool_calls,
        )
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"no chat completion: {str(data)[:_MAX_MESSAGE_LENGTH]}") from error


def _tool_calls(message: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    """The tools that the model asks for. Raises what a malformed list raises."""
    calls = message.get("tool_calls") or ()
    if not calls and message.get("function_call"):  # the spelling before tools
        calls = ({"function": message["function_call"]},)
    return tuple(
        ToolCall(
            id=replace_half_pairs(call["id"]),
            name=replace_half_pairs(call["name"]),
            arguments=replace_half_pairs(call["arguments"]),
        )
        for call in tool_calls_from_wire(calls)
    )


def token_count(usage: Any, name: str) -> int | None:
    """A count that an endpoint reports; None where it is missing, negative or no number."""
    count = usage.get(name) if isinstance(usage, Mapping) else None
    if isinstance(count, bool) or not isinstance(count, int | float):
        return None
    return int(count) if 0 <= count <= _MAX_TOKENS else None


def empty_reply(status: int | None, text: str, seconds: float, sent: Mapping[str, Any] | None = None) -> Reply | None:
    """A reply without text, where an error response concerns one example: too long, or filtered; else None."""
    meaning = meaning_of_refusal(status, text, sent)
    if meaning == "too_long":
        return Reply(text="", finish="length", seconds=seconds)
    return Reply(text="", finish="content_filter", seconds=seconds) if meaning == "example" else None


def error_from_status(
    call_name: str,
    endpoint: Endpoint,
    status: int,
    text: str,
    headers: Mapping[str, str],
    possible: tuple[str, ...] = (),
    sent: Mapping[str, Any] | None = None,
    evidence: str = "",
) -> TransportError:
    """The error that a status other than 200 means, with its remedy.

    Args:
        sent: The body of a refused chat request.
        evidence: What else tells the cause, and is not for people.
    """
    message = error_message(text)
    if endpoint.key:
        message = message.replace(endpoint.key, "[key]")
    variable = endpoint.key_env or "OPENAI_API_KEY"
    refusal = None
    kind: TransportErrorKind
    cause = f"{text}\n{evidence}"
    meaning = meaning_of_refusal(status, cause, sent)
    if (ability := lacking_ability(status, cause, sent)) is not None:
        kind, what = "parameter", f"{call_name} takes no {ability}"
        remedy = f"name a model that takes {ability}; a local server may need an option for them"
    elif meaning == "account":
        kind, what = "account", f"the account of {call_name} has no credit or quota left"
        remedy = "pay or raise the quota with the provider, or name another model; then resume the run"
    elif meaning == "parameter" and sent is not None:
        kind, what = "parameter", f"{call_name} refused a parameter"
        remedy = "name a model that takes it, or another endpoint"
        refusal = refused_parameter(status, cause, sent)
    elif status in (401, 403):
        kind, what = "key", f"{call_name} does not accept the key" if endpoint.key else f"{call_name} requires a key"
        remedy = f"set {variable} to a key that is allowed to use this model"
    elif status == 404:
        kind, what = "model", f"there is no model {endpoint.name!r} at this endpoint"
        remedy = "name a model that the endpoint has, and check that the address ends in the API's version, as in /v1"
    elif status == 429:
        kind, what = "limited", f"{call_name} is asked too often, or its quota is used up"
        remedy = "wait, lower --concurrency, or raise the limit with the provider; then resume the run"
    elif status in _RETRYABLE_STATUSES or status >= 500:
        kind, what = "server", f"{call_name} failed on its side"
        remedy = "look at the server's own log, or wait; then resume the run"
    else:
        kind, what = "refused", f"{call_name} refused the request"
        remedy = "see what the endpoint says; the model may not know a parameter that was asked for"
    detail = f"HTTP {status}" + (f": {message}" if message else "")
    return TransportError(
        f"{what} ({detail})",
        kind=kind,
        where=endpoint.base,
        remedy=remedy,
        possible=possible,
        status=status,
        retry_after=retry_after_seconds(headers),
        refusal=refusal,
    )


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from any of the headers in use."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name) or headers.get(name.title())
        if not value:
            continue
        try:
            return max(0.0, float(value) * unit)
        except ValueError:
            pass
        try:
            until = parsedate_to_datetime(value)
        except ValueError:
            continue
        return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    return None


def error_message(text: str) -> str:
    """The readable part of an error body."""
    content: Any = text
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return text.strip()[:_MAX_MESSAGE_LENGTH]
    for field in ("error", "message", "detail"):
        if isinstance(content, dict) and field in content:
            content = content[field]
    return (content if isinstance(content, str) else json.dumps(content)).strip()[:_MAX_MESSAGE_LENGTH]


def _content_text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content or ""


def _apart(text: str, reasoning: Any) -> tuple[str, str]:
    """The reasoning, which servers send in a field of its own or in front of the text, and the text without it."""
    apart = reasoning if isinstance(reasoning, str) else ""
    if not _BEGINS_WITH_REASONING.match(text):
        return apart, text
    inside, rest = split_reasoning(text)
    return "\n\n".join(part for part in (apart, inside) if part), rest


def _before_stop(text: str, stop: Sequence[str]) -> str:
    """Up to the first stop text, for a model that was not told of it. Where it was, nothing changes."""
    return text[: min((at for mark in stop if (at := text.find(mark)) >= 0), default=len(text))]


def _top_logprobs(logprobs: Any) -> tuple[dict[str, float], ...]:
    if not logprobs or not logprobs.get("content"):
        return ()
    return tuple(
        {alternative["token"]: alternative["logprob"] for alternative in token["top_logprobs"]}
        for token in logprobs["content"]
    )
