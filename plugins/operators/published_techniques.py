"""A prompt said by published techniques, each a candidate of its own (class C of the catalogue)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from ...agents.asks.prompt_parts import WritePart
from ...core.prompt import Prompt
from ...core.protocols import Need, Team
from ...core.render import instruction_text
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import CALLS_PER_ASK, deduplicate, gather_all, task_description, user_guidance
from .technique_catalog import Technique, apply_technique, technique_catalog, techniques_by_name

_BRIEF_ANSWERS = ("label", "choice", "number", "regex")
_SHOWN = 4


@dataclass(kw_only=True)
class PublishedTechniques:
    """Techniques by name, on the first parent's prompt; as many as the order counts, drawn where there are more.

    names: of the data file; all where none is named. room: whether thinking before the answer is written in the same
    call (`one`), in a call of its own (`two`), or where the task's answers are short in a call of its own (`auto`).
    authored: whether techniques are used that an author has to fill in. Programs that have several prompts already, and
    prompts of a larger program, are only told what fits in one prompt. One that reads mistakes needs failures.
    """

    names: Sequence[str] = ()
    room: Literal["one", "two", "auto"] = "auto"
    authored: bool = True
    name: str = field(default="technique", init=False)
    needs: frozenset[Need] = field(default=frozenset(), init=False)
    calls: int = field(init=False)

    def __post_init__(self) -> None:
        self.calls = sum(CALLS_PER_ASK * len(technique_catalog()[one].slots) for one in self._selected_techniques)

    @property
    def _selected_techniques(self) -> list[str]:
        return [one for one in techniques_by_name(self.names) if self.authored or not technique_catalog()[one].slots]

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent = request.parents[0]
        inside = bool(request.order.slot) or len(parent.program.prompts) > 1 or not request.task.chat
        fit = [one for one in self._selected_techniques if self._fits(technique_catalog()[one], request, inside)]
        drawn = fit if request.order.count >= len(fit) else request.rng.sample(fit, request.order.count)
        chosen = sorted(drawn, key=fit.index)
        made = await gather_all(self._apply_by_name(one, request, team, inside) for one in chosen)
        return deduplicate(made)

    def _fits(self, told: Technique, request: Request, inside: bool) -> bool:
        return (told.single_prompt or not inside) and (bool(request.failures) or not told.mistakes)

    async def _apply_by_name(self, name: str, request: Request, team: Team, inside: bool) -> Proposal | None:
        told, program = technique_catalog()[name], request.parents[0].program
        filled = await self._fill_slots(told, program.main, request, team)
        if filled is None:
            return None
        values = {**filled, "task": task_description(request.task), "answer": request.task.answer.hint}
        brief_answers = request.task.answer.type in _BRIEF_ANSWERS
        apart = not inside and (self.room == "two" or (self.room == "auto" and brief_answers))
        made = apply_technique(told, program.main, values, apart=apart)
        if inside:
            made = program.replace(made.main)
        if made.id == program.id:
            return None
        return Proposal(program=made, rationale=f"{name} ({told.cites})")

    async def _fill_slots(self, told: Technique, prompt: Prompt, request: Request, team: Team) -> dict[str, str] | None:
        """Slot → text, written one after the other; None where one could not be had."""
        filled: dict[str, str] = {}
        for slot, wanted in told.slots.items():
            ask = WritePart(
                task=task_description(request.task),
                prompt=instruction_text(prompt),
                wanted=wanted,
                written=tuple(f"{one}: {text}" for one, text in filled.items()),
                failures=request.failures[:_SHOWN] if told.mistakes else (),
                hints=user_guidance(request),
            )
            reply = await team.act(ask)
            if reply is None:
                return None
            filled[slot] = reply.text
        return filled
