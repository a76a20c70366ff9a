"""AMPO (arXiv 2410.08696): failures are analysed one by one, merged into patterns, each handled by a branch, then
pruned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.replies import ItemsReply, TextReply
from ...agents.parse.marked import find_marked
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.prompt import Prompt
from ...core.protocols import NEEDS_NOTHING, NEEDS_TRAIN, Team
from ...core.render import instruction_text
from ...core.search_types import Proposal, Request
from ..algorithms.branch_tree import (
    BranchRevision,
    apply_revision,
    format_position,
    number_branches,
    read_revision,
    remove_branch,
    render_branches,
    without_all_branches,
)
from ..algorithms.llm_helpers import (
    deduplicate,
    gather_all,
    sample_items,
    task_description,
    user_guidance,
    with_instruction,
)


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

    Capable models may write several, and the trunk anew. `branches` lists the existing branches, numbered.
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

    The rationale of a proposal is the moves (depth, breadth, trunk) and the pattern. Without failures there is no
    proposal. Where several patterns led to a revision, one more proposal has all of them.

    Args:
        errors: Failed cases to analyse.
        patterns: The most important patterns; each gets a proposal of its own.
        together: Whether there is a proposal with the revisions of all patterns.
        prune: Whether branches that a critic finds superfluous are removed from each proposal.
        most: Branches a prompt may have.
    """

    name = "branch"
    needs = NEEDS_TRAIN

    errors: int = 5
    patterns: int = 3
    together: bool = True
    prune: bool = True
    most: int = MAX_BRANCHES

    @property
    def calls(self) -> int:
        proposals = self.patterns + (self.together and self.patterns > 1)
        return CALLS_PER_ASK * (self.errors + 1 + self.patterns + proposals * self.prune)

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
        everything = prompt
        for reply, pattern in zip(replies, patterns, strict=True):
            revisions = self._revisions(request, reply)
            candidate, moves = self._revise(request, prompt, revisions)
            if moves:
                revised.append((candidate, f"{', '.join(moves)}: {pattern}"))
                everything, _ = self._revise(request, everything, revisions)
        if self.together and len(revised) > 1 and everything not in [candidate for candidate, _ in revised]:
            revised.append((everything, f"all revisions together: {'; '.join(why for _, why in revised)}"))
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

    def _revisions(self, request: Request, reply: TextReply | None) -> list[str | BranchRevision]:
        """What a reply asks for: a trunk, branches. Of a small model the last block counts, as it asked for one."""
        if reply is None:
            return []
        if not request.capable:
            texts, trunks = [reply.text], []
        else:
            texts = [block.text for block in find_marked(reply.raw, "branch")]
            trunks = [block.text for block in find_marked(reply.raw, "trunk")]
            texts = texts or ([] if trunks else [reply.text])
        # Positions were given by the tree as it was, so that branches are added before any stands elsewhere.
        return [*trunks[-1:], *(revision for text in texts if (revision := read_revision(text)) is not None)]

    def _revise(
        self, request: Request, prompt: Prompt, revisions: Sequence[str | BranchRevision]
    ) -> tuple[Prompt, list[str]]:
        """The prompt with the revisions that change something, and what they are called."""
        moves = []
        there = {format_position(position) for position, _ in number_branches(prompt.branches)}
        for revision in revisions:
            if isinstance(revision, str):
                proposal = with_instruction(request, revision)
                if not proposal.refusal:
                    prompt = prompt.with_(instruction=proposal.program.main.instruction)
                    moves.append("trunk")
                continue
            branches = apply_revision(prompt.branches, revision)
            if branches is not None and len(list(number_branches(branches))) <= self.most:
                prompt = prompt.with_(branches=branches)
                moves.append(f"depth under {revision.under}" if revision.under in there else "breadth")
        return prompt, moves

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
