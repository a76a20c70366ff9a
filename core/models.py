"""What is said to a model and what comes back; the gateway's currency."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .errors import UsageError
from .identity import digest
from .render import Message

Role = Literal["target", "planner", "teacher", "critic", "student", "judge", "synthesizer"]
ROLES: tuple[Role, ...] = ("target", "planner", "teacher", "critic", "student", "judge", "synthesizer")
EMBEDDED = "local/smollm2"

_NAME = re.compile(r"^(?P<provider>[a-z0-9_.-]+)[/:](?P<name>[^@\s]+)(?:@(?P<base>https?://\S+))?$", re.IGNORECASE)


class ModelRef(BaseModel):
    """A model by name, `provider/model` or `provider:model`, with `@http://…/v1` for an endpoint of one's own.

    `key_env` names the environment variable that holds the key; the key itself is never part of a value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str
    name: str
    api_base: str | None = None
    key_env: str | None = None

    @classmethod
    def parse(cls, text: str, *, api_base: str | None = None, key_env: str | None = None) -> ModelRef:
        """Raises UsageError for a name that is not `provider/model`."""
        found = _NAME.match(text.strip())
        if found is None:
            raise UsageError(
                f"no model can be called {text!r}",
                possible=(EMBEDDED, "openai/gpt-4o-mini", "ollama/llama3", "openai/NAME@http://127.0.0.1:8000/v1"),
                remedy="write provider/model, as litellm spells it",
            )
        return cls(
            provider=found["provider"].lower(),
            name=found["name"],
            api_base=(found["base"] or api_base or "").rstrip("/") or None,
            key_env=key_env,
        )

    @property
    def id(self) -> str:
        """The name without the endpoint: what cache keys and reports carry."""
        return f"{self.provider}/{self.name}"

    def __str__(self) -> str:
        return f"{self.id}@{self.api_base}" if self.api_base else self.id


class Sampling(BaseModel):
    """temperature: in [0, 2]. max_tokens: of the answer. top_logprobs: alternatives to report per token, 0 is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(default=0.0, ge=0, le=2)
    max_tokens: int = Field(default=256, gt=0)
    seed: int | None = None
    stop: tuple[str, ...] = ()
    top_logprobs: int = Field(default=0, ge=0, le=20)


class Call(BaseModel):
    """One request. `sample` tells apart repeated draws of the same request; `key` is its address in the cache."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: ModelRef
    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    sample: int = 0

    @cached_property
    def key(self) -> str:
        return digest(
            {
                "model": self.model.id,
                "base": self.model.api_base if self.model.provider != "local" else None,
                "messages": list(self.messages),
                "sampling": self.sampling.model_dump(mode="json"),
                "sample": self.sample,
            }
        )


class Reply(BaseModel):
    """The answer to a call.

    top_logprobs: per generated token, alternatives as token → natural log-probability; empty where the model
    gives none. usd is 0 for local models and for models without a known price. cached: nothing was paid now.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    top_logprobs: tuple[Mapping[str, float], ...] = ()
    finish: str = "stop"
    usd: float = 0.0
    seconds: float = 0.0
    cached: bool = False

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


class Output(BaseModel):
    """What a target gave for one example. `trajectory` holds the steps of a multi-step target."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    messages: tuple[Message, ...] = ()
    replies: tuple[Reply, ...] = ()
    trajectory: tuple[Mapping[str, Any], ...] = ()
