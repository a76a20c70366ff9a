"""Instructions by a differentially private vote of prompt writers on disjoint examples (DP-OPT, arXiv 2312.03724)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random, SystemRandom
from typing import Literal

from ...agents.asks.replies import TextReply
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.identity import digest, seeded_random
from ...core.protocols import NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ...core.stats.privacy import (
    NO_CHOICE,
    PrivacyAccountant,
    exponential_mechanism,
    limited_domain_choice,
    per_vote_epsilon,
    sample_choice,
    votes_needed,
)
from ...core.words import join_tokens, length_in_words, split_tokens
from ..algorithms.llm_helpers import gather_all, main_instruction, sample_items, task_description, with_instruction
from .thinking_styles import MutateInStyle, thinking_styles


class ContinueInstruction(Ask[TextReply]):
    """The whole instruction that these examples call for. `begun` holds the words that it begins with."""

    role = "student"
    skill = "continue"
    reply = TextReply
    reads = {"rows": "rows"}
    task: str
    rows: tuple[Case, ...]
    begun: str = ""


class VoteForInstruction(Ask[TextReply]):
    """The number of the instruction that fits these examples best."""

    role = "student"
    skill = "vote"
    reply = TextReply
    reads = {"rows": "rows"}
    task: str
    rows: tuple[Case, ...]
    instructions: tuple[str, ...]


NOISE_KEY = "MAIEUTIC_NOISE_KEY"
# A shorter instruction is a vote that ended early.
_MIN_WORDS = 4
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
        reply = await team.act(ContinueInstruction(task=self._task, rows=self._rows, begun=join_tokens(prefix)))
        words = split_tokens(reply.text) if reply is not None else []
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


@dataclass(kw_only=True)
class PrivateEnsemble:
    """One new instruction that reveals no more of any train example than (epsilon, delta) allows, by adding or removing
    it.

    Each example belongs to one voter, by its hash. With `words` the voters write instructions that begin alike and vote
    on the next word (in scripts without spaces: character) until none has enough votes; the words come from the
    examples, so each needs many votes. With `proposals` some instructions are written without any example, and each
    voter names one. With `auto` the vote is on words if there are twice as many voters as a word needs.

    The noise comes from the operating system, or, where MAIEUTIC_NOISE_KEY is set, is derived from it, so that whoever
    knows the key can repeat a run.

    Args:
        epsilon: Privacy budget of one order; the order's options take precedence.
        delta: Failure probability of the guarantee, likewise.
        voters: Voters with disjoint examples.
        by: Kind of vote.
        ideas: Instructions to vote on (`proposals`).
        words: Words at most (`words`).
        drafts: Questions per voter.
        shown: Examples of a voter that a question shows.
    """

    name = "private-ensemble"
    needs = NEEDS_TRAIN

    epsilon: float = 4.0
    delta: float = 1e-4
    voters: int = 10
    by: Literal["auto", "words", "proposals"] = "auto"
    ideas: int = 6
    words: int = 24
    drafts: int = 3
    shown: int = 6

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * max(self.voters * self.drafts, self.voters + self.ideas)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        options = request.order.options
        epsilon, delta = float(options.get("epsilon", self.epsilon)), float(options.get("delta", self.delta))
        parts = self._rows_by_voter(request)
        noise = _noise_source(request)
        each = per_vote_epsilon(epsilon, self.words, delta / 2)
        enough = self.voters >= 2 * votes_needed(each, delta / 2 / self.words)
        account = PrivacyAccountant(slack=delta / 2)
        if self.by == "words" or (self.by == "auto" and enough):
            small = delta / 2 / self.words
            text, votes = await self._word_by_word(request, team, parts, noise, each, small)
            for _ in range(votes):
                account = account.spend(each, small)
        else:
            text = await self._vote_on_proposals(request, team, parts, noise, epsilon)
            account = account.spend(epsilon)
        spent, risk = account.total
        why = f"private vote of {self.voters} voters: epsilon {spent:.2f}, delta {risk:.1g} per train example"
        return [with_instruction(request, text, why)]

    def _rows_by_voter(self, request: Request) -> list[tuple[Case, ...]]:
        """Examples by voter. An example's voter depends on that example alone."""
        parts: list[list[Case]] = [[] for _ in range(self.voters)]
        for row in request.train:
            index = int(digest(["voter", row.id])[:8], 16) % self.voters
            parts[index].append(Case(input=row.text, expected=row.output or ""))
        return [tuple(part[: self.shown]) for part in parts]

    async def _vote_on_proposals(
        self, request: Request, team: Team, parts: Sequence[tuple[Case, ...]], noise: Random, epsilon: float
    ) -> str:
        task, prompt = task_description(request.task), main_instruction(request)
        styles = sample_items(thinking_styles(), self.ideas, request.rng)
        replies = await gather_all(team.act(MutateInStyle(task=task, prompt=prompt, style=style)) for style in styles)
        ideas = tuple(dict.fromkeys([prompt, *(reply.prompt for reply in replies if reply is not None)]))
        if len(ideas) == 1:
            return ""
        asks = [VoteForInstruction(task=task, rows=part, instructions=ideas) for part in parts if part]
        votes = dict.fromkeys(ideas, 0)
        for reply in await gather_all(team.act(ask) for ask in asks):
            named = re.findall(r"\d+", reply.text) if reply is not None else []
            if named and 1 <= int(named[0]) <= len(ideas):
                votes[ideas[int(named[0]) - 1]] += 1
        return sample_choice(exponential_mechanism(votes, epsilon), noise)

    async def _word_by_word(
        self,
        request: Request,
        team: Team,
        parts: Sequence[tuple[Case, ...]],
        noise: Random,
        epsilon: float,
        delta: float,
    ) -> tuple[str, int]:
        """The instruction (empty if too short) and the number of votes."""
        voters = [Voter(task_description(request.task), part, self.drafts) for part in parts if part]
        chosen_words: list[str] = []
        held = 0
        while held < self.words:
            held += 1
            await gather_all(voter.extend_draft(chosen_words, team) for voter in voters)
            votes = Counter(word for voter in voters if (word := voter.next_word(chosen_words)))
            word = sample_choice(limited_domain_choice(votes, epsilon, delta), noise)
            if word in (NO_CHOICE, END):
                break
            chosen_words.append(word)
        text = join_tokens(chosen_words)
        return (text if length_in_words(text) >= _MIN_WORDS else ""), held


def _noise_source(request: Request) -> Random:
    from ...runtime.settings import settings

    key = settings().noise_key
    return seeded_random(request.rng.getrandbits(62), "noise", key) if key else SystemRandom()
