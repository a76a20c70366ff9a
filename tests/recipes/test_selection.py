"""oirl, prompt-selection: a set, a log on train rows, a learned choice; modp keeps a front; apt-pipe has stages."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from maieutic.core.errors import UsageError
from maieutic.core.program import Program
from maieutic.core.prompt import Prompt
from maieutic.core.routing import Router
from maieutic.plugins.operators.select_by_log import fit_offline_scorer
from maieutic.plugins.strategies.multi_objective import non_dominated

KINDS = {"apple": "a fruit that grows on a tree", "train": "a vehicle that stands in the station"}


def row(number: int) -> tuple[str, str]:
    word = list(KINDS)[number % 2]
    return f"number {number}: the {word} is {KINDS[word]}", "good" if number // 2 % 2 else "bad"


def target(messages: Sequence[Any]) -> str:
    """Three rows in ten are right, and all that the prompt has the one rule for."""
    asked = messages[-1]["content"]
    number = int(re.findall(r"number (\d+)", asked)[-1])
    said = "\n".join(message["content"] for message in messages)
    rule = re.findall(r"rule for (\w+)", said)
    right = (bool(rule) and f"the {rule[0]} " in asked) or number % 10 < 3
    return row(number)[1] if right else "neither"


def induced(question: str) -> str:
    seen = {word for word in KINDS for line in question.splitlines() if "number" in line and f"the {word} " in line}
    return f"<prompt>Use the rule for {min(seen)}, please.</prompt>" if len(seen) == 1 else "no tags at all"


def test_a_scorer_learns_which_prompt_fits_which_words_and_survives_json() -> None:
    texts = {f"r{n}": row(n)[0] for n in range(24)}
    log = {
        "fruit": {name: float("apple" in text) for name, text in texts.items()},
        "wheels": {name: float("train" in text) for name, text in texts.items()},
    }
    router = Router(kind="learned", scorer=fit_offline_scorer(log, texts))
    again = Router.model_validate(json.loads(json.dumps(router.model_dump(mode="json"))))
    program = Program(prompts={name: Prompt(instruction=name) for name in log}, router=again)
    for number in range(100, 110):
        assert program.prompts_for(row(number)[0]) == (("fruit", "wheels")[number % 2],)
    assert program.id == Program(prompts=program.prompts, router=router).id


def test_where_inputs_tell_nothing_the_prompt_that_is_better_on_the_whole_is_taken() -> None:
    texts = {f"r{n}": f"w{n} x{n}" for n in range(12)}
    log = {"poor": dict.fromkeys(texts, 0.0), "rich": dict.fromkeys(texts, 1.0)}
    router = Router(kind="learned", scorer=fit_offline_scorer(log, texts))
    assert router.route("never seen", ["poor", "rich"]) == "rich"


async def test_prompts_are_induced_from_clusters_logged_on_train_rows_and_chosen_for_each_input(play: Any) -> None:
    settings = {"selection.clusters": "2"}
    done = await play("prompt-selection", induced, target=target, row=row, settings=settings)
    best = done.candidates[done.best].program
    assert best.router is not None
    assert best.router.kind == "learned"
    for number in range(3000, 3010):
        (name,) = best.chosen(row(number)[0])
        assert f"rule for {('apple', 'train')[number % 2]}" in best.prompts[name].instruction
    assert [[order["operator"] for order in orders] for orders in done.orders] == [
        ["induce", "induce"],
        ["select-by-log"],
    ]
    logged = {one.candidate: done.rows(one.candidate, "train") for one in done.evaluations if one.split == "train"}
    assert len({frozenset(one.example for one in rows) for rows in logged.values()}) == 1, "the same rows for all"
    assert done.best not in logged, "the scorer is judged on val rows that it never saw"
    assert done.report.best.score == 1.0


async def test_oirl_asks_no_author_and_a_choice_that_gains_nothing_does_not_win(play: Any) -> None:
    def indifferent(messages: Sequence[Any]) -> str:
        number = int(re.findall(r"number (\d+)", messages[-1]["content"])[-1])
        return row(number)[1] if number % 2 else "neither"

    done = await play("oirl", lambda _: "", target=indifferent, row=row)
    assert not done.dialogue
    assert done.made_by("select-by-log")
    assert done.candidates[done.best].program.router is None


async def test_the_strategy_says_so_without_the_operator_that_chooses(play: Any) -> None:
    with pytest.raises(UsageError, match="select-by-log"):
        await play("oirl", lambda _: "", row=row, settings={"operators": "components"})


def test_the_front_has_who_is_beaten_by_nobody_and_the_older_of_equals() -> None:
    told = {
        "a": {"x": 1.0, "y": 0.0},
        "b": {"x": 0.5, "y": 0.5},
        "c": {"x": 0.4, "y": 0.5},
        "d": {"x": 0.0, "y": 1.0},
        "e": {"x": 1.0, "y": 0.0},
    }
    assert non_dominated(told) == ["a", "b", "d"]
    assert non_dominated({}) == []


async def test_modp_edits_towards_what_a_prompt_lacks_and_records_the_front(play: Any) -> None:
    count = iter(range(100))

    def author(question: str) -> str:
        assert "What was measured, the most urgent first" in question
        return f"<prompt>Say even or odd, level {4 + next(count) % 5}.</prompt>"

    done = await play("modp", author)
    assert set(done.skills) == {"correct"}
    assert done.mean(done.best) > done.mean(next(iter(done.candidates)))
    assert {one.rationale.removeprefix("towards ") for one in done.made_by("direction")} <= {
        "accuracy",
        "format",
        "robustness",
        "brevity",
    }
    directions = {order.get("operator") for orders in done.orders for order in orders}
    assert directions == {"direction"}


async def test_apt_pipe_goes_through_its_stages_in_order_and_asks_nobody(play: Any) -> None:
    done = await play("apt-pipe", lambda _: "")
    assert [[order["operator"] for order in orders] for orders in done.orders] == [
        ["answer-hint", "layout"],
        ["demos", "demo-select"],
        ["components"],
    ]
    assert not done.dialogue
    assert done.mean(done.best) >= done.mean(next(iter(done.candidates)))
