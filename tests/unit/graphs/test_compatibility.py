"""A mix of parts that cannot work is refused before a run is recorded, and says what would do."""

from __future__ import annotations

from typing import Any

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.errors import NeedsError, UsageError
from maieutic.core.task import Task
from maieutic.graphs.run_config import RunConfig
from maieutic.graphs.run_options import RunOptions


@pytest.fixture
def task() -> Task:
    rows = [{"input": f"row {n}", "output": ("yes", "no")[n % 2]} for n in range(12)]
    answer = AnswerContract(type="label", labels=("yes", "no"))
    return Task.create("Say yes or no.", train=rows[:4], val=rows[4:8], test=rows[8:], answer=answer)


@pytest.mark.parametrize(
    ("strategy", "operator"),
    [
        ("surrogate", "combine"),
        ("bilevel", "assemble"),
        ("regions", "mixture"),
        ("blame", "mask"),
        ("categorical", "prefix"),
        ("selection", "select-by-log"),
    ],
)
def test_a_strategy_that_lacks_an_operator_is_refused_with_the_setting_that_helps(
    task: Task, strategy: str, operator: str
) -> None:
    with pytest.raises(NeedsError) as caught:
        RunConfig.resolve(task, RunOptions(settings={"strategy": strategy}))
    assert f"needs the operator {operator!r}" in caught.value.what
    helps = (caught.value.remedy or "").rpartition("operators=")[2]
    assert (
        RunConfig.resolve(task, RunOptions(settings={"strategy": strategy, "operators": helps})).strategy.name
        == strategy
    )


@pytest.mark.parametrize("operators", ["rewrite,demos", "private-ensemble,demos"])
def test_a_privacy_budget_is_on_record_only_where_every_author_keeps_it(task: Task, operators: str) -> None:
    with pytest.raises(NeedsError, match=r"'private' does not allow operator .*'demos'") as refused:
        RunConfig.resolve(task, RunOptions(recipe="dp-opt", settings={"operators": operators}))
    assert refused.value.possible == ("private-ensemble",)


def test_an_option_may_name_the_operator_that_a_strategy_requires(task: Task) -> None:
    settings = {"strategy": "surrogate", "surrogate.combine": "rewrite"}
    assert RunConfig.resolve(task, RunOptions(settings=settings)).strategy.name == "surrogate"


@pytest.mark.parametrize("judge", ["exact", "rubric"])
def test_a_judge_compares_two_outputs(task: Task, judge: str) -> None:
    with pytest.raises(UsageError) as caught:
        RunConfig.resolve(task, RunOptions(recipe="spo", settings={"judge": judge}))
    assert f"{judge!r} cannot be used as judge" in caught.value.what
    assert {"judge", "person"} <= set(caught.value.possible)
    assert "exact" not in caught.value.possible


def test_a_judge_scores_no_row(task: Task) -> None:
    judged: Any = task.model_copy(update={"evaluators": (task.evaluators[0].model_copy(update={"use": "person"}),)})
    with pytest.raises(UsageError, match="'person' cannot be used as evaluator"):
        RunConfig.resolve(judged)


@pytest.mark.parametrize("settings", [{"bandit.children": "abc"}, {"bandit.children": "2.5"}, {"race.first": "-3"}])
def test_an_option_of_a_wrong_type_is_refused(task: Task, settings: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="the option"):
        RunConfig.resolve(task, RunOptions(settings=settings))
