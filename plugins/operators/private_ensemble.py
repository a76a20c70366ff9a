"""Instructions by a differentially private vote of authors on disjoint rows (DP-OPT, arXiv 2312.03724)."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random, SystemRandom
from typing import Literal

from ...agents.asks.private_votes import VoteForInstruction
from ...agents.asks.promptwizard import MutateInStyle
from ...core.asks import Case
from ...core.identity import digest, seeded_random
from ...core.protocols import Need, Team
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
from ..algorithms.llm_helpers import (
    CALLS_PER_ASK,
    gather_all,
    main_instruction,
    sample_items,
    task_description,
    with_instruction,
)
from .thinking_styles import thinking_styles
from .voter import END, Voter

NOISE_KEY = "MAIEUTIC_NOISE_KEY"
_LEAST_WORDS = 4


@dataclass(kw_only=True)
class PrivateEnsemble:
    """One new instruction; of any train row it tells no more than (epsilon, delta) allows, were it added or taken out.

    Each row belongs to one of the `voters`, by its own hash. `words`: the voters write instructions that begin alike,
    and vote on the next word until none has enough votes; the words come from the rows, so that a word needs many
    votes. `proposals`: `ideas` instructions are written without any row, and each voter names one. `auto`: words where
    the voters are twice as many as a word needs.

    words: at most. drafts: questions to one voter, each of which sees at most `shown` of its rows. epsilon, delta: of
    one order; those of its options go before. The noise is the operating system's, or where MAIEUTIC_NOISE_KEY is set
    follows from it, so that a run can be repeated by whoever knows it.
    """

    epsilon: float = 4.0
    delta: float = 1e-4
    voters: int = 10
    by: Literal["auto", "words", "proposals"] = "auto"
    ideas: int = 6
    words: int = 24
    drafts: int = 3
    shown: int = 6
    name: str = field(default="private-ensemble", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    calls: int = field(init=False)

    def __post_init__(self) -> None:
        self.calls = CALLS_PER_ASK * max(self.voters * self.drafts, self.voters + self.ideas)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        told = request.order.options
        epsilon, delta = float(told.get("epsilon", self.epsilon)), float(told.get("delta", self.delta))
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
        why = f"a private vote of {self.voters} voters: epsilon {spent:.2f}, delta {risk:.1g} for one train row"
        made = with_instruction(request, text, why)
        return [made] if made is not None else []

    def _rows_by_voter(self, request: Request) -> list[tuple[Case, ...]]:
        """Voter → its rows. Which voter a row has depends on that row alone."""
        parts: list[list[Case]] = [[] for _ in range(self.voters)]
        for row in request.train:
            place = int(digest(["voter", row.id])[:8], 16) % self.voters
            parts[place].append(Case(input=row.text, expected=row.output or ""))
        return [tuple(part[: self.shown]) for part in parts]

    async def _vote_on_proposals(
        self, request: Request, team: Team, parts: Sequence[tuple[Case, ...]], noise: Random, epsilon: float
    ) -> str:
        task, prompt = task_description(request.task), main_instruction(request)
        styles = sample_items(thinking_styles(), self.ideas, request.rng)
        replies = await gather_all(team.act(MutateInStyle(task=task, prompt=prompt, style=one)) for one in styles)
        ideas = tuple(dict.fromkeys([prompt, *(one.prompt for one in replies if one is not None)]))
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
        """The instruction, empty where it is hardly one, and how many votes were held."""
        voters = [Voter(task_description(request.task), part, self.drafts) for part in parts if part]
        said: list[str] = []
        held = 0
        while held < self.words:
            held += 1
            await gather_all(one.extend_draft(said, team) for one in voters)
            votes = Counter(word for one in voters if (word := one.next_word(said)))
            word = sample_choice(limited_domain_choice(votes, epsilon, delta), noise)
            if word in (NO_CHOICE, END):
                break
            said.append(word)
        return (" ".join(said) if len(said) >= _LEAST_WORDS else ""), held


def _noise_source(request: Request) -> Random:
    key = os.environ.get(NOISE_KEY, "")
    return seeded_random(request.rng.getrandbits(62), "noise", key) if key else SystemRandom()
