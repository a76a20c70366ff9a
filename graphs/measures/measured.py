"""Measures of a program: planned, run within their calls, and kept with the run that the program is of."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ...core.budget import Budget
from ...core.candidate import Candidate
from ...core.dataset import Split
from ...core.errors import UsageError
from ...core.measures import MeasureSubject
from ...core.program import Program
from ...core.recipe import PluginRef, Recipe
from ...core.task import Task
from ...plugins.system.registry import Registry
from ...runtime.models.throttle import RetryPolicy
from ...runtime.steering.lookup import DirectiveLookup
from ...runtime.store import MeasureRecord, Store
from ..candidate_guards import candidate_id
from ..preflight import check_evaluators, models_used
from ..run_config import RunConfig
from ..run_context import RunContext
from ..run_lifecycle import RunContexts, new_run_id, run_record
from ..run_options import RunOptions
from .bench import RunBench
from .plan import (
    DEFAULT_CALLS,
    MeasurePlan,
    PlannedMeasure,
    measure_subject,
    measured_split,
    plan_all,
    plan_measure,
)

MEASURE_RECIPE = Recipe(
    name="measure",
    summary="Measure one prompt; nothing is searched.",
    strategy=PluginRef(use="pool"),
    allocator=PluginRef(use="full"),
    operators=(),
)


@dataclass(frozen=True, kw_only=True)
class MeasuredProgram:
    """The program that measures look at.

    Attributes:
        task: Gives the examples and the models.
        program: The program.
        baseline: What the search started from; None where there was none.
        run: The run that keeps the readings; a new one where it is empty.
        role: `start` or `best` of that run; else empty.
    """

    task: Task
    program: Program
    baseline: Program | None = None
    run: str = ""
    role: str = ""

    @classmethod
    def of_run(cls, folder: Path | str, run: str = "latest", candidate: str = "best") -> MeasuredProgram:
        """A candidate of a run, with the run's baseline. Raises UsageError for a run or candidate that is not there."""
        with Store.open(Path(folder), read_only=True) as store:
            record = store.run(run)
            lookup = DirectiveLookup(store=store, run=record.id)
            start, chosen = lookup.candidate("start"), lookup.candidate(candidate)
            best = lookup.candidate("best")
        roles = {start.id: "start", best.id: "best"}
        return cls(
            task=Task.model_validate_json(record.task_json),
            program=chosen.program,
            baseline=start.program,
            run=record.id,
            role=roles.get(chosen.id, ""),
        )


@dataclass(frozen=True, kw_only=True)
class MeasureSettings:
    """How measures run.

    Attributes:
        split: Of the examples; the held-out test, or val where there is none, if None.
        calls: The most model calls of each measure.
        seed: The same seed gives the same draws.
        concurrency: Model calls in flight at a time.
        folder: Where the store lives.
        trust: Agree to the task's code and hosts.
    """

    split: Split | None = None
    calls: int = DEFAULT_CALLS
    seed: int = 0
    concurrency: int = 4
    folder: Path | str = ".maieutic"
    trust: bool = False


def list_measures(
    measured: MeasuredProgram, options: MeasureSettings | None = None, *, registry: Registry | None = None
) -> list[MeasurePlan]:
    """Every installed measure with the calls that it would take, those that fit first. Spends nothing."""
    options = options or MeasureSettings()
    config = _config(measured, options, registry)
    split = measured_split(config, options.split)
    subject = measure_subject(config, measured.program, measured.baseline, config.task.data[split])
    return plan_all(config, subject, options.calls)


async def run_measures(
    measured: MeasuredProgram,
    uses: Sequence[PluginRef | str],
    options: MeasureSettings | None = None,
    *,
    registry: Registry | None = None,
) -> list[MeasureRecord]:
    """Measure a program, one measure after the other. All are planned before the first one spends.

    Calls are in the ledger of a run of the recipe `measure`, and in the folder's cache: what was answered once costs
    nothing again, also after an interruption. Each reading is stored as soon as it is there.

    Args:
        measured: The program.
        uses: The measures, by name or with options.
        options: How they run.
        registry: The plugins to choose from; all installed ones if None.

    Raises:
        UsageError: A name that does not exist, or a measure that takes more calls than allowed for one example.
        NeedsError: The task lacks what a measure needs.
        ModelError: An unusable endpoint.
        RunStopped: The calls were spent, by an endpoint that failed, before a measure was complete.
        RunFailed: A measure that takes more calls than it declared; as PluginError, one that fails.
    """
    if not uses:
        raise UsageError("no measure was named", remedy="name one or more: maieutic measure TASK lists them")
    options = options or MeasureSettings()
    config = _config(measured, options, registry)
    split = measured_split(config, options.split)
    subject = measure_subject(config, measured.program, measured.baseline, config.task.data[split])
    refs = [PluginRef(use=use) if isinstance(use, str) else use for use in uses]
    planned = [plan_measure(config, ref, subject, options.calls) for ref in refs]
    await check_evaluators(config)
    run = new_run_id()
    candidate = Candidate(id=candidate_id(measured.program), program=measured.program, operator="given", step=1)
    async with RunContexts(config=config) as contexts:
        assert contexts.store is not None
        assert contexts.model_client is not None
        needs_team = any(plan.declared.asks for plan in planned)
        for model in config.task.models.by_name().values() if needs_team else models_used(config):
            await contexts.model_client.check(model)
        await contexts.store.create_run(run_record(config, run))
        context = await contexts.context_for({"run": run})
        await contexts.store.save_candidates(run, [candidate])
        records, final_state = list[MeasureRecord](), "failed"
        try:
            for plan in planned:
                records.append(await _take_reading(context, plan, measured, split))
            final_state = "finished"
        except asyncio.CancelledError:
            final_state = "stopped"
            raise
        finally:
            finished = datetime.now(UTC).isoformat()
            await contexts.store.update_run(run, state=final_state, best=candidate.id, finished=finished)
    return records


async def _take_reading(
    context: RunContext, plan: PlannedMeasure, measured: MeasuredProgram, split: Split
) -> MeasureRecord:
    """One measure within a budget of its own, and its record in the store."""
    before = context.ledger.view()
    # A call that the endpoint fails on is asked again: that takes nothing from the other examples.
    calls = before.total.calls + before.lost + plan.calls * RetryPolicy().max_attempts
    context.ledger.budget = Budget(calls=calls)
    subject: MeasureSubject = plan.subject
    bench = RunBench(context=context, name=plan.measure.name, declared=plan.declared, split=split)
    reading = await plan.measure.measure(subject, bench.open())
    after = context.ledger.view()
    record = MeasureRecord(
        run=measured.run or context.run,
        measure=plan.measure.name,
        program=measured.program.id,
        role=measured.role,
        split=split,
        model=str(subject.model),
        examples=len(subject.examples),
        declared=plan.calls,
        calls=after.total.calls - before.total.calls,
        paid=after.total_paid.calls - before.total_paid.calls,
        reading=reading,
    )
    await context.store.save_measure(record)
    return record


def _config(measured: MeasuredProgram, options: MeasureSettings, registry: Registry | None) -> RunConfig:
    if options.calls < 1:
        raise UsageError(f"--calls is {options.calls}", where="--calls", possible=("1 or more",))
    run_options = RunOptions(
        recipe=MEASURE_RECIPE,
        budget=Budget(calls=options.calls),
        seed=options.seed,
        concurrency=options.concurrency,
        folder=options.folder,
        trust=options.trust,
    )
    return RunConfig.resolve(measured.task, run_options, registry)
