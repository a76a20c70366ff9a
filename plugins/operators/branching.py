"""AMPO (arXiv 2410.08696): failures analysed one by one, merged into patterns, each mended by a branch, then pruned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...agents.asks.branches import AddBranch, FindCause, FindPatterns, PruneBranches
from ...core.asks import Case
from ...core.prompt import Prompt
from ...core.protocols import Need, Team
from ...core.render import instruction_text
from ...core.search_types import Proposal, Request
from ..algorithms.branch_tree import (
    apply_revision,
    format_position,
    number_branches,
    read_revision,
    remove_branch,
    render_branches,
    without_all_branches,
)
from ..algorithms.llm_helpers import (
    CALLS_PER_ASK,
    deduplicate,
    gather_all,
    sample_items,
    task_description,
    user_guidance,
)

MAX_BRANCH_WORDS = 12
_WEIGHED = re.compile(r"\W*(?P<weight>\d{1,2})(?:\s*/\s*10)?\s*[|:.)–-]\s*(?P<text>.+)\Z", re.DOTALL)


@dataclass(kw_only=True)
class Branching:
    """errors: failed cases analysed. patterns: the most important ones, each mended by a proposal of its own.
    prune: whether what an agent finds superfluous is cut from each. most: branches a prompt may have.

    The rationale of a proposal is the move, depth or breadth, and the pattern. No failures, no proposals.
    """

    errors: int = 5
    patterns: int = 3
    prune: bool = True
    most: int = MAX_BRANCH_WORDS
    name: str = field(default="branch", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    calls: int = field(init=False)

    def __post_init__(self) -> None:
        self.calls = CALLS_PER_ASK * (self.errors + 1 + self.patterns * (1 + self.prune))

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        prompt = request.parents[0].program.main
        if not request.failures or len(list(number_branches(prompt.branches))) >= self.most:
            return []
        failed = sample_items(request.failures, self.errors, request.rng)
        patterns = await self._patterns(request, failed, team)
        told = await gather_all(
            team.act(
                AddBranch(
                    task=task_description(request.task),
                    prompt=without_all_branches(prompt),
                    branches=render_branches(prompt),
                    pattern=pattern,
                    failures=tuple(failed),
                    hints=user_guidance(request),
                )
            )
            for pattern in patterns
        )
        made: list[tuple[Prompt, str]] = []
        for reply, pattern in zip(told, patterns, strict=True):
            revision = read_revision(reply.text) if reply else None
            branches = apply_revision(prompt.branches, revision) if revision else None
            if revision is not None and branches is not None:
                there = {format_position(place) for place, _ in number_branches(prompt.branches)}
                move = f"depth under {revision.under}" if revision.under in there else "breadth"
                made.append((prompt.with_(branches=branches), f"{move}: {pattern}"))
        if self.prune:
            made = list(zip(await self._pruned(request, prompt, made, team), (why for _, why in made), strict=True))
        program = request.parents[0].program
        return deduplicate(Proposal(program=program.replace(one), rationale=why) for one, why in made if one != prompt)

    async def _patterns(self, request: Request, failed: Sequence[Case], team: Team) -> list[str]:
        """The most important first; where nobody could merge the causes, the causes themselves."""
        task, said = task_description(request.task), instruction_text(request.parents[0].program.main)
        causes = await gather_all(team.act(FindCause(task=task, prompt=said, failures=(one,))) for one in failed)
        known = tuple(dict.fromkeys(reply.text for reply in causes if reply is not None))
        if not known:
            return []
        merged = await team.act(FindPatterns(task=task, causes=known, count=self.patterns))
        weighed = [parse_importance(item) for item in merged.items] if merged else [(0, cause) for cause in known]
        return [text for _, text in sorted(weighed, key=lambda one: -one[0])][: self.patterns]

    async def _pruned(
        self, request: Request, before: Prompt, made: Sequence[tuple[Prompt, str]], team: Team
    ) -> list[Prompt]:
        """Each prompt without what is superfluous. A tree of one branch has nothing to compare, and is left alone."""
        several = [prompt for prompt, _ in made if len(list(number_branches(prompt.branches))) > 1]
        task = task_description(request.task)
        replies = await gather_all(
            team.act(PruneBranches(task=task, prompt=without_all_branches(prompt), branches=render_branches(prompt)))
            for prompt in several
        )
        said = {prompt.id: reply.text for prompt, reply in zip(several, replies, strict=True) if reply is not None}
        return [without_branches(prompt, before, said.get(prompt.id, "")) for prompt, _ in made]


def parse_importance(item: str) -> tuple[int, str]:
    """`8 | pattern` as its importance and its text; a pattern without one is of middling importance."""
    found = _WEIGHED.match(item)
    if found is None:
        return 5, item
    return min(10, int(found["weight"])), found["text"].strip()


def without_branches(prompt: Prompt, before: Prompt, said: str) -> Prompt:
    """The prompt without the branches that are named. Advice to undo the new branch, or to cut more than half of the
    tree, is not followed: measuring decides about that."""
    places = {format_position(place): place for place, _ in number_branches(prompt.branches)}
    new = {
        place
        for place, one in number_branches(prompt.branches)
        if one not in [old for _, old in number_branches(before.branches)]
    }
    wanted = [places[number] for number in dict.fromkeys(re.findall(r"\d+(?:\.\d+)*", said)) if number in places]
    doomed = [place for place in wanted if not any(one[: len(place)] == place for one in new)]
    if not doomed or len(doomed) * 2 > len(places):
        return prompt
    branches = prompt.branches
    for place in sorted(doomed, reverse=True):
        if not any(place != other and place[: len(other)] == other for other in doomed):
            branches = remove_branch(branches, place)
    return prompt.with_(branches=branches)


@dataclass(kw_only=True)
class BranchDrop:
    """The first parent with one branch less, each branch in turn: what leaving it out costs can then be measured.

    most: proposals at most, drawn where there are more branches, which only a prompt has that came with them.
    """

    most: int = MAX_BRANCH_WORDS
    name: str = field(default="branch-drop", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=0, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        program = request.parents[0].program
        places = list(number_branches(program.main.branches))
        drawn = places if len(places) <= self.most else request.rng.sample(places, self.most)
        return deduplicate(
            Proposal(
                program=program.replace(program.main.with_(branches=remove_branch(program.main.branches, place))),
                rationale=f"without branch {format_position(place)}: if {one.when}",
            )
            for place, one in drawn
        )
