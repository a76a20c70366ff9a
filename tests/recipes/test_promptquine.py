"""PromptQuine: tokens go, parents are tournament winners, the oldest leave, the best are ranked anew."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.answer import AnswerContract
from maieutic.core.budget import Budget
from maieutic.core.candidate import Candidate
from maieutic.core.program import Program
from maieutic.core.prompt import Demo, Prompt
from maieutic.core.search_types import Request, TaskBrief, WorkOrder
from maieutic.plugins.operators.token_prune import TokenPrune, prunable_positions, tokenize, without_tokens

LONG = "Please read the number very carefully now, and then say whether it is even or whether it is odd."
BRIEF = TaskBrief(name="x", description="x", answer=AnswerContract())
PROMPT = Prompt(
    instruction="Look at {input}, say yes or no!",
    demos=(Demo(input="a b, c", output="yes"), Demo(input="d", output="no")),
)


def request(prompt: Prompt = PROMPT, *, seed: int = 0, count: int = 5, **options: Any) -> Request:
    parent = Candidate(id="c", program=Program.of(prompt), operator="start")
    order = WorkOrder(operator="token-prune", parents=("c",), count=count, options=options)
    return Request(order=order, task=BRIEF, parents=(parent,), train=(), rng=Random(seed))


def hears(messages: Any) -> str:
    """Right on more rows the shorter the prompt before the input is."""
    said = " ".join(message["content"] for message in messages)
    row = int(messages[-1]["content"].rsplit(" ", 1)[1])
    right = row % 8 >= min(7, len(said.split()) // 6)
    return "even" if (row % 2 == 0) == right else "odd"


@given(st.integers(0, 10_000))
def test_a_prompt_without_no_token_is_the_same_and_placeholders_and_turns_stay(seed: int) -> None:
    rng, tokens = Random(seed), tokenize(PROMPT)
    assert without_tokens(PROMPT, []) == PROMPT
    loose = prunable_positions(tokens)
    pruned = without_tokens(PROMPT, rng.sample(loose, rng.randint(1, len(loose))))
    assert pruned.placeholders == ("input",)
    assert all(demo.input and demo.output for demo in pruned.demos)
    assert [demo.source for demo in pruned.demos] == [demo.source for demo in PROMPT.demos]
    assert len(tokenize(pruned)) < len(tokens)


@given(st.integers(0, 10_000))
async def test_one_to_four_tokens_go_and_never_below_the_least(seed: int) -> None:
    before = len(tokenize(PROMPT))
    for least in (5, before - 2, before):
        for one in await TokenPrune(least=least).propose(request(seed=seed), team=None):  # type: ignore[arg-type]
            left = len(tokenize(one.program.main))
            assert least <= left
            assert 1 <= before - left <= 4


async def test_the_token_at_a_place_goes_alone_and_beyond_the_last_there_is_nothing() -> None:
    async def pruned(at: int) -> list[str]:
        made = await TokenPrune(least=1).propose(request(at=at, count=1), team=None)  # type: ignore[arg-type]
        return [one.rationale for one in made]

    assert [await pruned(at) for at in range(3)] == [["pruned: Look"], ["pruned: at"], ["pruned: ,"]]
    assert await pruned(len(prunable_positions(tokenize(PROMPT)))) == []


async def shortened(play: Any, **fields: Any) -> Any:
    """A run without an author: tokens only go."""
    return await play("promptquine", lambda _: "", target=hears, prompt=LONG, **fields)


@pytest.mark.slow
async def test_evolution_prunes_the_best_drawn_prompt_and_ranks_the_best_anew(play: Any) -> None:
    played = await shortened(play, rows=32, budget=Budget(target_calls=320))
    assert played.author_calls == 0
    seeds = played.made_by("demos")
    assert 2 <= len(seeds) <= 4
    first = max(seeds, key=lambda one: played.mean(one.id))
    [*children] = played.made_by("token-prune")
    second = [one for one in children if one.round == 2]
    assert second
    assert {one.parents for one in second} == {(first.id,)}
    tokens = {name: len(tokenize(one.program.main)) for name, one in played.candidates.items()}
    assert all(1 <= tokens[one.parents[0]] - tokens[one.id] <= 4 for one in children)
    screened = {len(played.rows(one.id)) for one in children}
    assert screened <= {0, 8, 32}
    assert len(played.orders) > 4, "the budget is not spent on one generation"
    assert len(played.rows(played.best)) == 32
    assert len(played.rows(next(iter(played.candidates)))) == 32
    assert played.mean(played.best) > played.mean(first.id)


@pytest.mark.slow
async def test_a_budget_lasts_for_several_generations(play: Any) -> None:
    played = await shortened(play, rows=60, budget=Budget(target_calls=1000))
    assert len(played.orders) > 4
    assert len(played.orders[1]) * 8 < 400, "not half of the budget"


@pytest.mark.slow
async def test_the_oldest_leave_the_population_however_good(play: Any) -> None:
    settings = {"regularized-evolution.size": "4", "regularized-evolution.seeds": "{demos=2}"}
    played = await shortened(play, rows=16, settings=settings, budget=Budget(target_calls=240))
    made = [one.id for one in played.candidates.values() if one.operator == "token-prune"]
    for orders, number in zip(played.orders[2:], range(3, 99), strict=False):
        before = [name for name in made if played.candidates[name].round < number and played.rows(name)]
        came = sum(played.candidates[name].round == number - 1 for name in before)
        parents = {parent for order in orders for parent in order["parents"]}
        assert parents <= set(before[-max(4, came) :])
        assert len(parents) <= 4


@pytest.mark.slow
async def test_pruning_from_the_left_keeps_what_costs_little(play: Any) -> None:
    played = await shortened(play, rows=16, settings={"strategy": "pruning"}, budget=Budget(target_calls=200))
    children = played.made_by("token-prune")
    assert len(children) >= 5
    kept = [one for one in children if one.status == "kept"]
    assert kept
    tops = [played.candidates[one.parents[0]] for one in children[1:]]
    assert all(top.operator == "demos" or top.status == "kept" for top in tops)
    assert played.best in {one.id for one in kept}


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["regularized-evolution", "pruning", "hill-climbing"])
async def test_a_small_budget_measures_the_start_and_some_children(play: Any, strategy: str) -> None:
    settings = {} if strategy == "regularized-evolution" else {"strategy": strategy}
    played = await shortened(play, settings=settings, budget=Budget(calls=60))
    assert played.rows(next(iter(played.candidates)))
    assert sum(bool(played.rows(name)) for name in played.candidates) >= 3
    assert played.target_calls <= 60
