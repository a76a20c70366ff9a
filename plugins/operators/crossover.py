"""Evolutionary operators: a child of two prompts (crossover and mutation), or of four (differential evolution).

EvoPrompt (arXiv 2309.08532) crosses and mutates in one question; CAPO (arXiv 2504.16005) asks twice and crosses demos.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.common import ParaphrasePrompt
from ...agents.asks.replies import PromptReply
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.prompt import Demo
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request
from ..algorithms.demo_sets import demos_with_reasoning
from ..algorithms.llm_helpers import deduplicate, rewrite_with_model, sample_items, task_description, with_instruction


class CrossPrompts(Ask[PromptReply]):
    """One prompt that has the best of two (the crossover of CAPO, arXiv 2504.16005)."""

    role = "student"
    skill = "cross"
    reply = PromptReply
    reads = {"failures": "errors"}
    task: str
    first: str
    second: str
    failures: tuple[Case, ...] = ()


class CrossAndMutate(Ask[PromptReply]):
    """Cross two prompts, then change the child, in one question (EvoPrompt GA, arXiv 2309.08532)."""

    role = "student"
    skill = "cross-mutate"
    reply = PromptReply
    reads = {"failures": "errors"}
    task: str
    first: str
    second: str
    failures: tuple[Case, ...] = ()


class StepByDifference(Ask[PromptReply]):
    """Change where two prompts differ, put it into the best one, cross with the base (EvoPrompt DE)."""

    role = "student"
    skill = "differential"
    reply = PromptReply
    reads = {"failures": "errors"}
    task: str
    base: str
    first: str
    second: str
    best: str
    failures: tuple[Case, ...] = ()


@dataclass(kw_only=True)
class Crossover:
    """Crosses the first two parents of the order; a single parent is paraphrased.

    Args:
        questions: 1 asks for crossover and mutation at once; 2 crosses first and paraphrases the child in a second
            question.
        shots: Largest demo set. If set, the child's demos are sampled from both parents', then one is added, one
            dropped, or neither, and their order is shuffled. Otherwise they stay the first parent's.
        failures: Failed examples shown.
    """

    name = "crossover"
    needs = NEEDS_NOTHING

    questions: int = 1
    shots: int | None = None
    failures: int = 4

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * max(1, self.questions)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        first, second = (request.parents * 2)[:2]
        text = await self._child(request, first.program.main.instruction, second.program.main.instruction, team)
        change = "crossed with another prompt and mutated" if first.id != second.id else "paraphrased"
        proposal = with_instruction(request, text, change) if text else None
        if self.shots is None:
            return deduplicate([proposal])
        rewritten = proposal is not None and not proposal.refusal
        program = proposal.program if proposal is not None else first.program
        demos = self._demos(request, self.shots)
        if program is first.program and tuple(demos) == first.program.main.demos:
            return deduplicate([proposal])
        rationale = f"{change}; {len(demos)} demos" if rewritten else f"{len(demos)} demos of both parents"
        return [Proposal(program=program.replace(program.main.with_(demos=tuple(demos))), rationale=rationale)]

    async def _child(self, request: Request, first: str, second: str, team: Team) -> str:
        """The instruction of the child; empty where no reply could be parsed."""
        if first.split() == second.split():
            reply = await team.act(ParaphrasePrompt(prompt=first)) if first.strip() else None
            return reply.prompt if reply else ""
        failures = sample_items(request.failures, self.failures, request.rng)
        kind = CrossAndMutate if self.questions < 2 else CrossPrompts
        crossed = await team.act(
            kind(task=task_description(request.task), first=first, second=second, failures=failures)
        )
        if crossed is None or self.questions < 2:
            return crossed.prompt if crossed else ""
        changed = await team.act(ParaphrasePrompt(prompt=crossed.prompt))
        return changed.prompt if changed else crossed.prompt

    def _demos(self, request: Request, most: int) -> list[Demo]:
        rng = request.rng
        sets = [parent.program.main.demos for parent in request.parents[:2]]
        union = list({demo.input: demo for demos in sets for demo in demos}.values())
        size = min(most, round(sum(len(demos) for demos in sets) / len(sets)), len(union))
        demos = rng.sample(union, size)
        move = rng.choice(("add", "drop", "keep"))
        fresh = [demo for demo in demos_with_reasoning(request) if demo.input not in {other.input for other in demos}]
        if move == "add" and len(demos) < most and fresh:
            demos.append(rng.choice(fresh))
        elif move == "drop" and demos:
            demos.pop(rng.randrange(len(demos)))
        rng.shuffle(demos)
        return demos


@dataclass(kw_only=True)
class DifferentialMutation:
    """Mutates where two prompts differ, applies it to the best, and crosses with the base.

    Parents come in this order: the base, two others, the best so far. The child is the base with another instruction.
    Where fewer parents come, the last one is repeated; a base alone is paraphrased.

    Args:
        failures: Failed examples of the base that are shown.
    """

    name = "differential"
    needs = NEEDS_NOTHING
    calls = CALLS_PER_ASK

    failures: int = 4

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        texts = [parent.program.main.instruction for parent in request.parents]
        base, first, second, best = (texts + texts[-1:] * 3)[:4]
        if len(set(texts)) == 1:
            return (
                await rewrite_with_model(request, team, ParaphrasePrompt(prompt=base), "paraphrased")
                if base.strip()
                else []
            )
        failures = sample_items(request.failures, self.failures, request.rng)
        ask = StepByDifference(
            task=task_description(request.task), base=base, first=first, second=second, best=best, failures=failures
        )
        rationale = "difference of two prompts mutated, applied to the best, crossed with the base"
        return await rewrite_with_model(request, team, ask, rationale)
