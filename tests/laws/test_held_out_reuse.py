"""L5 has an end: whoever opens the same sealed rows again is told so."""

from __future__ import annotations

from maieutic.core.budget import Budget
from maieutic.graphs.evaluate import evaluate_program
from maieutic.runtime.reports.text import summary_lines
from maieutic.testing.run_harness import RunHarness


async def test_a_report_says_how_often_its_rows_were_opened_before(harness: RunHarness) -> None:
    folder, task = harness.new_folder(), harness.task()
    first = await harness.run(folder=folder)
    again = await harness.run("protegi", folder=folder, run="again", seed=1)
    assert not any("opened by" in line for line in summary_lines(first.report))
    told = next(line for line in summary_lines(again.report) if "opened by" in line)
    assert told.startswith("note: these 12 examples were opened by 1 earlier run in this folder")
    await evaluate_program(task, task.program, folder=folder, budget=Budget(calls=5))
    third = await harness.run("protegi", folder=folder, run="third", seed=2)
    assert any("these 12 examples were opened by 3 earlier runs" in one for one in third.report.warnings)
    elsewhere = await harness.run(folder=harness.new_folder())
    assert elsewhere.report.warnings == first.report.warnings
