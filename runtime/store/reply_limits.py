"""What a run may store of a model's reply: a usage that can be added up, a size that can be read, and no key."""

from __future__ import annotations

import logging
import math

from ...core.messages import ToolCall
from ...core.models import Reply
from ...core.surrogates import replace_half_pairs
from .redaction import Redactor

# No useful answer is longer: it is a book of 200,000 words, or a million tokens of a model that loops.
MAX_ANSWER_CHARACTERS = 1_000_000
# A model that loops asks for the same tool for ever; no application works through more in one step.
_MAX_TOOL_CALLS = 1_000
CUT_NOTE = "\n[cut here: the answer was longer than Maieutic stores]"

_log = logging.getLogger("maieutic.store")


def storable_reply(reply: Reply, redactor: Redactor, model: str = "") -> Reply:
    """The reply as a run uses and stores it, the same now and when it is read from the cache.

    An answer that is too long is cut, ends with a note and has `finish` "length". Raises nothing.
    """
    text, reasoning = (_clean_text(value, redactor) for value in (reply.text, reply.reasoning))
    finish = reply.finish
    if (cut := _cut(text)) != text:
        _log.warning("an answer of %s had %d characters; %d were stored", model, len(text), MAX_ANSWER_CHARACTERS)
        text, finish = cut, "length"
    reasoning = _cut(reasoning)
    tool_calls = tuple(_storable_call(call, redactor) for call in reply.tool_calls[:_MAX_TOOL_CALLS])
    if any(len(call["arguments"]) > MAX_ANSWER_CHARACTERS for call in reply.tool_calls):
        finish = "length"
    return reply.model_copy(
        update={
            "text": text,
            "tool_calls": tool_calls,
            "reasoning": reasoning,
            "finish": finish,
            "prompt_tokens": max(0, reply.prompt_tokens),
            "completion_tokens": max(0, reply.completion_tokens),
            "usd": reply.usd if math.isfinite(reply.usd) and reply.usd > 0 else 0.0,
        }
    )


def _cut(text: str) -> str:
    """The text, or what is stored of a long one with a note; what was cut before stays as it is."""
    return text if len(text) <= MAX_ANSWER_CHARACTERS else text[:MAX_ANSWER_CHARACTERS] + CUT_NOTE


def _storable_call(call: ToolCall, redactor: Redactor) -> ToolCall:
    """Arguments that are too long are cut: no application can read them, and it is told so by its own parser."""
    return ToolCall(
        id=_clean_text(call["id"], redactor),
        name=_clean_text(call["name"], redactor),
        arguments=_clean_text(call["arguments"], redactor)[:MAX_ANSWER_CHARACTERS],
    )


def _clean_text(text: str, redactor: Redactor) -> str:
    return redactor.text(replace_half_pairs(text))
