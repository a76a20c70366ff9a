"""Pin, veto, edit: what a person does to candidates."""

from __future__ import annotations

from typing import Literal

from ...core.candidate import Candidate
from ...core.directives import Edit, Pin, Veto
from ...core.lineage import Lineage
from ...core.naming import closest
from ...core.prompt import Prompt
from ...runtime.store import Verdict
from ..screen import candidate_id, refusal
from ..session import Session
from ..state import RunState
from .outcome import Outcome, Place


async def pin(session: Session, directive: Pin, place: Place) -> Outcome:
    one = session.archive(place.step)[directive.candidate]
    if one.status == "rejected":
        return Outcome(refused=f"{one.id} was rejected by a guard: {one.reason}")
    return await _mark(session, [one], "pinned", place)


async def veto(session: Session, directive: Veto, place: Place) -> Outcome:
    """What a guard rejected stays rejected."""
    archive = session.archive(place.step)
    below = Lineage(archive.candidates.values()).descendants(directive.candidate) if directive.branch else set()
    names = [name for name in archive.candidates if name == directive.candidate or name in below]
    marked = [archive[name] for name in names if archive[name].status != "rejected"]
    if not marked:
        return Outcome(refused=f"{directive.candidate} was rejected by a guard already")
    return await _mark(session, marked, "vetoed", place)


async def edit(session: Session, state: RunState, directive: Edit, place: Place) -> Outcome:
    """A candidate of its own, made by the person; the guards hold for it as for any other."""
    archive, task = session.archive(place.step), session.setup.task
    parent = archive[directive.candidate]
    if directive.slot and directive.slot not in parent.program.prompts:
        near = closest(directive.slot, parent.program.prompts)
        return Outcome(refused=f"the program has no prompt {directive.slot!r}" + (f", but {near!r}" if near else ""))
    program = parent.program.replace(directive.prompt, directive.slot or None)
    name = candidate_id(program)
    before = archive.candidates.get(name)
    if before is not None and before.operator == "person" and before.step == place.at:
        return Outcome(told={"candidates": [name]})  # this boundary made it, before a crash
    if reason := refusal(program, task, archive) or _strange(directive.prompt, session):
        return Outcome(refused=reason)
    one = Candidate(
        id=name,
        program=program,
        parents=(parent.id,),
        operator="person",
        rationale="edited by a person",
        status="racing",
        round=state["round"],
        step=place.at,
    )
    await session.store.save_candidates(session.run, [one])
    archive.add(one)
    await session.emit(
        "candidate_proposed", place.at, one.id, candidate=one.id, operator="person", parents=list(one.parents)
    )
    return Outcome(told={"candidates": [one.id]})


async def _mark(
    session: Session, marked: list[Candidate], status: Literal["pinned", "vetoed"], place: Place
) -> Outcome:
    archive = session.archive(place.step)
    changed = [one.model_copy(update={"status": status, "reason": "by a person"}) for one in marked]
    verdicts = [Verdict(candidate=one.id, step=place.at, status=status, reason=one.reason) for one in changed]
    await session.store.save_verdicts(session.run, verdicts)
    for one in changed:
        archive.add(one)
    return Outcome(told={"candidates": [one.id for one in changed]})


def _strange(prompt: Prompt, session: Session) -> str:
    """A placeholder that no row can fill would make every call fail."""
    from ...core.render import values_of

    known = values_of(session.setup.task.data.val[0])
    strange = [name for name in prompt.placeholders if name not in known]
    return f"it asks for {{{strange[0]}}}, which no row brings; write {{{{ }}}} for literal braces" if strange else ""
