"""The optional parameters that a model takes, as its refusals taught."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ....core.messages import USUAL_IMAGE_TOKENS, Message, TextPart, images_of, text_bytes

MAX_TOKEN_NAMES = ("max_tokens", "max_completion_tokens")
# Below that, an answer in the space that a long prompt leaves would be cut anyway.
_MIN_ANSWER_TOKENS = 16


@dataclass(frozen=True, kw_only=True)
class ParameterRefusal:
    """A refused parameter. limit: the highest value that is allowed; None where the parameter is not taken at all.

    name: as in the request, or `output` for an answer limit that is too high, `context` for prompt and answer that are
    too long together, `logprobs` for both names of log-probabilities, `system` for the role.
    """

    name: str
    limit: int | None = None


@dataclass(frozen=True, kw_only=True)
class ParameterLimits:
    """What a model does not take. `refused` has the names, the others the highest values."""

    refused: frozenset[str] = field(default_factory=frozenset)
    max_output_tokens: int | None = None
    max_logprobs: int | None = None
    context: int | None = None

    def after(self, refusal: ParameterRefusal) -> ParameterLimits:
        """The limits with what a refusal adds; equal to these where it adds nothing."""
        limit = refusal.limit
        if refusal.name == "output":
            return replace(self, max_output_tokens=_lower(self.max_output_tokens, limit))
        if refusal.name == "context":
            return replace(self, context=_lower(self.context, limit))
        if refusal.name == "logprobs":
            return replace(self, max_logprobs=_lower(self.max_logprobs, limit or 0))
        return replace(self, refused=self.refused | {refusal.name})

    def join(self, other: ParameterLimits) -> ParameterLimits:
        """What either does not take."""
        return ParameterLimits(
            refused=self.refused | other.refused,
            max_output_tokens=_lower(self.max_output_tokens, other.max_output_tokens),
            max_logprobs=_lower(self.max_logprobs, other.max_logprobs),
            context=_lower(self.context, other.context),
        )

    def apply(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """A request's fields without what is refused, or with its replacement."""
        accepted = {name: value for name, value in fields.items() if name not in self.refused}
        if "max_tokens" in fields and (tokens := self._answer_tokens(fields)) and "max_tokens" in self.refused:
            if "max_completion_tokens" not in self.refused:
                accepted["max_completion_tokens"] = tokens
        elif "max_tokens" in fields:
            accepted["max_tokens"] = self._answer_tokens(fields)
        if self.max_logprobs is not None and "top_logprobs" in accepted:
            accepted["top_logprobs"] = min(self.max_logprobs, accepted["top_logprobs"])
            if not accepted["top_logprobs"]:
                del accepted["top_logprobs"], accepted["logprobs"]
        if "system" in self.refused:
            accepted["messages"] = merge_system(fields["messages"])
        return accepted

    def _answer_tokens(self, fields: Mapping[str, Any]) -> int:
        """What is asked, at most what the model can write and what the prompt leaves of its context."""
        tokens = min(int(fields["max_tokens"]), self.max_output_tokens or 10**9)
        if self.context is None:
            return tokens
        # Two bytes a token is more than any usual text takes, in any script; the limit depends on the call alone.
        messages = fields["messages"]
        form = {name: fields[name] for name in ("tools", "response_format") if name in fields}
        texts = text_bytes(messages) + (len(json.dumps(form, ensure_ascii=False).encode()) if form else 0)
        prompt = texts // 2 + 16 * len(messages) + USUAL_IMAGE_TOKENS * sum(1 for _ in images_of(messages))
        return max(min(tokens, self.context - prompt), min(tokens, _MIN_ANSWER_TOKENS))

    def describe(self) -> list[str]:
        """What is left out or lowered, in words."""
        lines = []
        for name in sorted(self.refused):
            if name == "max_tokens":
                lines.append("max_tokens is sent as max_completion_tokens")
            elif name == "system":
                lines.append("the system message is put before the user's")
            else:
                lines.append(f"{name} is left out")
        if self.max_output_tokens is not None:
            lines.append(f"answers have at most {self.max_output_tokens} tokens")
        if self.context is not None:
            lines.append(f"prompt and answer have at most {self.context} tokens")
        if self.max_logprobs is not None:
            lines.append(
                f"at most {self.max_logprobs} log-probabilities a token are asked for"
                if self.max_logprobs
                else "log-probabilities are left out"
            )
        return lines


NO_LIMITS = ParameterLimits()


def merge_system(messages: Sequence[Message]) -> list[Message]:
    """The messages with each system message at the beginning of the user message that follows it."""
    merged: list[Message] = []
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "system":
            waiting.append(message["content"])
        elif message["role"] == "user" and waiting:
            merged.append(_with_text_before(message, "\n\n".join(waiting)))
            waiting = []
        else:
            merged.append(message)
    if waiting:
        merged.append({"role": "user", "content": "\n\n".join(waiting)})
    return merged


def _with_text_before(message: Message, text: str) -> Message:
    whole: Message = {**message, "content": f"{text}\n\n{message['content']}"}
    if parts := message.get("parts"):
        before: TextPart = {"type": "text", "text": text}
        whole["parts"] = (before, *parts)
    return whole


def _lower(known: int | None, limit: int | None) -> int | None:
    return known if limit is None else min(limit, known if known is not None else limit)
