"""Edits of a system prompt that is built from components (SPRIG, arXiv 2410.14826)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from ...agents.asks.common import ParaphrasePrompt
from ...core.asks import CALLS_PER_ASK
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import UNCHANGED, deduplicate, gather_all, refused, with_literal_fields
from .components import components_of

Edit = Literal["add", "delete", "swap", "substitute"]


@dataclass(kw_only=True)
class ComponentEdits:
    """One edit per proposal: a component is added, deleted, swapped with another, or paraphrased.

    Each component is a line of the system prompt, below the baseline's own lines. The order's option `credit`
    (component → [sum of gains, count]) decides which component is added: the one with the highest upper confidence
    bound of the mean gain.

    Args:
        edits: Edits to draw from.
        categories: Categories of the corpus; all if empty.
        most: Components at once.
        asks: Paraphrases per order, at most.
        c: Exploration weight of the confidence bound.
    """

    name = "component-edits"
    needs = NEEDS_NOTHING

    edits: Sequence[Edit] = ("add", "delete", "swap", "substitute")
    categories: Sequence[str] = ()
    most: int = 10
    asks: int = 2
    c: float = 0.1

    def __post_init__(self) -> None:
        components_of(self.categories)

    @property
    def calls(self) -> int:
        return CALLS_PER_ASK * self.asks if "substitute" in self.edits else 0

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        """Draws everything before any model call, so that random draws do not depend on answers."""
        own, there = own_lines_and_components(request)
        ranked = self._rank_components(request, there)
        edits: list[tuple[list[str], str]] = []
        reworded: list[int] = []
        for _ in range(request.order.count):
            edit = self._draw(there, ranked, reworded, request.rng)
            if edit == "substitute":
                open_positions = [index for index in range(len(there)) if index not in reworded]
                reworded.append(request.rng.choice(open_positions))
            elif edit is not None:
                edits.append(_apply_edit(edit, there, ranked, request.rng))
        replies = await gather_all(team.act(ParaphrasePrompt(prompt=there[index])) for index in reworded)
        for index, reply in zip(reworded, replies, strict=True):
            # A component is a line, so a paraphrase becomes one.
            text = " ".join(with_literal_fields(request, reply.prompt).split()) if reply is not None else ""
            if text:
                edits.append(([*there[:index], text, *there[index + 1 :]], f"paraphrased: {text}"))
        prompt, program = request.parents[0].program.main, request.parents[0].program
        return deduplicate(
            Proposal(program=program.replace(prompt.with_(system="\n".join([*own, *lines]))), rationale=why)
            if lines != there
            else refused(request, UNCHANGED, rationale=why)
            for lines, why in edits
        )

    def _draw(self, there: Sequence[str], ranked: Sequence[str], reworded: Sequence[int], rng: Random) -> Edit | None:
        can: dict[Edit, bool] = {
            "add": bool(ranked) and len(there) < self.most,
            "delete": bool(there),
            "swap": len(there) > 1,
            "substitute": len(reworded) < min(self.asks, len(there)),
        }
        edits = [edit for edit in self.edits if can[edit]]
        return rng.choice(edits) if edits else None

    def _rank_components(self, request: Request, there: Sequence[str]) -> list[str]:
        """Absent components, most promising first; ties in random order."""
        credit: Mapping[str, Sequence[float]] = request.order.options.get("credit", {})
        total = sum(count for _, count in credit.values())

        def bound(component: str) -> float:
            gains, count = credit.get(component, (0.0, 0.0))
            return gains / (count + 1) + self.c * math.sqrt(math.log(total + 2) / (count + 1))

        absent = [component for component in components_of(self.categories) if component not in there]
        request.rng.shuffle(absent)
        return sorted(absent, key=lambda component: -bound(component))


def own_lines_and_components(request: Request) -> tuple[list[str], list[str]]:
    """The baseline's own lines of the system prompt, and the components below them."""
    parent = request.parents[0]
    start = request.ancestors[0] if request.ancestors else parent
    own = start.program.main.system.splitlines()
    lines = parent.program.main.system.splitlines()
    return (own, lines[len(own) :]) if lines[: len(own)] == own else (lines, [])


def _apply_edit(edit: Edit, there: Sequence[str], ranked: list[str], rng: Random) -> tuple[list[str], str]:
    lines = list(there)
    if edit == "add":
        # Removed from the list: the next proposal of the same order tries the next best.
        component = ranked.pop(0)
        lines.insert(rng.randint(0, len(lines)), component)
        return lines, f"added: {component}"
    if edit == "delete":
        gone = lines.pop(rng.randrange(len(lines)))
        return lines, f"deleted: {gone}"
    first, second = rng.sample(range(len(lines)), 2)
    lines[first], lines[second] = lines[second], lines[first]
    return lines, "two components swapped"
