"""What every adapter of a package shares: the job from standard input, the two models, the score, and the answers.

Standard library alone: an adapter runs in the environment of its package, where Maieutic is not installed.
"""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Row = dict[str, str]
Message = dict[str, str]
_AT_ONCE = 8


class BudgetSpent(Exception):
    """The target answers no more calls of the search."""


class PeerJob:
    """A job: `prompt`, `train`, `val`, `test` (inputs alone), `base`, `calls`, `seed`, `target`, `author`, `options`.

    Attributes:
        best: The prompt that stands as the result; an adapter sets it whenever it knows a better one, so that a search
            that ends at the limit has one.
    """

    def __init__(self, fields: dict[str, Any]) -> None:
        self.prompt: str = fields["prompt"]
        self.train: list[Row] = fields["train"]
        self.val: list[Row] = fields["val"]
        self.test: list[str] = fields["test"]
        self.base: str = fields["base"]
        self.calls: int = fields["calls"]
        self.seed: int = fields["seed"]
        self.target: str = fields["target"]
        self.author: str = fields["author"]
        self.options: dict[str, Any] = fields.get("options", {})
        self.best: str = self.prompt

    @classmethod
    def read(cls) -> PeerJob:
        return cls(json.load(sys.stdin))

    def ask(self, role: str, messages: Sequence[Message], **fields: Any) -> str:
        """One answer. Raises BudgetSpent past the limit."""
        model = self.target if role == "target" else self.author
        body = {"model": model, "messages": list(messages), "seed": self.seed, **fields}
        reply = self._post(f"/{role}/v1/chat/completions", body)
        return str(reply["choices"][0]["message"]["content"] or "")

    def ask_target(self, prompt: str, text: str) -> str:
        """The target's answer to an input below a prompt, as our runs place them."""
        return self.ask("target", [{"role": "system", "content": prompt}, {"role": "user", "content": text}])

    def score(self, row: Row, text: str) -> tuple[float, str]:
        reply = self._post("/score", {"row": row, "text": text})
        return float(reply["score"]), str(reply["feedback"])

    def finish(self, answer: Callable[[str], str] | None = None, prompt: str | None = None) -> None:
        """Answer the held-out inputs with what the search ended with, and print the result."""
        self._post("/phase/test", {})
        chosen = self.best if prompt is None else prompt
        function = answer or (lambda text: self.ask_target(chosen, text))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            answers = list(pool.map(function, self.test))
        print(json.dumps({"prompt": chosen, "answers": answers}), file=sys.__stdout__, flush=True)

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            self.base + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=600) as response:
                reply: dict[str, Any] = json.load(response)
                return reply
        except urllib.error.HTTPError as error:
            if error.code == 403:
                raise BudgetSpent from error
            raise
