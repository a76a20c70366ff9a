"""An example on which an app, a metric, a target or the endpoint fails is data; a run ends where most examples fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.errors import MaieuticError, ModelError, PluginError
from maieutic.core.events import Event
from maieutic.core.recipe import PluginRef
from maieutic.core.task import EvaluatorSpec, Task
from maieutic.graphs.evaluate import evaluate_program
from maieutic.testing.faults import Fault
from maieutic.testing.run_harness import RunHarness

Log = Callable[..., list[Event]]

METRIC = """
def score(example, output, expected):
    if "{bad}" in example.text:
        {body}
    return expected in output
"""
RAISING = {"error": "raise KeyError('colour')", "exit": "import sys; sys.exit(0)", "no score": "return 7"}
TARGET = """
def run(messages):
    text = messages[-1]["content"]
    if "{bad}" in text:
        raise ValueError("no such word")
    return "red"
"""


def with_metric(harness: RunHarness, folder: Path, bad: str, body: str) -> Task:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.py").write_text(METRIC.format(bad=bad, body=body))
    task = harness.task()
    update: dict[str, Any] = {
        "evaluators": (EvaluatorSpec(use="metrics.py:score"),),
        "source": str(folder / "task.toml"),
    }
    return task.model_copy(update=update)


@pytest.mark.parametrize("body", RAISING.values(), ids=RAISING)
async def test_a_metric_that_raises_on_one_example_fails_that_example_alone(
    harness: RunHarness, log: Log, tmp_path: Path, body: str
) -> None:
    result = await harness.run(task=with_metric(harness, tmp_path, "val word 7", body), folder=tmp_path / "store")
    assert result.state == "finished"
    failed = [event for event in log(tmp_path / "store") if event.kind == "example_failed"]
    assert failed
    assert len({event.data["example"] for event in failed}) == 1
    assert any(word in failed[0].data["reason"] for word in ("KeyError: 'colour'", "sys.exit", "returned 7"))


async def test_a_report_counts_the_failed_examples_with_their_reasons(harness: RunHarness, tmp_path: Path) -> None:
    task = with_metric(harness, tmp_path, "test word 7", "raise KeyError('colour')")
    report = (await harness.run(task=task, folder=tmp_path / "store")).report
    assert report is not None
    assert (report.failed.count, report.failed.of) == (1, 12)
    ((reason, count),) = report.failed.reasons.items()
    assert ("KeyError: 'colour'" in reason, count) == (True, 1)
    assert any("could not be scored for a prompt" in warning for warning in report.warnings)
    assert any("KeyError" in warning for warning in report.warnings)


async def test_a_target_that_raises_on_most_examples_ends_the_run_with_the_rule(
    harness: RunHarness, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(TARGET.format(bad="word"))
    target = PluginRef(use="callable", options={"function": "app.py:run", "calls_per_example": 1})
    task = harness.task().model_copy(update={"target": target, "source": str(tmp_path / "task.toml")})
    with pytest.raises(
        PluginError, match=r"failed: \d+ × the target app.py:run failed: ValueError: no such word"
    ) as end:
        await harness.run(task=task, folder=tmp_path / "store")
    assert "more than half of the examples tried" in end.value.what
    assert end.value.exit_code == 1


async def test_a_target_that_raises_on_one_example_fails_that_example_alone(
    harness: RunHarness, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(TARGET.format(bad="val word 7"))
    target = PluginRef(use="callable", options={"function": "app.py:run"})
    task = harness.task().model_copy(update={"target": target, "source": str(tmp_path / "task.toml")})
    evaluations = await evaluate_program(task, task.program, split="val", folder=tmp_path / "store")
    assert len(evaluations) == 12
    (failed,) = [evaluation for evaluation in evaluations if evaluation.failure]
    assert (failed.failure, failed.score) == ("example", 0.0)
    assert failed.failure_reason == "the target app.py:run failed: ValueError: no such word"


async def test_one_example_that_the_endpoint_refuses_does_not_end_the_run(
    harness: RunHarness, log: Log, tmp_path: Path
) -> None:
    def fault(number: int) -> Fault | None:
        body = harness.target.seen.bodies[-1]
        refused = body["messages"][-1]["content"].endswith("val word 7")
        return Fault(status=400, text="this one I do not like") if refused else None

    harness.target.fault = fault
    result = await harness.run(folder=tmp_path / "store", concurrency=1)
    assert result.state == "finished"
    failed = [event for event in log(tmp_path / "store") if event.kind == "example_failed"]
    assert "refused the request" in failed[0].data["reason"]


async def test_an_endpoint_that_refuses_everything_ends_the_run(harness: RunHarness) -> None:
    harness.target.fault = lambda number: Fault(status=400, text="no")
    with pytest.raises(ModelError, match="refused the request") as end:
        await harness.run()
    assert not isinstance(end.value, ExceptionGroup)
    assert isinstance(end.value, MaieuticError)
    assert end.value.exit_code == 4
