"""The node between rounds: arrived directives take effect here, and a run that asks for approval waits here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from langgraph.types import interrupt

from ...core.directives import Approve, Stop
from ...core.search_types import Search, WorkOrder
from ..directives.apply import STOPPED_BY_PERSON, apply_pending
from ..directives.pause import POLL_SECONDS, enter_pause
from ..directives.result import Boundary
from ..inputs.operator_request import sample_pairs
from ..passes import next_pass
from ..run_context import RunContext, end_step
from ..score_events import emit_best_changed
from ..state import RunState
from .plan import EXHAUSTED, is_schedule_over, stop_reason

# What a graph is resumed with where a directive arrived; checkpoints hold the text.
DIRECTIVE_ARRIVED = "a directive arrived"
# The planner asks once and may repair its reply once.
_PLAN_CALLS = 2


async def steer(context: RunContext, state: RunState) -> RunState:
    """Apply the directives that arrived since the last boundary. A pause lasts until resume or stop.

    Where the run asks for approval it interrupts here, before a round that spends calls. Whoever drives the graph
    answers the interrupt, and the node starts again from its first line. Before the first round no step is counted, so
    that a run nobody steers is the same with and without this node.
    """
    first = state["round"] == 0
    boundary = Boundary(read_before=state["step"], write_step=state["step"] - first)
    update: RunState = {"step": state["step"], "directive": state["directive"]}
    wait_start, waited = time.monotonic(), False
    context.restore_config(state)
    while True:
        pause = await apply_pending(context, state, update, boundary)
        current: RunState = {**state, **update}
        if not current["ending"] and pause:
            waited = True
            await enter_pause(context, state["step"], pause)
            await asyncio.sleep(POLL_SECONDS)
            continue
        request = None if current["ending"] else approval_request(context, current, boundary)
        if request is None:
            break
        subject = f"{request['round']}/{request['target']}/{request['optimizer']}"
        await context.emit("approval_asked", boundary.write_step, subject, **request)
        await context.store.update_run(context.run, state="paused")
        update.update(await _apply_answer(context, boundary, current, interrupt(request)))
    if waited:
        context.started_at += time.monotonic() - wait_start
    best = await _current_best(context, {**state, **update}, boundary)
    await context.store.update_run(context.run, state="running", best=best)
    update["best"] = best
    if first:
        return update
    return end_step(context, state, update)


def approval_request(context: RunContext, state: RunState, boundary: Boundary) -> dict[str, Any] | None:
    """The worst case of the next round. None where it spends nothing or a person approved it already.

    target, optimizer: the most calls of either. sealed: calls that the report at the end is sure to keep for itself.
    """
    config, number = context.config, state["round"] + 1
    if not config.options.approve or state["ending"] or state.get("approved", 0) >= number:
        return None
    planned: RunState = {**state, "step": boundary.read_before}
    current = context.build_search(planned, "strategy")
    ending = stop_reason(context, planned, current)
    orders = [] if ending else _orders_of_round(context, planned, current, boundary)
    if not orders and is_schedule_over(current, ending or EXHAUSTED):
        another, _ = next_pass(context, planned, current)
        if another is not None:
            ending, planned = "", {**planned, **another}
            current = context.build_search(planned, "strategy")
            orders = _orders_of_round(context, planned, current, boundary)
    if ending:
        return None
    planner = _PLAN_CALLS if config.recipe.planner and not state.get("plan") else 0
    optimizer_calls = planner + sum(config.operators[order.operator].calls for order in orders)
    measurements = _max_measurements(context, orders, current.val, boundary, number)
    return {
        "round": number,
        "target": min(current.remaining_runs, measurements),
        "optimizer": min(current.remaining_optimizer_calls, optimizer_calls),
        "sealed": 2 * state["sealed_rows"],
        "orders": [{"operator": order.operator, "parents": list(order.parents)} for order in orders],
        "directive": state["directive"],
    }


def _orders_of_round(context: RunContext, state: RunState, current: Search, boundary: Boundary) -> list[WorkOrder]:
    """What the strategy would order in the next round."""
    number = state["round"] + 1 - state.get("pass_round", 0)
    return list(context.config.strategy.ask(replace(current, round=number, step=boundary.write_step + 1)))


def parse_answer(answer: Any) -> bool | None:
    """What a resume value says: approve, stop, or None: look into the store, where a directive arrived."""
    if isinstance(answer, dict):
        answer = answer.get("approve", DIRECTIVE_ARRIVED)
    if answer in (True, "approve", "yes"):
        return True
    return False if answer in (False, "stop", "no") else None


def _max_measurements(
    context: RunContext, orders: Sequence[WorkOrder], val: tuple[str, ...], boundary: Boundary, number: int
) -> int:
    """Every unmeasured example of every active candidate, and of as many new ones as the orders can bring."""
    config, archive = context.config, context.archive(boundary.read_before)
    samples = sample_pairs(orders, archive, config.task.data.train, config.seed, number)
    new = sum(max(order.count, config.operators[order.operator].calls, 1) for order in orders)
    unmeasured = sum(len(val) - archive.scores.count(candidate.id, val) for candidate in archive.alive)
    calls_per_run = max(config.target.calls(candidate.program) for candidate in archive.candidates.values())
    return calls_per_run * (len(samples) + unmeasured + new * len(val))


async def _apply_answer(context: RunContext, boundary: Boundary, state: RunState, answer: Any) -> RunState:
    """Apply what the graph was resumed with. A directive that arrived is read by the next look into the store."""
    approved = parse_answer(answer)
    if approved is None:
        return {}
    number = state["round"] + 1
    directive: Approve | Stop = Approve() if approved else Stop()
    data = {"directive": directive.model_dump(mode="json"), "reason": "", "number": 0}
    await context.emit("directive_applied", boundary.write_step, f"resumed:{number}", **data)
    return {"approved": number} if approved else {"ending": STOPPED_BY_PERSON}


async def _current_best(context: RunContext, state: RunState, boundary: Boundary) -> str:
    """The best candidate; another one where a person vetoed it."""
    best, archive = state["best"], context.archive(boundary.read_before)
    if archive[best].status != "vetoed":
        return best
    search = context.build_search({**state, "step": boundary.read_before}, "strategy")
    best = context.config.strategy.final(search)
    await emit_best_changed(context, boundary.write_step, archive, best)
    return best
