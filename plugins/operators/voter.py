"""One author of a vote on words, with rows of its own."""

from __future__ import annotations

from collections.abc import Sequence

from ...agents.asks.private_votes import ContinueInstruction
from ...core.asks import Case
from ...core.protocols import Team

END = "<end>"


class Voter:
    """How often it is asked depends on the words so far and on its own rows alone."""

    def __init__(self, task: str, rows: tuple[Case, ...], asks: int) -> None:
        self._task, self._rows, self._left = task, rows, asks
        self._draft: list[str] = []

    async def extend_draft(self, said: Sequence[str], team: Team) -> None:
        """Write on from the words so far, unless the draft there is begins like them."""
        if self._agrees(said) or not self._left:
            return
        self._left -= 1
        reply = await team.act(ContinueInstruction(task=self._task, rows=self._rows, begun=" ".join(said)))
        words = reply.text.split() if reply is not None else []
        self._draft = words if _same_beginning(words, said) else [*said, *words]

    def next_word(self, said: Sequence[str]) -> str:
        """Its vote; empty where it has none."""
        if not self._agrees(said):
            return ""
        return self._draft[len(said)] if len(self._draft) > len(said) else END

    def _agrees(self, said: Sequence[str]) -> bool:
        return bool(self._draft) and _same_beginning(self._draft, said)


def _same_beginning(words: Sequence[str], begun: Sequence[str]) -> bool:
    return [one.casefold() for one in words[: len(begun)]] == [one.casefold() for one in begun]
