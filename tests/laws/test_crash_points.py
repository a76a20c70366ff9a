"""L2 by enumeration: from the disk after every single durable write, `resume` ends in the run that nothing disturbed.

A process that dies between two writes leaves what the first of them left, so the copies that `CrashPoints` makes are
all the places where a run can die.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from maieutic.core.directives import Stop
from maieutic.core.events import Event
from maieutic.runtime.store import DATABASE, Store
from maieutic.testing.crash_points import CrashPoint, CrashPoints, WriteKind
from maieutic.testing.run_harness import RunHarness, RunSummary, events_of

CALLS = 40  # every recipe below proposes, measures, selects and reports
RECIPES = ("auto", "protegi", "gepa", "mipro", "capo", "mop")
# Two ways of searching where time is short; each death is a whole run.
FAST = ("auto", "protegi")
_STRIDES: dict[WriteKind, int] = {"pending": 10, "checkpoint": 15, "commit": 90}


def sparse(offset: int) -> Callable[[int, WriteKind], bool]:
    """Some points of each kind, others for each offset. A pending result is where resuming went wrong."""
    counts = {kind: stride // 2 + offset for kind, stride in _STRIDES.items()}

    def selection(number: int, last: WriteKind) -> bool:
        counts[last] += 1
        return counts[last] % _STRIDES[last] == 0

    return selection


def answered(folder: Path) -> int:
    with closing(sqlite3.connect(folder / DATABASE)) as database:
        return int(database.execute("SELECT count(*) FROM attempts WHERE state = 'answered'").fetchone()[0])


def event_keys(folder: Path) -> list[str]:
    return sorted(event.key for event in events_of(folder) if event.kind != "run_resumed")


async def check_all(
    harness: RunHarness, recipe: str, selection: Callable[[int, WriteKind], bool], concurrency: int = 1
) -> list[CrashPoint]:
    """Resume from all selection points of a run, and compare archive, report, log and paid calls."""
    calm, task = harness.new_folder(), harness.task(train=6, val=4, test=4)
    with CrashPoints.record(calm, harness.new_folder(), selection) as recorded:
        await harness.run(recipe, CALLS, task, folder=calm, concurrency=concurrency)
    undisturbed, paid = RunSummary.of(calm), harness.request_count
    for point in recorded.points:
        harness.reset()
        before = answered(point.folder)
        await harness.resume(point.folder)
        assert RunSummary.of(point.folder) == undisturbed, point
        assert before + harness.request_count == paid, point
        assert event_keys(point.folder) == event_keys(calm), point
    return recorded.points


@pytest.mark.parametrize(
    "recipe", [pytest.param(name, marks=[] if name in FAST else [pytest.mark.slow]) for name in RECIPES]
)
async def test_L2_death_after_some_writes_of_each_kind(harness: RunHarness, recipe: str) -> None:
    points = await check_all(harness, recipe, sparse(RECIPES.index(recipe)))
    assert {point.last for point in points} == {"pending", "checkpoint", "commit"}


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES)
async def test_L2_death_after_every_write(harness: RunHarness, recipe: str) -> None:
    points = await check_all(harness, recipe, lambda number, last: True)
    assert len(points) > 100
    assert [point.number for point in points] == list(range(len(points)))


async def test_L2_a_stopped_search_goes_on_alike_from_every_write_around_its_stop(harness: RunHarness) -> None:
    """Stopped without a report, then continued: also where the process died while it wrote either of the two."""
    calm, task, copies = harness.new_folder(), harness.task(train=6, val=4, test=4), harness.new_folder()
    with Store.open(calm) as store, CrashPoints.record(calm, copies / "stop") as stop:
        stopping = harness.on_first("baseline_measured", lambda: store.add_directive("r", Stop(report=False)))
        done = await harness.run("protegi", CALLS, task, folder=calm, concurrency=1, listen=stopping)
    assert (done.state, done.report) == ("stopped", None)
    with CrashPoints.record(calm, copies / "go on") as going_on:
        assert (await harness.resume(calm)).state == "finished"
    undisturbed, paid = RunSummary.of(calm), harness.request_count
    around = [*stop.points[-6:], *going_on.points[:6]]
    assert {point.last for point in around} == {"pending", "checkpoint", "commit"}
    for point in around:
        harness.reset()
        before = answered(point.folder)
        if (await harness.resume(point.folder)).state == "stopped":  # it died before the stop was a fact
            await harness.resume(point.folder)
        assert RunSummary.of(point.folder) == undisturbed, point
        assert before + harness.request_count == paid, point
        assert event_keys(point.folder) == event_keys(calm), point


async def test_a_finished_run_that_is_cancelled_in_its_last_moment_is_finished(harness: RunHarness) -> None:
    folder = harness.new_folder()

    def cancel_at_end(event: Event) -> None:
        if event.kind == "run_finished":
            work.cancel()

    work = asyncio.create_task(harness.run(folder=folder, listen=cancel_at_end))
    with pytest.raises(asyncio.CancelledError):
        await work
    paid = harness.request_count
    with Store.open(folder, read_only=True) as store:
        assert (store.run("r").state, store.events("r")[-1].kind) == ("finished", "run_finished")
        report_json = store.report("r")
    result = await harness.resume(folder)
    assert result.report is not None
    assert result.report.model_dump_json() == report_json
    assert harness.request_count == paid


async def test_answers_in_flight_are_stored_when_a_run_is_cancelled(harness: RunHarness) -> None:
    """As by Ctrl-C: what is at the endpoint is paid, so its answer is waited for, and no resume asks again."""
    folder = harness.new_folder()
    harness.target.jitter = harness.optimizer.jitter = 0.05
    work = asyncio.create_task(harness.run("auto", folder=folder))
    harness.at_request(20, work.cancel)
    with pytest.raises(asyncio.CancelledError):
        await work
    with Store.open(folder, read_only=True) as store:
        rows = store.ledger_sums("r")
    assert rows.lost == 0
    assert sum(cost.calls for cost in rows.paid.values()) == harness.request_count
