"""evoprompt, evoprompt-de and capo against their cards: who is asked what, who lives, who wins."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

import pytest
from maieutic.core.budget import Budget

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def breeder() -> Any:
    """Paraphrases and induced prompts are of level 4; a child is one level above the best parent that it is shown."""
    number = count()

    def answer(text: str) -> str:
        seen = [int(one) for one in re.findall(r"level (\d+)", text)]
        better = 1 + max(seen, default=3) if "child" in text or "Step 1" in text else max(seen, default=4)
        return f"<prompt>Say even or odd, wording {next(number)}, at level {min(9, better)}</prompt>"

    return answer


async def test_evoprompt_crosses_two_by_fitness_and_keeps_the_fittest(play: Any) -> None:
    run = await play("evoprompt", breeder(), budget=Budget(target_calls=320))
    assert {one["operator"] for one in run.orders[0]} == {"induce", "paraphrase"}
    assert len(run.orders[0]) == 9, "nine seeds and the start prompt make the ten of the paper"
    for orders in run.orders[1:]:
        assert {one["operator"] for one in orders} == {"crossover"}
        assert all(len(set(one["parents"])) == 2 for one in orders)
    assert run.skills["cross-mutate"] == sum(map(len, run.orders[1:]))
    question = run.asked("cross-mutate")[0]
    assert question.index("Prompt 1:") < question.index("Prompt 2:") < question.index("Step 1")
    assert "went wrong" not in question, "as published nobody sees errors"
    kept = [one for one in run.candidates.values() if one.status == "kept"]
    assert len(kept) == 10
    dropped = [one for one in run.candidates.values() if one.status == "dropped" and run.rows(one.id)]
    assert min(run.mean(one.id) for one in kept) >= max(run.mean(one.id) for one in dropped) - 0.11
    assert run.candidates[run.best].operator == "crossover"
    assert run.report.best.score > run.report.start.score
    seen = {tuple(one.example for one in run.rows(name)) for name in run.candidates if run.rows(name)}
    longest = max(seen, key=len)
    assert all(set(rows) <= set(longest) for rows in seen)


@pytest.mark.slow
async def test_evoprompt_shows_errors_where_it_is_told_to(play: Any) -> None:
    run = await play("evoprompt", breeder(), settings={"genetic.cases": "6"})
    asked = run.asked("cross-mutate")
    assert all("went wrong" in one for one in asked[: len(asked) // 2]), "good parents may err in none of six"


async def test_differential_children_meet_their_base_alone(play: Any) -> None:
    run = await play("evoprompt-de", breeder(), budget=Budget(target_calls=320))
    later = [one for orders in run.orders[1:] for one in orders]
    assert {one["operator"] for one in later} == {"differential"}
    assert all(len(one["parents"]) == 4 and len(set(one["parents"][:3])) == 3 for one in later)
    for orders in run.orders[1:]:
        bases = [one["parents"][0] for one in orders]
        assert len(set(bases)) == len(bases), "each base has one child a generation"
    kept = [one for one in run.made_by("differential") if one.status == "kept"]
    assert kept
    assert all(run.mean(one.id) > run.mean(one.parents[0]) for one in kept)
    question = run.asked("differential")[0]
    places = [question.index(one) for one in ("Prompt 1:", "Prompt 2:", "Prompt 3", "Base prompt:", "Step 4")]
    assert places == sorted(places)
    assert run.report.best.score > run.report.start.score


@pytest.mark.slow
async def test_a_child_that_is_no_better_never_replaces_its_base(play: Any) -> None:
    number = count()
    run = await play("evoprompt-de", lambda text: f"<prompt>Say even or odd, wording {next(number)}</prompt>", rows=20)
    assert all(child.status != "kept" for child in run.made_by("differential"))
    assert run.report.verdict == "no evidence of improvement"


async def test_capo_dresses_crosses_twice_and_races(play: Any) -> None:
    run = await play("capo", breeder(), budget=Budget(target_calls=400), rows=60)
    assert {one["operator"] for one in run.orders[0]} <= {"paraphrase", "induce"}
    assert {one["operator"] for one in run.orders[1]} == {"demo-bootstrap"}
    first = min(one.step for one in run.evaluations if one.split == "val")
    assert first > max(one.step for one in run.made_by("demo-bootstrap")), "seeds are dressed before they are measured"
    assert all(len(orders) <= 4 for orders in run.orders[2:])
    assert run.skills["cross"] > 0
    sizes = {len(one.program.main.demos) for one in run.candidates.values() if one.status != "rejected"}
    assert max(sizes) <= 5
    assert 0 in sizes
    children = run.made_by("crossover")
    for child in children:
        union = {d.input for p in child.parents for d in run.candidates[p].program.main.demos}
        assert sum(demo.input not in union for demo in child.program.main.demos) <= 1, "at most one shot is added"
    assert any("answered correctly" in one.rationale for one in run.made_by("demo-bootstrap"))
    assert run.report.best.score > run.report.start.score


@pytest.mark.slow
async def test_capo_prefers_the_shorter_of_two_that_are_equally_right(play: Any) -> None:
    number = count()
    long = "and take all the care that you can, as the answer matters very much to whoever asked for it"
    run = await play("capo", lambda text: f"<prompt>Say even or odd {long}, wording {next(number)}</prompt>")
    best = run.candidates[run.best].program.main
    assert not best.demos
    assert best.instruction == "Say even or odd."


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["evoprompt", "evoprompt-de", "capo"])
@pytest.mark.parametrize("calls", [20, 60])
async def test_a_small_budget_measures_the_start_and_some_children(play: Any, recipe: str, calls: int) -> None:
    run = await play(recipe, breeder(), budget=Budget(target_calls=calls), rows=50)
    assert len([one for one in run.evaluations if one.split != "test"]) <= calls
    measured = [name for name in run.candidates if run.rows(name)]
    assert next(iter(run.candidates)) in measured
    assert len(measured) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["evoprompt", "evoprompt-de", "capo"])
async def test_agents_that_cannot_be_read_leave_the_start_prompt_or_its_demos(play: Any, recipe: str) -> None:
    run = await play(recipe, lambda text: "", budget=Budget(target_calls=100))
    assert {one.program.main.instruction for one in run.candidates.values()} == {"Say even or odd."}
    assert run.best in run.candidates
