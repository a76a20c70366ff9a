"""Phrases in front of the instruction, and demos with given outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...core.dataset import Example
from ...core.program import Program
from ...core.prompt import Demo
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import deduplicate
from .components import components_of


@dataclass(kw_only=True)
class PhrasePrefix:
    """One proposal per list of phrases, placed in front of the instruction.

    The order's option `phrases` holds the lists and `demos` the demos for all of them, as [example, output] pairs in
    order; without it the parent's demos stay. An order without phrases samples lists of `slots` phrases from the
    component corpus.

    Args:
        slots: Phrases in a list.
        categories: Categories of the corpus.
    """

    name = "prefix"
    needs = NEEDS_NOTHING
    calls = 0

    slots: int = 2
    categories: Sequence[str] = ("advice", "focus", "format")

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        options, program = request.order.options, request.parents[0].program
        corpus = components_of(self.categories)
        lists = options.get("phrases") or [request.rng.sample(corpus, self.slots) for _ in range(request.order.count)]
        programs = (with_phrase_prefix(program, phrases, options.get("demos"), request.examples) for phrases in lists)
        return deduplicate(
            Proposal(program=changed, rationale=f"prefix: {' '.join(phrases) or 'none'}")
            for changed, phrases in zip(programs, lists, strict=True)
            if changed.id != program.id
        )


def with_phrase_prefix(
    program: Program, phrases: Sequence[str], demos: Sequence[Sequence[Any]] | None, examples: Mapping[str, Example]
) -> Program:
    """The program with the distinct phrases in front of its main instruction; empty ones are skipped."""
    prompt = program.main
    front = " ".join(dict.fromkeys(phrase for phrase in phrases if phrase))
    changes: dict[str, Any] = {"instruction": f"{front} {prompt.instruction}" if front else prompt.instruction}
    if demos is not None:
        changes["demos"] = tuple(Demo(input=examples[row].text, output=output, source=row) for row, output in demos)
    return program.replace(prompt.with_(**changes))
