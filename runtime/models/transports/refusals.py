"""What a provider's refusal means: one example's, too long, a parameter's, the account's or the key's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from .parameters import MAX_TOKEN_NAMES, ParameterRefusal

RefusalMeaning = Literal["example", "too_long", "parameter", "account", "key"]

# Statuses with which providers refuse one request; 429 only where a single request is above the limit of a minute.
_REFUSING_STATUSES = frozenset({400, 403, 413, 422, 451})

_FILTERED = re.compile(
    r"content[_ ]?(?:filter|policy|moderation|management)|contentpolicyviolation|responsibleaipolicyviolation|"
    r"(?:input|prompt|message|request|text|content)s? (?:was|were|is|are|has been|have been) (?:flagged|blocked)|"
    r"flagged (?:as|by|for)|requires moderation|moderation[_ ](?:blocked|failed)|invalid_prompt|"
    r"usage polic|safety (?:system|filter|polic|setting|check)|blocked by (?:the )?(?:safety|guardrail|content)|"
    r"guardrail_intervened|prohibited_content|data_inspection_failed|datainspectionfailed|inappropriate content|"
    r"content exists risk|risk control|violat\w+ (?:our|the|openai|content|policy|safety)",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|contextwindowexceeded|string_above_max_length|request_too_large|"
    r"(?:maximum|model'?s?|available|exceeds?(?: the)?) context|context (?:length|size|window|limit)|n_ctx|"
    r"maximum (?:model|prompt|input) length|(?:prompt|input|request|message)s? (?:is |are |was )?too (?:long|large)|"
    r"too many (?:input )?tokens|input token count|range of input length|input length (?:should|exceeds|and)|"
    r"(?:inputs?|prompt)[`'\"]? (?:tokens [^.]{0,40})?must (?:have less|be (?:<=|less|at most|shorter))|"
    r"reduce (?:the|your) (?:length|prompt|message|input)|maximum number of (?:input )?tokens|"
    r"request exceeds the maximum|payload too large|entity too large",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(
    r"insufficient[_ ](?:quota|balance|funds|credits?)|credit balance|exceeded your current quota|payment required|"
    r"billing[_ ](?:hard_limit|not_active|details)|account[^.]{0,30}(?:not active|deactivated|suspended|disabled)|"
    r"out of credits|more credits|arrears|billing_hard_limit_reached",
    re.IGNORECASE,
)
# Gemini words the limit of a minute as OpenAI words an empty account.
_PASSES = re.compile(r"retry (?:in|after)|per[ _]?minute|per[ _]?day|retrydelay", re.IGNORECASE)

_NO_TOOLS = re.compile(
    r"not support[^.]{0,40}\b(?:tool|function)|support tool use|tools? (?:param|choice)[^.]{0,20} requires|"
    r"\btools?\b[^.]{0,40}not (?:be )?(?:supported|enabled|available|allowed)",
    re.IGNORECASE,
)
_NO_IMAGES = re.compile(
    r"(?:image|vision|multimodal)[^.]{0,60}(?:not (?:be )?(?:support|available|enabled)|only supported)|"
    r"not (?:support|a|able)[^.]{0,40}(?:image|vision|multi-?modal)|support image input|at most 0 image|"
    r"unknown variant .?image_url",
    re.IGNORECASE,
)

_REFUSAL_WORDS = re.compile(
    r"support|unrecognized|unknown|unexpected|not permitted|not allowed|not available|not enabled|not implemented|"
    r"deprecated|invalid|must be|only the default|only (?:one|user|assistant)|cannot|extra (?:inputs|fields)|"
    r"less than or equal|at most|maximum|too (?:large|high|many)|<=|not a valid|valid range|not accept|"
    r"forbidden|exceed",
    re.IGNORECASE,
)
_SYSTEM_ROLE = re.compile(
    r"system (?:role|message|prompt|instruction)|role[^.]{0,20}system|developer instruction|"
    r"roles must alternate|unexpected role",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"(?:at most|up to|maximum(?: of| is)?|<=?|less than or equal to|no more than|between \d+ and|"
    r"in the range|limit of|\[\d+,|> ?)\D{0,12}?(\d+)",
    re.IGNORECASE,
)
_CONTEXT = re.compile(
    r"context (?:length|size|window)(?: is| of|:)? ?(?:only )?(\d{3,8})|> ?(\d{3,8}) ?- ?\d", re.IGNORECASE
)


def meaning_of_refusal(status: int | None, text: str, sent: Mapping[str, Any] | None = None) -> RefusalMeaning | None:
    """What an error response means, or None for a failure that concerns neither the request nor the account.

    Args:
        status: The HTTP status.
        text: The body.
        sent: The body of the request, without which a refused parameter is recognised by its name alone.
    """
    if status in (402,) or (_ACCOUNT.search(text) and not _PASSES.search(text)):
        return "account"
    if status == 401:
        return "key"
    if status == 429:
        return "too_long" if re.search(r"request too large", text, re.IGNORECASE) else None
    if status not in _REFUSING_STATUSES:
        return None
    if _FILTERED.search(text):
        return "example"
    if refused_parameter(status, text, sent) is not None:
        return "parameter"
    if status == 413 or _TOO_LONG.search(text):
        return "too_long"
    return "key" if status == 403 else None


def refused_parameter(status: int | None, text: str, sent: Mapping[str, Any] | None = None) -> ParameterRefusal | None:
    """The optional parameter that an error response names, with the highest value that it allows.

    A name counts only if it was sent, so that a prompt which the endpoint quotes is not taken for one.
    """
    if status not in _REFUSING_STATUSES or not _REFUSAL_WORDS.search(text):
        return None
    if (longest := _shared_context(text)) is not None and _may(sent, *MAX_TOKEN_NAMES):
        return ParameterRefusal(name="context", limit=longest)
    if _may(sent, *MAX_TOKEN_NAMES) and _names(text, *MAX_TOKEN_NAMES) and not _is_prompt_too_long(text):
        return _token_limit(text, sent)
    if _may(sent, "logprobs", "top_logprobs") and _names(text, "logprobs", "top_logprobs", "logprob"):
        return ParameterRefusal(name="logprobs", limit=_lower_limit(text, int((sent or {}).get("top_logprobs") or 20)))
    for name in ("temperature", "seed", "stop", "reasoning_effort"):
        if _may(sent, name) and _names(text, name):
            return ParameterRefusal(name=name)
    messages = (sent or {}).get("messages") or ()
    has_system = sent is None or any(message["role"] == "system" for message in messages)
    if has_system and _SYSTEM_ROLE.search(text):
        return ParameterRefusal(name="system")
    return None


def lacking_ability(status: int | None, text: str, sent: Mapping[str, Any] | None) -> str | None:
    """`tools` or `images`, where the endpoint says that its model has none; llama.cpp and OpenRouter say so with 500
    and 404."""
    if sent is None or status not in (*_REFUSING_STATUSES, 404, 500, 501):
        return None
    if sent.get("tools") and _NO_TOOLS.search(text):
        return "tools"
    has_images = any(isinstance(message.get("content"), list) for message in sent.get("messages") or ())
    return "images" if has_images and _NO_IMAGES.search(text) else None


def _token_limit(text: str, sent: Mapping[str, Any] | None) -> ParameterRefusal:
    """A limit of tokens under another name, or a lower one."""
    name = next((name for name in MAX_TOKEN_NAMES if name in (sent or {})), "max_tokens")
    requested = int((sent or {}).get(name) or 10**9)
    limit = _lower_limit(text, requested)
    too_many = limit is not None or re.search(r"too (?:large|high|many)|exceed|maximum", text, re.IGNORECASE)
    if name == "max_tokens" and ("max_completion_tokens" in text or not too_many):
        return ParameterRefusal(name=name)
    if not too_many:
        return ParameterRefusal(name=name)
    return ParameterRefusal(name="output", limit=limit or max(1, requested // 2))


def _shared_context(text: str) -> int | None:
    """The context's length, where the error says that prompt and answer together are longer."""
    shared = re.search(
        r"in the (?:completion|output)|for the completion|max_(?:completion_)?tokens[`'\"]? (?:or [^.]{0,40})?"
        r"(?:is too large|exceed context)",
        text,
        re.IGNORECASE,
    )
    context = _CONTEXT.search(text) if shared else None
    if context is not None:
        return int(context[1] or context[2])
    # Anthropic: input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000
    sums = re.search(r"exceed context limit:? \d+ \+ \d+ > (\d+)", text)
    return int(sums[1]) if sums else None


def _is_prompt_too_long(text: str) -> bool:
    return re.search(r"(?:prompt|inputs?)[`'\"]? (?:tokens )?(?:is too|must have)", text, re.IGNORECASE) is not None


def _lower_limit(text: str, requested: int) -> int | None:
    """The highest number that the text names as a limit below what was requested."""
    limits = [int(number) for number in _LIMIT.findall(text) if 0 < int(number) < requested]
    return max(limits) if limits else None


def _may(sent: Mapping[str, Any] | None, *names: str) -> bool:
    return sent is None or any(name in sent for name in names)


def _names(text: str, *names: str) -> bool:
    return any(re.search(rf"(?<![\w]){name}(?![\w])", text, re.IGNORECASE) for name in names)
