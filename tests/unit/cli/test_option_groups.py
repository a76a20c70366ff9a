"""Groups of options expand into a command's own, and what the command line sets changes the run's options."""

from __future__ import annotations

import inspect
import json
from dataclasses import fields

import pytest
from maieutic.cli.errors import print_error, read_error
from maieutic.cli.fork import fork
from maieutic.cli.optimize import optimize
from maieutic.cli.options import BudgetOptions, MethodOptions, SearchOptions
from maieutic.core.errors import MaieuticError, NeedsError, TaskError, UsageError
from maieutic.graphs.run_options import RunOptions


@pytest.mark.parametrize("command", [optimize, fork])
@pytest.mark.parametrize("group", [MethodOptions, BudgetOptions, SearchOptions])
def test_a_command_has_the_options_of_its_groups(command: object, group: type) -> None:
    names = set(inspect.signature(command).parameters)  # type: ignore[arg-type]
    assert {option.name for option in fields(group)} <= names


def test_what_is_not_given_leaves_the_options_as_they_are() -> None:
    options = RunOptions(recipe="capo", seed=7, concurrency=2, settings={"a.b": "1"})
    assert SearchOptions().apply(MethodOptions().apply(options)) == options


def test_what_is_given_changes_the_options() -> None:
    method = MethodOptions(recipe="gepa", settings=["beam.width=8"], concurrency=1)
    search = SearchOptions(seed=0, approve=True, executor="ray", observe=["mlflow"])
    options = search.apply(method.apply(RunOptions(seed=7)))
    assert (options.recipe, options.settings, options.concurrency) == ("gepa", {"beam.width": "8"}, 1)
    assert (options.seed, options.approve, options.executor, options.observers) == (0, True, "ray", ("mlflow",))


@pytest.mark.parametrize("error_class", [UsageError, TaskError, NeedsError])
def test_an_error_of_another_process_is_the_same_error(
    error_class: type[MaieuticError], capsys: pytest.CaptureFixture[str]
) -> None:
    error = error_class("what", where="where", possible=("a", "b"), remedy="remedy")
    print_error(error, as_json=True)
    copy = read_error(capsys.readouterr().out)
    assert (type(copy), str(copy), copy.exit_code if copy else None) == (error_class, str(error), error.exit_code)


@pytest.mark.parametrize(
    "line", ["", "Traceback", "[]", json.dumps({"event": "run_started"}), '{"error": {"code": "crash"}}']
)
def test_other_lines_are_no_error(line: str) -> None:
    assert read_error(line) is None
