"""A prompt's ancestors along first parents, as optimizer models see them."""

from __future__ import annotations

from ...core.asks import ScoredPrompt
from ...core.search_types import Request


def ancestor_instructions(request: Request, most: int) -> tuple[str, ...]:
    """The instructions of the nearest `most` ancestors, oldest first."""
    line = request.ancestors[-most:] if most > 0 else ()
    return tuple(candidate.program.main.instruction for candidate in line if candidate.program.main.instruction.strip())


def scored_ancestry(request: Request, most: int) -> tuple[ScoredPrompt, ...]:
    """The nearest `most` of ancestors and parent with their val mean, if measured, oldest first."""
    line = (*request.ancestors, *request.parents[:1])[-most:] if most > 0 else ()
    return tuple(
        ScoredPrompt(prompt=candidate.program.main.instruction, score=request.scores[candidate.id])
        for candidate in line
        if candidate.id in request.scores and candidate.program.main.instruction.strip()
    )


def edit_rationales(request: Request, most: int) -> tuple[str, ...]:
    """The rationales of the nearest `most` edits on the way to the parent, oldest first."""
    line = [
        candidate
        for candidate in (*request.ancestors, *request.parents[:1])
        if candidate.parents and candidate.rationale
    ]
    return tuple(candidate.rationale for candidate in line[-most:]) if most > 0 else ()
