"""What an application finds while a run tries its prompts: the prompts by name, and the way to the run's model.

The binding travels in a context variable, so that it reaches every node, thread and task that the application starts,
and nothing of the application is replaced or patched.
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

M = TypeVar("M")
P = TypeVar("P")


@dataclass(kw_only=True)
class AppBinding:
    """One run of an application on one row.

    prompts: name → what the application finds, a text or a template. rendered: what templates gave: name, input,
    messages. told: what was asked and answered, in the order of the answers. broken: the first error of Maieutic's
    own, which an application may have swallowed.
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
        """One call of the target model, cached, counted and paid for by the run. Raises what the gateway raises."""
        if asyncio.get_running_loop() is not self._loop:
            return await asyncio.wrap_future(self._submit(messages, changes))
        sampling = Sampling.model_validate({**self.sampling.model_dump(), **changes})
        # The same question once more within one run is another draw where the model is drawn from; 0 and 1 are taken.
        question = digest([list(messages), sampling.model_dump(mode="json")])
        again = self._request_counts[question] if sampling.temperature else 0
        self._request_counts[question] += 1
        call = Call(model=self.model, messages=messages, sampling=sampling, sample=self.sample + 2 * again)
        try:
            reply = await self.gateway.complete(call, payer="target")
        except MaieuticError as error:
            self.framework_error = self.framework_error or error
            raise
        self.exchanges.append((messages, reply))
        return reply

    def complete_blocking(self, messages: tuple[Message, ...], changes: Mapping[str, Any]) -> Reply:
        """The same from a thread. Raises UsageError in the thread of the run itself, which would wait for itself."""
        if threading.get_ident() == self._thread:
            raise UsageError(
                "the application calls its model synchronously inside async code, which would hold up the run",
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
    """A named prompt, a text or a template as the target's `form` says: the one that a run is trying now, else the
    application's own."""
    binding = _CURRENT.get()
    found: P = otherwise if binding is None else binding.prompts.get(name, otherwise)
    return found


def model_in_use(otherwise: M) -> M | Any:
    """The run's model as a LangChain chat model while a run is trying the application, else the application's own."""
    if _CURRENT.get() is None:
        return otherwise
    from .chat import GatewayChat

    return GatewayChat()
