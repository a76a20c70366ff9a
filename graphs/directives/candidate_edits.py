"""Pin, veto and edit: what a person does to candidates."""

from __future__ import annotations

from typing import Literal

from ...core.candidate import Candidate
from ...core.directives import Edit, Pin, Veto
from ...core.error_messages import closest_name
from ...core.lineage import Lineage
from ...core.prompt import Prompt
from ...core.render import template_values
from ...runtime.store import StatusChange
from ..candidate_guards import candidate_id, rejection_reason
from ..run_context import RunContext
from ..state import RunState
from .result import Boundary, DirectiveResult


async def pin(context: RunContext, directive: Pin, boundary: Boundary) -> DirectiveResult:
    candidate = context.archive(boundary.read_before)[directive.candidate]
    if candidate.status == "rejected":
        return DirectiveResult(refused=f"{candidate.id} was rejected by a guard: {candidate.reason}")
    return await _set_status(context, [candidate], "pinned", boundary)


async def veto(context: RunContext, directive: Veto, boundary: Boundary) -> DirectiveResult:
    """A candidate that a guard rejected stays rejected."""
    archive = context.archive(boundary.read_before)
    lineage = Lineage(archive.candidates.values())
    descendants = lineage.descendants(directive.candidate) if directive.branch else set()
    names = [name for name in archive.candidates if name == directive.candidate or name in descendants]
    vetoed = [archive[name] for name in names if archive[name].status != "rejected"]
    if not vetoed:
        return DirectiveResult(refused=f"{directive.candidate} was rejected by a guard already")
    return await _set_status(context, vetoed, "vetoed", boundary)


async def edit(context: RunContext, state: RunState, directive: Edit, boundary: Boundary) -> DirectiveResult:
    """A new candidate, written by the person; the guards hold for it as for any other."""
    archive, task = context.archive(boundary.read_before), context.config.task
    parent = archive[directive.candidate]
    if directive.slot and directive.slot not in parent.program.prompts:
        near = closest_name(directive.slot, parent.program.prompts)
        hint = f", but {near!r}" if near else ""
        return DirectiveResult(refused=f"the program has no prompt {directive.slot!r}{hint}")
    program = parent.program.replace(directive.prompt, directive.slot or None)
    name = candidate_id(program)
    before = archive.candidates.get(name)
    if before is not None and before.operator == "person" and before.step == boundary.write_step:
        return DirectiveResult(log_data={"candidates": [name]})  # this boundary made it, before a crash
    if reason := rejection_reason(program, task, archive) or _unknown_placeholder(directive.prompt, context):
        return DirectiveResult(refused=reason)
    candidate = Candidate(
        id=name,
        program=program,
        parents=(parent.id,),
        operator="person",
        rationale="edited by a person",
        status="racing",
        round=state["round"],
        step=boundary.write_step,
    )
    await context.store.save_candidates(context.run, [candidate])
    archive.add(candidate)
    await context.emit(
        "candidate_proposed",
        boundary.write_step,
        candidate.id,
        candidate=candidate.id,
        operator="person",
        parents=list(candidate.parents),
    )
    return DirectiveResult(log_data={"candidates": [candidate.id]})


async def _set_status(
    context: RunContext, candidates: list[Candidate], status: Literal["pinned", "vetoed"], boundary: Boundary
) -> DirectiveResult:
    archive = context.archive(boundary.read_before)
    changed = [candidate.model_copy(update={"status": status, "reason": "by a person"}) for candidate in candidates]
    changes = [
        StatusChange(candidate=candidate.id, step=boundary.write_step, status=status, reason=candidate.reason)
        for candidate in changed
    ]
    await context.store.save_status_changes(context.run, changes)
    for candidate in changed:
        archive.add(candidate)
    return DirectiveResult(log_data={"candidates": [candidate.id for candidate in changed]})


def _unknown_placeholder(prompt: Prompt, context: RunContext) -> str:
    """A placeholder that no example can fill would make every call fail."""
    fields = template_values(context.config.task.data.val[0])
    unknown = [name for name in prompt.placeholders if name not in fields]
    return f"it asks for {{{unknown[0]}}}, which no example has; write {{{{ }}}} for literal braces" if unknown else ""
