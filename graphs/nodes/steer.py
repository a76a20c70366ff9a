"""The node where a person is heard: each directive that arrived is applied here, and the log says so."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from langgraph.types import interrupt

from ...core.directives import Approve, Pause, Resume, Stop
from ..directives.apply import STOPPED_BY_PERSON, apply_directive
from ..directives.pause import POLL_SECONDS, enter_pause
from ..directives.result import Boundary, DirectiveResult, record_directive
from ..run_context import RunContext, end_step
from ..score_events import emit_best_changed
from ..state import RunState
from .approval import approval_request, parse_answer


async def steer(session: RunContext, state: RunState) -> RunState:
    """Read what arrived since the last boundary. A pause lasts until resume or stop; nothing is in flight then.

    Where the run asks for approval, it waits here, before a round that costs, by an interrupt: whoever drives the graph
    answers it, and the node begins again from its first line. Before the first round no step is taken, so that a run
    that nobody steers is the same with and without this boundary.
    """
    first = state["round"] == 0
    place = Boundary(read_before=state["step"], write_step=state["step"] - first)
    update: RunState = {"step": state["step"], "directive": state["directive"]}
    began, since, waited = state, time.monotonic(), False
    session.restore_config(state)
    while True:
        paused = await apply_pending(session, began, update, place)
        now: RunState = {**began, **update}
        if not now["ending"] and paused:
            waited = True
            await enter_pause(session, state["step"], paused)
            await asyncio.sleep(POLL_SECONDS)
            continue
        asked = None if now["ending"] else approval_request(session, now, place)
        if asked is None:
            break
        most = f"{asked['round']}/{asked['target']}/{asked['optimizer']}"
        await session.emit("approval_asked", place.write_step, most, **asked)
        await session.store.update_run(session.run, state="paused")
        update.update(await _apply_answer(session, place, now, interrupt(asked)))
    if waited:
        session.started_at += time.monotonic() - since
    best = await _current_best(session, {**state, **update}, place)
    await session.store.update_run(session.run, state="running", best=best)
    update["best"] = best
    if first:
        return update
    return end_step(session, state, update)


async def apply_pending(session: RunContext, began: RunState, update: RunState, place: Boundary) -> int:
    """Apply what arrived; the number of the pause that holds the run, else 0."""
    paused = 0
    for number, directive in session.store.directives(session.run, after=began["directive"]):
        if isinstance(directive, Pause):
            paused = number
        elif isinstance(directive, Resume | Stop):
            paused = 0
        if number <= update["directive"]:
            continue
        update["directive"] = number
        outcome = await apply_directive(session, {**began, **update}, directive, place)
        update.update(outcome.update)
        await record_directive(session, place.write_step, number, directive, outcome)
    return paused


async def _apply_answer(session: RunContext, place: Boundary, state: RunState, answer: Any) -> RunState:
    """What the one who resumed the graph said; a directive that arrived is read by the next look."""
    verdict = parse_answer(answer)
    if verdict is None:
        return {}
    number = state["round"] + 1
    said: Approve | Stop = Approve() if verdict else Stop()
    told = {"directive": said.model_dump(mode="json"), "reason": "", "number": 0}
    await session.emit("directive_applied", place.write_step, f"resumed:{number}", **told)
    return {"approved": number} if verdict else {"ending": STOPPED_BY_PERSON}


async def _current_best(session: RunContext, state: RunState, place: Boundary) -> str:
    """Another one where a person took the best out of the race."""
    best, archive = state["best"], session.archive(place.read_before)
    if archive[best].status != "vetoed":
        return best
    best = session.config.strategy.final(session.build_search({**state, "step": place.read_before}, "strategy"))
    await emit_best_changed(session, place.write_step, archive, best)
    return best


async def refuse_late_directives(session: RunContext, state: RunState) -> None:
    """What arrived when the search was over changes nothing any more, and the log says so."""
    for number, directive in session.store.directives(session.run, after=state["directive"]):
        await record_directive(
            session,
            state["step"],
            number,
            directive,
            DirectiveResult(refused="the search was over before it was heard"),
        )
