"""`maieutic estimate`: what a run would cost, and which gain it could detect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .data_lines import data_lines, first_request_lines
from .lookup import read_task_data
from .option_groups import expand_groups
from .options import AsJson, BudgetOptions, MethodOptions, ModelOptions, NoPlugins, TaskFile, Trust
from .output import print_json
from .printer import echo

if TYPE_CHECKING:
    from ..core.task import Task
    from ..graphs.estimate import RunEstimate, TokenPrice


@expand_groups
def estimate(
    task: TaskFile,
    method: MethodOptions,
    models: ModelOptions,
    budget: BudgetOptions,
    as_json: AsJson = False,
    no_plugins: NoPlugins = False,
    trust: Trust = False,
) -> None:
    """Estimate calls, tokens, cost, time and the smallest detectable gain.

    Makes no model calls.
    """
    import asyncio

    from ..graphs.estimate import estimate_run
    from ..graphs.run_options import DEFAULT_BUDGET, RunOptions
    from ..runtime.tasks.data_schema import schema_json

    loaded, registry = read_task_data(task, no_plugins=no_plugins, trust=trust, replaced=models.replaced_roles)
    task_with_models = models.apply(loaded.task)
    limits = budget.budget()
    options = method.apply(RunOptions(budget=limits))
    prices = asyncio.run(_token_prices(task_with_models))
    run_estimate = estimate_run(task_with_models, options, registry, prices=prices)
    if as_json:
        print_json(
            {
                **run_estimate.model_dump(mode="json"),
                "assumes_default_budget": limits is None,
                "data": [schema_json(schema) for schema in loaded.schemas],
                "notes": list(loaded.notes),
            }
        )
        return
    if limits is None:
        echo(f"no budget given, using --calls {DEFAULT_BUDGET.calls}", err=True)
    for line in [*_estimate_lines(run_estimate), *data_lines(loaded), *first_request_lines(loaded.task)]:
        echo(line)


async def _token_prices(task: Task) -> dict[str, TokenPrice]:
    """Prices by model id, from litellm's table. Models without a known price are left out."""
    from ..graphs.estimate import TokenPrice
    from ..runtime.models.client import ModelClient

    prices = {}
    async with ModelClient() as client:
        for model in task.models.by_name().values():
            per_token = await client.price(model)
            if per_token is not None:
                prices[model.id] = TokenPrice(prompt=per_token[0], answer=per_token[1])
    return prices


def _estimate_lines(run: RunEstimate) -> list[str]:
    counts = ", ".join(f"{n} {split}" for split, n in run.rows.items())
    lines = [f"{run.task} with {run.recipe}: {counts} examples, {run.sealed_rows} of the test examples for the report"]
    if run.calls:
        lines.append(
            f"calls    about {run.calls.total:,}: {run.calls.target:,} target, "
            f"{run.calls.optimizer:,} optimizer, {run.calls.sealed:,} held-out test"
        )
    if run.tokens:
        parts = [f"{tokens.prompt + tokens.answer:,} {payer}" for payer, tokens in run.tokens.items()]
        lines.append(f"tokens   about {' and '.join(parts)}")
    unknown = (
        "unknown: these models have no known price" if run.calls else "unknown: the number of calls is not limited"
    )
    lines.append(f"cost     {unknown if run.usd is None else f'about ${run.usd:,.4f}'}")
    if run.minutes is not None:
        lines.append(f"minutes  about {run.minutes:g}")
    lines.append(gain_line(run))
    lines += [f"note: the expected {name} exceed the limit, which ends the run first" for name in run.exceeds]
    return lines


def gain_line(run: RunEstimate) -> str:
    """The smallest gain that the held-out examples can show."""
    return f"gain     {_power_summary(run)}"


def _power_summary(run: RunEstimate) -> str:
    """The gain that the held-out test can detect, and what it needs to detect a smaller one."""
    from ..graphs.estimate import BASE_ACCURACY

    limited_by_budget = run.sealed_by == "budget"
    test_examples = f"{run.sealed_rows} held-out examples" + (
        f" (the budget's share of {run.rows['test']})" if limited_by_budget else ""
    )
    assumption = f"assuming a baseline score of {BASE_ACCURACY:g}"
    if run.detectable_gain is not None:
        points = f"{100 * run.detectable_gain:.0f} points"
        return f"{test_examples} can detect a gain of {points} with 80 % power, {assumption}"
    remedy = "a larger budget allows more of them" if limited_by_budget else "add test examples"
    if not run.sealed_rows:
        return f"there are no held-out examples to measure a gain; {remedy}"
    return f"{test_examples} cannot detect any gain with 80 % power, {assumption}; {remedy}"
