"""The words of the OpenAI chat protocol: the body of a request, the parts of an answer, the meaning of a refusal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from ....core.models import Call, Reply
from .base import Endpoint, TransportError, TransportErrorKind

_MAX_MESSAGE_LENGTH = 300
_RETRYABLE_STATUSES = frozenset({408, 409, 425, 429})
_CONTEXT_LENGTH_SIGNS = (
    "context_length_exceeded",
    "exceed_context_size",
    "maximum context length",
    "context size",
    "n_ctx",
)
_CONTENT_FILTER_SIGNS = ("content_filter", "content_policy", "responsibleaipolicyviolation")


def seed_for(call: Call) -> int | None:
    """Repeated draws differ. The embedded model is always seeded, so that a run of it can be repeated."""
    if call.sampling.seed is not None:
        return call.sampling.seed + call.sample
    if call.model.provider == "local" and call.sampling.temperature > 0:
        return int(call.key[:7], 16)
    return None


def request_body(call: Call, name: str) -> dict[str, Any]:
    """The request, with no field that was not asked for: strict servers refuse what they do not know."""
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
    return fields


def worst_tokens(call: Call) -> int:
    """More tokens than the call can take: no tokenizer makes more of a text than it has bytes, and the chat template
    frames each message with a few."""
    texts = sum(len(message["content"].encode()) for message in call.messages)
    return texts + 16 * (len(call.messages) + 1) + call.sampling.max_tokens


def parse_completion(data: Any, call: Call, seconds: float, usd: float = 0.0) -> Reply:
    """Raises ValueError for what is not an answer. Where usage is missing, the worst case is charged for the prompt
    and one token for each byte of the answer."""
    try:
        choice = data["choices"][0]
        message = choice["message"]
        text = _content_text(message.get("content"))
        usage = data.get("usage") or {}
        prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
        return Reply(
            text=text,
            prompt_tokens=worst_tokens(call) - call.sampling.max_tokens if prompt is None else prompt,
            completion_tokens=len(text.encode()) if completion is None else completion,
            top_logprobs=_top_logprobs(choice.get("logprobs")),
            finish=choice.get("finish_reason") or "stop",
            usd=usd,
            seconds=seconds,
        )
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"no chat completion: {str(data)[:_MAX_MESSAGE_LENGTH]}") from error


def empty_reply(text: str, seconds: float) -> Reply | None:
    """The reply to a prompt that the model could not or would not read, where a refusal says that."""
    said = text.lower()
    if any(sign in said for sign in _CONTEXT_LENGTH_SIGNS):
        return Reply(text="", finish="length", seconds=seconds)
    if any(sign in said for sign in _CONTENT_FILTER_SIGNS):
        return Reply(text="", finish="content_filter", seconds=seconds)
    return None


def error_from_status(
    call_name: str,
    endpoint: Endpoint,
    status: int,
    text: str,
    headers: Mapping[str, str],
    possible: tuple[str, ...] = (),
) -> TransportError:
    """What a status other than 200 means, and what to do about it."""
    said = error_message(text)
    if endpoint.key:
        said = said.replace(endpoint.key, "[key]")
    variable = endpoint.key_env or "OPENAI_API_KEY"
    kind: TransportErrorKind
    if status in (401, 403):
        kind, what = "key", f"{call_name} does not accept the key" if endpoint.key else f"{call_name} asks for a key"
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
    detail = f"HTTP {status}" + (f": {said}" if said else "")
    return TransportError(
        f"{what} ({detail})",
        kind=kind,
        where=endpoint.base,
        remedy=remedy,
        possible=possible,
        status=status,
        retry_after=retry_after_seconds(headers),
    )


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, however the endpoint says it."""
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
    """The human part of an error body."""
    said: Any = text
    try:
        said = json.loads(text)
    except ValueError:
        return text.strip()[:_MAX_MESSAGE_LENGTH]
    for field in ("error", "message", "detail"):
        if isinstance(said, dict) and field in said:
            said = said[field]
    return (said if isinstance(said, str) else json.dumps(said)).strip()[:_MAX_MESSAGE_LENGTH]


def _content_text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content or ""


def _top_logprobs(logprobs: Any) -> tuple[dict[str, float], ...]:
    if not logprobs or not logprobs.get("content"):
        return ()
    return tuple({one["token"]: one["logprob"] for one in token["top_logprobs"]} for token in logprobs["content"])
