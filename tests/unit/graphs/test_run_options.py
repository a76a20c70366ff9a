"""One list of run options: the keywords of `optimize` are its fields, and a run's record keeps what a resume needs."""

from __future__ import annotations

import inspect
from dataclasses import fields, replace
from pathlib import Path

from maieutic import aoptimize, optimize
from maieutic.core.budget import Budget
from maieutic.core.recipe import PluginRef
from maieutic.core.task import Task
from maieutic.graphs.arguments.task import TaskArguments
from maieutic.graphs.run_config import RunConfig
from maieutic.graphs.run_lifecycle import run_record
from maieutic.graphs.run_options import ForkOrigin, LimitKeywords, MeasureKeywords, RunKeywords, RunOptions


def task() -> Task:
    rows = [{"input": f"word {n}", "output": "red"} for n in range(4)]
    return Task.create("Say it.", train=rows[:2], val=rows[2:], name="t")


NAMES = {option.name for option in fields(RunOptions)}


def test_the_keywords_of_optimize_are_the_options() -> None:
    assert set(RunKeywords.__annotations__) == NAMES
    assert set(MeasureKeywords.__annotations__) < NAMES


def test_help_shows_them_with_their_defaults() -> None:
    parameters = inspect.signature(aoptimize).parameters
    own = {"task", "listen", "callbacks", "progress", "registry", "run"}
    assert set(parameters) == own | NAMES | set(LimitKeywords.__annotations__) | set(TaskArguments.__annotations__)
    assert (parameters["recipe"].default, parameters["concurrency"].default) == ("auto", 4)
    assert list(inspect.signature(optimize).parameters) == list(parameters)


def test_a_record_gives_back_the_options_it_was_made_with() -> None:
    chosen = RunOptions(
        recipe="random-demos",
        budget=Budget(calls=50),
        seed=7,
        concurrency=2,
        folder="elsewhere",
        settings={"rounds": "2"},
        approve=True,
        origin=ForkOrigin(run="r", candidate="c"),
        executor=PluginRef(use="local"),
        patience=3,
    )
    config = RunConfig.resolve(task(), chosen)
    again = RunOptions.from_record(run_record(config, "run"), folder=Path("elsewhere"))
    # The recipe has the settings applied; everything else is as it was chosen.
    assert again == replace(chosen, recipe=config.recipe, folder=Path("elsewhere"), settings=None)


def test_a_record_from_before_an_option_was_there_has_its_default() -> None:
    record = run_record(RunConfig.resolve(task(), RunOptions(recipe="random-demos")), "run")
    old = record.model_copy(update={"options": {}})
    again = RunOptions.from_record(old, folder=".maieutic")
    assert (again.concurrency, again.approve, again.executor_ref.use, again.observer_refs) == (4, False, "local", ())
