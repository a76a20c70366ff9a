"""Instructions grounded in the data, in demos and in a tip (the proposer of MIPRO, arXiv 2406.11695)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.replies import PromptReply, TextReply
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.protocols import NEEDS_LABELLED_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import (
    case_count,
    deduplicate,
    gather_all,
    main_instruction,
    sample_cases,
    sample_items,
    task_description,
    user_guidance,
    with_instruction,
)


class DescribeExamples(Ask[TextReply]):
    """What a data set is about, from some examples and the notes on earlier ones."""

    role = "planner"
    skill = "describe"
    reply = TextReply
    reads = {"rows": "rows"}
    task: str
    rows: tuple[Case, ...] = ()
    notes: str = ""


class ProposeGrounded(Ask[PromptReply]):
    """An instruction in view of a summary of the data, of examples that were answered well, and of one tip."""

    role = "student"
    skill = "grounded"
    reply = PromptReply
    reads = {"rows": "rows", "failures": "errors", "hints": "hints"}
    task: str
    prompt: str
    summary: str = ""
    rows: tuple[Case, ...] = ()
    failures: tuple[Case, ...] = ()
    tip: str = ""
    hints: tuple[str, ...] = ()


TIPS = {
    "none": "",
    "creative": "Do not be afraid of an unusual instruction.",
    "simple": "Keep the instruction short and plain.",
    "description": "Let the instruction say a lot that helps: what to look at and how to decide.",
    "high-stakes": "Tell the model what hangs on the right answer, in a situation where very much does.",
    "persona": "Tell the model who it is: somebody who is good at just this task.",
}

_SMALL_EXAMPLES = 3


@dataclass(kw_only=True)
class GroundedProposal:
    """Rewrites the first parent; each question shows the demos of one of the other parents.

    Args:
        count: Instructions; an order that wants some but fewer gets fewer.
        batches: Batches of train examples that the data summary is written from, one after the other.
        rows: Examples in a batch.
        tips: Tips by name; one is drawn for each instruction.
        failures: Failed examples of the first parent that are shown; the original shows none.
    """

    name = "grounded"
    needs = NEEDS_LABELLED_TRAIN

    count: int = 6
    batches: int = 2
    rows: int = 10
    tips: Sequence[str] = tuple(TIPS)
    failures: int = 0

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * (self.batches + self.count)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        rng, task = request.rng, task_description(request.task)
        count = self.count if request.order.count < 2 else min(self.count, request.order.count)
        summary = await self._summary(request, team)
        tips = [rng.choice(list(self.tips)) for _ in range(count)]
        examples = [self._visible_examples(request, index) for index in range(count)]
        wrong = [self._failed_cases(request) for _ in range(count)]
        asks = [
            ProposeGrounded(
                task=task,
                prompt=main_instruction(request),
                summary=summary,
                rows=rows,
                failures=failures,
                tip=TIPS.get(tip, tip),
                hints=user_guidance(request),
            )
            for tip, rows, failures in zip(tips, examples, wrong, strict=True)
        ]
        replies = await gather_all(team.act(ask) for ask in asks)
        proposals = [
            with_instruction(request, reply.prompt, f"grounded in the data; tip: {tip}")
            for tip, reply in zip(tips, replies, strict=True)
            if reply is not None
        ]
        return [
            proposal.model_copy(update={"parents": (request.parents[0].id,)}) for proposal in deduplicate(proposals)
        ]

    async def _summary(self, request: Request, team: Team) -> str:
        """The notes on the last batch that could be parsed."""
        notes, size = "", self.rows
        rows = sample_cases(request.train, self.batches * size, request.rng)
        for batch in (rows[at : at + size] for at in range(0, len(rows), size)):
            reply = await team.act(DescribeExamples(task=task_description(request.task), rows=batch, notes=notes))
            notes = reply.text if reply else notes
        return notes

    def _visible_examples(self, request: Request, index: int) -> tuple[Case, ...]:
        sets = [demos for parent in request.parents[1:] if (demos := parent.program.main.demos)]
        if not sets:
            failed = {case.input for case in request.failures}
            answered = [row for row in request.train if row.text not in failed]
            return sample_cases(answered, case_count(request, None, _SMALL_EXAMPLES), request.rng)
        return tuple(Case(input=demo.input, expected=demo.output) for demo in sets[index % len(sets)])

    def _failed_cases(self, request: Request) -> tuple[Case, ...]:
        return sample_items(request.failures, self.failures, request.rng)
