"""How alike a model finds texts: embeddings of all of them in one request, kept as the cosines alone."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from ....core.models import Call, ModelRef, Reply, Sampling
from ....core.render import Message
from . import wire


def similarity_call(model: ModelRef, text: str, others: Sequence[str]) -> Call:
    """The request that `texts_of` reads: how alike the model finds the text and each of the others."""
    said = tuple(Message(role="user", content=one) for one in (text, *others))
    return Call(model=model, messages=said, sampling=Sampling(max_tokens=1))


def input_texts(call: Call) -> list[str]:
    """What is embedded: each message is a text of its own."""
    return [message["content"] for message in call.messages]


def parse_embeddings(data: Any, call: Call, seconds: float, usd: float = 0.0) -> Reply:
    """A reply whose text are the cosines of the first text and each of the others. Raises ValueError for what is no
    answer to as many texts. Where usage is missing, the worst case is charged."""
    try:
        rows = sorted(data["data"], key=lambda row: row.get("index", 0))
        first, *others = ([float(value) for value in row["embedding"]] for row in rows)
        tokens = (data.get("usage") or {}).get("prompt_tokens")
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"no embeddings: {str(data)[:300]}") from error
    if len(rows) != len(call.messages) or any(len(one) != len(first) for one in others):
        raise ValueError(f"{len(rows)} embeddings for {len(call.messages)} texts, or of different lengths")
    return Reply(
        text=json.dumps([cosine(first, one) for one in others]),
        prompt_tokens=wire.worst_tokens(call) if tokens is None else tokens,
        usd=usd,
        seconds=seconds,
    )


def similarities_from(reply: Reply) -> tuple[float, ...]:
    return tuple(json.loads(reply.text))


def cosine(a: Sequence[float], b: Sequence[float]) -> float:
    """In [-1, 1]; nothing is like nothing."""
    size = math.sqrt(math.fsum(x * x for x in a) * math.fsum(y * y for y in b))
    return max(-1.0, min(1.0, math.fsum(x * y for x, y in zip(a, b, strict=True)) / size)) if size else 0.0
