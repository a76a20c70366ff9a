"""A gateway without a network, a store or a budget."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from ..core.budget import Payer
from ..core.errors import NeedsError
from ..core.models import Call, Reply
from ..core.render import Message
from ..runtime.models.transports.embeddings import cosine
from .models import Model, answer_request, count_tokens, embedding


class ScriptedGateway:
    """Implements `core.contracts.Gateway` over a stand-in model. `calls` holds all that was asked, in order.

    Give it to an operator's team or to a target in a unit test. Nothing is cached and nothing is limited; for
    that, put a `StubServer` behind a real gateway.
    """

    def __init__(self, model: Model, losses: Callable[[Sequence[Message], str], float] | None = None) -> None:
        """losses: (messages, reference) → mean negative log-likelihood per token; without it, losses are refused."""
        self._model, self._losses = model, losses
        self.calls: list[tuple[Call, Payer]] = []
        self.work: list[tuple[str, Payer]] = []

    async def complete(self, call: Call, payer: Payer) -> Reply:
        self.calls.append((call, payer))
        draw = (call.sampling.seed or 0) + call.sample
        answer = answer_request(self._model, call.messages, draw, call.sampling.max_tokens, call.tools)
        top = (answer.logprobs or {answer.text: -0.01},) if call.sampling.top_logprobs else ()
        return Reply(
            text=answer.text,
            prompt_tokens=count_tokens(call.messages),
            completion_tokens=len(answer.text.split()),
            top_logprobs=top,
            finish=answer.finish,
            reasoning=answer.reasoning,
            tool_calls=answer.tool_calls,
        )

    async def run_counted(
        self, name: str, key: Mapping[str, Any], work: Callable[[], Awaitable[str]], payer: Payer = "target"
    ) -> Reply:
        self.work.append((name, payer))
        return Reply(text=await work())

    async def similarities(self, call: Call, payer: Payer = "optimizer") -> Sequence[float]:
        self.calls.append((call, payer))
        first, *others = (embedding(message["content"]) for message in call.messages)
        return tuple(cosine(first, other) for other in others)

    likeness = similarities  # The former name, for existing tests of plugins.

    async def loss(self, call: Call, reference: str, payer: Payer = "target") -> float:
        self.calls.append((call, payer))
        if self._losses is None:
            raise NeedsError("the scripted gateway gives no losses", remedy="make it with losses=FUNCTION")
        return self._losses(call.messages, reference)
