"""Log-probabilities of a given text under a simulated model, in the form of llama.cpp's own endpoints."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.identity import digest
from ..core.render import Message
from .models import Answer, Model, count_tokens

_LIKELY, _UNLIKELY = -0.05, -3.0
_TOKEN = re.compile(r"<\[(\d+)\]>")


class TokenScores:
    """Tokens are words. A word of the answer that the model would give is likely, any other is not; of the first word
    the model's own log-probability counts, where it gives one."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._words: dict[int, str] = {}

    def template(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {"prompt": json.dumps(body["messages"])}

    def tokens(self, body: Mapping[str, Any]) -> dict[str, Any]:
        words = {int(digest(word)[:7], 16): word for word in body["content"].split()}
        self._words |= words
        named = {word: token for token, word in words.items()}
        return {"tokens": [named[word] for word in body["content"].split()]}

    def completion(self, body: Mapping[str, Any]) -> dict[str, Any]:
        messages: Sequence[Message] = json.loads(body["prompt"])
        answer = self._model.answer(messages, 0)
        tokens = [int(token) for token in _TOKEN.findall(body["grammar"])]
        tokens_with_logprobs = [
            {"id": token, "logprob": _logprob(answer, self._words[token], position)}
            for position, token in enumerate(tokens)
        ]
        return {"completion_probabilities": tokens_with_logprobs, "tokens_evaluated": count_tokens(messages)}


def _logprob(answer: Answer, word: str, position: int) -> float:
    if not position and word in answer.logprobs:
        return answer.logprobs[word]
    return _LIKELY if word in answer.text.split() else _UNLIKELY
