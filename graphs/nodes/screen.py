"""The node where drafts become candidates, or are rejected with a reason."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.candidate import Candidate
from ...core.errors import RunFailed
from ...core.program import Program
from ...core.search_types import NewExample
from ..candidate_guards import DUPLICATE, candidate_id, rejection_reason
from ..inputs.generated_rows import join_rows
from ..run_context import RunContext, end_step
from ..state import BUDGET_SPENT, Draft, RunState


async def screen(context: RunContext, state: RunState) -> RunState:
    """Let new examples join, then let drafts enter in the order of the orders, then ask the strategy for the pool."""
    step, config = state["step"], context.config
    joined = await _join_new_examples(context, state)
    candidates, duplicates = _screened(context, state)
    await context.store.save_candidates(context.run, candidates)
    accepted = [candidate for candidate in candidates if candidate.status != "rejected"]
    for candidate in accepted:
        data = {"candidate": candidate.id, "operator": candidate.operator, "parents": list(candidate.parents)}
        await context.emit("candidate_proposed", step, candidate.id, **data)
    for candidate in candidates:
        if candidate.status == "rejected":
            data = {"candidate": candidate.id, "operator": candidate.operator, "reason": candidate.reason}
            await context.emit("candidate_rejected", step, candidate.id, **data)
    for draft, name in duplicates:
        # No `candidate`: the one of that id is in the archive, and its status stays.
        data = {"operator": draft["operator"], "parents": draft["parents"], "reason": DUPLICATE, "duplicate_of": name}
        await context.emit("candidate_rejected", step, f"duplicate/{draft['order']}/{draft['place']}", **data)
    context.apply_results(step, [], candidates)
    new = [candidate.id for candidate in accepted]
    search = context.build_search({**state, "step": step + 1}, "strategy")
    pool = list(config.strategy.pool(search, new))
    if pool or not state["orders"]:
        pool = list(dict.fromkeys([*_unmeasured_edits(context, step + 1), *pool]))
    update: RunState = {
        "new": new,
        "pool": pool,
        "memory": {**state["memory"], "strategy": search.memory, "allocator": {}},
        "ending": BUDGET_SPENT if state.get("unpaid") and not state.get("drafts") else state["ending"],
        "idle": 0 if new or joined else state["idle"],
        "step": step,
    }
    return end_step(context, state, update)


async def _join_new_examples(context: RunContext, state: RunState) -> bool:
    """Whether any of the examples that the orders returned joined."""
    rows = sorted(state.get("rows", []), key=lambda row: row["order"])
    if not rows:
        return False
    new = [NewExample.model_validate({key: value for key, value in row.items() if key != "order"}) for row in rows]
    return bool(await join_rows(context, new, step=state["step"], remaining_runs=context.remaining_runs(state)))


def _screened(context: RunContext, state: RunState) -> tuple[list[Candidate], list[tuple[Draft, str]]]:
    """The round's drafts as candidates, accepted ones first, and those that the archive or the round has already."""
    archive = context.archive(state["step"])
    accepted: dict[str, Candidate] = {}
    rejected: dict[str, Candidate] = {}
    duplicates: list[tuple[Draft, str]] = []
    for draft in _in_order(state.get("drafts", [])):
        program = _load_program(context, draft["program"])
        name = candidate_id(program)
        if name in accepted or name in rejected or name in archive:
            duplicates.append((draft, name))
            continue
        reason = rejection_reason(program, context.config.task, archive)
        candidate = Candidate(
            id=name,
            program=program,
            parents=tuple(draft["parents"]),
            operator=draft["operator"],
            rationale=draft["rationale"],
            status="rejected" if reason else "racing",
            reason=reason,
            round=state["round"],
            step=state["step"],
        )
        (rejected if reason else accepted)[name] = candidate
    return [*accepted.values(), *rejected.values()], duplicates


def _in_order(drafts: Sequence[Draft]) -> list[Draft]:
    """Orders finish in any order; candidates enter in the same one always."""
    return sorted(drafts, key=lambda draft: (draft["order"], draft["place"]))


def _unmeasured_edits(context: RunContext, step: int) -> list[str]:
    """Prompts that a person wrote and nobody measured yet: every search has to measure them."""
    archive, val = context.archive(step), [example.id for example in context.config.task.data.val]
    return [
        candidate.id
        for candidate in archive.alive
        if candidate.operator == "person" and not archive.scores.count(candidate.id, val)
    ]


def _load_program(context: RunContext, program_id: str) -> Program:
    program = context.store.program(program_id)
    if program is None:
        raise RunFailed(
            f"the program {program_id} is not in the store", remedy="the store was changed while the run went on"
        )
    return program
