"""The transport of `caller/NAME`: the program that started the run answers in place of a model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ....core.errors import NeedsError
from ....core.models import Call, ModelRef, Reply
from .base import Endpoint, ProxyResponse, TransportError

CALLER = "caller"
AnswerCall = Callable[[Call], Awaitable[Reply]]


class CallerTransport:
    """Waits for the caller's answer, however long it takes: a person may be asked, or an application run."""

    def __init__(self, answer: AnswerCall | None) -> None:
        self._answer = answer

    async def send(self, call: Call, endpoint: Endpoint, timeout_seconds: float) -> Reply:
        if self._answer is None:
            raise _nobody_answers(call.model)
        return await self._answer(call)

    async def similarities(self, call: Call, endpoint: Endpoint, timeout_seconds: float) -> Reply:
        raise NeedsError(f"{call.model.id} gives no embeddings", remedy="name an embedding model")

    async def forward(self, model: ModelRef, body: Mapping[str, Any], endpoint: Endpoint) -> ProxyResponse:
        raise _nobody_answers(model)

    async def check(self, model: ModelRef, endpoint: Endpoint) -> None:
        if self._answer is None:
            raise _nobody_answers(model)

    async def aclose(self) -> None:
        """Nothing to close."""


def _nobody_answers(model: ModelRef) -> TransportError:
    return TransportError(
        f"the program that began the run answers for {model.id}, and it is not here",
        kind="model",
        where=f"model {model.id}",
        remedy="call ask_tell again with the same arguments and folder: what was told is not asked again",
    )
