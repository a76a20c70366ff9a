"""promptagent against its card: errors of a batch each, feedback, a rewrite that knows the trajectory; tree search."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

import pytest
from maieutic.core.budget import Budget
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Search
from maieutic.plugins.algorithms.search_tree import SearchTree, TreeLimits
from maieutic.plugins.strategies.mcts import MonteCarloTreeSearch

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def climber() -> Any:
    """Each rewrite is one level above the prompt it saw."""
    number = count()

    def say(text: str) -> str:
        if "somebody else" in text:
            return "<critique>The prompt does not say which digit counts.</critique>"
        found = re.findall(r"level (\d+)", text.split('"""')[1])
        return f"<prompt>Say even or odd, version {next(number)}, level {(int(found[-1]) if found else 3) + 1}</prompt>"

    return say


async def test_promptagent_asks_as_its_card_says_and_goes_down_the_best_path(play: Any) -> None:
    run = await play("promptagent", climber(), budget=Budget(target_calls=500))
    start = next(iter(run.candidates))
    assert [len(orders) for orders in run.orders[:2]] == [3, 3], "three children an expansion"
    assert {one["operator"] for orders in run.orders for one in orders} == {"critique"}
    assert run.orders[0][0]["parents"] == [start]
    children = [one.id for one in run.made_by("critique") if one.parents == (start,)]
    best_child = max(children, key=run.mean)
    assert run.orders[1][0]["parents"] == [best_child], "the best child is expanded next"
    assert run.skills["critique"] == run.skills["synthesize"], "feedback, then a rewrite, for each child"
    assert run.author_calls == 2 * run.skills["critique"]
    feedback, rewrites = run.asked("critique")[0], run.asked("synthesize")
    assert "Expected:" in feedback
    assert "Got:" in feedback
    assert feedback.count("] Input:") <= 5 + 1, "a batch of five"
    assert "Earlier prompts" not in rewrites[0], "the start prompt has no ancestors"
    deep = next(text for text in rewrites if "level 5" in text.split('"""')[1])
    trajectory = deep.split("Earlier prompts")[1]
    assert trajectory.index("Say even or odd.") < trajectory.index("level 4"), "ancestors, oldest first"
    rows = {len(run.rows(one)) for one in [start, *children]}
    assert rows == {16}, "every node is scored on the same rows, scaled to the budget"
    assert run.report.best.score > run.report.start.score + 0.2


async def test_a_batch_without_a_failure_is_extended_and_sixty_calls_measure_children(play: Any) -> None:
    run = await play("promptagent", climber(), budget=Budget(target_calls=60))
    assert run.rows(next(iter(run.candidates)))
    assert sum(bool(run.rows(one.id)) for one in run.made_by("critique")) >= 4
    assert sum(one.split != "test" for one in run.evaluations) <= 60


def world(means: dict[str, float], line: dict[str, str], memory: dict[str, Any] | None = None) -> Search:
    archive = Archive()
    for name, mean in means.items():
        parents = (line[name],) if name in line else ()
        archive.add(Candidate(id=name, program=Program.of(name), parents=parents, operator="critique", status="kept"))
        for row in range(10):
            score = float(row < round(10 * mean))
            seen = Evaluation(candidate=name, example=f"v{row}", split="val", output="", answer="", score=score)
            archive.scores.add(seen)
    val, train = tuple(f"v{n}" for n in range(10)), tuple(f"t{n}" for n in range(8))
    given: dict[str, Any] = {
        "remaining_runs": 500,
        "total_runs": 1000,
        "round": 2,
        "step": 9,
        "seed": 1,
        "operators": {"critique": 1.0},
    }
    return Search(archive=archive, train=train, val=val, memory=memory or {}, **given)


def walk(search: Search, *paths: list[str], **limits: Any) -> SearchTree:
    tree = SearchTree(search, TreeLimits(**{"deepest": 5, "free": 2, "explore": 2.5, **limits}))
    for one in list(search.archive.candidates.values())[1:]:
        tree.add(one)
    for path in paths:
        tree.back_propagate(path)
    return tree


def test_future_rewards_go_back_along_the_path() -> None:
    search = world({"root": 0.4, "a": 0.5, "b": 0.5, "aa": 0.8}, {"a": "root", "b": "root", "aa": "a"})
    tree = walk(search, ["root", "a", "aa"])
    sums = {name: tree.nodes[name]["total"] for name in ("root", "a", "aa", "b")}
    assert sums == pytest.approx({"root": 1.7, "a": 1.3, "aa": 0.8, "b": 0.0})
    assert [tree.nodes[name]["depth"] for name in ("root", "a", "aa")] == [0, 1, 2]


def test_an_unvisited_child_is_measured_on_the_steps_of_its_siblings() -> None:
    """One reward against sums of three would leave every second branch unopened."""
    search = world({"root": 0.4, "a": 0.5, "b": 0.6, "aa": 0.5}, {"a": "root", "b": "root", "aa": "a"})
    tree = walk(search, ["root", "a", "aa"], explore=0.0)
    assert tree.upper_bound("a", ["a", "b"]) == pytest.approx(1.0)
    assert tree.upper_bound("b", ["a", "b"]) == pytest.approx(1.2)
    assert tree.select_path() == ["root", "b"]


def test_what_was_seldom_visited_is_tried() -> None:
    search = world({"root": 0.4, "a": 0.6, "b": 0.5, "aa": 0.6}, {"a": "root", "b": "root", "aa": "a"})
    assert walk(search, *[["root", "a", "aa"]] * 2, explore=0.0).select_path()[1] == "a"
    search.memory.clear()
    assert walk(search, *[["root", "a", "aa"]] * 2, explore=2.5).select_path()[1] == "b"


def test_paths_end_at_depth_below_the_threshold_and_with_a_record() -> None:
    line = {"a": "root", "b": "a", "c": "b", "d": "c"}
    search = world({"root": 0.5, "a": 0.6, "b": 0.6, "c": 0.4, "d": 0.9}, line)
    tree = walk(search)
    assert not tree.is_terminal("b"), "the first levels are free"
    assert tree.is_terminal("c"), "below half-way from root to parent"
    assert walk(search, deepest=4).is_terminal("d")
    memory = {"path": ["root", "a", "b", "c"], "record": 0.7}
    told = world({"root": 0.5, "a": 0.6, "b": 0.6, "c": 0.6, "d": 0.9}, line, memory)
    walk(told)
    MonteCarloTreeSearch().tell(told, ["d"], {})
    assert told.memory["path"] == []
    assert told.memory["paths"] == [["root", "a", "b", "c", "d"]], "a child better than all before ends its path"


def test_the_answer_is_the_best_node_of_the_best_path() -> None:
    line = {"a": "root", "aa": "a", "b": "root", "bb": "b"}
    search = world({"root": 0.3, "a": 0.7, "aa": 0.6, "b": 0.1, "bb": 0.8}, line)
    search.memory["paths"] = [["root", "a", "aa"], ["root", "b", "bb"]]
    assert MonteCarloTreeSearch().final(search) == "a"


def test_a_path_that_ended_in_a_crash_is_judged_with_it_although_the_crash_can_not_win() -> None:
    line = {"a": "root", "aa": "a", "b": "root", "bb": "b"}
    search = world({"root": 0.3, "a": 0.8, "aa": 0.0, "b": 0.7, "bb": 0.6}, line)
    search.archive.add(search.archive["aa"].model_copy(update={"status": "dropped"}))
    search.memory["paths"] = [["root", "a", "aa"], ["root", "b", "bb"]]
    assert MonteCarloTreeSearch().final(search) == "b"
    search.archive.add(search.archive["aa"].model_copy(update={"status": "vetoed"}))
    assert MonteCarloTreeSearch().final(search) == "a", "what a person took out counts nowhere"


def test_three_empty_expansions_close_a_node_and_the_search() -> None:
    search, strategy = world({"root": 0.3}, {}), MonteCarloTreeSearch()
    for _ in range(3):
        assert {order.parents for order in strategy.ask(search)} == {("root",)}
        assert list(strategy.pool(search, [])) == []
        strategy.tell(search, [], {})
    assert strategy.ask(search) == []
