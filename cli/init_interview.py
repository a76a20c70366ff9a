"""`maieutic init --interview`: questions that elicit the requirements of a prompt, and what the answers leave open."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ..core.errors import UsageError
from .printer import echo, prompt
from .task_draft import TaskDraft

if TYPE_CHECKING:
    from ..agents.interviewer import Answerer, InterviewResult
    from ..core.protocols import Team

# Several rounds of questions, answers and repairs; more would be a model that repeats itself.
_MAX_CALLS = 60
_RUN_ID = "interview"


def interview_for_draft(draft: TaskDraft, *, stand_in: bool, present: bool) -> tuple[TaskDraft, InterviewResult]:
    """The draft with a description and a start prompt. A model asks follow-up questions if an optimizer is named.

    stand_in: that model also answers, from the description alone. present: whether a person is at the terminal; else
    only the given options count. Raises UsageError if a stand-in has no model or no description.
    """
    if stand_in and not (draft.optimizer and draft.description):
        raise UsageError(
            "--stand-in needs a description and a model that answers from it",
            where="--stand-in",
            remedy='give --description "…" and --optimizer MODEL',
        )
    result = asyncio.run(_conduct(draft, stand_in=stand_in, present=present))
    if not result.prompt.strip():
        raise UsageError(
            "no answer says what the model should do", where="--interview", remedy='give --description "…"'
        )
    return replace(draft, description=result.description, prompt=draft.prompt or result.prompt), result


def print_gaps(result: InterviewResult) -> None:
    """What the answers leave open, for a person to consider before anything is spent (ROPE)."""
    echo(f"requirements stated: {result.complete:.0%}")
    for gap in result.gaps:
        echo(f"  open  {gap}")


async def _conduct(draft: TaskDraft, *, stand_in: bool, present: bool) -> InterviewResult:
    from ..agents.interviewer import run_interview

    if present:
        echo("Enter skips a question")
    facts = {"goal": draft.description or "", "output": ", ".join(draft.labels)}
    if not draft.optimizer:
        return await run_interview(_answer_from_terminal if present else _no_answer, None, facts)
    with TemporaryDirectory(prefix="maieutic-interview-") as folder:
        return await _conduct_with_model(draft, facts, Path(folder), stand_in=stand_in, present=present)


async def _conduct_with_model(
    draft: TaskDraft, facts: dict[str, str], folder: Path, *, stand_in: bool, present: bool
) -> InterviewResult:
    """The model is called through a gateway, as in a run, with a separate budget."""
    from ..agents.interviewer import model_answerer, run_interview
    from ..agents.team import ModelTeam
    from ..core.budget import Budget, Ledger
    from ..core.models import ModelRef
    from ..core.task import Models
    from ..runtime.models.gateway import ModelClient, RunGateway
    from ..runtime.store import RunRecord, Store

    model = ModelRef.parse(draft.optimizer or "")
    with Store.open(folder) as store:
        await store.create_run(RunRecord(id=_RUN_ID, task=_RUN_ID, recipe=_RUN_ID))
        async with ModelClient() as client:
            await client.check(model)
            ledger = Ledger(budget=Budget(calls=_MAX_CALLS))
            gateway = RunGateway(run=_RUN_ID, store=store, ledger=ledger, client=client, concurrency=1)
            team: Team = ModelTeam(models=Models(target=model, optimizer=model), gateway=gateway, path=(_RUN_ID,))
            ask: Answerer = _answer_from_terminal if present else _no_answer
            if stand_in:
                ask = model_answerer(draft.description or "", team)
            try:
                return await run_interview(ask, team, facts)
            finally:
                await gateway.aclose()


async def _answer_from_terminal(name: str, question: str) -> str:
    return str(await asyncio.to_thread(prompt, question.rstrip("?"), default="", show_default=False))


async def _no_answer(name: str, question: str) -> str:
    return ""
