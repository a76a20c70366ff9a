"""What a model can do: context, longest answer, reasoning, parameters and price; and the answer limits that follow.

From the person's options for the model, else from the table that litellm ships with. Nothing here asks the network.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict

from ...core.budget import Budget
from ...core.models import ModelRef
from ...core.task import Task
from .transports.model_table import table_entry

# What a rewritten prompt, its reasons and a diagnosis of many failures take, and what every hosted model can write.
_AUTHOR_TOKENS = 8192
# Enough for an answer that is reasoned in the open, step by step.
_TARGET_TOKENS = 1024
# Models that reason take some thousand tokens before they answer, more on hard questions.
_REASONING_TOKENS = 8192
# A model with a shorter context is asked as the embedded one is: the prompt needs most of it.
_SMALL_CONTEXT = 8192
# The last call of a run may stay unsent because its worst case does not fit: at most this share of the budget is lost.
_BUDGET_SHARE = 20
# Families that reason without being asked to, for endpoints that the table does not know.
_REASONING_NAMES = re.compile(
    r"(?:^|[/:_.-])(?:o[134](?:-|$)|gpt-5|gpt-oss|deepseek-r|r1(?:-|$)|qwq|qwen-?3(?!-coder)|magistral|.*think|.*reason)",
    re.IGNORECASE,
)


class ModelProfile(BaseModel):
    """A model's abilities; None where neither the person, the table nor the endpoint tells.

    Attributes:
        context: Tokens of prompt and answer together.
        max_output_tokens: The longest answer.
        reasons: Whether it thinks before it answers, which takes tokens of the answer.
        refused: What the endpoint does not take, in words.
        logprobs: Whether it reports log-probabilities.
        tools: Whether it calls tools.
        images: Whether it reads images.
        structured_output: Whether it keeps to a JSON schema.
        price: US dollars per million prompt tokens and per million answer tokens.
        source: Where the figures are from: `options`, `table`, `embedded` or `unknown`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    context: int | None = None
    max_output_tokens: int | None = None
    reasons: bool = False
    refused: tuple[str, ...] = ()
    logprobs: bool | None = None
    tools: bool | None = None
    images: bool | None = None
    structured_output: bool | None = None
    price: tuple[float, float] | None = None
    source: str = "unknown"

    @property
    def small(self) -> bool:
        """Whether its context is too short for long answers."""
        return self.context is not None and self.context < _SMALL_CONTEXT


def profile_of(model: ModelRef) -> ModelProfile:
    """The profile without asking the endpoint."""
    options = model.options
    if model.provider == "local":
        profile = ModelProfile(
            context=_SMALL_CONTEXT - 1, logprobs=True, price=(0.0, 0.0), source="embedded", tools=False, images=False
        )
    else:
        profile = _from_table(model)
    changes: dict[str, Any] = {
        name: value
        for name in ("context", "max_output_tokens", "reasons", "price", "tools", "images")
        if (value := getattr(options, name)) is not None
    }
    if options.reasoning_effort not in (None, "none"):
        changes.setdefault("reasons", True)
    return profile.model_copy(update={**changes, "source": "options"} if changes else {})


def author_tokens(model: ModelRef, instructed: int, budget: Budget | None = None) -> int:
    """The limit on an author's reply. instructed: what its instruction says, which holds for small models."""
    profile = profile_of(model)
    if model.options.max_output_tokens is not None:
        return model.options.max_output_tokens
    if profile.small:
        return instructed
    limit = _with_reasoning(min(_AUTHOR_TOKENS, profile.max_output_tokens or _AUTHOR_TOKENS), profile)
    if budget is not None and budget.tokens is not None:
        limit = min(limit, budget.tokens // _BUDGET_SHARE)
    if budget is not None and budget.usd is not None and profile.price and profile.price[1]:
        limit = min(limit, int(budget.usd / _BUDGET_SHARE / profile.price[1] * 1e6))
    return max(instructed, limit)


def target_tokens(task: Task) -> int:
    """The limit on the target's answer: the task's own, else by the model."""
    limit = task.constraints.max_answer_tokens
    return answer_tokens(task.models.target, task.answer_tokens) if limit is None else limit


def answer_tokens(model: ModelRef, expected: int) -> int:
    """The limit on an answer of a target. expected: what the answer itself takes, which is all for small models."""
    profile = profile_of(model)
    if model.options.max_output_tokens is not None:
        return model.options.max_output_tokens
    return expected if profile.small else _with_reasoning(max(_TARGET_TOKENS, expected), profile)


def _with_reasoning(tokens: int, profile: ModelProfile) -> int:
    """With what the model thinks, at most its longest answer."""
    return min(tokens + _REASONING_TOKENS * profile.reasons, profile.max_output_tokens or tokens + _REASONING_TOKENS)


def _from_table(model: ModelRef) -> ModelProfile:
    entry = table_entry(model)
    reasons = bool(_REASONING_NAMES.search(model.name)) if entry is None else bool(entry.get("supports_reasoning"))
    if entry is None:
        return ModelProfile(reasons=reasons)
    prompt, answer = entry.get("input_cost_per_token"), entry.get("output_cost_per_token")
    return ModelProfile(
        context=_count(entry.get("max_input_tokens") or entry.get("max_tokens")),
        max_output_tokens=_count(entry.get("max_output_tokens")),
        reasons=reasons,
        tools=entry.get("supports_function_calling"),
        images=entry.get("supports_vision"),
        structured_output=entry.get("supports_response_schema"),
        price=None if prompt is None or answer is None else (float(prompt) * 1e6, float(answer) * 1e6),
        source="table",
    )


def _count(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and value > 0 else None
