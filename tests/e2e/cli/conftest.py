"""A store with one finished run, written through the store itself, and a way to call the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from maieutic.cli.app import app
from maieutic.core.budget import Budget, Cost, LedgerView
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Example
from maieutic.core.events import Event
from maieutic.core.program import Program
from maieutic.core.score import Evaluation, Score
from maieutic.core.task import Task
from maieutic.runtime.reports.report_builder import ReportMeasurements, build_report
from maieutic.runtime.store import RunRecord, StatusChange, Store
from typer.testing import CliRunner

RUN = "20261121-100000-aaaa"
OTHER = "20261121-110000-bbbb"
START, BEST = "c-start00000", "c-better0000"


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def last(self) -> Any:
        return json.loads(self.out.strip().splitlines()[-1])


Call = Callable[..., Outcome]


@dataclass(frozen=True)
class Ids:
    run: str = RUN
    other: str = OTHER
    start: str = START
    best: str = BEST


@pytest.fixture
def ids() -> Ids:
    return Ids()


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """`call("runs", "--json")` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()

    def invoke(*words: str, said: str | None = None) -> Outcome:
        result = runner.invoke(app, list(words), input=said)
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return invoke


@pytest.fixture
def task() -> Task:
    rows = [{"input": f"row {n}", "output": "yes" if n % 2 else "no"} for n in range(24)]
    return Task.create("Say yes or no.", train=rows[:8], val=rows[8:16], test=rows[16:], name="parity")


@pytest.fixture
def folder(tmp_path: Path, task: Task) -> Path:
    """`.maieutic` with a finished run of two candidates and one that is still going on without a process."""
    place = tmp_path / ".maieutic"
    with Store.open(place) as store:
        asyncio.run(_fill(store, task))
    return place


async def _fill(store: Store, task: Task) -> None:
    better = Program.of("Answer yes where the number is odd, no where it is even.")
    candidates = [
        Candidate(id=START, program=task.program, operator="start", status="kept", step=1),
        Candidate(id=BEST, program=better, operator="gradient", parents=(START,), rationale="odd", round=1, step=2),
    ]
    for name, state in ((RUN, "finished"), (OTHER, "running")):
        await store.create_run(
            RunRecord(
                id=name,
                task=task.name,
                task_json=task.model_dump_json(by_alias=True),
                recipe="auto",
                state=state,
                best=BEST,
                best_score=0.75,
                calls=42,
                started="2026-11-21T10:00:00+00:00",
                budget_json=Budget(calls=100).model_dump_json(),
            )
        )
        await store.save_examples(name, [(s, row) for s in ("train", "val", "test") for row in task.data[s]])
        await store.save_candidates(name, candidates)
        await store.save_status_changes(name, [StatusChange(candidate=BEST, step=3, status="kept")])
        await store.save_evaluations(name, [*_scored(task, "val", START, 4), *_scored(task, "val", BEST, 6)])
        await store.append_events([Event(run=name, kind="run_started", key="1", data={"task": task.name})])
    measured = ReportMeasurements(start=_scored(task, "test", START, 4), best=_scored(task, "test", BEST, 7))
    archive = Archive(candidates, [*_scored(task, "val", START, 4), *_scored(task, "val", BEST, 6)])
    used = {"target": Cost(calls=40, tokens=400), "optimizer": Cost(calls=2, tokens=90)}
    report = build_report(
        run=RUN,
        task=task,
        recipe="auto",
        seed=0,
        archive=archive,
        best=BEST,
        measured=measured,
        ledger=LedgerView(used=used, paid=used, seconds=12.0),
    )
    await store.save_report(RUN, report.model_dump_json())


def _scored(task: Task, split: Any, candidate: str, right: int) -> list[Evaluation]:
    rows: tuple[Example, ...] = task.data[split]
    return [
        Evaluation(
            candidate=candidate,
            example=row.id,
            split=split,
            output="said",
            answer="said",
            score=float(number < right),
            scores={"exact": Score(value=float(number < right))},
            step=2,
        )
        for number, row in enumerate(rows)
    ]
