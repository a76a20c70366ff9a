"""From orders to candidates: operators propose side by side, the screen lets them in one by one."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.candidate import Candidate
from ...core.errors import BudgetSpent, RunFailed
from ...core.program import Program
from ...core.search_types import NewExample, Proposal, Request, WorkOrder
from ..candidate_guards import candidate_id, rejection_reason
from ..inputs.focus import for_prompt, restore_program
from ..inputs.generated_rows import join_rows
from ..inputs.operator_request import build_request
from ..run_context import RunContext, end_step
from ..state import BUDGET_SPENT, Draft, ProposeState, RunState


async def propose(session: RunContext, state: ProposeState) -> RunState:
    """One operator works on one order; many stand side by side."""
    order = WorkOrder.model_validate(state["order"])
    step, place = state["step"], state["place"]
    await emit_request_started(session, order, step, place)
    operator = session.config.operators[order.operator]
    try:
        found = await operator.propose(operator_request(session, state), session.writing_team(state, order.allowance))
    except BudgetSpent:
        return {"drafts": await store_drafts(session, [], order, step, place), "unpaid": [place]}
    proposals = [one for one in found if isinstance(one, Proposal)]
    made = [{"order": place, **one.model_dump(mode="json")} for one in found if isinstance(one, NewExample)]
    return {"drafts": await store_drafts(session, proposals, order, step, place), "rows": made}


async def emit_request_started(session: RunContext, order: WorkOrder, step: int, place: int) -> None:
    await session.emit("request_started", step, f"{place}", operator=order.operator, parents=list(order.parents))


def operator_request(session: RunContext, state: ProposeState) -> Request:
    """What the operator is told; of several prompts, the order's slot alone."""
    request = build_request(
        WorkOrder.model_validate(state["order"]),
        archive=session.archive(state["step"]),
        examples=session.examples,
        train=session.config.task.data.train,
        val=[example.id for example in session.config.task.data.val],
        task=session.task_brief(),
        labels=session.config.labels,
        hints=state["hints"],
        rules=[
            *((rule.when, rule.advice) for rule in session.config.task.rules),
            *((rule.when, rule.advice) for rule in session.store.rules(session.run, before_step=state["step"])),
        ],
        seed=session.config.seed,
        step=state["step"],
        place=state["place"],
        subtasks=session.config.task.subtasks,
    )
    return for_prompt(request)


async def store_drafts(
    session: RunContext, proposals: Sequence[Proposal], order: WorkOrder, step: int, place: int
) -> list[Draft]:
    """Programs go into the store; the state carries their ids."""
    if order.slot:
        proposals = restore_program(proposals, order.slot, session.archive(step)[order.parents[0]].program)
    await session.store.save_programs([proposal.program for proposal in proposals])
    await session.emit("request_finished", step, f"{place}", operator=order.operator, proposals=len(proposals))
    return [
        {
            "order": place,
            "place": number,
            "program": proposal.program.id,
            "parents": list(proposal.parents if proposal.parents is not None else order.parents),
            "operator": order.operator,
            "rationale": proposal.rationale[:2000],
        }
        for number, proposal in enumerate(proposals)
    ]


async def screen(session: RunContext, state: RunState) -> RunState:
    """Rows join, then drafts become candidates, in the order of the orders; guards and duplicates are refused with a
    reason."""
    step = state["step"]
    if brought := sorted(state.get("rows", []), key=lambda one: one["order"]):
        new = [
            NewExample.model_validate({key: value for key, value in one.items() if key != "order"}) for one in brought
        ]
        joined = await join_rows(session, new, step=step, room=session.build_search(state, "strategy").remaining_runs)
        state = {**state, "idle": 0 if joined else state["idle"]}
    setup = session.config
    archive = session.archive(step)
    entered: dict[str, Candidate] = {}
    refused: dict[str, Candidate] = {}
    for draft in sorted(state.get("drafts", []), key=lambda one: (one["order"], one["place"])):
        program = _load_program(session, draft["program"])
        name = candidate_id(program)
        if name in entered or name in archive:
            continue
        reason = rejection_reason(program, setup.task, archive)
        one = Candidate(
            id=name,
            program=program,
            parents=tuple(draft["parents"]),
            operator=draft["operator"],
            rationale=draft["rationale"],
            status="rejected" if reason else "racing",
            reason=reason,
            round=state["round"],
            step=step,
        )
        (refused if reason else entered)[name] = one
    made = [*entered.values(), *refused.values()]
    await session.store.save_candidates(session.run, made)
    for one in entered.values():
        await session.emit(
            "candidate_proposed", step, one.id, candidate=one.id, operator=one.operator, parents=list(one.parents)
        )
    for one in refused.values():
        await session.emit(
            "candidate_rejected", step, one.id, candidate=one.id, operator=one.operator, reason=one.reason
        )
    session.apply_results(step, [], made)
    pooling: RunState = {**state, "step": step + 1}
    search = session.build_search(pooling, "strategy")
    pool = list(setup.strategy.pool(search, list(entered)))
    if pool or not state["orders"]:
        pool = list(dict.fromkeys([*_unmeasured_edits(session, step + 1), *pool]))
    memory = {**state["memory"], "strategy": search.memory, "allocator": {}}
    ending = BUDGET_SPENT if state.get("unpaid") and not state.get("drafts") else state["ending"]
    update: RunState = {"new": list(entered), "pool": pool, "memory": memory, "ending": ending, "step": step}
    update["idle"] = 0 if entered else state["idle"]
    return end_step(session, state, update)


def _unmeasured_edits(session: RunContext, step: int) -> list[str]:
    """Prompts that a person wrote and nobody measured yet: every search has to look at them."""
    archive, val = session.archive(step), [example.id for example in session.config.task.data.val]
    return [one.id for one in archive.alive if one.operator == "person" and not archive.scores.count(one.id, val)]


def _load_program(session: RunContext, name: str) -> Program:
    program = session.store.program(name)
    if program is None:
        raise RunFailed(f"the program {name} is not in the store", remedy="the store was changed while the run went on")
    return program
