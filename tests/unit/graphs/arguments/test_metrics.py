"""Metrics in a call: any function, with what it may ask for and return; its record, and a resume."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from maieutic import Score, Task, aoptimize, aresume
from maieutic.core.errors import NeedsError, TaskError, UsageError
from maieutic.core.models import Output
from maieutic.core.task import EvaluatorSpec
from maieutic.graphs.arguments.metrics import evaluator_specs, source_digest
from maieutic.graphs.arguments.task import resolve_task
from maieutic.plugins.evaluators.callable import CallableEvaluator
from maieutic.plugins.system.registry import Registry

ROWS = [{"question": f"q {n}", "team": ("refund", "repair")[n % 2]} for n in range(12)]


def by_name(example: Any, output: str) -> bool:
    return bool(example["team"] in output)


async def awaited(example: Any, output: str) -> tuple[float, str]:
    return float(example.team == output), "feedback"


def with_options(example: Any, output: str, *, least: float = 0.0) -> float:
    return max(least, float(example.expected == output))


class Team:
    name, needs = "team", frozenset[Any]()

    async def evaluate(self, example: Any, output: Output, answer: str | None) -> Score:
        return Score(value=float(output.text == example.output))


def resolved(metric: Any) -> tuple[Task, Registry]:
    made = resolve_task(None, {"prompt": "Route it.", "train": ROWS, "output": "team", "metric": metric}, None)
    assert made.registry is not None
    return made.task, made.registry


@pytest.mark.parametrize(
    ("metric", "feedback"),
    [
        (by_name, None),
        (awaited, "feedback"),
        (functools.partial(with_options, least=0.0), None),
        (Team(), None),
        (lambda example, output: example["label"] in output, None),
        (lambda e, o: e["team"] in o, None),
        (lambda e, o: e.team == o.answer, None),
        (lambda output, expected: output == expected, None),
        (lambda example, output: (output == example["team"], "why"), "why"),
        (lambda example, output: {"score": float(output == example["team"]), "feedback": "why"}, "why"),
        (lambda example, output: Score(value=float(output == example["team"])), None),
    ],
)
async def test_any_function_scores(metric: Any, feedback: str | None) -> None:
    task, registry = resolved(metric)
    (spec,) = task.evaluators
    evaluator = registry.create("evaluator", spec.use, **spec.options)
    example = task.data.train[0]
    right = await evaluator.evaluate(example, Output(text=str(example.output)), example.output)
    wrong = await evaluator.evaluate(example, Output(text="nothing"), "nothing")
    assert (right.value, wrong.value) == (1.0, 0.0)
    assert right.feedback == feedback


async def test_a_tuple_that_is_no_score_is_refused() -> None:
    with pytest.raises(Exception, match=r"returned \(1.0, 2.0\), which is no score"):
        await CallableEvaluator(lambda example, output: (1.0, 2.0)).evaluate(
            resolved(by_name)[0].data.train[0], Output(text="x"), "x"
        )


def test_the_task_records_name_and_source_of_a_function() -> None:
    (spec,) = resolved(by_name)[0].evaluators
    assert spec.use == "metric.by_name"
    assert spec.options["function"].endswith("test_metrics.by_name")
    assert spec.options["source"] == source_digest(by_name)
    assert spec.options["columns"] == {"question": "input", "team": "output"}


def test_names_of_functions_are_no_names_of_plugins_and_stand_once() -> None:
    def exact(output: str, expected: str) -> bool:
        return True

    registry = Registry()
    specs = evaluator_specs([exact, exact, lambda output: 1.0, "exact", EvaluatorSpec(use="numeric")], registry)
    assert [spec.use for spec in specs] == ["metric.exact", "metric.exact-2", "metric.lambda", "exact", "numeric"]
    assert evaluator_specs([exact], registry)[0].use == "metric.exact"  # in place of the first, as a cell run again
    assert isinstance(registry.create("evaluator", "metric.exact"), CallableEvaluator)


def test_a_function_with_its_weight_and_direction() -> None:
    specs = evaluator_specs([{"use": by_name, "weight": 2, "direction": "minimize"}], Registry())
    assert (specs[0].weight, specs[0].direction) == (2.0, "minimize")


def test_a_source_is_the_same_whatever_stands_around_it() -> None:
    first: Callable[..., bool] = lambda output: output in {"a", "b", "c"}  # noqa: E731
    other: Callable[..., bool] = lambda output: output in {"a", "b", "d"}  # noqa: E731
    assert source_digest(first) != source_digest(other)
    assert source_digest(functools.partial(by_name)) == source_digest(by_name)


@pytest.mark.parametrize(
    ("metric", "what"),
    [
        (7, "is no metric"),
        ([], "no metric was given"),
        (lambda one: 1.0, "which cannot be given"),
        ([{"use": "exact", "weight": -1}], "weight"),
        ({"uses": "exact"}, "use is missing"),
    ],
)
def test_what_is_no_metric_is_refused(metric: Any, what: str) -> None:
    with pytest.raises(UsageError) as caught:
        evaluator_specs(metric, Registry())
    assert what in caught.value.what


def test_a_task_refuses_a_function_and_says_where_it_goes() -> None:
    rows = [{"input": f"a {n}", "output": "b"} for n in range(4)]
    with pytest.raises(TaskError, match="holds the names of its evaluators") as caught:
        Task.create("p", train=rows[:2], val=rows[2:], evaluators=[by_name])
    assert "optimize(task, metric=my_function)" in (caught.value.remedy or "")
    task = Task.create("p", train=rows[:2], val=rows[2:], evaluators=["exact", {"use": "numeric"}])
    assert [spec.use for spec in task.evaluators] == ["exact", "numeric"]


async def test_a_run_with_a_function_is_resumed_with_the_same_function_only(
    options: dict[str, Any], rows: list[dict[str, str]]
) -> None:
    def same_colour(example: Any, output: str) -> tuple[float, str]:
        return float(example["colour"] == output.strip().lower()), f"it is {example['colour']}"

    folder = options["folder"]
    data = {"prompt": "Say red or blue.", "train": rows, "output": "colour"}
    stopped = await aoptimize(
        metric=same_colour, **data, **options, run="r", callbacks=lambda event: event.kind == "round_finished"
    )
    assert stopped.report is not None
    with pytest.raises(NeedsError, match="is a function of the program that began the run") as caught:
        await aresume("r", folder=folder)
    assert "metric=" in (caught.value.remedy or "")
    assert (await aresume("r", folder=folder, metric=same_colour)).report == stopped.report

    def changed(example: Any, output: str) -> float:
        return 1.0

    changed.__name__ = "same_colour"
    with pytest.raises(UsageError, match="its source has changed"):
        await aresume("r", folder=folder, metric=changed)
