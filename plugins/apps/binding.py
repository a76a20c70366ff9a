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
from typing import Any, TypeVar

from ...core.errors import MaieuticError, UsageError
from ...core.identity import digest
from ...core.models import Call, ModelRef, Reply, Sampling
from ...core.protocols import Gateway
from ...core.render import Message

P = TypeVar("P")


@dataclass(kw_only=True)
class AppBinding:
    """One run of an application on one example.

    Attributes:
        prompts: Name → what the application gets, a text or a template.
        rendered: What templates rendered: name, input, messages.
        exchanges: Requests and replies, in the order of the replies.
        framework_error: The first error of Maieutic's own, which the application may have caught.
    """

    model: ModelRef
    gateway: Gateway
    sampling: Sampling
    sample: int = 0
    prompts: dict[str, Any] = field(default_factory=dict)
    rendered: list[tuple[str, str, tuple[Message, ...]]] = field(default_factory=list)
    exchanges: list[tuple[tuple[Message, ...], Reply]] = field(default_factory=list)
    framework_error: MaieuticError | None = None
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    _thread: int = field(default_factory=threading.get_ident)
    _request_counts: Counter[str] = field(default_factory=Counter)

    async def complete(self, messages: tuple[Message, ...], changes: Mapping[str, Any]) -> Reply:
        """One call of the target model through the run's gateway. Raises what the gateway raises."""
        if asyncio.get_running_loop() is not self._loop:
            return await asyncio.wrap_future(self._submit(messages, changes))
        sampling = Sampling.model_validate({**self.sampling.model_dump(), **changes})
        # With a temperature, repeating a request within one run draws a new sample. Samples 0 and 1 have other uses.
        request_id = digest([list(messages), sampling.model_dump(mode="json")])
        repeats = self._request_counts[request_id] if sampling.temperature else 0
        self._request_counts[request_id] += 1
        call = Call(model=self.model, messages=messages, sampling=sampling, sample=self.sample + 2 * repeats)
        try:
            reply = await self.gateway.complete(call, payer="target")
        except MaieuticError as error:
            self.framework_error = self.framework_error or error
            raise
        self.exchanges.append((messages, reply))
        return reply

    def complete_blocking(self, messages: tuple[Message, ...], changes: Mapping[str, Any]) -> Reply:
        """The same from another thread. Raises UsageError in the run's own thread, which would deadlock."""
        if threading.get_ident() == self._thread:
            raise UsageError(
                "the application calls its model synchronously inside async code, which would block the run",
                where="target runnable",
                remedy="await model.ainvoke(…) in async code, or make the function a plain def",
            )
        return self._submit(messages, changes).result()

    def _submit(self, messages: tuple[Message, ...], changes: Mapping[str, Any]) -> Future[Reply]:
        return asyncio.run_coroutine_threadsafe(self.complete(messages, changes), self._loop)


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


def prompt_in_use(name: str, otherwise: P) -> P:
    """The prompt of the current run, or the application's own outside of a run.

    Args:
        name: The prompt's name in the task.
        otherwise: The application's own prompt, a text or a template.

    Returns:
        A text or a LangChain template, as the target's option `form` says.
    """
    binding = _CURRENT.get()
    prompt: P = otherwise if binding is None else binding.prompts.get(name, otherwise)
    return prompt
