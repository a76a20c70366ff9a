"""Pin, veto, edit: what a person does to candidates."""

from __future__ import annotations

from typing import Literal

from ...core.candidate import Candidate
from ...core.directives import Edit, Pin, Veto
from ...core.lineage import Lineage
from ...core.prompt import Prompt
from ...core.suggest import closest_name
from ...runtime.store import StatusChange
from ..candidate_guards import candidate_id, rejection_reason
from ..run_context import RunContext
from ..state import RunState
from .result import Boundary, DirectiveResult


async def pin(session: RunContext, directive: Pin, place: Boundary) -> DirectiveResult:
    one = session.archive(place.read_before)[directive.candidate]
    if one.status == "rejected":
        return DirectiveResult(refused=f"{one.id} was rejected by a guard: {one.reason}")
    return await _set_status(session, [one], "pinned", place)


async def veto(session: RunContext, directive: Veto, place: Boundary) -> DirectiveResult:
    """What a guard rejected stays rejected."""
    archive = session.archive(place.read_before)
    below = Lineage(archive.candidates.values()).descendants(directive.candidate) if directive.branch else set()
    names = [name for name in archive.candidates if name == directive.candidate or name in below]
    marked = [archive[name] for name in names if archive[name].status != "rejected"]
    if not marked:
        return DirectiveResult(refused=f"{directive.candidate} was rejected by a guard already")
    return await _set_status(session, marked, "vetoed", place)


async def edit(session: RunContext, state: RunState, directive: Edit, place: Boundary) -> DirectiveResult:
    """A candidate of its own, made by the person; the guards hold for it as for any other."""
    archive, task = session.archive(place.read_before), session.config.task
    parent = archive[directive.candidate]
    if directive.slot and directive.slot not in parent.program.prompts:
        near = closest_name(directive.slot, parent.program.prompts)
        return DirectiveResult(
            refused=f"the program has no prompt {directive.slot!r}" + (f", but {near!r}" if near else "")
        )
    program = parent.program.replace(directive.prompt, directive.slot or None)
    name = candidate_id(program)
    before = archive.candidates.get(name)
    if before is not None and before.operator == "person" and before.step == place.write_step:
        return DirectiveResult(log_data={"candidates": [name]})  # this boundary made it, before a crash
    if reason := rejection_reason(program, task, archive) or _unknown_placeholder(directive.prompt, session):
        return DirectiveResult(refused=reason)
    one = Candidate(
        id=name,
        program=program,
        parents=(parent.id,),
        operator="person",
        rationale="edited by a person",
        status="racing",
        round=state["round"],
        step=place.write_step,
    )
    await session.store.save_candidates(session.run, [one])
    archive.add(one)
    await session.emit(
        "candidate_proposed", place.write_step, one.id, candidate=one.id, operator="person", parents=list(one.parents)
    )
    return DirectiveResult(log_data={"candidates": [one.id]})


async def _set_status(
    session: RunContext, marked: list[Candidate], status: Literal["pinned", "vetoed"], place: Boundary
) -> DirectiveResult:
    archive = session.archive(place.read_before)
    changed = [one.model_copy(update={"status": status, "reason": "by a person"}) for one in marked]
    verdicts = [
        StatusChange(candidate=one.id, step=place.write_step, status=status, reason=one.reason) for one in changed
    ]
    await session.store.save_status_changes(session.run, verdicts)
    for one in changed:
        archive.add(one)
    return DirectiveResult(log_data={"candidates": [one.id for one in changed]})


def _unknown_placeholder(prompt: Prompt, session: RunContext) -> str:
    """A placeholder that no row can fill would make every call fail."""
    from ...core.render import template_values

    known = template_values(session.config.task.data.val[0])
    strange = [name for name in prompt.placeholders if name not in known]
    return f"it asks for {{{strange[0]}}}, which no example has; write {{{{ }}}} for literal braces" if strange else ""
