"""What is sent to a model and what comes back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from .errors import UsageError
from .frozen import FrozenMapping, frozen
from .identity import digest
from .messages import Message, ToolCall, ToolDefinition
from .trace import TraceStep

Role = Literal["target", "planner", "teacher", "critic", "student", "judge", "synthesizer"]
ROLES: tuple[Role, ...] = ("target", "planner", "teacher", "critic", "student", "judge", "synthesizer")
EMBEDDED = "local/smollm2"

_NAME = re.compile(r"^(?P<provider>[a-z0-9_.-]+)[/:](?P<name>[^@\s]+)(?:@(?P<base>https?://\S+))?$", re.IGNORECASE)


class ModelSettings(BaseModel):
    """What a person says about a model; None leaves it to the model's profile.

    Attributes:
        max_output_tokens: The limit on each of its answers.
        context: Tokens of prompt and answer together.
        reasons: Whether it thinks before it answers.
        timeout: Seconds for one request.
        temperature: The temperature of every call to it.
        reasoning_effort: How much it thinks, as the endpoint spells it.
        price: US dollars per million prompt tokens and per million answer tokens.
        tools: Whether it calls tools.
        images: Whether it reads images.
        instructions: How it is asked as an optimizer model: `full`, with all evidence that fits, or `plain`.
        extra: Further fields of each request, name → value; stored as name and JSON.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_output_tokens: int | None = Field(default=None, gt=0)
    context: int | None = Field(default=None, gt=0)
    reasons: bool | None = None
    timeout: float | None = Field(default=None, gt=0)
    temperature: float | None = Field(default=None, ge=0, le=2)
    reasoning_effort: str | None = None
    price: tuple[float, float] | None = None
    tools: bool | None = None
    images: bool | None = None
    instructions: Literal["plain", "full"] | None = None
    extra: tuple[tuple[str, str], ...] = ()

    @field_validator("extra", mode="before")
    @classmethod
    def _as_pairs(cls, value: Any) -> Any:
        """A mapping as pairs, so that options can be compared and hashed."""
        if isinstance(value, Mapping):
            return tuple((str(name), json.dumps(field, sort_keys=True)) for name, field in sorted(value.items()))
        return value

    @property
    def request_fields(self) -> dict[str, Any]:
        """What these options set in a request."""
        fields: dict[str, Any] = {name: json.loads(value) for name, value in self.extra}
        for name in ("temperature", "reasoning_effort"):
            if (value := getattr(self, name)) is not None:
                fields[name] = value
        return fields


_DEFAULT_OPTIONS = ModelSettings()


class ModelRef(BaseModel):
    """A model by name: `provider/model` or `provider:model`, with `@http://…/v1` for another endpoint.

    `key_env` names the environment variable that holds the key. The key itself is never part of a value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str
    name: str
    api_base: str | None = None
    key_env: str | None = None
    options: ModelSettings = _DEFAULT_OPTIONS

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        """A name in place of its parts, as in `{"target": "openai/gpt-4o-mini"}`."""
        return dict(cls.parse(value)) if isinstance(value, str) else value

    @classmethod
    def parse(cls, text: str, *, api_base: str | None = None, key_env: str | None = None) -> ModelRef:
        """Read a model's name. Raises UsageError for a name that is not `provider/model`."""
        match = _NAME.match(text.strip())
        if match is None:
            raise UsageError(
                f"{text!r} is not a model name",
                possible=(EMBEDDED, "openai/gpt-4o-mini", "ollama/llama3", "openai/NAME@http://127.0.0.1:8000/v1"),
                remedy="write provider/model, as litellm spells it",
            )
        return cls(
            provider=match["provider"].lower(),
            name=match["name"],
            api_base=(match["base"] or api_base or "").rstrip("/") or None,
            key_env=key_env,
        )

    @property
    def id(self) -> str:
        """The name without the endpoint, as in cache keys and reports."""
        return f"{self.provider}/{self.name}"

    def __str__(self) -> str:
        return f"{self.id}@{self.api_base}" if self.api_base else self.id


class Sampling(BaseModel):
    """How a model samples.

    Attributes:
        temperature: In [0, 2].
        max_tokens: The limit on the answer's length.
        seed: The seed, if the endpoint takes one.
        stop: Texts that end the answer.
        top_logprobs: How many alternatives to report per token; 0 is none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(default=0.0, ge=0, le=2)
    max_tokens: int = Field(default=256, gt=0)
    seed: int | None = None
    stop: tuple[str, ...] = ()
    top_logprobs: int = Field(default=0, ge=0, le=20)


_FORM_FIELDS = {"tools", "tool_choice", "parallel_tool_calls", "response_format"}


class Call(BaseModel):
    """One request to a model.

    Attributes:
        model: The model.
        messages: The chat messages.
        sampling: How the model samples.
        sample: Distinguishes repeated draws of the same request.
        tools: What the model may call.
        tool_choice: `auto`, `none`, `required` or the name of the tool that must be called; empty leaves it open.
        parallel_tool_calls: Whether it may ask for several tools at once; None leaves it open.
        response_format: The form of the answer, as OpenAI spells it: `{"type": "json_object"}`, `{"type":
            "json_schema", …}`, or `{"type": "grammar", "grammar": …}` for servers that take one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: ModelRef
    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    sample: int = 0
    tools: tuple[ToolDefinition, ...] = ()
    tool_choice: str = ""
    parallel_tool_calls: bool | None = None
    response_format: Mapping[str, Any] | None = None

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with a key of its own: pydantic would copy the one that was computed before the change."""
        copy = super().model_copy(update=update, deep=deep)
        copy.__dict__.pop("key", None)
        return copy

    @cached_property
    def key(self) -> str:
        """The key of the call in the cache. Of the model's options, those that change the request are part of it.

        What a call does not have is no part of its key, so that answers which were paid for before stay valid.
        """
        fields = self.model.options.request_fields
        form = self.model_dump(
            mode="json",
            include={"tools", "tool_choice", "parallel_tool_calls", "response_format"},
            exclude_defaults=True,
        )
        return digest(
            {
                "model": self.model.id,
                "base": self.model.api_base if self.model.provider != "local" else None,
                "messages": list(self.messages),
                "sampling": self.sampling.model_dump(mode="json"),
                "sample": self.sample,
                **({"options": fields} if fields else {}),
                **({"form": form} if form else {}),
            }
        )


class Reply(BaseModel):
    """A model's answer to a call.

    Attributes:
        text: The text.
        prompt_tokens: The length of the request.
        completion_tokens: The length of the answer.
        top_logprobs: Per generated token, token → natural log-probability. Empty if the model returns none.
        finish: Why the model stopped: `length` if it ran out of tokens or the prompt was too long, `content_filter` if
            the provider refused this request.
        usd: The price; 0 for local models and models without a known price.
        seconds: The time that the call took.
        cached: Whether it came from the cache, so that nothing was paid.
        reasoning: What the model thought before it answered, where the endpoint or the text shows it.
        tool_calls: The tools that it asks for; `finish` is then `tool_calls`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    top_logprobs: tuple[FrozenMapping[str, float], ...] = ()
    finish: str = "stop"
    usd: float = 0.0
    seconds: float = 0.0
    cached: bool = False
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


class Output(BaseModel):
    """What a target returned for one example.

    Attributes:
        text: The text that is read and scored.
        messages: The chat messages of the last call.
        replies: All model replies that led to it, in order.
        trajectory: The steps of a target with several steps.
        trace: Everything that the target did, tool calls included, where it tells.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    messages: tuple[Annotated[Message, AfterValidator(frozen)], ...] = ()
    replies: tuple[Reply, ...] = ()
    trajectory: tuple[FrozenMapping[str, Any], ...] = ()
    trace: tuple[TraceStep, ...] = ()
