"""The node where a person decides duels: one at a time, blind, wherever the answer is given.

A duel that waits is an event with both outputs' names in it, and an interrupt of the graph. It is answered by the
directive `prefer` on the same two and row (the command line, the TUI), or by resuming the graph with a side.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from langgraph.types import interrupt

from ...core.directives import Prefer
from ...core.identity import seeded_random
from ...core.search_types import Duel
from ...runtime.store import PreferenceRow
from ..directives.pause import POLL_SECONDS, enter_pause
from ..directives.result import Boundary
from ..run_context import RunContext, end_step
from ..state import RunState
from .steer import apply_pending

_MARGINS = {"left": 1.0, "right": -1.0, "tie": 0.0}


async def consult(session: RunContext, state: RunState) -> RunState:
    """Wait until the first duel that `evaluate` left has a verdict, or the person ends the search. All other directives
    that arrive meanwhile take effect here as they do at any boundary.

    One duel a step: what a graph is resumed with is told again, by its place, when a node begins anew.
    """
    place = Boundary(read_before=state["step"], write_step=state["step"])
    update: RunState = {"step": state["step"], "directive": state["directive"]}
    since, waited = time.monotonic(), False
    session.restore_config(state)
    while True:
        paused = await apply_pending(session, state, update, place)
        now: RunState = {**state, **update}
        if now["ending"]:
            break
        if paused:
            waited = True
            await enter_pause(session, state["step"], paused)
            await asyncio.sleep(POLL_SECONDS)
            continue
        duel = Duel(**state["waiting"][0])
        if _is_decided(session, duel, place):
            break
        asked = _duel_question(session, duel, now)
        subject = f"{duel.first}/{duel.second}/{duel.example}/{duel.number}"
        told = {key: asked[key] for key in ("first", "second", "example", "number", "swapped")}
        await session.emit("duel_asked", place.write_step, subject, **told)
        await session.store.update_run(session.run, state="paused")
        await _store_answer(session, duel, asked, place, interrupt(asked))
    if waited:
        session.started_at += time.monotonic() - since
    await session.store.update_run(session.run, state="running")
    update["waiting"] = state["waiting"][1:]
    return end_step(session, state, update)


def is_swapped(duel: Duel) -> bool:
    """Whether the second output stands on the left: by a hash, so that neither side speaks for a candidate."""
    return seeded_random(duel.number, "side", duel.first, duel.second, duel.example).random() < 0.5


def _is_decided(session: RunContext, duel: Duel, place: Boundary) -> bool:
    """Whether it has a verdict by now, or one of the two was taken out."""
    both = {duel.first, duel.second}
    if any(session.archive(place.read_before)[name].status == "vetoed" for name in both):
        return True
    told = session.store.preferences(session.run, before_step=place.write_step + 1)
    return sum({one.a, one.b} == both and one.example == duel.example for one in told) > duel.number


def _duel_question(session: RunContext, duel: Duel, state: RunState) -> dict[str, Any]:
    """What is shown to whoever drives the graph: the input, both outputs without names, and how to answer."""
    archive, turned = session.archive(state["step"]), is_swapped(duel)
    first, second = archive.result_of(duel.first, duel.example), archive.result_of(duel.second, duel.example)
    assert first is not None
    assert second is not None
    left, right = (second, first) if turned else (first, second)
    return {
        "question": "which output is better?",
        "answers": [*_MARGINS],
        "task": session.task_brief().description,
        "input": session.examples[duel.example].text,
        "left": left.output,
        "right": right.output,
        "first": duel.first,
        "second": duel.second,
        "example": duel.example,
        "number": duel.number,
        "swapped": turned,
        "directive": state["directive"],
    }


async def _store_answer(session: RunContext, duel: Duel, asked: dict[str, Any], place: Boundary, answer: Any) -> None:
    """A side, or a margin in [-1, 1] for the left one. Anything else says that a directive arrived."""
    said = answer.get("prefer") if isinstance(answer, dict) else answer
    margin = _MARGINS.get(said) if isinstance(said, str) else said
    if isinstance(margin, bool) or not isinstance(margin, int | float) or not -1 <= margin <= 1:
        return
    margin = float(-margin if asked["swapped"] else margin)
    row = PreferenceRow(
        a=duel.first, b=duel.second, example=duel.example, margin=margin, step=place.write_step, number=duel.number
    )
    await session.store.save_preferences(session.run, [row])
    prefer = Prefer(a=duel.first, b=duel.second, margin=margin, example=duel.example)
    subject = f"resumed:{duel.first}/{duel.second}/{duel.example}/{duel.number}"
    told = {"directive": prefer.model_dump(mode="json"), "reason": "", "number": 0}
    await session.emit("directive_applied", place.write_step, subject, **told)
