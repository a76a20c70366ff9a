"""The loss of a given text under a model: teacher forcing through llama.cpp's own endpoints."""

from __future__ import annotations

import json
import math
import time
from typing import Any

from ....core.models import Call, Reply
from . import wire
from .base import Endpoint, TransportError
from .openai_compatible import OpenAICompatibleTransport


async def teacher_forced_loss(
    transport: OpenAICompatibleTransport, call: Call, reference: str, endpoint: Endpoint, timeout_seconds: float
) -> Reply:
    """A reply whose text is the mean negative log-likelihood of `reference` after the messages, in nats per token.

    A grammar of the reference's tokens, one by one, forces the server to generate exactly them; the probabilities that
    it reports are those before the grammar. This takes one completion request. Rendering and tokenizing before it cost
    nothing. Raises TransportError.
    """
    started = time.perf_counter()

    async def post(path: str, fields: dict[str, Any]) -> Any:
        url = f"{endpoint.base.removesuffix('/v1')}/{path}"
        status, text, headers = await transport.request("POST", url, endpoint, call.model.id, timeout_seconds, fields)
        if status != 200:
            raise wire.error_from_status(call.model.id, endpoint, status, text, headers)
        return json.loads(text)

    prompt = (await post("apply-template", {"messages": call.messages}))["prompt"]
    tokens = (await post("tokenize", {"content": reference, "add_special": False}))["tokens"]
    if not tokens:
        return Reply(text="0.0")
    completion = await post(
        "completion",
        {
            "prompt": prompt,
            "n_predict": len(tokens),
            "n_probs": 1,
            "temperature": 0.0,
            "cache_prompt": True,
            "grammar": "root ::= " + " ".join(f"<[{token}]>" for token in tokens),
        },
    )
    steps = completion.get("completion_probabilities") or []
    if [step["id"] for step in steps] != tokens:
        raise TransportError(
            f"{call.model.id} did not generate the reference",
            kind="refused",
            where=endpoint.base,
            remedy="use a llama.cpp server whose grammars accept token ids (2025-12 or newer)",
        )
    loss = -math.fsum(step["logprob"] for step in steps) / len(steps)
    return Reply(
        text=repr(max(0.0, loss)),
        prompt_tokens=completion.get("tokens_evaluated", wire.worst_tokens(call)),
        completion_tokens=len(tokens),
        seconds=time.perf_counter() - started,
    )
