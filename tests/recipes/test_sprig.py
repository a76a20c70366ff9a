"""SPRIG: a system prompt of components; what brought a gain is added first; parents stay in the beam."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import pytest
from maieutic.agents.asks.replies import PromptReply
from maieutic.core.answer import AnswerContract
from maieutic.core.budget import Budget
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.errors import UsageError
from maieutic.core.program import Program
from maieutic.core.prompt import Prompt
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Request, Search, TaskBrief, WorkOrder
from maieutic.plugins.operators.component_edits import ComponentEdits
from maieutic.plugins.operators.components import component_corpus, components_of
from maieutic.plugins.strategies.credited_beam import component_credit

BRIEF = TaskBrief(name="x", description="x", answer=AnswerContract())
OWN = "You work for a library."


def made_of(name: str, *components: str, operator: str = "component-edits", parents: tuple[str, ...] = ()) -> Candidate:
    prompt = Prompt(system="\n".join([OWN, *components]), instruction="Answer.")
    return Candidate(id=name, program=Program.of(prompt), operator=operator, parents=parents)


def request(*components: str, count: int = 4, seed: int = 0, **options: Any) -> Request:
    parent = made_of("p", *components)
    order = WorkOrder(operator="component-edits", parents=("p",), count=count, options=options)
    start = (made_of("s", operator="start"),)
    return Request(order=order, task=BRIEF, parents=(parent,), train=(), ancestors=start, rng=Random(seed))


class Author:
    async def act(self, ask: Any) -> Any:
        return PromptReply(prompt=f"Put otherwise: {ask.prompt}")


def test_the_corpus_has_sixty_components_in_categories_and_no_one_twice() -> None:
    every = components_of(())
    assert len(every) == len(set(every)) >= 60
    assert len(component_corpus()) >= 8
    assert set(components_of(("role", "format"))) < set(every)
    with pytest.raises(UsageError, match="category"):
        ComponentEdits(categories=("roles",))


@pytest.mark.parametrize("edit", ["add", "delete", "swap", "substitute"])
async def test_each_edit_leaves_the_users_own_system_prompt_alone(edit: Any) -> None:
    there = components_of(("style",))[:3]
    made = await ComponentEdits(edits=(edit,)).propose(request(*there), Author())  # type: ignore[arg-type]
    assert made
    for one in made:
        own, *lines = one.program.main.system.splitlines()
        assert own == OWN
        match edit:
            case "add":
                assert set(lines) > set(there)
            case "delete":
                assert set(lines) < set(there)
            case "swap":
                assert sorted(lines) == sorted(there)
            case "substitute":
                assert sum(line.startswith("Put otherwise: ") for line in lines) == 1


async def test_a_paraphrase_asks_for_no_field_of_the_users_prompt() -> None:
    class Braces(Author):
        async def act(self, ask: Any) -> Any:
            return PromptReply(prompt="Treat {input} as a whole.")

    made = await ComponentEdits(edits=("substitute",)).propose(request("Take care of it all."), Braces())  # type: ignore[arg-type]
    assert [one.program.main.system for one in made] == [f"{OWN}\nTreat (input) as a whole."]


async def test_what_brought_most_comes_in_first_and_the_untried_before_the_harmful() -> None:
    good, bad = component_corpus()["role"][0], component_corpus()["format"][0]
    told = {good: [0.6, 2], bad: [-0.6, 2]}
    operator = ComponentEdits(edits=("add",))
    made = await operator.propose(request(count=63, credit=told), Author())  # type: ignore[arg-type]
    order = [one.rationale.removeprefix("added: ") for one in made]
    assert order[0] == good
    assert bad not in order


def test_credit_is_the_gain_on_common_rows_of_what_came_and_the_loss_of_what_went() -> None:
    archive = Archive([made_of("s", "One.", operator="start"), made_of("c", "Two.", parents=("s",))])
    for name, row, score in (("s", "v0", 0.0), ("s", "v1", 1.0), ("c", "v1", 1.0), ("c", "v0", 1.0), ("c", "v2", 0.0)):
        archive.scores.add(Evaluation(candidate=name, example=row, split="val", output="", answer="", score=score))
    search = Search(
        archive=archive, train=(), val=("v0", "v1", "v2"), seed=0, round=2, step=3, remaining_runs=9, total_runs=9
    )
    assert component_credit(search) == {"One.": [-0.5, 1], "Two.": [0.5, 1]}


def hears(messages: Any) -> str:
    """A role in the system prompt makes more rows right."""
    system = messages[0]["content"] if messages[0]["role"] == "system" else ""
    row = int(re.findall(r"number (\d+)", messages[-1]["content"])[-1])
    right = row % 10 < 3 + 5 * ("You are" in system) - 2 * ("single line" in system)
    return "even" if (row % 2 == 0) == right else "odd"


async def test_a_beam_of_parents_and_children_finds_the_component_that_pays(play: Any) -> None:
    settings = {"component-edits.categories": '["role", "format"]'}
    author = lambda question: "<prompt>You are somebody who knows.</prompt>"  # noqa: E731
    played = await play("sprig", author, target=hears, rows=20, settings=settings, budget=Budget(target_calls=260))
    best = played.candidates[played.best]
    assert "You are" in best.program.main.system
    assert best.program.main.instruction == "Say even or odd."
    assert played.mean(played.best) > played.mean(next(iter(played.candidates)))
    assert set(played.skills) <= {"paraphrase"}
    measured = {one.id: len(played.rows(one.id)) for one in played.made_by("component-edits")}
    assert all(rows >= 6 for rows in measured.values() if rows), "a block of six, a 40th of the budget"
    assert measured[played.best] == max(measured.values()) > 12, "the best are measured further in the end"
    assert len(played.orders) >= 4, "the budget is not spent on one generation"
    later = [parent for orders in played.orders[2:] for order in orders for parent in order["parents"]]
    born = {one.id: one.round for one in played.candidates.values()}
    assert any(
        born[parent] < number - 1
        for number, orders in enumerate(played.orders, 1)
        for o in orders[:9]
        for parent in o["parents"]
    )
    assert later


async def test_a_small_budget_measures_the_start_and_some_children(play: Any) -> None:
    played = await play("sprig", lambda _: "", target=hears, budget=Budget(calls=60))
    assert played.rows(next(iter(played.candidates)))
    assert sum(bool(played.rows(name)) for name in played.candidates) >= 3
    assert played.target_calls + played.author_calls <= 60
