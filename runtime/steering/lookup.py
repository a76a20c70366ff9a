"""Candidates and examples by the words a person types, and the text of a prompt in an editor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.errors import UsageError
from ...core.render import instruction_text

if TYPE_CHECKING:
    from ...core.candidate import Candidate
    from ...core.prompt import Prompt
    from ..store import Store

_MAX_LISTED = 12  # ids in an error message: a screenful, not a whole archive


@dataclass(frozen=True, kw_only=True)
class DirectiveLookup:
    """Finds what the arguments of a directive name in one run.

    Attributes:
        store: where candidates and examples are read.
        run: the full id of the run.
    """

    store: Store
    run: str

    def candidate(self, word: str) -> Candidate:
        """By id, by a unique beginning of one, or `start` or `best`. Raises UsageError that lists the candidates."""
        candidates = {candidate.id: candidate for candidate in self.store.candidates(self.run)}
        if word in candidates:
            return candidates[word]
        if candidates and word == "start":
            return next(iter(candidates.values()))
        if word == "best" and (best := self.store.run(self.run).best or next(iter(candidates), None)) in candidates:
            return candidates[best]
        matches = [name for name in candidates if word and name.startswith(word)]
        if len(matches) == 1:
            return candidates[matches[0]]
        raise UsageError(
            f"{word!r} is the beginning of {len(matches)} candidates" if matches else f"there is no candidate {word!r}",
            where=f"run {self.run}",
            possible=(matches or ["start", "best", *candidates])[:_MAX_LISTED],
            remedy="write more of the id" if matches else f"list them: maieutic show {self.run}",
        )

    def example(self, word: str) -> str:
        """The id of a train or val example, by id or a unique beginning. Raises UsageError that lists the examples."""
        ids = [example.id for split, example in self.store.examples(self.run) if split in ("train", "val")]
        matches = [name for name in ids if name == word] or [name for name in ids if word and name.startswith(word)]
        if len(set(matches)) == 1:
            return matches[0]
        raise UsageError(
            f"{word!r} is the beginning of {len(matches)} examples"
            if matches
            else f"there is no train or val example {word!r}",
            where=f"run {self.run}",
            possible=(matches or ids)[:_MAX_LISTED],
            remedy=f"list them: maieutic examples {self.run}",
        )


def prompt_of(candidate: Candidate, slot: str = "") -> Prompt:
    """The program's main prompt, or the one called `slot`. Raises UsageError where there is none of that name."""
    prompts = candidate.program.prompts
    if slot and slot not in prompts:
        raise UsageError(f"the program has no prompt {slot!r}", where=candidate.id, possible=list(prompts))
    return prompts[slot] if slot else candidate.program.main


def editable_text(candidate: Candidate, slot: str = "") -> str:
    """What an editor shows of a candidate. Raises UsageError for a prompt that the program does not have."""
    return instruction_text(prompt_of(candidate, slot))


def replace_wording(prompt: Prompt, text: str) -> Prompt:
    """The prompt with `text` as its instruction; system message, demos and format stay.

    An editor shows sections, principles, branches and the answer hint as part of the text, so they move into it.
    """
    layout = prompt.format.model_copy(update={"answer_hint": ""})
    return prompt.with_(instruction=text.strip(), sections=(), principles=(), branches=(), format=layout.model_dump())
