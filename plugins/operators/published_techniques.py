"""A prompt rewritten by published techniques, each a candidate of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ...agents.asks.prompt_parts import WritePart
from ...core.asks import CALLS_PER_ASK
from ...core.prompt import Prompt
from ...core.protocols import NEEDS_NOTHING, Team
from ...core.render import instruction_text
from ...core.search_types import Proposal, Request
from ..algorithms.llm_helpers import deduplicate, gather_all, task_description, user_guidance
from .technique_catalog import Technique, apply_technique, technique_catalog, techniques_by_name

_BRIEF_ANSWERS = ("label", "choice", "number", "regex")
_SHOWN = 4


@dataclass(kw_only=True)
class PublishedTechniques:
    """Applies techniques to the first parent's prompt; as many as the order counts, sampled where there are more.

    Programs that already have several prompts, and prompts of a larger program, only get techniques that fit in one
    prompt. A technique that reads mistakes needs failures.

    Args:
        names: Techniques of the data file; all if empty.
        room: Whether thinking before the answer is in the same call (`one`), in a call of its own (`two`), or in a call
            of its own where the task's answers are short (`auto`).
        authored: Whether to use techniques with slots that a model has to fill in.
    """

    name = "technique"
    needs = NEEDS_NOTHING

    names: Sequence[str] = ()
    room: Literal["one", "two", "auto"] = "auto"
    authored: bool = True

    @property
    def calls(self) -> int:
        return sum(CALLS_PER_ASK * len(technique_catalog()[name].slots) for name in self._selected_techniques)

    @property
    def _selected_techniques(self) -> list[str]:
        return [name for name in techniques_by_name(self.names) if self.authored or not technique_catalog()[name].slots]

    async def propose(self, request: Request, team: Team) -> Sequence[Proposal]:
        parent = request.parents[0]
        inside = bool(request.order.slot) or len(parent.program.prompts) > 1 or not request.task.chat
        fit = [name for name in self._selected_techniques if self._fits(technique_catalog()[name], request, inside)]
        sampled = fit if request.order.count >= len(fit) else request.rng.sample(fit, request.order.count)
        chosen = sorted(sampled, key=fit.index)
        proposals = await gather_all(self._apply_by_name(name, request, team, inside) for name in chosen)
        return deduplicate(proposals)

    def _fits(self, technique: Technique, request: Request, inside: bool) -> bool:
        return (technique.single_prompt or not inside) and (bool(request.failures) or not technique.mistakes)

    async def _apply_by_name(self, name: str, request: Request, team: Team, inside: bool) -> Proposal | None:
        technique, program = technique_catalog()[name], request.parents[0].program
        filled = await self._fill_slots(technique, program.main, request, team)
        if filled is None:
            return None
        values = {**filled, "task": task_description(request.task), "answer": request.task.answer.hint}
        brief_answers = request.task.answer.type in _BRIEF_ANSWERS
        apart = not inside and (self.room == "two" or (self.room == "auto" and brief_answers))
        changed = apply_technique(technique, program.main, values, apart=apart)
        if inside:
            changed = program.replace(changed.main)
        if changed.id == program.id:
            return None
        return Proposal(program=changed, rationale=f"{name} ({technique.cites})")

    async def _fill_slots(
        self, technique: Technique, prompt: Prompt, request: Request, team: Team
    ) -> dict[str, str] | None:
        """Slot → text, written one after the other; None if one could not be had."""
        filled: dict[str, str] = {}
        for slot, purpose in technique.slots.items():
            ask = WritePart(
                task=task_description(request.task),
                prompt=instruction_text(prompt),
                wanted=purpose,
                written=tuple(f"{other_slot}: {text}" for other_slot, text in filled.items()),
                failures=request.failures[:_SHOWN] if technique.mistakes else (),
                hints=user_guidance(request),
            )
            reply = await team.act(ask)
            if reply is None:
                return None
            filled[slot] = reply.text
        return filled
