"""`maieutic init --interview`: questions that elicit what a prompt has to say, and what the answers leave open."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import typer

from ..core.errors import UsageError
from .asking import Wishes

if TYPE_CHECKING:
    from ..agents.interviewer import Answerer, Told
    from ..core.contracts import Team

_CALLS = 60
_RUN = "interview"


def interviewed(wishes: Wishes, *, stand_in: bool, present: bool) -> tuple[Wishes, Told]:
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
    told = asyncio.run(_hold(wishes, stand_in=stand_in, present=present))
    if not told.prompt.strip():
        raise UsageError("nobody said what the model should do", where="--interview", remedy='give --description "…"')
    return replace(wishes, description=told.description, prompt=wishes.prompt or told.prompt), told


def say(told: Told) -> None:
    """What the answers leave open, for a person to think about before anything is spent (ROPE)."""
    typer.echo(f"requirements told: {told.complete:.0%}")
    for gap in told.gaps:
        typer.echo(f"  open  {gap}")


async def _hold(wishes: Wishes, *, stand_in: bool, present: bool) -> Told:
    from ..agents.interviewer import interview

    known = {"goal": wishes.description or "", "output": ", ".join(wishes.labels)}
    if not wishes.optimizer:
        return await interview(_terminal if present else _nobody, None, known)
    with TemporaryDirectory(prefix="maieutic-interview-") as aside:
        return await _with_team(wishes, known, Path(aside), stand_in=stand_in, present=present)


async def _with_team(wishes: Wishes, known: dict[str, str], aside: Path, *, stand_in: bool, present: bool) -> Told:
    """The model is asked through the same door as in a run, with a budget of its own."""
    from ..agents.interviewer import interview
    from ..agents.interviewer import stand_in as answering
    from ..agents.team import ModelTeam
    from ..core.budget import Budget, Ledger
    from ..core.models import ModelRef
    from ..core.task import Models
    from ..runtime.gateway import ModelDoor, RunGateway
    from ..runtime.store import RunRecord, Store

    model = ModelRef.parse(wishes.optimizer or "")
    with Store.open(aside) as store:
        await store.create_run(RunRecord(id=_RUN, task=_RUN, recipe=_RUN))
        async with ModelDoor() as door:
            await door.check(model)
            ledger = Ledger(budget=Budget(calls=_CALLS))
            gateway = RunGateway(run=_RUN, store=store, ledger=ledger, door=door, concurrency=1)
            team: Team = ModelTeam(models=Models(target=model, optimizer=model), gateway=gateway, path=(_RUN,))
            ask: Answerer = _terminal if present else _nobody
            if stand_in:
                ask = answering(wishes.description or "", team)
            try:
                return await interview(ask, team, known)
            finally:
                await gateway.aclose()


async def _terminal(name: str, question: str) -> str:
    return str(await asyncio.to_thread(typer.prompt, question.rstrip("?"), default="", show_default=False))


async def _nobody(name: str, question: str) -> str:
    return ""
