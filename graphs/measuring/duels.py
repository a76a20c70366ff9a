"""Duels: both outputs are measured first, then the judge compares them; each outcome is durable before it counts."""

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


def missing_outputs(duels: Sequence[Duel], archive: Archive) -> list[Measurement]:
    """What has to be measured before the duels can be judged, in their order."""
    both = [Measurement(one, duel.example) for duel in duels for one in (duel.first, duel.second)]
    return [pair for pair in dict.fromkeys(both) if archive.result_of(pair.candidate, pair.example) is None]


def unjudged_duels(session: RunContext, asked: Sequence[Duel], step: int) -> list[Duel]:
    """Those that nobody judged yet; none where the recipe has no judge."""
    judged = (
        {(one.first, one.second, one.example, one.number) for one in session.duel_outcomes(step)} if asked else set()
    )
    new = [one for one in dict.fromkeys(asked) if (one.first, one.second, one.example, one.number) not in judged]
    return new if session.config.judge is not None else []


def human_duels(session: RunContext, duels: Sequence[Duel], archive: Archive) -> list[Duel]:
    """Those that only a person can decide: what both said is known, and is not the same."""
    if session.config.judge is None or "human" not in session.config.judge.needs:
        return []
    both = [
        (duel, archive.result_of(duel.first, duel.example), archive.result_of(duel.second, duel.example))
        for duel in duels
    ]
    return [duel for duel, a, b in both if a and b and a.output.strip() != b.output.strip()]


def affordable_duels(session: RunContext, duels: Sequence[Duel], room: int) -> list[Duel]:
    """As many, from the first on, as `room` author calls can pay in the worst case."""
    judge = session.config.judge
    return list(duels[: room // judge.calls] if judge is not None and judge.calls else duels)


async def judge_duels(
    session: RunContext, duels: Sequence[Duel], archive: Archive, examples: Mapping[str, Example], *, step: int
) -> list[DuelOutcome]:
    """Outcomes in the order of the duels. Left out are those whose outputs are missing or that no longer fit into the
    budget; what the judge cannot tell apart is a tie."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_judge_duel(session, duel, archive, examples[duel.example], step)) for duel in duels]
    return [outcome for task in tasks if (outcome := task.result()) is not None]


async def _judge_duel(
    session: RunContext, duel: Duel, archive: Archive, example: Example, step: int
) -> DuelOutcome | None:
    judge = session.config.judge
    first, second = archive.result_of(duel.first, duel.example), archive.result_of(duel.second, duel.example)
    if judge is None or first is None or second is None:
        return None
    subject = f"{duel.first}/{duel.second}/{duel.example}/{duel.number}"
    try:
        said = await judge.prefer(
            example,
            Output(text=first.output),
            Output(text=second.output),
            task=session.task_brief(),
            team=session.team(step, f"duel/{subject}"),
        )
    except BudgetSpent:
        return None
    row = PreferenceRow(
        a=duel.first,
        b=duel.second,
        example=duel.example,
        margin=said.margin,
        by=judge.name,
        feedback=said.feedback or "",
        step=step,
        number=duel.number,
    )
    await session.store.save_preferences(session.run, [row])
    told = {"example": duel.example, "margin": round(said.margin, 4), "judge": judge.name, "number": duel.number}
    await session.emit("duel_judged", step, subject, first=duel.first, second=duel.second, **told)
    return DuelOutcome(
        first=duel.first,
        second=duel.second,
        example=duel.example,
        margin=said.margin,
        author=judge.name,
        number=duel.number,
    )
