"""Similarities of texts by a model's embeddings: one request for all texts, stored as the cosines alone."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from ....core.models import Call, ModelRef, Reply, Sampling
from ....core.render import Message
from . import wire


def similarity_call(model: ModelRef, text: str, others: Sequence[str]) -> Call:
    """The call for the similarities of a text and each of the others; one message per text."""
    messages = tuple(Message(role="user", content=content) for content in (text, *others))
    return Call(model=model, messages=messages, sampling=Sampling(max_tokens=1))


def input_texts(call: Call) -> list[str]:
    """The texts to embed, one per message."""
    return [message["content"] for message in call.messages]


def parse_embeddings(data: Any, call: Call, seconds: float, usd: float = 0.0) -> Reply:
    """A reply whose text is the JSON list of cosines of the first text and each of the others.

    Raises ValueError for a response without one embedding per text. Missing usage is charged at the worst case.
    """
    try:
        rows = sorted(data["data"], key=lambda row: row.get("index", 0))
        first, *others = ([float(value) for value in row["embedding"]] for row in rows)
        tokens = wire.token_count(data.get("usage"), "prompt_tokens")
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"no embeddings: {str(data)[:300]}") from error
    if len(rows) != len(call.messages) or any(len(vector) != len(first) for vector in others):
        raise ValueError(f"{len(rows)} embeddings for {len(call.messages)} texts, or of different lengths")
    return Reply(
        text=json.dumps([cosine(first, vector) for vector in others]),
        prompt_tokens=tokens or wire.worst_tokens(call),
        usd=usd,
        seconds=seconds,
    )


def similarities_from(reply: Reply) -> tuple[float, ...]:
    return tuple(json.loads(reply.text))


def cosine(a: Sequence[float], b: Sequence[float]) -> float:
    """In [-1, 1]; 0 where a vector is zero."""
    size = math.sqrt(math.fsum(x * x for x in a) * math.fsum(y * y for y in b))
    return max(-1.0, min(1.0, math.fsum(x * y for x, y in zip(a, b, strict=True)) / size)) if size else 0.0
