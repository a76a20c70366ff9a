"""The node where a person decides duels: one at a time, blind, wherever the answer is given.

A waiting duel is an event with both candidates in it, and an interrupt of the graph. It is answered by the directive
`prefer` on the same two candidates and example (command line, TUI), or by resuming the graph with a side.
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
from ..directives.apply import apply_pending
from ..directives.pause import POLL_SECONDS, enter_pause
from ..directives.result import Boundary
from ..run_context import RunContext, end_step
from ..state import RunState

_MARGINS = {"left": 1.0, "right": -1.0, "tie": 0.0}


async def human_duel(context: RunContext, state: RunState) -> RunState:
    """Wait until the first waiting duel is decided, or the person ends the search. All other directives that arrive
    meanwhile take effect here as at any boundary.

    One duel a step: a node that starts again gets the values it was resumed with again, by their position.
    """
    boundary = Boundary(read_before=state["step"], write_step=state["step"])
    update: RunState = {"step": state["step"], "directive": state["directive"]}
    wait_start, waited = time.monotonic(), False
    context.restore_config(state)
    while True:
        pause = await apply_pending(context, state, update, boundary)
        current: RunState = {**state, **update}
        if current["ending"]:
            break
        if pause:
            waited = True
            await enter_pause(context, state["step"], pause)
            await asyncio.sleep(POLL_SECONDS)
            continue
        duel = Duel(**state["waiting"][0])
        if _is_decided(context, duel, boundary):
            break
        question = _duel_question(context, duel, current)
        data = {key: question[key] for key in ("first", "second", "example", "number", "swapped")}
        await context.emit("duel_asked", boundary.write_step, _subject(duel), **data)
        await context.store.update_run(context.run, state="paused")
        await _store_answer(context, duel, interrupt(question), boundary, swapped=question["swapped"])
    if waited:
        context.started_at += time.monotonic() - wait_start
    await context.store.update_run(context.run, state="running")
    update["waiting"] = state["waiting"][1:]
    return end_step(context, state, update)


def is_swapped(duel: Duel) -> bool:
    """Whether the second output stands on the left: by a hash, so that a side says nothing about the candidate."""
    return seeded_random(duel.number, "side", duel.first, duel.second, duel.example).random() < 0.5


def _subject(duel: Duel) -> str:
    return f"{duel.first}/{duel.second}/{duel.example}/{duel.number}"


def _is_decided(context: RunContext, duel: Duel, boundary: Boundary) -> bool:
    """Whether the duel has an answer by now, or one of its candidates was vetoed."""
    both = {duel.first, duel.second}
    archive = context.archive(boundary.read_before)
    if any(archive[name].status == "vetoed" for name in both):
        return True
    preferences = context.store.preferences(context.run, before_step=boundary.write_step + 1)
    answers = sum({row.a, row.b} == both and row.example == duel.example for row in preferences)
    return answers > duel.number


def _duel_question(context: RunContext, duel: Duel, state: RunState) -> dict[str, Any]:
    """What whoever drives the graph sees: the input, both outputs without names, and how to answer."""
    archive, swapped = context.archive(state["step"]), is_swapped(duel)
    first = archive.result_of(duel.first, duel.example)
    second = archive.result_of(duel.second, duel.example)
    assert first is not None
    assert second is not None
    left, right = (second, first) if swapped else (first, second)
    return {
        "question": "which output is better?",
        "answers": [*_MARGINS],
        "task": context.task_brief().description,
        "input": context.examples[duel.example].text,
        "left": left.output,
        "right": right.output,
        "first": duel.first,
        "second": duel.second,
        "example": duel.example,
        "number": duel.number,
        "swapped": swapped,
        "directive": state["directive"],
    }


async def _store_answer(context: RunContext, duel: Duel, answer: Any, boundary: Boundary, *, swapped: bool) -> None:
    """A side, or a margin in [-1, 1] for the left one. Anything else says that a directive arrived."""
    choice = answer.get("prefer") if isinstance(answer, dict) else answer
    margin = _MARGINS.get(choice) if isinstance(choice, str) else choice
    if isinstance(margin, bool) or not isinstance(margin, int | float) or not -1 <= margin <= 1:
        return
    margin = float(-margin if swapped else margin)
    row = PreferenceRow(
        a=duel.first,
        b=duel.second,
        example=duel.example,
        margin=margin,
        step=boundary.write_step,
        number=duel.number,
    )
    await context.store.save_preferences(context.run, [row])
    prefer = Prefer(a=duel.first, b=duel.second, margin=margin, example=duel.example)
    data = {"directive": prefer.model_dump(mode="json"), "reason": "", "number": 0}
    await context.emit("directive_applied", boundary.write_step, f"resumed:{_subject(duel)}", **data)
