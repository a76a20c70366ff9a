"""Edits of phrases (Plum, arXiv 2311.08364, after GrIPS): one set of mutations for any search."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from ...agents.asks.replies import TextReply
from ...core.asks import CALLS_PER_ASK, Ask
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request
from ...core.words import count_unspaced, length_in_words, split_tokens
from ..algorithms.llm_helpers import deduplicate, gather_all, main_instruction, with_instruction
from ..algorithms.phrases import (
    Edit,
    Phrase,
    add_phrase,
    delete_phrase,
    editable_positions,
    join_phrases,
    possible_edits,
    replace_phrase,
    replace_with_synonym,
    split_phrases,
    swap_phrases,
)


class RewordPhrase(Ask[TextReply]):
    """One phrase of a prompt in other words, to replace it (Plum, arXiv 2311.08364)."""

    role = "student"
    skill = "reword-phrase"
    reply = TextReply
    prompt: str
    phrase: str


@dataclass(kw_only=True)
class PhraseEdits:
    """One edit of the first parent's instruction per proposal.

    Where the order has the option `considering`, its parents are a harmony memory and proposals are improvised from it:
    each position takes, with that probability, the phrase that a random parent has there, edited with probability
    `adjusting`; otherwise the baseline's own phrase, edited.

    Args:
        edits: Edits to draw from: `add` restores a phrase that an ancestor had, `delete` removes one, `swap` exchanges
            two, `substitute` rewords one.
        substitute: Who rewords: the optimizer model ("author", at most `asks` calls per order) or a short list of
            synonyms, which is also the fallback where a reply cannot be parsed or no call is left.
        asks: Reworded phrases per order, at most.
    """

    name = "phrase"
    needs = NEEDS_NOTHING

    edits: Sequence[Edit] = ("add", "delete", "swap", "substitute")
    substitute: Literal["author", "synonyms"] = "author"
    asks: int = 2

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * self.asks if self.substitute == "author" else 0

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        """Draws everything before any model call, so that random draws do not depend on answers."""
        options = request.order.options
        if "considering" in options:
            considering, adjusting = float(options["considering"]), float(options.get("adjusting", 0.0))
            texts = [improvise(request, considering, adjusting) for _ in range(request.order.count)]
            return deduplicate(with_instruction(request, text, "improvised from the harmony memory") for text in texts)
        phrases, lost, rng = split_phrases(main_instruction(request)), _deleted_phrases(request), request.rng
        edits = [self._draw(phrases, lost, rng) for _ in range(request.order.count)]
        positions = list(dict.fromkeys(edit for edit in edits if isinstance(edit, int)))[: self.calls // CALLS_PER_ASK]
        replies = await gather_all(
            team.act(RewordPhrase(prompt=join_phrases(phrases), phrase=phrases[index].text)) for index in positions
        )
        replies_by_position = {
            index: reply.text for index, reply in zip(positions, replies, strict=True) if reply is not None
        }
        proposals = []
        for edit in edits:
            if isinstance(edit, int):
                old = phrases[edit].text
                new = _usable_phrase(replies_by_position.get(edit, ""), old) or replace_with_synonym(
                    old, _label_words(request), rng
                )
                proposals.append(
                    with_instruction(
                        request, join_phrases(replace_phrase(phrases, edit, new)), f"{old!r} replaced by {new!r}"
                    )
                )
            elif edit:
                proposals.append(with_instruction(request, join_phrases(edit[0]), edit[1]))
        return deduplicate(proposals)

    def _draw(
        self, phrases: Sequence[Phrase], lost: Sequence[str], rng: Random
    ) -> tuple[list[Phrase], str] | int | None:
        """A finished edit with its rationale, the position of a phrase to reword, or None."""
        edits = possible_edits(phrases, lost, self.edits)
        if not edits:
            return None
        edit = rng.choice(edits)
        if edit == "substitute":
            return rng.choice(editable_positions(phrases))
        if edit == "add":
            back = rng.choice(lost)
            return add_phrase(phrases, back, rng), f"{back!r} restored"
        if edit == "swap":
            return swap_phrases(phrases, rng), "two phrases swapped"
        return delete_phrase(phrases, rng), "a phrase deleted"


class PhraseCrossover:
    """The first phrases of one parent with the last ones of the other, cut at the same share of both."""

    name = "phrase-crossover"
    needs = NEEDS_NOTHING
    calls = 0

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        if len(request.parents) < 2:
            return []
        first, second = (split_phrases(parent.program.main.instruction) for parent in request.parents[:2])
        proposals = []
        for _ in range(request.order.count):
            cut = request.rng.random()
            child = [*first[: round(cut * len(first))], *second[round(cut * len(second)) :]]
            proposals.append(
                with_instruction(request, join_phrases(child), "beginning of one parent, end of the other")
            )
        return deduplicate(proposals)


def improvise(request: Request, considering: float, adjusting: float) -> str:
    """A new harmony, position by position."""
    rng, labels = request.rng, _label_words(request)
    memory = [split_phrases(parent.program.main.instruction) for parent in request.parents]
    oldest = request.ancestors[0] if request.ancestors else request.parents[0]
    start = split_phrases(oldest.program.main.instruction)
    known_phrases = [
        known_phrase.text for phrases in [start, *memory] for known_phrase in phrases if not known_phrase.fixed
    ]
    harmony: list[Phrase] = []
    for index in range(len(rng.choice(memory))):
        there = [phrases[index] for phrases in memory if index < len(phrases)]
        if rng.random() < considering or index >= len(start):
            phrase, edited = rng.choice(there), rng.random() < adjusting
        else:
            phrase, edited = start[index], True
        harmony += _adjust_phrase(phrase, known_phrases, labels, rng) if edited else [phrase]
    return join_phrases(harmony)


def _adjust_phrase(phrase: Phrase, known_phrases: Sequence[str], labels: Collection[str], rng: Random) -> list[Phrase]:
    """The phrase with a synonym, another phrase in its place, or nothing."""
    if phrase.fixed:
        return [phrase]
    move = rng.choice(("synonym", "exchange", "leave out"))
    if move == "leave out":
        return []
    text = replace_with_synonym(phrase.text, labels, rng) if move == "synonym" else rng.choice(known_phrases)
    return [Phrase(text=text, tail=phrase.tail)]


def _deleted_phrases(request: Request) -> list[str]:
    """Phrases of ancestors that the parent no longer has, oldest first."""
    instruction = main_instruction(request)
    there = set(split_tokens(instruction.casefold()))
    before = dict.fromkeys(
        phrase.text
        for ancestor in request.ancestors
        for phrase in split_phrases(ancestor.program.main.instruction)
        if not phrase.fixed
    )
    return [text for text in before if not _is_in(text, instruction, there)]


def _is_in(text: str, instruction: str, tokens: Collection[str]) -> bool:
    """Whether the instruction has all words of a phrase; of a script without spaces it has to have the phrase."""
    if count_unspaced(text):
        return text.strip() in instruction
    return set(text.casefold().split()) <= set(tokens)


def _label_words(request: Request) -> frozenset[str]:
    """Words that are answers; replacing one would ask for another answer."""
    names = [*request.answers, *request.task.answer.labels]
    return frozenset(word for name in names for word in re.findall(r"[a-z]+", name.casefold()))


def _usable_phrase(new: str, old: str) -> str:
    """The reply if it fits in place of the phrase (one line, not much longer, no markup), else an empty text."""
    text = " ".join(new.split()).strip("\"'“”`")
    if (
        not text
        or "\n" in new.strip()
        or re.search(r"[<>{}]", text)
        or length_in_words(text) > 2 * length_in_words(old) + 4
    ):
        return ""
    closing = old[-1] if not old[-1].isalnum() and not text.endswith(old[-1]) else ""
    bare = text.rstrip(".,;:!?。，；：！？、") if old[-1].isalnum() else text
    return bare + closing if bare.casefold() != old.casefold() else ""
