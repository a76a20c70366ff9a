"""The node that ends a round: which candidates stay, which are dropped, and which is the best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.deployment import preferred_candidate
from ...core.protocols import Decision
from ...runtime.models.profile import profile_of
from ...runtime.store import StatusChange
from ..passes import better_of
from ..run_context import RunContext, end_step, ledger_summary
from ..score_events import emit_baseline, emit_best_changed
from ..state import RunState


async def select(context: RunContext, state: RunState) -> RunState:
    """Ask allocator and strategy for their decisions, record them, and announce a new best candidate."""
    step, config, pool = state["step"], context.config, state["pool"]
    allocator_search = context.build_search(state, "allocator")
    verdicts: Mapping[str, Decision] = config.allocator.tell(allocator_search, pool) if pool else {}
    search = context.build_search(state, "strategy")
    decisions = config.strategy.tell(search, pool, verdicts)
    await _record_decisions(context, step, decisions)
    await emit_baseline(context, step)
    best = config.strategy.final(search)
    if state.get("passes"):
        best = better_of(search, state["best"], best)
    price = profile_of(config.task.models.target).price
    best = preferred_candidate(context.archive(step + 1), best, search.val, config.options.prefer, price)
    if best != state["best"]:
        await emit_best_changed(context, step, context.archive(step + 1), best)
    remarks = {**allocator_search.remarks, **search.remarks}
    summary: dict[str, Any] = {
        "kept": sum(decision == "keep" for decision in decisions.values()),
        "dropped": sum(decision == "drop" for decision in decisions.values()),
        "ledger": ledger_summary(context),
        **({"remarks": remarks} if remarks else {}),
    }
    await context.emit("round_finished", step, round=state["round"], **summary)
    memory = {**state["memory"], "strategy": search.memory}
    update: RunState = {"best": best, "memory": memory, "step": step}
    if best != state["best"]:
        update["best_round"] = state["round"]
    return end_step(context, state, update)


async def _record_decisions(context: RunContext, step: int, decisions: Mapping[str, Decision]) -> None:
    """Change the status of each candidate that was decided on; what a person pinned or vetoed stays."""
    archive = context.archive(step)
    changed = []
    for name, decision in decisions.items():
        status = {"keep": "kept", "drop": "dropped", "undecided": "racing"}[decision]
        candidate = archive[name]
        if candidate.status not in (status, "pinned", "vetoed"):
            changed.append(candidate.model_copy(update={"status": status}))
    changes = [
        StatusChange(candidate=candidate.id, step=step, status=candidate.status, reason=candidate.reason)
        for candidate in changed
    ]
    await context.store.save_status_changes(context.run, changes)
    for candidate in changed:
        if candidate.status == "kept":
            await context.emit("candidate_kept", step, candidate.id, candidate=candidate.id)
        elif candidate.status == "dropped":
            await context.emit("candidate_dropped", step, candidate.id, candidate=candidate.id)
    context.apply_results(step, [], changed)
