"""A role with an instruction file of the user's own."""

from __future__ import annotations

from pathlib import Path

from ...core.asks import Ask
from ...core.errors import UsageError
from ...core.protocols import NEEDS_NOTHING, A, Team


class InstructionFileAgent:
    """file: An instruction file like those in `agents/prompts`, relative to the working directory."""

    name = "instruction"
    needs = NEEDS_NOTHING
    calls = 2

    def __init__(self, file: str) -> None:
        try:
            self.instruction = Path(file).read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(f"the instruction file cannot be read: {error.strerror or error}", where=file) from error

    async def act(self, ask: Ask[A], team: Team) -> A | None:
        return await team.act(ask)
