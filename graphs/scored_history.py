"""Earlier prompts with their scores, as operators and agents are told of them."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.asks import ScoredPrompt
from ..core.candidate import Archive
from ..core.render import instruction_text

# OPRO shows its optimizer the 20 best prompts (arXiv 2309.03409).
HISTORY_LENGTH = 20


def scored_history(archive: Archive, val: Sequence[str], slot: str = "") -> tuple[ScoredPrompt, ...]:
    """The best earlier prompts with their mean on val, worst first; of programs, the prompt that is worked on.

    What a person vetoed is no example to follow, whatever it scored."""
    scored = [
        ScoredPrompt(prompt=instruction_text(candidate.program.prompts.get(slot, candidate.program.main)), score=mean)
        for candidate in archive.candidates.values()
        if candidate.status != "vetoed" and (mean := archive.scores.mean(candidate.id, val)) is not None
    ]
    return tuple(sorted(scored, key=lambda past: past.score)[-HISTORY_LENGTH:])
