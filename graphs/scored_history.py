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

    Of those that differ in their layout or in the choice of worked examples alone, the best stands for all. What a
    person vetoed is no example to follow, whatever it scored.
    """
    best: dict[tuple[str, int], ScoredPrompt] = {}
    for candidate in archive.candidates.values():
        mean = archive.scores.mean(candidate.id, val)
        if candidate.status == "vetoed" or mean is None:
            continue
        prompt = candidate.program.prompts.get(slot, candidate.program.main)
        past = ScoredPrompt(
            prompt=instruction_text(prompt),
            score=mean,
            demos=len(prompt.demos),
            rows=archive.scores.count(candidate.id, val),
        )
        key = (past.prompt, past.demos)
        if key not in best or past.score >= best[key].score:
            best[key] = past
    return tuple(sorted(best.values(), key=lambda past: past.score)[-HISTORY_LENGTH:])
