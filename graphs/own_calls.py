"""Calls that an application or a target makes past the run's gateway: charged as declared, since nobody can count them.

A target tells by `has_own_calls` that it may make such calls, and by `calls_per_example` how many, where its task says
so. Where nothing is declared, an example without a call through the gateway counts one, and a run needs `--minutes`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ..core.budget import Budget, Cost
from ..core.dataset import Example
from ..core.errors import BudgetSpent, NeedsError
from ..core.identity import digest
from ..core.models import Output
from ..core.program import Program
from .run_config import RunConfig
from .run_context import RunContext


def check_own_calls(config: RunConfig, budget: Budget) -> None:
    """Raises NeedsError for a search whose limits cannot be kept, since its target's calls are neither counted nor
    declared."""
    if not config.has_own_calls or config.recipe.name in ("eval", "measure") or budget.minutes is not None:
        return
    if config.declared_own_calls is not None and (budget.calls is not None or budget.target_calls is not None):
        return
    use = config.task.target.use
    limit = next(name for name in ("calls", "target_calls", "tokens", "usd") if getattr(budget, name) is not None)
    declared = config.declared_own_calls is not None
    raise NeedsError(
        f"--{limit.replace('_', '-')} limits nothing: the target {use!r} makes calls that this run does not see",
        where=config.task.where("[target]"),
        possible=("--calls", "--minutes") if declared else ("calls_per_example under [target]", "--minutes"),
        remedy="limit the calls or the minutes"
        if declared
        else "write calls_per_example = N, its model calls for one example (1 where it calls none), or give --minutes",
    )


async def run_with_own_calls(
    context: RunContext, program: Program, row: Example, draw: int, run: Callable[[], Awaitable[Output]]
) -> Output:
    """Run the target, and charge the calls that the gateway does not see: declared ones before, else one after.

    The same example with the same program is charged once, as an answer from the cache would be. Raises BudgetSpent
    where they do not fit, and NeedsError where the target turns out to have calls that nothing limits.
    """
    declared, config = context.config.declared_own_calls, context.config
    if declared is None and not hasattr(config.target, "has_own_calls"):
        return await run()
    key = digest({"own": program.id, "example": _plain(row), "draw": draw})
    if declared is not None:
        await context.gateway.charge_own_calls(key, declared)
        return await run()
    if not context.ledger.fits("target", Cost(calls=1)):
        raise BudgetSpent("the next call of the target does not fit into the budget")
    output = None
    # Until one example has shown whether the target asks the run's model, no second one starts.
    async with context.first_run:
        if not context.target_known:
            output = await run()
            if not output.replies:
                check_own_calls(config, context.ledger.budget)
            context.target_known = True
    output = output or await run()
    if not output.replies:
        await context.gateway.charge_own_calls(key, 1, sent=True)
    return output


def own_calls_warning(config: RunConfig) -> str | None:
    """What a report says of calls that were charged by an estimate."""
    declared, use = config.declared_own_calls, config.task.target.use
    if declared is not None:
        how = f"{declared} an example were charged, as declared"
    elif config.has_own_calls:
        how = "1 an example was charged; write calls_per_example under [target]"
    else:
        return None
    return f"calls are estimated: the target {use!r} makes its own, {how}; their tokens and cost are not counted"


def _plain(row: Example) -> Any:
    return row.model_dump(mode="json")
