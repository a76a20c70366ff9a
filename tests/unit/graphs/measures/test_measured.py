"""Measures on a task: planned before they spend, counted, kept, and free the second time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from maieutic.core.errors import NeedsError, UsageError
from maieutic.core.program import Program
from maieutic.graphs.measures.measured import MeasuredProgram, MeasureSettings, list_measures, run_measures
from maieutic.runtime.store import Store
from maieutic.testing.run_harness import RunHarness

START, WINNER = Program.of("Say red or blue."), Program.of("Name the colour: red or blue.")


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[RunHarness]:
    with RunHarness.open(tmp_path) as opened:
        yield opened


async def test_the_endpoint_gets_no_more_calls_than_announced_and_none_the_second_time(harness: RunHarness) -> None:
    measured = MeasuredProgram(task=harness.task(), program=WINNER, baseline=START, role="best")
    settings = MeasureSettings(folder=harness.new_folder(), calls=16)
    (plan,) = [plan for plan in list_measures(measured, settings) if plan.name == "negative-flips"]
    assert (plan.examples, plan.calls, harness.request_count) == (8, 16, 0)
    (record,) = await run_measures(measured, ["negative-flips"], settings)
    assert harness.request_count == record.paid == record.calls == record.declared == 16
    (again,) = await run_measures(measured, ["negative-flips"], settings)
    assert (harness.request_count, again.paid, again.reading) == (16, 0, record.reading)
    with Store.open(Path(settings.folder), read_only=True) as store:
        assert [run.recipe for run in store.runs()] == ["measure", "measure"]
        assert store.measures(record.run)[0].reading == record.reading


async def test_what_is_missing_is_named_before_anything_is_spent(harness: RunHarness) -> None:
    measured = MeasuredProgram(task=harness.task(), program=WINNER)
    settings = MeasureSettings(folder=harness.new_folder())
    with pytest.raises(NeedsError, match="needs baseline"):
        await run_measures(measured, ["negative-flips"], settings)
    measured = MeasuredProgram(task=harness.task(), program=WINNER, baseline=START)
    with pytest.raises(UsageError, match="takes 2 calls for one example, and 1 are allowed"):
        await run_measures(measured, ["negative-flips"], MeasureSettings(folder=settings.folder, calls=1))
    assert harness.request_count == 0
