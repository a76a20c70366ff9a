"""What an application sees while a run measures its prompts: the prompts by name, and the run's model.

The binding is a context variable: it reaches every node, thread and task that the application starts, and nothing of
the application has to be replaced or patched.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from ...core.errors import MaieuticError, UsageError
from ...core.messages import Message, ToolDefinition
from ...core.models import Call, ModelRef, Reply, Sampling
from ...core.prompt import Prompt
from ...core.protocols import Gateway
from .tool_texts import ToolTexts


@dataclass(frozen=True, kw_only=True)
class ToolUse:
    """What a call asks for beside a text: tools, and the form of the answer. The fields are those of `Call`."""

    tools: tuple[ToolDefinition, ...] = ()
    tool_choice: str = ""
    parallel_tool_calls: bool | None = None
    response_format: Mapping[str, Any] | None = None


PLAIN = ToolUse()


@dataclass(frozen=True, kw_only=True)
class ToolRun:
    """A tool that the application ran. call: the id of the model's request for it; empty where the application ran it
    on its own. after: how many model calls were made before. arguments: JSON."""

    name: str
    arguments: str
    call: str = ""
    output: str = ""
    error: str = ""
    after: int = 0


@dataclass(kw_only=True)
class AppBinding:
    """One run of an application on one example.

    Attributes:
        prompts: Name → what the application gets, a text or a template.
        sources: Name → the prompt that it was made of.
        tool_texts: How the model reads the application's tools.
        rendered: What templates rendered: name, input, messages.
        exchanges: Requests and replies, in the order of the replies, with the application's own names of tools.
        tool_runs: The tools that ran, in the order in which they ended.
        failed_calls: The ids of tool calls whose results the application marked as errors.
        framework_error: The first error of Maieutic's own, which the application may have caught.
    """

    model: ModelRef
    gateway: Gateway
    sampling: Sampling
    sample: int = 0
    prompts: dict[str, Any] = field(default_factory=dict)
    sources: Mapping[str, Prompt] = field(default_factory=dict)
    tool_texts: ToolTexts = field(default_factory=ToolTexts)
    rendered: list[tuple[str, str, tuple[Message, ...]]] = field(default_factory=list)
    exchanges: list[tuple[tuple[Message, ...], Reply]] = field(default_factory=list)
    tool_runs: list[ToolRun] = field(default_factory=list)
    failed_calls: set[str] = field(default_factory=set)
    framework_error: MaieuticError | None = None
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    _thread: int = field(default_factory=threading.get_ident)
    _request_counts: Counter[str] = field(default_factory=Counter)

    async def complete(self, messages: tuple[Message, ...], changes: Mapping[str, Any], use: ToolUse = PLAIN) -> Reply:
        """One call of the target model through the run's gateway. Raises what the gateway raises."""
        if asyncio.get_running_loop() is not self._loop:
            return await asyncio.wrap_future(self._submit(messages, changes, use))
        sampling = Sampling.model_validate({**self.sampling.model_dump(), **changes})
        texts = self.tool_texts
        call = Call(
            model=self.model,
            messages=texts.messages(messages),
            sampling=sampling,
            tools=texts.tools(use.tools),
            tool_choice=texts.model_name(use.tool_choice),
            parallel_tool_calls=use.parallel_tool_calls,
            response_format=use.response_format,
        )
        # With a temperature, repeating a request within one run draws a new sample. Samples 0 and 1 have other uses.
        repeats = self._request_counts[call.key] if sampling.temperature else 0
        self._request_counts[call.key] += 1
        call = call.model_copy(update={"sample": self.sample + 2 * repeats})
        try:
            reply = await self.gateway.complete(call, payer="target")
        except MaieuticError as error:
            self.framework_error = self.framework_error or error
            raise
        if reply.tool_calls:
            reply = reply.model_copy(update={"tool_calls": texts.calls(reply.tool_calls)})
        self.exchanges.append((messages, reply))
        return reply

    def complete_blocking(
        self, messages: tuple[Message, ...], changes: Mapping[str, Any], use: ToolUse = PLAIN
    ) -> Reply:
        """The same from another thread. Raises UsageError in the run's own thread, which would deadlock."""
        if threading.get_ident() == self._thread:
            raise UsageError(
                "the application calls its model synchronously inside async code, which would block the run",
                where="target runnable",
                remedy="await model.ainvoke(…) in async code, or make the function a plain def",
            )
        return self._submit(messages, changes, use).result()

    def _submit(self, messages: tuple[Message, ...], changes: Mapping[str, Any], use: ToolUse) -> Future[Reply]:
        return asyncio.run_coroutine_threadsafe(self.complete(messages, changes, use), self._loop)


_CURRENT: ContextVar[AppBinding | None] = ContextVar("maieutic_binding", default=None)


@contextmanager
def bind_app(binding: AppBinding) -> Iterator[AppBinding]:
    token = _CURRENT.set(binding)
    try:
        yield binding
    finally:
        _CURRENT.reset(token)


def current_binding() -> AppBinding | None:
    return _CURRENT.get()
