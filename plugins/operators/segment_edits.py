"""PMPO (arXiv 2505.16307): prompts with a segment masked, and rewrites of a segment that helps little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...agents.asks.replies import TextReply
from ...core.asks import CALLS_PER_ASK, Ask, Case
from ...core.prompt import Prompt
from ...core.protocols import NEEDS_NOTHING, NEEDS_TRAIN, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import (
    UNCHANGED,
    deduplicate,
    field_refusal,
    gather_all,
    refused,
    task_description,
    user_guidance,
)
from ..algorithms.segments import Segment, replace_segment, split_segments, without_segment


class RewriteSegment(Ask[TextReply]):
    """Other words for the segment that helps least (PMPO, arXiv 2505.16307)."""

    role = "student"
    skill = "segment"
    reply = TextReply
    reads = {"failures": "errors", "hints": "hints"}
    task: str
    before: str = ""
    segment: str
    after: str = ""
    failures: tuple[Case, ...] = ()
    hints: tuple[str, ...] = ()


# More segments cost more measurements than small budgets have.
MAX_SEGMENTS = 8


def parent_segments(request: Request) -> list[Segment]:
    """The first parent's segments; the order's option `most` sets the number of segments."""
    return split_segments(request.parents[0].program.main, request.order.options.get("most", MAX_SEGMENTS))


class SegmentMask:
    """The first parent without one of its segments, for each of them: measuring shows what the segment is worth."""

    name = "mask"
    needs = NEEDS_NOTHING
    calls = 0

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        program = request.parents[0].program
        return deduplicate(
            Proposal(program=program.replace(masked), rationale=f"without: {segment.text}")
            for segment in parent_segments(request)
            if _has_content(masked := without_segment(program.main, segment))
        )


@dataclass(kw_only=True)
class SegmentRewrite:
    """Rewrites one segment; the rest stays.

    The order's option `segment` is the segment's position; without it a random one is rewritten.

    Args:
        variants: Proposals.
        errors: Failures shown, the first of the request's.
    """

    name = "segment"
    needs = NEEDS_TRAIN

    variants: int = 3
    errors: int = 3

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * self.variants

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        segments = parent_segments(request)
        if not segments:
            return []
        index = request.order.options.get("segment", request.rng.randrange(len(segments)))
        segment, prompt = segments[index], request.parents[0].program.main
        inside = segment.part == "instruction"
        ask = RewriteSegment(
            task=task_description(request.task),
            before=prompt.instruction[: segment.start].strip() if inside else prompt.instruction,
            segment=segment.text,
            after=prompt.instruction[segment.end :].strip() if inside else "",
            failures=request.failures[: self.errors],
            hints=user_guidance(request),
        )
        replies = await gather_all(team.act(ask) for _ in range(self.variants))
        return deduplicate(
            self._with_segment_text(request, segment, reply.text) for reply in replies if reply is not None
        )

    def _with_segment_text(self, request: Request, segment: Segment, text: str) -> Proposal:
        """Refused for text that is empty, changes nothing, or asks for a field."""
        text, program = text.strip().strip("\"'").strip(), request.parents[0].program
        why = f"{segment.text!r} replaced by {text!r}"
        if not text:
            return refused(request, "it is empty", text, why)
        if text.split() == segment.text.split():
            return refused(request, UNCHANGED, text, why)
        if refusal := field_refusal(request, text, "a segment"):
            return refused(request, refusal, text, why)
        return Proposal(program=program.replace(replace_segment(program.main, segment, text)), rationale=why)


def _has_content(prompt: Prompt) -> bool:
    return bool(prompt.instruction or prompt.sections or prompt.principles or prompt.demos)
