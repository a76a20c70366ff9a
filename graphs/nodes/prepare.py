"""The first node: check what can be checked without spending, and enter the baseline as the first candidate."""

from __future__ import annotations

from ...core.candidate import Candidate
from ...core.dataset import SPLITS
from ..candidate_guards import candidate_id
from ..inputs.fork import load_parent
from ..inputs.generated_rows import draft_dataset
from ..measuring.test_set_budget import held_out_count
from ..preflight import preflight
from ..run_context import RunContext, end_step
from ..state import RunState

_FIRST_STEP = 1


async def prepare(context: RunContext, state: RunState) -> RunState:
    """Check the models and evaluators, draft examples where the task has none, and record data and baseline."""
    step = _FIRST_STEP
    await preflight(context)
    if context.config.task.data.empty:
        await draft_dataset(context, step)
    config = context.config
    task = config.task
    rows = [(split, example) for split in SPLITS for example in task.data[split]]
    await context.store.save_examples(context.run, rows)
    candidates = _first_candidates(context, step)
    await context.store.save_candidates(context.run, candidates)
    held_out = held_out_count(config)
    context.ledger.reserve_for_test(held_out * config.calls_per_test_example, headroom=config.test_headroom)
    context.apply_results(step, [], candidates)
    origin = config.options.origin
    await context.emit(
        "run_started",
        step,
        task=task.name,
        recipe=config.recipe.name,
        seed=config.seed,
        target=task.models.target.id,
        optimizer=task.models.optimizer.id,
        budget=config.budget.model_dump(exclude_none=True),
        train=len(task.data.train),
        val=len(task.data.val),
        test=len(task.data.test),
        sealed=held_out,
        origin=origin.model_dump() if origin else None,
    )
    for forked in candidates[1:]:
        await context.emit(
            "candidate_proposed",
            step,
            forked.id,
            candidate=forked.id,
            operator=forked.operator,
            parents=[],
            rationale=forked.rationale,
        )
    initial: RunState = {
        "run": context.run,
        "round": 0,
        "plan": [],
        "memory": {},
        "hints": [],
        "directive": 0,
        "approved": 0,
        "sealed_rows": held_out,
        "best": candidates[0].id,
        "ending": "",
        "ended": "",
        "report": True,
        "budget": config.budget.model_dump(),
    }
    return end_step(context, state, {**initial, "step": step})


def _first_candidates(context: RunContext, step: int) -> list[Candidate]:
    """The baseline, and the parent of a fork where that is another program."""
    program, origin = context.config.task.program, context.config.options.origin
    baseline = Candidate(
        id=candidate_id(program), program=program, operator="start", rationale="as the user wrote it", step=step
    )
    if origin is None:
        return [baseline]
    forked = load_parent(context.store, origin)
    return [baseline] if forked.id == baseline.id else [baseline, forked]
