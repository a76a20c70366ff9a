"""Approve before paying: what the next round can take at most, told before it takes anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...core.search_types import WorkOrder
from ..directives.result import Boundary
from ..inputs.operator_request import sample_pairs
from ..run_context import RunContext
from ..state import RunState
from .search_nodes import stop_reason

DIRECTIVE_ARRIVED = "a directive arrived"
_PLAN_CALLS = 2


def approval_request(session: RunContext, state: RunState, place: Boundary) -> dict[str, Any] | None:
    """The worst case of the next round, None where none would be paid for or a person approved it already.

    target, optimizer: the most calls of either. sealed: calls that the report at the end is sure to keep for itself.
    """
    setup, number = session.config, state["round"] + 1
    if not setup.approve or state["ending"] or state.get("approved", 0) >= number:
        return None
    here = session.build_search({**state, "step": place.read_before}, "strategy")
    if stop_reason(session, state, here.remaining_runs):
        return None
    search = replace(here, round=number, step=place.write_step + 1)
    orders = list(setup.strategy.ask(search))
    planner = _PLAN_CALLS if setup.recipe.planner and not state.get("plan") else 0
    authors = planner + sum(setup.operators[order.operator].calls for order in orders)
    return {
        "round": number,
        "target": min(here.remaining_runs, _max_measurements(session, orders, here.val, place, number)),
        "optimizer": min(here.remaining_optimizer_calls, authors),
        "sealed": 2 * state["sealed_rows"],
        "orders": [{"operator": order.operator, "parents": list(order.parents)} for order in orders],
        "directive": state["directive"],
    }


def parse_answer(answer: Any) -> bool | None:
    """What a resume value says: go on, do not, or look into the store where a directive arrived."""
    if isinstance(answer, dict):
        answer = answer.get("approve", DIRECTIVE_ARRIVED)
    if answer in (True, "approve", "yes"):
        return True
    return False if answer in (False, "stop", "no") else None


def _max_measurements(
    session: RunContext, orders: list[WorkOrder], val: tuple[str, ...], place: Boundary, number: int
) -> int:
    """Every row that is unknown of any candidate in the race, for as many newcomers as the orders can bring."""
    setup, archive = session.config, session.archive(place.read_before)
    shown = sample_pairs(orders, archive, setup.task.data.train, setup.seed, number)
    new = sum(max(order.count, setup.operators[order.operator].calls, 1) for order in orders)
    unknown = sum(len(val) - archive.scores.count(one.id, val) for one in archive.alive)
    each = max(setup.target.calls(one.program) for one in archive.candidates.values())
    return each * (len(shown) + unknown + new * len(val))
