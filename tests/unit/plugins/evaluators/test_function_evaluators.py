"""Any function is an evaluator, as people write metrics elsewhere."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from maieutic.core.dataset import Example
from maieutic.core.errors import ModelError, PluginError, UsageError
from maieutic.core.models import Output
from maieutic.core.score import Score
from maieutic.plugins.evaluators.callable import CallableEvaluator
from maieutic.plugins.system.registry import Registry

ROW = Example(id="r1", input={"question": "2+2?", "hint": "add"}, outputs=("4", "four"), metadata={"level": 1})


async def score(metric: Callable[..., Any], answer: str | None = "4", **options: Any) -> Score:
    return await CallableEvaluator(metric, **options).evaluate(ROW, Output(text="It is 4"), answer)


def by_name(inputs: Any, outputs: str, reference_outputs: str) -> bool:
    return (inputs, outputs, reference_outputs) == ({"question": "2+2?", "hint": "add"}, "It is 4", "4")


def by_other_names(input: Any, answer: str, expected: str, references: tuple[str, ...], trace: Any = 0) -> bool:
    return (answer, expected, references, trace) == ("4", "4", ("4", "four"), None)


def dspy_like(example: Any, pred: Any, trace: Any = None) -> bool:
    return bool(example.answer == pred.answer and example.question == "2+2?" and trace is None)


def dspy_other_names(a: Any, b: Any, c: Any = None) -> float:
    return float(a["label"] == b["answer"] and str(b) == "It is 4" and c is None)


def gepa_like(gold: Any, prediction_: Any, trace: Any, name: Any, its_trace: Any) -> float:
    return float(gold.level == 1 and prediction_.text == "It is 4" and (trace, name, its_trace) == (None,) * 3)


def opik_like(dataset_item: Any, llm_output: str) -> Any:
    return SimpleNamespace(name="m", value=float(dataset_item["hint"] == "add" and "4" in llm_output), reason="fits")


async def in_a_loop(output: str) -> float:
    await asyncio.sleep(0)
    return 1.0


class Metric:
    def __init__(self, wanted: str = "4") -> None:
        self.wanted = wanted

    async def __call__(self, answer: str) -> bool:
        return answer == self.wanted


METRICS = [by_name, by_other_names, dspy_like, dspy_other_names, gepa_like, opik_like, in_a_loop, Metric, Metric()]


@pytest.mark.parametrize("metric", METRICS, ids=lambda one: getattr(one, "__name__", "object"))
async def test_arguments_are_matched(metric: Callable[..., Any]) -> None:
    result = await score(metric)
    assert (result.value, result.failure) == (1, None), result


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        (True, Score(value=1)),
        (0, Score(value=0)),
        (0.5, Score(value=0.5)),
        (np.float32(0.5), Score(value=0.5)),
        (np.bool_(True), Score(value=1)),
        ({"score": 0.5, "comment": "half"}, Score(value=0.5, feedback="half")),
        (
            {"value": True, "reason": "r", "length": 12, "note": "x"},
            Score(value=1, values={"length": 12}, feedback="r"),
        ),
        (SimpleNamespace(score=0.25, feedback="f"), Score(value=0.25, feedback="f")),
        (Score(value=0, failure="example"), Score(value=0, failure="example")),
    ],
)
async def test_what_a_metric_may_return(returned: Any, expected: Score) -> None:
    assert await score(lambda output: returned) == expected


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (7, r"returned 7\.0, which is outside"),
        (-0.1, r"returned -0\.1"),
        (float("nan"), "nan"),
        (None, "returned None"),
        ("good", "returned 'good'"),
        ({"accuracy": 1}, "without a score; it has accuracy"),
        ({"score": "high"}, "score = 'high'"),
    ],
)
async def test_what_is_no_score_names_the_function_and_the_value(returned: Any, said: str) -> None:
    def metric(output: str) -> Any:
        return returned

    with pytest.raises(PluginError, match=f"the metric metric .*{said}"):
        await score(metric)


async def test_a_metric_that_raises_is_told_apart_from_a_wrong_answer() -> None:
    def metric(output: str) -> float:
        raise KeyError("gold")

    result = await score(metric)
    assert (result.value, result.failure) == (0, "example")
    assert result.feedback == "the metric metric failed on this example: KeyError: 'gold'"


@pytest.mark.parametrize(("code", "said"), [(0, "0"), (None, ""), ("no key", "'no key'")])
@pytest.mark.parametrize("coroutine", [False, True])
async def test_a_metric_that_calls_exit_fails_on_its_row_alone(code: Any, said: str, coroutine: bool) -> None:
    def leaves(output: str) -> float:
        sys.exit(code)

    async def leaves_later(output: str) -> float:
        return leaves(output)

    result = await score(leaves_later if coroutine else leaves)
    assert (result.value, result.failure) == (0, "example")
    assert f"failed on this example: RuntimeError: it called sys.exit({said})" in (result.feedback or "")


async def test_a_dead_endpoint_is_no_bad_row() -> None:
    def metric(output: str) -> float:
        raise ModelError("down")

    with pytest.raises(ModelError):
        await score(metric)


async def test_a_missing_answer_reaches_the_metric() -> None:
    assert (await score(lambda answer: answer is None, answer=None)).value == 1


async def test_a_sync_metric_does_not_run_in_the_event_loop() -> None:
    here = threading.get_ident()
    assert (await score(lambda output: threading.get_ident() != here)).value == 1


async def test_options_are_arguments() -> None:
    def metric(answer: str, among: list[str], strict: bool = False) -> bool:
        return answer in among and strict

    assert (await score(metric, among=["4"], strict=True)).value == 1
    assert (await score(Metric, wanted="5")).value == 0
    with pytest.raises(UsageError, match="no argument 'strikt'"):
        CallableEvaluator(metric, among=[], strikt=True)


@pytest.mark.parametrize("metric", [lambda: 1, lambda surprise: 1, lambda a, b, c, d, e, f: 1, lambda *, odd: 1])
def test_arguments_that_nobody_can_give_are_refused(metric: Callable[..., Any]) -> None:
    with pytest.raises(UsageError, match="which cannot be given") as caught:
        CallableEvaluator(metric)
    assert "expected" in caught.value.possible


async def test_views_say_what_they_have() -> None:
    result = await score(lambda example, pred: pred.sentiment)
    assert result.failure == "example"
    assert "no 'sentiment' here, only answer" in (result.feedback or "")


async def test_functions_are_found_in_files_and_modules(tmp_path: Path) -> None:
    (tmp_path / "my_metrics.py").write_text(
        "class Box:\n    @staticmethod\n    def same(answer, expected):\n        return answer == expected\n"
    )
    registry = Registry.load((), folder=tmp_path)
    for name in ("my_metrics:Box.same", "my_metrics.py:Box.same", "./my_metrics.py:Box.same"):
        evaluator = registry.create("evaluator", name)
        assert (await evaluator.evaluate(ROW, Output(text=""), "4")).value == 1
        assert evaluator.name == name
    installed = registry.create("evaluator", "operator:eq")
    assert (await installed.evaluate(ROW, Output(text=""), "4")).value == 0


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("absent.py:metric", UsageError, "no file"),
        ("absent_module:metric", UsageError, "no module 'absent_module'"),
        ("mine.py:metrik", UsageError, "has no 'metrik'"),
        ("mine.py:number", UsageError, "no function but int"),
        ("sick.py:metric", PluginError, "ZeroDivisionError"),
        ("needy.py:metric", PluginError, "absent_library"),
    ],
)
def test_a_function_that_cannot_be_found_is_explained(
    tmp_path: Path, name: str, error: type[Exception], said: str
) -> None:
    (tmp_path / "mine.py").write_text("number = 1\ndef metric(output): return 1\n")
    (tmp_path / "sick.py").write_text("1 / 0")
    (tmp_path / "needy.py").write_text("import absent_library")
    with pytest.raises(error, match=said):
        Registry.load((), folder=tmp_path).create("evaluator", name)
