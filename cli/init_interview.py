"""`maieutic init --interview`: questions that elicit what a prompt has to say, and what the answers leave open."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import typer

from ..core.errors import UsageError
from .init_wizard import TaskDraft

if TYPE_CHECKING:
    from ..agents.interviewer import Answerer, InterviewResult
    from ..core.protocols import Team

_MAX_CALLS = 60
_RUN_ID = "interview"


def run_interview(wishes: TaskDraft, *, stand_in: bool, present: bool) -> tuple[TaskDraft, InterviewResult]:
    """The wishes with a description and a start prompt. A model asks further where an optimizer is named.

    stand_in: that model answers too, from the description alone. present: whether a person is at the terminal; else
    only what was given counts. Raises UsageError where a stand-in has no model or nothing to go by.
    """
    if stand_in and not (wishes.optimizer and wishes.description):
        raise UsageError(
            "a stand-in answers from a description, by a model",
            where="--stand-in",
            remedy='give --description "…" and --optimizer MODEL too',
        )
    told = asyncio.run(_conduct(wishes, stand_in=stand_in, present=present))
    if not told.prompt.strip():
        raise UsageError("nobody said what the model should do", where="--interview", remedy='give --description "…"')
    return replace(wishes, description=told.description, prompt=wishes.prompt or told.prompt), told


def print_gaps(told: InterviewResult) -> None:
    """What the answers leave open, for a person to think about before anything is spent (ROPE)."""
    typer.echo(f"requirements told: {told.complete:.0%}")
    for gap in told.gaps:
        typer.echo(f"  open  {gap}")


async def _conduct(wishes: TaskDraft, *, stand_in: bool, present: bool) -> InterviewResult:
    from ..agents.interviewer import run_interview

    known = {"goal": wishes.description or "", "output": ", ".join(wishes.labels)}
    if not wishes.optimizer:
        return await run_interview(_answer_from_terminal if present else _no_answer, None, known)
    with TemporaryDirectory(prefix="maieutic-interview-") as aside:
        return await _conduct_with_model(wishes, known, Path(aside), stand_in=stand_in, present=present)


async def _conduct_with_model(
    wishes: TaskDraft, known: dict[str, str], aside: Path, *, stand_in: bool, present: bool
) -> InterviewResult:
    """The model is asked through the same door as in a run, with a budget of its own."""
    from ..agents.interviewer import model_answerer as answering
    from ..agents.interviewer import run_interview
    from ..agents.team import ModelTeam
    from ..core.budget import Budget, Ledger
    from ..core.models import ModelRef
    from ..core.task import Models
    from ..runtime.models.gateway import ModelClient, RunGateway
    from ..runtime.store import RunRecord, Store

    model = ModelRef.parse(wishes.optimizer or "")
    with Store.open(aside) as store:
        await store.create_run(RunRecord(id=_RUN_ID, task=_RUN_ID, recipe=_RUN_ID))
        async with ModelClient() as door:
            await door.check(model)
            ledger = Ledger(budget=Budget(calls=_MAX_CALLS))
            gateway = RunGateway(run=_RUN_ID, store=store, ledger=ledger, client=door, concurrency=1)
            team: Team = ModelTeam(models=Models(target=model, optimizer=model), gateway=gateway, path=(_RUN_ID,))
            ask: Answerer = _answer_from_terminal if present else _no_answer
            if stand_in:
                ask = answering(wishes.description or "", team)
            try:
                return await run_interview(ask, team, known)
            finally:
                await gateway.aclose()


async def _answer_from_terminal(name: str, question: str) -> str:
    return str(await asyncio.to_thread(typer.prompt, question.rstrip("?"), default="", show_default=False))


async def _no_answer(name: str, question: str) -> str:
    return ""
