"""What a model can do: context, longest answer, reasoning, parameters and price; and the answer limits that follow.

From the person's options for the model, else from the table that litellm ships with. Nothing here asks the network.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from ...core.budget import Budget
from ...core.models import ModelRef
from ...core.task import Task
from ...core.words import CHARACTERS_PER_TOKEN
from .transports.model_table import table_entry

# What a rewritten prompt, its reasons and a diagnosis of many failures take, and what every hosted model can write.
_AUTHOR_TOKENS = 8192
# Enough for an answer that is reasoned in the open, step by step.
_TARGET_TOKENS = 1024
# Models that reason take some thousand tokens before they answer, more on hard questions.
_REASONING_TOKENS = 8192
# A model with a shorter context is asked as the embedded one is: the prompt needs most of it.
_SMALL_CONTEXT = 8192
# Below seven billion parameters, long instructions are followed in part only; short ones are followed better.
_CAPABLE_PARAMETERS = 7.0
# What an author reads of runs: a quarter of its context, since prompts, questions and the reply need theirs. More than
# 16,000 tokens cost a lot and are read with less care.
_EVIDENCE_SHARE, _MAX_EVIDENCE_TOKENS = 4, 16_384
# A few short cases: with less, nobody can say what went wrong.
_LEAST_EVIDENCE_TOKENS = 512
# The context of an endpoint that tells none: what servers of open models commonly start with.
_UNKNOWN_CONTEXT = 32_768
# The last call of a run may stay unsent because its worst case does not fit: at most this share of the budget is lost.
_BUDGET_SHARE = 20
# Families that reason without being asked to, for endpoints that the table does not know.
_REASONING_NAMES = re.compile(
    r"(?:^|[/:_.-])(?:o[134](?:-|$)|gpt-5|gpt-oss|deepseek-r|r1(?:-|$)|qwq|qwen-?3(?!-coder)|magistral|.*think|.*reason)",
    re.IGNORECASE,
)
# `llama-3.1-8b`, `qwen2.5:0.5b`, `smollm2-135m`; of a mixture such as `30b-a3b` the first number is the whole.
_PARAMETERS = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)(b|m)(?![a-z0-9])", re.IGNORECASE)


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
        parameters: Its size in billions, where the name tells.
        instructions: Which register of instructions a person chose for it: `plain` or `full`; None leaves it to size.
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
    parameters: float | None = None
    instructions: Literal["plain", "full"] | None = None

    @property
    def capable(self) -> bool:
        """Whether it is asked in full: with all evidence that fits, and for a complete specification."""
        if self.instructions is not None:
            return self.instructions == "full"
        return not self.small and (self.parameters is None or self.parameters >= _CAPABLE_PARAMETERS)

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
        for name in ("context", "max_output_tokens", "reasons", "price", "tools", "images", "instructions")
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


def evidence_tokens(model: ModelRef, budget: Budget | None = None) -> int | None:
    """The tokens of runs and earlier prompts that one question to an author may show; None where it is asked plainly.

    As replies, questions leave the budget of a run large enough for many of them.
    """
    profile = profile_of(model)
    if not profile.capable:
        return None
    limit = min(_MAX_EVIDENCE_TOKENS, (profile.context or _UNKNOWN_CONTEXT) // _EVIDENCE_SHARE)
    if budget is not None and budget.tokens is not None:
        # The worst case that is reserved for a question is a token for each byte, four for an estimated one.
        limit = min(limit, budget.tokens // _BUDGET_SHARE // CHARACTERS_PER_TOKEN)
    if budget is not None and budget.usd is not None and profile.price and profile.price[0]:
        limit = min(limit, int(budget.usd / _BUDGET_SHARE / profile.price[0] * 1e6) // CHARACTERS_PER_TOKEN)
    return max(_LEAST_EVIDENCE_TOKENS, limit)


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
    size = _PARAMETERS.search(model.name)
    parameters = float(size[1]) / (1000 if size[2].lower() == "m" else 1) if size else None
    if entry is None:
        return ModelProfile(reasons=reasons, parameters=parameters)
    prompt, answer = entry.get("input_cost_per_token"), entry.get("output_cost_per_token")
    return ModelProfile(
        context=_count(entry.get("max_input_tokens") or entry.get("max_tokens")),
        max_output_tokens=_count(entry.get("max_output_tokens")),
        reasons=reasons,
        parameters=parameters,
        tools=entry.get("supports_function_calling"),
        images=entry.get("supports_vision"),
        structured_output=entry.get("supports_response_schema"),
        price=None if prompt is None or answer is None else (float(prompt) * 1e6, float(answer) * 1e6),
        source="table",
    )


def _count(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and value > 0 else None
