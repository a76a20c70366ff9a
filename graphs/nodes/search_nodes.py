"""The nodes of the state machine: each reads the state, does one thing, and says so in the log.

A node that is run again after a crash does the same again: it decides from the archive before its own step and from
the account at the end of the last one, its calls are in the cache, and its writes replace themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ...core.asks import CALLS_PER_ASK
from ...core.budget import fair_shares
from ...core.candidate import Candidate
from ...core.dataset import SPLITS
from ...core.protocols import Decision
from ...core.score import Evaluation, Response
from ...core.search_types import Duel, Measurement, Search, WorkOrder
from ...runtime.store import StatusChange
from ..candidate_guards import candidate_id
from ..directives.pause import stop_requested, wait_while_paused
from ..inputs.drafting import draft_dataset
from ..inputs.fork import load_parent, redirect_orders
from ..inputs.operator_request import sample_pairs
from ..inputs.prompt_selection import assign_prompts
from ..measuring.duels import affordable_duels, human_duels, judge_duels, missing_outputs, unjudged_duels
from ..measuring.measure import affordable_pairs, measure_pairs
from ..preflight import held_out_count, preflight
from ..run_context import RunContext, end_step, ledger_summary
from ..score_events import emit_baseline, emit_best_changed
from ..state import BUDGET_SPENT, TIME_UP, RunState
from .planner import make_plan

# A batch is told in slices, so that whoever watches a slow model sees it move.
_PROGRESS_SLICE = 24

_EXHAUSTED = "the recipe has nothing more to propose"
_ROUNDS_DONE = "the recipe's rounds are done"
_MAX_IDLE_ROUNDS = 10


async def prepare(session: RunContext, state: RunState) -> RunState:
    """Check what can be checked without spending, and enter the start prompt as the first candidate. Where the task has
    no row at all, rows are drafted in between."""
    step = 1
    await preflight(session)
    if session.config.task.data.empty:
        await draft_dataset(session, step)
    setup = session.config
    task = setup.task
    rows = [(split, example) for split in SPLITS for example in task.data[split]]
    await session.store.save_examples(session.run, rows)
    start = Candidate(
        id=candidate_id(task.program),
        program=task.program,
        operator="start",
        rationale="as the user wrote it",
        step=step,
    )
    forked = [] if setup.origin is None else [load_parent(session.store, setup.origin)]
    begun_with = [start, *(one for one in forked if one.id != start.id)]
    await session.store.save_candidates(session.run, begun_with)
    held = held_out_count(setup)
    session.ledger.reserve_for_test(held * setup.calls_per_test_example)
    session.apply_results(step, [], begun_with)
    await session.emit(
        "run_started",
        step,
        task=task.name,
        recipe=setup.recipe.name,
        seed=setup.seed,
        target=task.models.target.id,
        optimizer=task.models.optimizer.id,
        budget=setup.budget.model_dump(exclude_none=True),
        train=len(task.data.train),
        val=len(task.data.val),
        test=len(task.data.test),
        sealed=held,
        origin=setup.origin.model_dump() if setup.origin else None,
    )
    for one in begun_with[1:]:
        await session.emit(
            "candidate_proposed",
            step,
            one.id,
            candidate=one.id,
            operator=one.operator,
            parents=[],
            rationale=one.rationale,
        )
    begun: RunState = {
        "run": session.run,
        "round": 0,
        "plan": [],
        "memory": {},
        "hints": [],
        "directive": 0,
        "approved": 0,
        "sealed_rows": held,
        "best": start.id,
        "ending": "",
        "report": True,
        "budget": setup.budget.model_dump(),
    }
    return end_step(session, state, {**begun, "step": step})


async def plan(session: RunContext, state: RunState) -> RunState:
    """Begin a round: a path of sub-goals where the recipe plans, then the strategy's orders."""
    setup, step = session.config, state["step"]
    update: RunState = {"round": state["round"] + 1, "orders": [], "new": [], "pool": [], "batch": 0}
    update["idle"] = state.get("idle", 0) + 1
    update |= {"drafts": None, "unpaid": None, "rows": None}  # type: ignore[typeddict-item]
    search = session.build_search({**state, **update}, "strategy")
    ending = stop_reason(session, state, search.remaining_runs)
    if not ending and setup.recipe.planner and not state.get("plan"):
        update["plan"] = await make_plan(session, step)
        search.plan = tuple(update["plan"])
    learning = {name for name, one in setup.operators.items() if "train" in one.needs}
    orders = [] if ending else redirect_orders(setup.strategy.ask(search), search.archive, search.round)
    afforded = assign_prompts(
        _affordable_orders(session, orders, search.remaining_optimizer_calls), search, setup.recipe.slots, learning
    )
    if not ending and not afforded and (orders or state["round"]):
        ending = BUDGET_SPENT if orders else _EXHAUSTED
    if ending in (_EXHAUSTED, _ROUNDS_DONE) and search.remaining_runs and _has_new_edit(session, step):
        # A prompt by hand that came when the search had ended is measured all the same, in a round without orders.
        ending, update["round"] = "", state["round"]
    update["orders"] = [order.model_dump(mode="json") for order in afforded]
    update["memory"] = {**state["memory"], "strategy": search.memory}
    update["ending"] = ending
    if not ending:
        told = [
            {"operator": order.operator, "parents": list(order.parents), "goal": order.plan_step} for order in afforded
        ]
        await session.emit("round_started", step, round=update["round"], orders=told)
    return end_step(session, state, {**update, "step": step})


async def sample(session: RunContext, state: RunState) -> RunState:
    """Run the parents on train rows, where the orders want failures to show. That takes half of the room at most: what
    is made of the failures has to be measured too."""
    orders, step = _parse_orders(state), state["step"]
    pairs = sample_pairs(
        orders, session.archive(step), session.config.task.data.train, session.config.seed, state["round"]
    )
    room = session.build_search(state, "strategy").remaining_runs // 2
    done = await measure_pairs(session, affordable_pairs(session, pairs, room, step), step=step)
    session.apply_results(step, done, [])
    if done:
        await session.emit("batch_finished", step, phase="sample", pairs=len(done), ledger=ledger_summary(session))
    # Bounded all the same: a row that a parent was run on is not asked for again, and the next costs room.
    return end_step(session, state, {"idle": 0 if done else state["idle"], "step": step})


async def evaluate(session: RunContext, state: RunState) -> RunState:
    """One batch of measurements. The graph comes back here until the allocator has seen enough, or a person has."""
    step = state["step"]
    if stop_requested(session, state):
        return _stop_early(session, state)
    search = session.build_search(state, "allocator")
    asked = list(session.config.allocator.ask(search, state["pool"])) if state["pool"] else []
    known = session.archive(step)
    pairs = [
        one for one in asked if isinstance(one, Measurement) and known.result_of(one.candidate, one.example) is None
    ]
    duels = unjudged_duels(session, [one for one in asked if isinstance(one, Duel)], step)
    wanted, duels = bool(pairs or duels), affordable_duels(session, duels, search.remaining_optimizer_calls)
    pairs = affordable_pairs(session, [*pairs, *missing_outputs(duels, known)], search.remaining_runs, step)
    late = (
        session.config.budget.minutes is not None
        and session.elapsed_seconds(state) >= session.config.budget.minutes * 60
    )
    done: list[Evaluation | Response] = []
    size = max(_PROGRESS_SLICE, 4 * session.config.concurrency)
    for at in range(0, 0 if late else len(pairs), size):
        await wait_while_paused(session, state)
        if stop_requested(session, state):
            return _stop_early(session, state)
        some = await measure_pairs(session, pairs[at : at + size], step=step)
        done += some
        told = {"phase": "evaluate", "pairs": len(some), "of": len(pairs), "ledger": ledger_summary(session)}
        await session.emit("batch_finished", step, f"{at}", **told)
    session.apply_results(step, done, [])
    waiting = [] if late else human_duels(session, duels, session.archive(step + 1))
    duels = [duel for duel in duels if duel not in waiting]
    judged = [] if late else await judge_duels(session, duels, session.archive(step + 1), session.examples, step=step)
    memory = {**state["memory"], "allocator": search.memory}
    seen = len(done) + len(judged) + len(waiting)
    ending = (
        BUDGET_SPENT if not seen and not late and (wanted or _pool_exceeds_budget(search, state)) else state["ending"]
    )
    idle = 0 if seen else state["idle"]
    update: RunState = {"batch": seen, "memory": memory, "ending": ending, "idle": idle, "step": step}
    return end_step(session, state, {**update, "waiting": [asdict(duel) for duel in waiting]})


def _pool_exceeds_budget(search: Search, state: RunState) -> bool:
    """Whether a round begins with more newcomers than there are runs left: whoever shares them fairly asks for none."""
    scores = search.archive.scores
    return not state["batch"] and search.remaining_runs < sum(
        not scores.count(name, search.val) for name in state["pool"]
    )


def _stop_early(session: RunContext, state: RunState) -> RunState:
    """A person ends the search: what this step measured until then, in this process or in one that died, is kept."""
    step = state["step"]
    done = [one for one in session.store.evaluations(session.run, before_step=step + 1) if one.step == step]
    session.apply_results(step, done, [])
    return end_step(session, state, {"batch": 0, "waiting": [], "step": step})


async def select(session: RunContext, state: RunState) -> RunState:
    """Who stays, who goes, who leads."""
    step, setup = state["step"], session.config
    pool = state["pool"]
    judging = session.build_search(state, "allocator")
    verdicts: Mapping[str, Decision] = setup.allocator.tell(judging, pool) if pool else {}
    search = session.build_search(state, "strategy")
    decided = setup.strategy.tell(search, pool, verdicts)
    archive = session.archive(step)
    changed = []
    for name, decision in decided.items():
        status = {"keep": "kept", "drop": "dropped", "undecided": "racing"}[decision]
        before = archive[name]
        if before.status not in (status, "pinned", "vetoed"):
            changed.append(before.model_copy(update={"status": status}))
    await session.store.save_status_changes(
        session.run, [StatusChange(candidate=c.id, step=step, status=c.status, reason=c.reason) for c in changed]
    )
    for one in changed:
        if one.status in ("kept", "dropped"):
            kind = "candidate_kept" if one.status == "kept" else "candidate_dropped"
            await session.emit(kind, step, one.id, candidate=one.id)  # type: ignore[arg-type]
    session.apply_results(step, [], changed)
    await emit_baseline(session, step)
    best = setup.strategy.final(search)
    if best != state["best"]:
        await emit_best_changed(session, step, session.archive(step + 1), best)
    names = {decision: [name for name, one in decided.items() if one == decision] for decision in ("keep", "drop")}
    kept, dropped = len(names["keep"]), len(names["drop"])
    spent = ledger_summary(session)
    remarks = {**judging.remarks, **search.remarks}
    told: dict[str, Any] = {
        "kept": kept,
        "dropped": dropped,
        "ledger": spent,
        **({"remarks": remarks} if remarks else {}),
    }
    await session.emit("round_finished", step, round=state["round"], **told)
    memory = {**state["memory"], "strategy": search.memory}
    return end_step(session, state, {"best": best, "memory": memory, "step": step})


def stop_reason(session: RunContext, state: RunState, room: int) -> str:
    """Why the search is over, empty while it goes on."""
    if state.get("ending"):
        return state["ending"]
    if room < 1:
        return BUDGET_SPENT
    minutes = session.config.budget.minutes
    if minutes is not None and session.elapsed_seconds(state) >= minutes * 60:
        return TIME_UP
    if state["round"] >= session.config.recipe.rounds:
        return _ROUNDS_DONE
    if state.get("idle", 0) >= _MAX_IDLE_ROUNDS:
        return f"{_MAX_IDLE_ROUNDS} rounds in a row brought nothing new"
    return ""


def _has_new_edit(session: RunContext, step: int) -> bool:
    """Whether a person wrote a prompt at the boundary just before this step."""
    return any(one.operator == "person" and one.step == step - 1 for one in session.archive(step).alive)


def _affordable_orders(session: RunContext, orders: Sequence[WorkOrder], room: int) -> list[WorkOrder]:
    """The orders as the budget can pay them, in their order. Where authors could eat up what has to be left to measure
    what they write, they share half of the room: who wants little gets it whole, the others are cut to one size."""
    most = [session.config.operators[order.operator].calls for order in orders]
    wanted, half = sum(most), room // 2
    if wanted <= half:
        return list(orders)
    return [
        order if not calls else order.model_copy(update={"allowance": max(share, CALLS_PER_ASK)})
        for order, calls, share in zip(orders, most, fair_shares(most, half), strict=True)
        if not calls or (share >= CALLS_PER_ASK or room >= 2 * CALLS_PER_ASK * len(orders))
    ]


def _parse_orders(state: RunState) -> list[WorkOrder]:
    return [WorkOrder.model_validate(order) for order in state["orders"]]
