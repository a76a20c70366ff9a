"""Measures on a task: planned before they spend, counted, kept, and free the second time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.dataset import Example
from maieutic.core.errors import NeedsError, RunFailed, UsageError
from maieutic.core.measures import DeclaredCalls, ExampleVariant, Figure, Reading
from maieutic.core.program import Program
from maieutic.core.protocols import NEEDS_NOTHING, NEEDS_REFERENCES
from maieutic.core.stats.intervals import paired_difference
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


class Exclamation:
    """A stranger's perturber."""

    name = "exclamation"
    needs = NEEDS_NOTHING
    calls = 0

    async def vary_example(self, example: Any, count: int, *, rng: Any, team: Any) -> Any:
        return [ExampleVariant(example=Example(input=f"{example.text}!", outputs=example.outputs), change="loud")]


class Loudness:
    """A stranger's measure, which uses the perturber of the same plugin."""

    name = "loudness"
    needs = NEEDS_REFERENCES
    greedy = False

    def calls(self, subject: Any) -> DeclaredCalls:
        return DeclaredCalls(runs=len(subject.examples) * (1 if self.greedy else 2))

    async def measure(self, subject: Any, bench: Any) -> Reading:
        loud = [(await bench.vary_example("exclamation", row, 1))[0].example for row in subject.examples]
        before = await bench.scores(subject.program, subject.examples)
        after = await bench.scores(subject.program, loud)
        change = paired_difference(before, after, seed=subject.seed)
        return Reading(figures=(Figure.of("change", change),), verdict="measured")


class Greedy(Loudness):
    """Takes twice what it declares."""

    name = "greedy"
    greedy = True


async def test_a_strangers_measure_and_perturber_work_and_one_that_takes_too_much_is_named(harness: RunHarness) -> None:
    registry = harness.registry(
        measure={"loudness": Loudness, "greedy": Greedy}, perturber={"exclamation": Exclamation}
    )
    measured = MeasuredProgram(task=harness.task(), program=WINNER)
    settings = MeasureSettings(folder=harness.new_folder(), calls=10)
    (record,) = await run_measures(measured, ["loudness"], settings, registry=registry)
    assert (record.examples, record.declared, record.paid, harness.request_count) == (5, 10, 10, 10)
    with pytest.raises(RunFailed, match="'greedy' takes more than it declared"):
        await run_measures(measured, ["greedy"], settings, registry=registry)


async def test_an_interrupted_measure_pays_only_for_the_rest(harness: RunHarness) -> None:
    measured = MeasuredProgram(task=harness.task(), program=WINNER)
    settings = MeasureSettings(folder=harness.new_folder(), calls=40, concurrency=1)
    work = asyncio.ensure_future(run_measures(measured, ["format-spread"], settings))
    harness.at_request(12, work.cancel)
    with pytest.raises(asyncio.CancelledError):
        await work
    harness.target.fault = lambda number: None
    (record,) = await run_measures(measured, ["format-spread"], settings)
    assert record.declared == 40
    assert record.paid <= 40 - 11
    assert harness.request_count <= 41
