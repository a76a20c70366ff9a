"""The node that runs parents on training examples, so that operators have failures to learn from."""

from __future__ import annotations

from ...core.search_types import WorkOrder
from ..inputs.operator_request import sample_pairs
from ..measuring.measure import affordable_pairs, measure_pairs
from ..run_context import RunContext, end_step, ledger_summary
from ..state import RunState


async def sample(context: RunContext, state: RunState) -> RunState:
    """Run the parents on the examples that the orders want to show. That takes at most half of the remaining runs:
    what operators make of the failures has to be measured too."""
    orders, step = [WorkOrder.model_validate(order) for order in state["orders"]], state["step"]
    train, seed = context.config.task.data.train, context.config.seed
    pairs = sample_pairs(orders, context.archive(step), train, seed, state["round"])
    half = context.remaining_runs(state) // 2
    results = await measure_pairs(context, affordable_pairs(context, pairs, half, step), step=step)
    context.apply_results(step, results, [])
    if results:
        await context.emit("batch_finished", step, phase="sample", pairs=len(results), ledger=ledger_summary(context))
    # A round that only samples is not idle, and still bounded: an example a parent was run on is not sampled again.
    return end_step(context, state, {"idle": 0 if results else state["idle"], "step": step})
