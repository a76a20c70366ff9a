"""Phrases in front of the instruction, and demos whose outputs need not be the rows' own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...core.dataset import Example
from ...core.program import Program
from ...core.prompt import Demo
from ...core.protocols import Need, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import deduplicate
from .components import components_of


@dataclass(kw_only=True)
class PhrasePrefix:
    """One proposal for each list of phrases in the order's option `phrases`, all with the demos of its option `demos`:
    [row, output] each, in their order; without that option the parent's stay.

    An order without phrases draws lists of `slots` from the corpus of components, of these categories.
    """

    slots: int = 2
    categories: Sequence[str] = ("advice", "focus", "format")
    name: str = field(default="prefix", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(default=0, init=False)

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        told, program = request.order.options, request.parents[0].program
        corpus = components_of(self.categories)
        lists = told.get("phrases") or [request.rng.sample(corpus, self.slots) for _ in range(request.order.count)]
        made = (with_phrase_prefix(program, phrases, told.get("demos"), request.examples) for phrases in lists)
        return deduplicate(
            Proposal(program=one, rationale=f"in front: {' '.join(phrases) or 'nothing'}")
            for one, phrases in zip(made, lists, strict=True)
            if one.id != program.id
        )


def with_phrase_prefix(
    program: Program, phrases: Sequence[str], demos: Sequence[Sequence[Any]] | None, examples: Mapping[str, Example]
) -> Program:
    """The program with the phrases, each once, in front of its main instruction; empty ones leave no trace."""
    prompt = program.main
    front = " ".join(dict.fromkeys(one for one in phrases if one))
    changes: dict[str, Any] = {"instruction": f"{front} {prompt.instruction}" if front else prompt.instruction}
    if demos is not None:
        changes["demos"] = tuple(Demo(input=examples[row].text, output=said, source=row) for row, said in demos)
    return program.replace(prompt.with_(**changes))
