"""The boundary where a person is heard: each directive is applied here, and the log says so."""

from __future__ import annotations

import asyncio
from typing import Any

from ..core.budget import Budget
from ..core.candidate import Candidate
from ..core.directives import ChangeBudget, Directive, Edit, Hint, Pause, Pin, Replan, Resume, Stop, Veto
from ..core.errors import TaskError
from ..core.lineage import Lineage
from ..runtime.store import Verdict
from .nodes import announce
from .screen import candidate_id, refusal
from .session import Session, close
from .state import SPENT, RunState

_POLL_SECONDS = 0.2


async def steer(session: Session, state: RunState) -> RunState:
    """Read what arrived since the last boundary. A pause lasts until resume or stop; nothing is in flight then."""
    step = state["step"]
    update: RunState = {"step": step, "directive": state["directive"]}
    paused = False
    while True:
        for number, directive in session.store.directives(session.run, after=update["directive"]):
            update["directive"] = number
            paused = (paused or isinstance(directive, Pause)) and not isinstance(directive, Resume | Stop)
            outcome = await _apply(session, {**state, **update}, directive, step)
            refused = outcome.pop("refused", "")
            update.update(outcome)  # type: ignore[typeddict-item]
            kind = "directive_refused" if refused else "directive_applied"
            told = directive.model_dump(mode="json", exclude={"prompt"})
            await session.emit(kind, step, f"{number}", directive=told, reason=refused, number=number)  # type: ignore[arg-type]
        if not paused:
            break
        await session.emit("run_paused", step)
        await session.store.update_run(session.run, state="paused")
        await asyncio.sleep(_POLL_SECONDS)
    best = state["best"]
    if session.archive(step)[best].status == "vetoed":
        best = session.setup.strategy.final(session.search({**state, **update}, "strategy"))
        await announce(session, step, session.archive(step), best)
    await session.store.update_run(session.run, state="running", best=best)
    return close(session, state, {**update, "best": best})


async def _apply(session: Session, state: RunState, directive: Directive, step: int) -> dict[str, Any]:
    """What the directive changes in the state; `refused` says why it changes nothing."""
    match directive:
        case Pause() | Resume():
            return {}
        case Stop():
            return {"ending": "a person stopped it", "report": directive.report}
        case Hint():
            return {"hints": [*state["hints"], directive.text]}
        case Replan():
            return {"plan": []}
        case ChangeBudget():
            return await _budget(session, state, directive.budget)
        case Pin() | Veto() | Edit() if directive.candidate not in session.archive(step):
            return {"refused": f"there is no candidate {directive.candidate}"}
        case Pin():
            return await _mark(session, [directive.candidate], "pinned", step)
        case Veto():
            below = Lineage(session.archive(step).candidates.values()).descendants(directive.candidate)
            names = [directive.candidate, *(sorted(below) if directive.branch else ())]
            return await _mark(session, names, "vetoed", step)
        case Edit():
            return await _edit(session, state, directive, step)
        case _:
            return {"refused": f"nothing in this recipe uses {directive.kind!r}"}


async def _budget(session: Session, state: RunState, budget: Budget) -> dict[str, Any]:
    try:
        budget.check()
    except TaskError as error:
        return {"refused": error.what}
    session.ledger.budget = budget
    session.setup.budget = budget
    await session.store.update_run(session.run, budget_json=budget.model_dump_json())
    more = {"ending": ""} if state["ending"] == SPENT else {}
    return {"budget": budget.model_dump(), **more}


async def _mark(session: Session, names: list[str], status: str, step: int) -> dict[str, Any]:
    archive = session.archive(step)
    changed = [archive[name].model_copy(update={"status": status, "reason": "by a person"}) for name in names]
    verdicts = [Verdict(candidate=one.id, step=step, status=one.status, reason=one.reason) for one in changed]
    await session.store.save_verdicts(session.run, verdicts)
    for one in changed:
        archive.add(one)
    return {}


async def _edit(session: Session, state: RunState, directive: Edit, step: int) -> dict[str, Any]:
    archive = session.archive(step)
    program = archive[directive.candidate].program.replace(directive.prompt)
    if reason := refusal(program, session.setup.task, archive):
        return {"refused": reason}
    one = Candidate(
        id=candidate_id(program),
        program=program,
        parents=(directive.candidate,),
        operator="person",
        rationale="edited by a person",
        status="racing",
        round=state["round"],
        step=step,
    )
    await session.store.save_candidates(session.run, [one])
    archive.add(one)
    await session.emit(
        "candidate_proposed", step, one.id, candidate=one.id, operator="person", parents=list(one.parents)
    )
    return {}
