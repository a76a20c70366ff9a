"""PMPO (arXiv 2505.16307): prompts with a segment masked, and other words for a segment that helps little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.contracts import Need, Team
from ...core.dialogue.regional import RewriteSegment
from ...core.orders import Proposal, Request
from ...core.prompt import Prompt, placeholders_in
from ..segments import Segment, replaced, segments_of, without
from .rewording import ALWAYS_FREE, CALLS_PER_ASK, LONGER, about, distinct, hints_of, together

MOST = 8


def segments_in(request: Request) -> list[Segment]:
    """The first parent's segments; the order's option `most` says into how many the prompt is divided."""
    return segments_of(request.parents[0].program.main, request.order.options.get("most", MOST))


@dataclass(kw_only=True)
class Mask:
    """The first parent without one of its segments, for each of them: measured, it tells what the segment is worth."""

    name: str = field(default="mask", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=0, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        program = request.parents[0].program
        return distinct(
            Proposal(program=program.replace(masked), rationale=f"without: {segment.text}")
            for segment in segments_in(request)
            if _says_something(masked := without(program.main, segment))
        )


@dataclass(kw_only=True)
class SegmentRewrite:
    """Other words for one segment; all the rest stays.

    The order's option `segment` says which, by its place; without it one is drawn. variants: proposals. errors: rows
    shown, the first of the request's failures.
    """

    variants: int = 3
    errors: int = 3
    name: str = field(default="segment", init=False)
    needs: frozenset[Need] = field(default=frozenset({"train"}), init=False)
    calls: int = field(init=False)

    def __post_init__(self) -> None:
        self.calls = CALLS_PER_ASK * self.variants

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        segments = segments_in(request)
        if not segments:
            return []
        place = request.order.options.get("segment", request.rng.randrange(len(segments)))
        segment, prompt = segments[place], request.parents[0].program.main
        inside = segment.part == "instruction"
        ask = RewriteSegment(
            task=about(request.task),
            before=prompt.instruction[: segment.start].strip() if inside else prompt.instruction,
            segment=segment.text,
            after=prompt.instruction[segment.end :].strip() if inside else "",
            failures=request.failures[: self.errors],
            hints=hints_of(request),
        )
        replies = await together(team.act(ask) for _ in range(self.variants))
        return distinct(self._put(request, segment, reply.text) for reply in replies if reply is not None)

    def _put(self, request: Request, segment: Segment, text: str) -> Proposal | None:
        """None for words that change nothing, run on, or ask for a field."""
        text, program = text.strip().strip("\"'").strip(), request.parents[0].program
        words = len(text.split())
        if not words or placeholders_in(text) or text.split() == segment.text.split():
            return None
        if words > max(ALWAYS_FREE // 2, LONGER * len(segment.text.split())):
            return None
        changed = program.replace(replaced(program.main, segment, text))
        return Proposal(program=changed, rationale=f"{text!r} in place of {segment.text!r}")


def _says_something(prompt: Prompt) -> bool:
    return bool(prompt.instruction or prompt.sections or prompt.principles or prompt.demos)
