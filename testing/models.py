"""Deterministic models: the same messages get the same answer, in any process."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from ..core.identity import digest, seeded_random
from ..core.messages import Message, ToolCall, ToolDefinition

Messages = Sequence[Message]
Tools = Sequence[ToolDefinition]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A model's reply. logprobs: alternatives for the first token, token → natural log-probability; where it is
    empty and someone asks, the answer's first word is nearly certain. reasoning: what it thought, sent in a field of
    its own. tool_calls: the tools that it asks for."""

    text: str
    logprobs: Mapping[str, float] = field(default_factory=dict)
    finish: str = "stop"
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()

    @classmethod
    def calling(cls, name: str, call_id: str = "call_1", /, **arguments: Any) -> Answer:
        """An answer that asks for one tool."""
        call = ToolCall(id=call_id, name=name, arguments=json.dumps(arguments, ensure_ascii=False))
        return cls(text="", finish="tool_calls", tool_calls=(call,))


class Model(Protocol):
    """Answers messages. `draw` tells repeated requests for the same messages apart: it is the request's seed."""

    def answer(self, messages: Messages, draw: int = 0) -> Answer: ...


@runtime_checkable
class LimitedModel(Protocol):
    """A model that keeps to the token limit of a request."""

    def answer_within(self, messages: Messages, draw: int, max_tokens: int | None) -> Answer: ...


@runtime_checkable
class ToolModel(Protocol):
    """A model that is given the tools of a request."""

    def answer_with_tools(self, messages: Messages, tools: Tools, draw: int) -> Answer: ...


def answer_request(model: Model, messages: Messages, draw: int, max_tokens: int | None, tools: Tools = ()) -> Answer:
    """The answer to a request; a model that knows no limit answers in full, and one that knows no tools in words."""
    if isinstance(model, ToolModel):
        return model.answer_with_tools(messages, tools, draw)
    if isinstance(model, LimitedModel):
        return model.answer_within(messages, draw, max_tokens)
    return model.answer(messages, draw)


class ScriptedModel:
    """Answers by a function of the messages, or of the messages and the tools, or by a table.

    A table maps a piece of text to the answer given when the last message contains it; the first match wins, and
    `otherwise` is the answer when there is none. `asked` holds every list of messages, in order.
    """

    def __init__(
        self, script: Callable[..., str | Answer] | Mapping[str, str | Answer], *, otherwise: str = ""
    ) -> None:
        self._script = script
        self._takes_tools = callable(script) and _positional_count(script) > 1
        self._otherwise = otherwise
        self.asked: list[list[Message]] = []

    def answer(self, messages: Messages, draw: int = 0) -> Answer:
        return self.answer_with_tools(messages, (), draw)

    def answer_with_tools(self, messages: Messages, tools: Tools, draw: int = 0) -> Answer:
        self.asked.append(list(messages))
        if not callable(self._script):
            answer = self._look_up(messages[-1]["content"])
        else:
            answer = self._script(messages, tools) if self._takes_tools else self._script(messages)
        return answer if isinstance(answer, Answer) else Answer(text=answer)

    def _look_up(self, text: str) -> str | Answer:
        assert not callable(self._script)
        return next((answer for piece, answer in self._script.items() if piece in text), self._otherwise)


@dataclass(frozen=True, kw_only=True)
class NoisyModel:
    """A model whose true accuracy is known: it is right with a probability that the prompt's hidden quality sets.

    truth: the right label for an input found in the last message. quality: from the whole text of the messages to
    the accuracy in [0, 1]; by default 0.5. labels: what it can say; a wrong answer is one of the others.
    Whether one request is answered rightly is drawn from the seed, the messages and the draw, so that repeating a
    request repeats the answer, and the mean over many inputs is the quality.
    """

    truth: Callable[[str], str]
    labels: tuple[str, ...]
    quality: Callable[[str], float] = lambda text: 0.5
    seed: int = 0

    def answer(self, messages: Messages, draw: int = 0) -> Answer:
        text = "\n".join(message["content"] for message in messages)
        rng = seeded_random(self.seed, "noisy", text, draw)
        right = self.truth(messages[-1]["content"])
        if rng.random() < self.quality(text):
            return Answer(text=right)
        return Answer(text=rng.choice([label for label in self.labels if label != right]))


def _positional_count(script: Callable[..., Any]) -> int:
    """How many arguments a script must be given by position."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(script).parameters.values()
    return sum(parameter.kind in kinds and parameter.default is parameter.empty for parameter in parameters)


def count_tokens(messages: Messages) -> int:
    """One token for each word, and four for each message, as the simulated endpoints count."""
    return sum(len(message["content"].split()) + 4 for message in messages)


def embedding(text: str, size: int = 64) -> list[float]:
    """A simulated embedding: counts of letter trigrams, hashed into `size` values, so that similar spelling is near."""
    plain = f" {' '.join(text.casefold().split())} "
    counts = [0.0] * size
    for start in range(len(plain) - 2):
        counts[int(digest(plain[start : start + 3])[:8], 16) % size] += 1.0
    return counts
