"""Duels: both outputs are measured first, then the judge compares them; an outcome is stored before it counts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from ...core.candidate import Archive
from ...core.dataset import Example
from ...core.errors import BudgetSpent
from ...core.models import Output
from ...core.search_types import Duel, DuelOutcome, Measurement
from ...runtime.store import PreferenceRow
from ..run_context import RunContext
from ..run_lifecycle import root_error
from ..run_team import run_team


def missing_outputs(duels: Sequence[Duel], archive: Archive) -> list[Measurement]:
    """What has to be measured before the duels can be judged, in their order."""
    pairs = [Measurement(candidate, duel.example) for duel in duels for candidate in (duel.first, duel.second)]
    return [pair for pair in dict.fromkeys(pairs) if archive.result_of(pair.candidate, pair.example) is None]


def unjudged_duels(context: RunContext, requested: Sequence[Duel], step: int) -> list[Duel]:
    """Those that nobody judged yet; none where the recipe has no judge."""
    if context.config.judge is None or not requested:
        return []
    judged = {_key(outcome) for outcome in context.duel_outcomes(step)}
    return [duel for duel in dict.fromkeys(requested) if _key(duel) not in judged]


def _key(duel: Duel | DuelOutcome) -> tuple[str, str, str | None, int]:
    return duel.first, duel.second, duel.example, duel.number


def human_duels(context: RunContext, duels: Sequence[Duel], archive: Archive) -> list[Duel]:
    """Those that only a person can decide: both outputs are known, and they differ."""
    judge = context.config.judge
    if judge is None or "human" not in judge.needs:
        return []
    outputs = [
        (duel, archive.result_of(duel.first, duel.example), archive.result_of(duel.second, duel.example))
        for duel in duels
    ]
    return [
        duel for duel, first, second in outputs if first and second and first.output.strip() != second.output.strip()
    ]


def affordable_duels(context: RunContext, duels: Sequence[Duel], remaining: int) -> list[Duel]:
    """As many, from the first on, as `remaining` optimizer calls can pay in the worst case."""
    judge = context.config.judge
    return list(duels[: remaining // judge.calls] if judge is not None and judge.calls else duels)


async def judge_duels(
    context: RunContext, duels: Sequence[Duel], archive: Archive, examples: Mapping[str, Example], *, step: int
) -> list[DuelOutcome]:
    """Outcomes in the order of the duels; what the judge cannot tell apart is a tie. Left out are duels whose outputs
    are missing or that no longer fit the budget."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_judge_duel(context, duel, archive, examples[duel.example], step)) for duel in duels
            ]
    except ExceptionGroup as errors:
        raise root_error(errors) from errors
    return [outcome for task in tasks if (outcome := task.result()) is not None]


async def _judge_duel(
    context: RunContext, duel: Duel, archive: Archive, example: Example, step: int
) -> DuelOutcome | None:
    judge = context.config.judge
    first, second = archive.result_of(duel.first, duel.example), archive.result_of(duel.second, duel.example)
    if judge is None or first is None or second is None:
        return None
    subject = f"{duel.first}/{duel.second}/{duel.example}/{duel.number}"
    try:
        preference = await judge.prefer(
            example,
            Output(text=first.output),
            Output(text=second.output),
            task=context.task_brief(),
            team=run_team(context, step, f"duel/{subject}"),
        )
    except BudgetSpent:
        return None
    row = PreferenceRow(
        a=duel.first,
        b=duel.second,
        example=duel.example,
        margin=preference.margin,
        by=judge.name,
        feedback=preference.feedback or "",
        step=step,
        number=duel.number,
    )
    await context.store.save_preferences(context.run, [row])
    await context.emit(
        "duel_judged",
        step,
        subject,
        first=duel.first,
        second=duel.second,
        example=duel.example,
        margin=round(preference.margin, 4),
        judge=judge.name,
        number=duel.number,
    )
    return DuelOutcome(
        first=duel.first,
        second=duel.second,
        example=duel.example,
        margin=preference.margin,
        author=judge.name,
        number=duel.number,
    )
