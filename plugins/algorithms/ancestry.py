"""Where a prompt came from: the line of its first parents, as authors are shown it."""

from __future__ import annotations

from ...core.asks import ScoredPrompt
from ...core.search_types import Request


def ancestor_instructions(request: Request, most: int) -> tuple[str, ...]:
    """The instructions of the nearest `most` ancestors, oldest first."""
    line = request.ancestors[-most:] if most > 0 else ()
    return tuple(one.program.main.instruction for one in line if one.program.main.instruction.strip())


def scored_ancestry(request: Request, most: int) -> tuple[ScoredPrompt, ...]:
    """The nearest `most` of ancestors and parent with their mean on val, where they have one, oldest first."""
    line = (*request.ancestors, *request.parents[:1])[-most:] if most > 0 else ()
    return tuple(
        ScoredPrompt(prompt=one.program.main.instruction, score=request.scores[one.id])
        for one in line
        if one.id in request.scores and one.program.main.instruction.strip()
    )


def edit_rationales(request: Request, most: int) -> tuple[str, ...]:
    """Why the nearest `most` edits on the way to the parent were made, oldest first; the start was no edit."""
    line = [one for one in (*request.ancestors, *request.parents[:1]) if one.parents and one.rationale]
    return tuple(one.rationale for one in line[-most:]) if most > 0 else ()
