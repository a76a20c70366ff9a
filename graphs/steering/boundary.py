"""The node where a person is heard: each directive that arrived is applied here, and the log says so."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from langgraph.types import interrupt

from ...core.directives import Approve, Pause, Resume, Stop
from ..announcing import announce
from ..session import Session, close
from ..state import RunState
from .apply import STOPPED, apply
from .approval import decided, question
from .outcome import Outcome, Place, say
from .pause import POLL_SECONDS, enter


async def steer(session: Session, state: RunState) -> RunState:
    """Read what arrived since the last boundary. A pause lasts until resume or stop; nothing is in flight then.

    Where the run asks for approval, it waits here, before a round that costs, by an interrupt: whoever drives the graph
    answers it, and the node begins again from its first line. Before the first round no step is taken, so that a run
    that nobody steers is the same with and without this boundary.
    """
    first = state["round"] == 0
    place = Place(step=state["step"], at=state["step"] - first)
    update: RunState = {"step": state["step"], "directive": state["directive"]}
    began, since, waited = state, time.monotonic(), False
    session.restore(state)
    while True:
        paused = await hear(session, began, update, place)
        now: RunState = {**began, **update}
        if not now["ending"] and paused:
            waited = True
            await enter(session, state["step"], paused)
            await asyncio.sleep(POLL_SECONDS)
            continue
        asked = None if now["ending"] else question(session, now, place)
        if asked is None:
            break
        most = f"{asked['round']}/{asked['target']}/{asked['optimizer']}"
        await session.emit("approval_asked", place.at, most, **asked)
        await session.store.update_run(session.run, state="paused")
        update.update(await _answered(session, place, now, interrupt(asked)))
    if waited:
        session.began += time.monotonic() - since
    best = await _leader(session, {**state, **update}, place)
    await session.store.update_run(session.run, state="running", best=best)
    update["best"] = best
    if first:
        return update
    return close(session, state, update)


async def hear(session: Session, began: RunState, update: RunState, place: Place) -> int:
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
        outcome = await apply(session, {**began, **update}, directive, place)
        update.update(outcome.update)
        await say(session, place.at, number, directive, outcome)
    return paused


async def _answered(session: Session, place: Place, state: RunState, answer: Any) -> RunState:
    """What the one who resumed the graph said; a directive that arrived is read by the next look."""
    verdict = decided(answer)
    if verdict is None:
        return {}
    number = state["round"] + 1
    said: Approve | Stop = Approve() if verdict else Stop()
    told = {"directive": said.model_dump(mode="json"), "reason": "", "number": 0}
    await session.emit("directive_applied", place.at, f"resumed:{number}", **told)
    return {"approved": number} if verdict else {"ending": STOPPED}


async def _leader(session: Session, state: RunState, place: Place) -> str:
    """Another one where a person took the best out of the race."""
    best, archive = state["best"], session.archive(place.step)
    if archive[best].status != "vetoed":
        return best
    best = session.setup.strategy.final(session.search({**state, "step": place.step}, "strategy"))
    await announce(session, place.at, archive, best)
    return best


async def refuse_the_rest(session: Session, state: RunState) -> None:
    """What arrived when the search was over changes nothing any more, and the log says so."""
    for number, directive in session.store.directives(session.run, after=state["directive"]):
        await say(session, state["step"], number, directive, Outcome(refused="the search was over before it was heard"))
