"""Calls of `optimize`: models, limits and tasks as people write them, in and outside of an event loop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from maieutic import Budget, Task, aoptimize, astream, load_task, optimize
from maieutic.core.errors import TaskError, UsageError
from maieutic.core.models import ModelRef
from maieutic.core.task import Models
from maieutic.graphs.api import read_keywords
from maieutic.graphs.blocking import run_blocking
from maieutic.graphs.run_options import RunOptions
from maieutic.runtime.store import Store

ROWS = [(f"review {n}", ("good", "bad")[n % 2]) for n in range(12)]


def task_with(**arguments: Any) -> Task:
    return read_keywords(None, {"prompt": "Judge it.", "train": ROWS, **arguments}, None)[0].task


def budget_of(**arguments: Any) -> Budget | None:
    return RunOptions.from_keywords(arguments).budget


@pytest.mark.parametrize(
    "arguments",
    [
        {"target": "openai/x"},
        {"models": {"target": "openai/x"}},
        {"models": {"target": ModelRef.parse("openai/x")}},
        {"models": Models(target=ModelRef.parse("openai/x"), optimizer=ModelRef.parse("openai/x"))},
        {"target": "openai/x", "models": {"optimizer": "openai/x"}},
        {"target": ModelRef.parse("openai/x")},
    ],
)
def test_the_target_is_the_optimizer_unless_another_is_named(arguments: dict[str, Any]) -> None:
    models = task_with(**arguments).models
    assert (str(models.target), str(models.optimizer)) == ("openai/x", "openai/x")


def test_models_have_all_that_a_task_file_can_say() -> None:
    models = task_with(
        models={
            "target": "openai/x",
            "optimizer": "openai/y",
            "openai/x": {"max_output_tokens": 9},
            "roles": {"judge": "openai/z"},
        }
    ).models
    assert (models.target.options.max_output_tokens, str(models.for_role("judge"))) == (9, "openai/z")


def test_a_task_made_in_python_takes_names_of_models() -> None:
    rows = [{"input": f"a {n}", "output": n} for n in range(4)]
    task = Task.create("p", train=rows[:2], val=rows[2:], models={"target": "openai/x"})
    assert (str(task.models.target), str(task.models.optimizer)) == ("openai/x", "openai/x")
    assert task.data.train[1].outputs == ("1",)
    with pytest.raises(TaskError, match=r"constraints\.max_prompt_tokens should be"):
        Task.create("p", train=rows[:2], val=rows[2:], constraints={"max_prompt_tokens": -1})
    with pytest.raises(TaskError, match="an example is a dict") as caught:
        Task.create("p", train=[("a", "b")], val=rows)  # type: ignore[list-item]
    assert caught.value.where == "row 1"


@pytest.mark.parametrize(
    ("arguments", "budget"),
    [
        ({}, None),
        ({"budget": 300}, Budget(calls=300)),
        ({"budget": {"tokens": 9}}, Budget(tokens=9)),
        ({"budget": Budget(usd=1.5)}, Budget(usd=1.5)),
        ({"calls": 300}, Budget(calls=300)),
        ({"calls": 300, "minutes": 2}, Budget(calls=300, minutes=2)),
        ({"calls": None}, None),
    ],
)
def test_limits_as_people_write_them(arguments: dict[str, Any], budget: Budget | None) -> None:
    assert budget_of(**arguments) == budget


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"budget": "300"}, "a budget is no str"),
        ({"budget": True}, "a budget is no bool"),
        ({"budget": {"call": 3}}, "call is unknown"),
        ({"budget": 300, "calls": 300}, "limit the same run"),
        ({"bugdet": 300}, "there is no option 'bugdet'"),
        ({"patience": 0}, "patience is 0"),
    ],
)
def test_what_is_no_option_is_refused(arguments: dict[str, Any], what: str) -> None:
    with pytest.raises(UsageError) as caught:
        optimize(prompt="Judge it.", train=ROWS, **arguments)
    assert what in caught.value.what
    if "bugdet" in arguments:
        assert caught.value.remedy == "did you mean 'budget'?"


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"target": "gpt-4"}, "'gpt-4' is not a model name"),
        ({"target": 7}, "target should be"),
        ({"models": {"taget": "openai/x"}}, "unknown key 'taget'"),
        ({"models": 7}, "models should be"),
        ({"answer": "lable"}, "answer.type is none of the possible values"),
        ({"answer": 7}, "answer cannot be 7"),
        ({"labels": ["one"]}, "at least two different labels"),
        ({"constraints": {"max_tokens": 1}}, "constraints.max_tokens is unknown"),
        ({"metric": "exact", "evaluators": ["exact"]}, "metric and evaluators are the same"),
    ],
)
def test_bad_arguments_are_errors_of_the_project(arguments: dict[str, Any], what: str) -> None:
    with pytest.raises(UsageError) as caught:
        task_with(**arguments)
    assert what in caught.value.what


def test_answers_by_name_and_by_labels() -> None:
    assert task_with(labels=["good", "bad", "mixed"]).answer.labels == ("good", "bad", "mixed")
    assert task_with(answer="text").answer.type == "text"
    assert task_with(metric=lambda example, output: 1.0).answer.type == "text"


def test_a_path_is_a_task_whose_parts_a_call_replaces(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("input,output\n" + "\n".join(map(",".join, ROWS)), encoding="utf-8")
    (tmp_path / "task.toml").write_text('name = "t"\nprompt = "Judge it."\ndata = "rows.csv"\n', encoding="utf-8")
    for source in (tmp_path, str(tmp_path), tmp_path / "task.toml"):
        resolved, _ = read_keywords(source, {"target": "openai/x", "metric": lambda example, output: 1.0}, None)
        assert resolved.task.data == load_task(tmp_path).data
        assert (str(resolved.task.models.target), resolved.task.evaluators[0].use) == ("openai/x", "metric.lambda")
    with pytest.raises(UsageError, match="train= does not go with a task"):
        read_keywords(tmp_path, {"train": ROWS}, None)


def test_ten_lines_in_a_script(options: dict[str, Any], rows: list[dict[str, str]]) -> None:
    def same_colour(example: Any, output: str) -> bool:
        return bool(output.strip().lower() == example["colour"])

    result = optimize(prompt="Say red or blue.", train=rows, output="colour", metric=same_colour, **options)
    assert result.report is not None
    assert result.report.start.n == 13  # 35 % of 36 rows
    assert result.report.calls.target + result.report.calls.optimizer <= options["calls"]


async def test_ten_lines_where_a_loop_runs_as_in_a_notebook(
    options: dict[str, Any], rows: list[dict[str, str]]
) -> None:
    result = optimize(prompt="Say red or blue.", train=rows, output="colour", **options)
    assert result.state == "finished"
    heard = [event.kind async for event in astream(prompt="Say red or blue.", train=rows, output="colour", **options)]
    assert heard[-1] == "run_finished"


async def test_ctrl_c_in_a_notebook_stops_the_work_before_it_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled = threading.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("maieutic.graphs.blocking._TICK_SECONDS", 0.01)
    with pytest.raises(KeyboardInterrupt):
        run_blocking(work(), on_tick=interrupt)
    assert cancelled.is_set()


@pytest.mark.parametrize("stop", [True, False])
async def test_a_callback_ends_the_search_with_its_report(
    stop: bool, options: dict[str, Any], rows: list[dict[str, str]]
) -> None:
    rounds: list[int] = []

    def callback(event: Any) -> bool:
        if event.kind == "round_finished":
            rounds.append(event.data["round"])
        return stop and bool(rounds)

    arguments: dict[str, Any] = {"prompt": "Say red or blue.", "train": rows, "output": "colour", **options}
    arguments |= {"recipe": "opro", "calls": 120}
    result = await aoptimize(**arguments, callbacks=[callback], run="r", listen=lambda event: True)  # type: ignore[arg-type, return-value]
    assert result.report is not None
    assert (rounds == [1]) is stop
    with Store.open(options["folder"], read_only=True) as store:
        reasons = [event.data["reason"] for event in store.events("r") if event.kind == "run_finished"]
    assert (reasons == ["a callback stopped it"]) is stop


async def test_a_callback_that_fails_changes_nothing(
    options: dict[str, Any], rows: list[dict[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    def fails(event: Any) -> None:
        raise ValueError("mine")

    arguments: dict[str, Any] = {"prompt": "Say red or blue.", "train": rows, "output": "colour", **options}
    with caplog.at_level(logging.ERROR, "maieutic"):
        result = await aoptimize(**arguments, callbacks=fails)
    assert result.state == "finished"
    assert "a listener failed on run_started" in caplog.text


@pytest.mark.parametrize(("patience", "rounds"), [(1, 1), (None, 2)])
async def test_patience_ends_a_search_that_brings_nothing_better(
    patience: int | None, rounds: int, options: dict[str, Any], rows: list[dict[str, str]]
) -> None:
    finished: list[int] = []

    def count(event: Any) -> None:
        if event.kind == "round_finished":
            finished.append(event.data["round"])

    never_better: Callable[..., float] = lambda output, expected: 0.5  # noqa: E731
    arguments: dict[str, Any] = {"prompt": "Say red or blue.", "train": rows, "output": "colour", **options}
    arguments |= {"metric": never_better, "calls": 120, "recipe": "opro"}
    await aoptimize(**arguments, listen=count, patience=patience, run="r")
    assert (len(finished) == 1) if patience else (len(finished) >= rounds)
    with Store.open(options["folder"], read_only=True) as store:
        reason = next(event.data["reason"] for event in store.events("r") if event.kind == "run_finished")
        assert store.run("r").options.get("patience") == patience
    assert (reason == "no better prompt in 1 round") is (patience == 1)
