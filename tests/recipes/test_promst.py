"""promst and prompt-reinforcing: rules become advice, levels of a tree, feedback on turns, experience replayed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.asks import Case
from maieutic.core.budget import Budget
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.models import ModelRef
from maieutic.core.program import Program
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Search
from maieutic.core.task import Models
from maieutic.graphs.api import aoptimize
from maieutic.plugins.operators.advice import advice_for_failures, rule_applies
from maieutic.plugins.strategies.level_tree import LevelTree
from maieutic.runtime.store import Store
from maieutic.runtime.tasks.loader import load_task
from maieutic.testing import ScriptedModel, StubServer

GRID = Path(__file__).parents[2] / "examples" / "grid"


def walker(messages: Sequence[Any]) -> str:
    """Goes up blindly; told to look, to the goal if it can; told to take free ways too, around walls."""
    told, seen = messages[0]["content"], messages[-1]["content"]
    free = re.findall(r"Free: ([^.]*)\.", seen)[-1].split(", ")
    wanted = re.findall(r"up|down|left|right", re.findall(r"The goal is ([^.]*)\.", seen)[-1])
    if "free way" in told:
        return next((one for one in wanted if one in free), free[0])
    return wanted[0] if "look" in told else "up"


class Author:
    """Every third prompt that it writes is a better one, whatever is asked in between."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, question: str) -> str:
        if "<summary>" in question:
            return "<summary>It walks into walls again and again.</summary>"
        if "<turn>" in question:
            return "<turn>In turn 1 the model went up; it should have gone to the goal.</turn>"
        self.count += 1
        better = self.count % 3 == 0
        return f"<prompt>Plan {self.count}: {'take the free way' if better else 'look'} and name it.</prompt>"


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("STUB_KEY", "anything")

    async def run(recipe: str, budget: Budget) -> Any:
        author = Author()
        thinker = ScriptedModel(lambda messages: author(messages[0]["content"]))
        with StubServer(ScriptedModel(walker)) as one, StubServer(thinker) as two:
            refs = [ModelRef.parse(f"openai/stub@{stub.base}", key_env="STUB_KEY") for stub in (one, two)]
            task = load_task(GRID).model_copy(update={"models": Models(target=refs[0], optimizer=refs[1])})
            done = await aoptimize(task, recipe=recipe, budget=budget, folder=tmp_path, run="r")
        with Store.open(tmp_path, read_only=True) as store:
            return done, store.candidates("r"), store.evaluations("r"), store.dialogue("r")

    return run


async def test_rules_are_advice_a_critic_sums_up_and_levels_breed_the_next(play: Any) -> None:
    done, candidates, evaluations, dialogue = await play("promst", Budget(target_calls=400, calls=900))
    assert done.report.verdict == "improved"
    summary = next(turn.messages[0]["content"] for turn in dialogue if turn.skill == "summary")
    assert re.search(r"\d of \d runs: walked into a wall\. Advice: name only a direction that the world lists", summary)
    advance = next(turn.messages[0]["content"] for turn in dialogue if turn.skill == "advance")
    assert "It walks into walls again and again." in advance
    assert {turn.skill for turn in dialogue} == {"summary", "advance"}
    rounds = {one.id: one.round for one in candidates}
    assert all(rounds[one.id] > rounds[one.parents[0]] for one in candidates if one.parents)
    assert max(rounds.values()) >= 2
    assert len({one.parents for one in candidates if one.round == 2}) <= 2
    assert {one.trajectory[0]["prompt"] for one in evaluations} == {"prompt"}


async def test_feedback_on_turns_and_experience_reach_the_rewriter(play: Any) -> None:
    done, candidates, _, dialogue = await play("prompt-reinforcing", Budget(target_calls=400, calls=900))
    assert done.report.best.score > done.report.start.score
    turns = [turn.messages[0]["content"] for turn in dialogue if turn.skill == "turns"]
    assert all("[1] World:" in text and "of the way to the goal after" in text for text in turns)
    replay = [turn.messages[0]["content"] for turn in dialogue if turn.skill == "replay"]
    assert "Experience" not in replay[0], "nothing was tried yet"
    assert any("Experience" in text for text in replay[1:])
    assert "it should have gone to the goal" in replay[0]
    assert all(len(one.parents) == 1 for one in candidates[1:])


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["promst", "prompt-reinforcing"])
async def test_a_small_budget_plays_the_start_and_a_child_and_is_kept(play: Any, recipe: str) -> None:
    done, candidates, evaluations, _ = await play(recipe, Budget(target_calls=120))
    searched = {one.candidate for one in evaluations if one.split == "val"}
    assert candidates[0].id in searched
    assert len(searched) >= 2
    assert done.report.calls.target <= 120 + 2 * 6 * 24 + 6 * 24


CASE = Case(input="", expected="", output="[1] Model: up", feedback="0% of the way; turn 1: walked into a wall: up")


@pytest.mark.parametrize(
    ("when", "found"), [("WALKED into", True), ("goal reached", False), (r"/wall: (up|left)/", True), ("/(/", False)]
)
def test_a_rule_fires_on_words_or_on_a_pattern(when: str, found: bool) -> None:
    assert rule_applies(when, CASE) is found


def test_what_no_rule_covers_is_told_with_how_often_it_was() -> None:
    other = Case(input="", expected="", feedback="half; turn 2: no direction was named; turn 3: no direction was named")
    told = advice_for_failures([CASE, CASE, other], [("walked into a wall", "look first"), ("never", "x")])
    assert told[0] == "2 of 3 runs: walked into a wall. Advice: look first."
    assert "2 times: no direction was named" in told
    assert not any("x." in one for one in told)


def test_three_falls_in_a_row_end_the_tree() -> None:
    names = ["s", "a", "b", "c"]
    archive = Archive(
        Candidate(id=name, program=Program.of(name), operator="advice", parents=("s",) if name != "s" else ())
        for name in names
    )
    for name, score in zip(names, (0.9, 0.6, 0.4, 0.2), strict=True):
        archive.scores.add(Evaluation(candidate=name, example="v", split="val", output="", answer="", score=score))
    search = Search(
        archive=archive, train=("t",), val=("v",), seed=0, round=1, step=1, remaining_runs=99, total_runs=99
    )
    search.operators = {"advice": 1.0}
    levels = LevelTree()
    for name in names[1:]:
        assert levels.ask(search)
        levels.tell(search, [name], {})
    assert levels.ask(search) == []
    assert levels.final(search) == "s"
