"""AMPO (arXiv 2410.08696): failures are analysed one by one, merged into patterns, each handled by a branch, then
pruned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.replies import ItemsReply, TextReply
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.prompt import Prompt
from ...core.protocols import NEEDS_NOTHING, NEEDS_TRAIN, Team
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
from ..algorithms.llm_helpers import deduplicate, gather_all, sample_items, task_description, user_guidance


class FindCause(Ask[TextReply]):
    """The analyzer: what the prompt leaves out for one failed case."""

    role = "critic"
    skill = "failure-cause"
    reply = TextReply
    reads = {"failures": "errors"}
    task: str
    prompt: str
    failures: tuple[Case, ...]


class FindPatterns(Ask[ItemsReply]):
    """The summarizer: causes merged into patterns, each `IMPORTANCE | pattern` with an importance from 1 to 10."""

    role = "critic"
    skill = "failure-patterns"
    reply = ItemsReply
    reads = {"causes": "errors"}
    task: str
    causes: tuple[str, ...]
    count: int = 3


class AddBranch(Ask[TextReply]):
    """The revisor: one branch against one pattern, new (breadth) or below an existing one (depth).

    `branches` lists the existing branches, numbered.
    """

    role = "student"
    skill = "branch"
    reply = TextReply
    reads = {"failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    branches: str
    pattern: str
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


class PruneBranches(Ask[TextReply]):
    """Which of the numbered branches fit single examples only, or repeat or contradict others."""

    role = "critic"
    skill = "prune-branches"
    reply = TextReply
    task: str
    prompt: str
    branches: str


# A prompt with more branches exceeds what small models follow.
MAX_BRANCHES = 12
_WEIGHED = re.compile(r"\W*(?P<weight>\d{1,2})(?:\s*/\s*10)?\s*[|:.)–｜：．）、-]\s*(?P<text>.+)\Z", re.DOTALL)


@dataclass(kw_only=True)
class Branching:
    """Adds branches to the prompt against patterns of failures.

    The rationale of a proposal is the move (depth or breadth) and the pattern. Without failures there is no proposal.

    Args:
        errors: Failed cases to analyse.
        patterns: The most important patterns; each gets a proposal of its own.
        prune: Whether branches that a critic finds superfluous are removed from each proposal.
        most: Branches a prompt may have.
    """

    name = "branch"
    needs = NEEDS_TRAIN

    errors: int = 5
    patterns: int = 3
    prune: bool = True
    most: int = MAX_BRANCHES

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * (self.errors + 1 + self.patterns * (1 + self.prune))

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        prompt = request.parents[0].program.main
        if not request.failures or len(list(number_branches(prompt.branches))) >= self.most:
            return []
        failed = sample_items(request.failures, self.errors, request.rng)
        patterns = await self._patterns(request, failed, team)
        replies = await gather_all(
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
        revised: list[tuple[Prompt, str]] = []
        for reply, pattern in zip(replies, patterns, strict=True):
            revision = read_revision(reply.text) if reply else None
            branches = apply_revision(prompt.branches, revision) if revision else None
            if revision is not None and branches is not None:
                there = {format_position(position) for position, _ in number_branches(prompt.branches)}
                move = f"depth under {revision.under}" if revision.under in there else "breadth"
                revised.append((prompt.with_(branches=branches), f"{move}: {pattern}"))
        if self.prune:
            revised = list(
                zip(await self._pruned(request, prompt, revised, team), (why for _, why in revised), strict=True)
            )
        program = request.parents[0].program
        return deduplicate(
            Proposal(program=program.replace(candidate), rationale=why)
            for candidate, why in revised
            if candidate != prompt
        )

    async def _patterns(self, request: Request, failed: Sequence[Case], team: Team) -> list[str]:
        """Patterns, most important first; the causes themselves where they could not be merged."""
        task, instruction = task_description(request.task), instruction_text(request.parents[0].program.main)
        causes = await gather_all(
            team.act(FindCause(task=task, prompt=instruction, failures=(case,))) for case in failed
        )
        distinct_causes = tuple(dict.fromkeys(reply.text for reply in causes if reply is not None))
        if not distinct_causes:
            return []
        merged = await team.act(FindPatterns(task=task, causes=distinct_causes, count=self.patterns))
        weighed = (
            [parse_importance(item) for item in merged.items] if merged else [(0, cause) for cause in distinct_causes]
        )
        return [text for _, text in sorted(weighed, key=lambda pattern: -pattern[0])][: self.patterns]

    async def _pruned(
        self, request: Request, before: Prompt, revised: Sequence[tuple[Prompt, str]], team: Team
    ) -> list[Prompt]:
        """Each prompt without superfluous branches. A tree of one branch has nothing to compare and stays."""
        several = [prompt for prompt, _ in revised if len(list(number_branches(prompt.branches))) > 1]
        task = task_description(request.task)
        replies = await gather_all(
            team.act(PruneBranches(task=task, prompt=without_all_branches(prompt), branches=render_branches(prompt)))
            for prompt in several
        )
        advice_by_prompt = {
            prompt.id: reply.text for prompt, reply in zip(several, replies, strict=True) if reply is not None
        }
        return [without_branches(prompt, before, advice_by_prompt.get(prompt.id, "")) for prompt, _ in revised]


def parse_importance(item: str) -> tuple[int, str]:
    """Split `8 | pattern` into importance and text; a pattern without a number has importance 5."""
    match = _WEIGHED.match(item)
    if match is None:
        return 5, item
    return min(10, int(match["weight"])), match["text"].strip()


def without_branches(prompt: Prompt, before: Prompt, advice: str) -> Prompt:
    """The prompt without the branches that the advice names.

    Advice to undo the new branch, or to cut more than half of the tree, is ignored: measuring decides about that.
    """
    positions = {format_position(position): position for position, _ in number_branches(prompt.branches)}
    new = {
        position
        for position, branch in number_branches(prompt.branches)
        if branch not in [old for _, old in number_branches(before.branches)]
    }
    named_positions = [
        positions[number] for number in dict.fromkeys(re.findall(r"\d+(?:\.\d+)*", advice)) if number in positions
    ]
    doomed = [
        position
        for position in named_positions
        if not any(new_position[: len(position)] == position for new_position in new)
    ]
    if not doomed or len(doomed) * 2 > len(positions):
        return prompt
    branches = prompt.branches
    for position in sorted(doomed, reverse=True):
        if not any(position != other and position[: len(other)] == other for other in doomed):
            branches = remove_branch(branches, position)
    return prompt.with_(branches=branches)


@dataclass(kw_only=True)
class BranchDrop:
    """The first parent without one branch, for each branch: measuring shows what the branch is worth.

    Args:
        most: Proposals at most, sampled where there are more branches.
    """

    name = "branch-drop"
    needs = NEEDS_NOTHING
    calls = 0

    most: int = MAX_BRANCHES

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        program = request.parents[0].program
        numbered_branches = list(number_branches(program.main.branches))
        sampled = (
            numbered_branches
            if len(numbered_branches) <= self.most
            else request.rng.sample(numbered_branches, self.most)
        )
        return deduplicate(
            Proposal(
                program=program.replace(program.main.with_(branches=remove_branch(program.main.branches, position))),
                rationale=f"without branch {format_position(position)}: if {branch.when}",
            )
            for position, branch in sampled
        )
