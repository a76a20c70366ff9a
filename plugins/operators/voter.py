"""A voter on the next word of an instruction, with examples of its own."""

from __future__ import annotations

from collections.abc import Sequence

from ...agents.asks.private_votes import ContinueInstruction
from ...core.asks import Case
from ...core.protocols import Team

END = "<end>"


class Voter:
    """How often it calls the model depends on the words so far and on its own examples alone."""

    def __init__(self, task: str, rows: tuple[Case, ...], asks: int) -> None:
        self._task, self._rows, self._left = task, rows, asks
        self._draft: list[str] = []

    async def extend_draft(self, prefix: Sequence[str], team: Team) -> None:
        """Continue from the words so far, unless the present draft begins with them."""
        if self._agrees(prefix) or not self._left:
            return
        self._left -= 1
        reply = await team.act(ContinueInstruction(task=self._task, rows=self._rows, begun=" ".join(prefix)))
        words = reply.text.split() if reply is not None else []
        self._draft = words if _same_beginning(words, prefix) else [*prefix, *words]

    def next_word(self, prefix: Sequence[str]) -> str:
        """Its vote; empty if it has none."""
        if not self._agrees(prefix):
            return ""
        return self._draft[len(prefix)] if len(self._draft) > len(prefix) else END

    def _agrees(self, prefix: Sequence[str]) -> bool:
        return bool(self._draft) and _same_beginning(self._draft, prefix)


def _same_beginning(words: Sequence[str], prefix: Sequence[str]) -> bool:
    return [word.casefold() for word in words[: len(prefix)]] == [word.casefold() for word in prefix]
