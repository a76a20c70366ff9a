"""Techniques as data: each says the task in its own way, on any prompt, and is measured like any other candidate."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import pytest
from maieutic.agents.asks.replies import TextReply
from maieutic.core.answer import AnswerContract
from maieutic.core.asks import Case
from maieutic.core.candidate import Candidate
from maieutic.core.dataset import Example
from maieutic.core.errors import UsageError
from maieutic.core.program import MAIN, Program
from maieutic.core.prompt import Demo, Prompt, placeholders_in
from maieutic.core.render import instruction_text, render
from maieutic.core.search_types import Request, TaskBrief, WorkOrder
from maieutic.plugins.operators.published_techniques import (
    PublishedTechniques,
    apply_technique,
    technique_catalog,
    techniques_by_name,
)

LABELS = AnswerContract(type="label", labels=("even", "odd"))
START = Prompt(system="Be brief.", instruction="Say even or odd.", demos=(Demo(input="4", output="even"),))
WRONG = (Case(input="7", expected="odd", output="even"),)


class Author:
    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def act(self, ask: Any) -> TextReply:
        self.asked.append(ask)
        return TextReply(text=f"text number {len(self.asked)} {{strange}}")


def request(
    *, count: int = 64, slot: str = "", chat: bool = True, answer: AnswerContract = LABELS, **more: Any
) -> Request:
    parent = Candidate(id="p", program=more.pop("program", Program.of(START)), operator="start")
    return Request(
        order=WorkOrder(operator="technique", parents=("p",), count=count, slot=slot),
        task=TaskBrief(name="parity", description="Tell parity.", answer=answer, chat=chat),
        parents=(parent,),
        train=(),
        failures=more.pop("failures", WRONG),
        rng=Random(0),
    )


async def proposed(*names: str, author: Any = None, room: Any = "auto", **fields: Any) -> list[Program]:
    operator = PublishedTechniques(names=names, room=room)
    return [one.program for one in await operator.propose(request(**fields), author or Author())]


def test_every_technique_is_cited_belongs_to_a_row_and_asks_for_its_own_slots_alone() -> None:
    for name, told in technique_catalog().items():
        assert re.search(r"arXiv \d{4}\.\d{5}", told.cites), name
        texts = [told.system, told.prefix, told.suffix, told.think, *told.voices]
        texts += [one.text for one in (*told.sections, *told.steps)]
        assert set(placeholders_in("\n".join(texts))) - {"task", "answer"} == set(told.slots), name


def test_the_simpler_comes_first() -> None:
    levels = [technique_catalog()[name].level for name in techniques_by_name(())]
    assert levels == sorted(levels)
    with pytest.raises(UsageError, match="technique"):
        PublishedTechniques(names=("rolle",))


@pytest.mark.parametrize("name", technique_catalog())
@pytest.mark.parametrize("room", ["one", "two"])
@pytest.mark.parametrize("words", ["Say even or odd.", "Is {input} even or odd?", "Is {number} even or odd?"])
async def test_each_renders_for_rows_of_any_kind_and_keeps_what_the_user_wrote(
    name: str, room: Any, words: str
) -> None:
    author = Author()
    start = Program.of(START.with_(instruction=words))
    (made,) = await proposed(name, room=room, author=author, program=start)
    assert len(author.asked) == len(technique_catalog()[name].slots)
    main = made.prompts.get(MAIN, made.main)
    assert words in main.instruction
    assert "Be brief." in main.system
    assert main.demos == START.demos
    notes = {step.partition("-")[2]: "noted" for step in made.chain[:-1]}
    row = {"number": "1234", **notes} if "{number}" in words else "1234\n\n" + "\n".join(notes.values())
    for prompt in made.prompts.values():
        told = "\n".join(message["content"] for message in render(prompt, Example(input=row)))
        assert not re.search(r"[{}]", told)
        assert "1234" in told or "1,234" in told
    last = "\n".join(message["content"] for message in render(main, Example(input=row)))
    assert not notes or "noted" in last
    assert made.id != start.id


async def test_thinking_gets_a_call_of_its_own_where_answers_are_short() -> None:
    (short,) = await proposed("zero-shot-cot")
    assert short.chain == ("1-thoughts", MAIN)
    assert not short.prompts["1-thoughts"].demos
    (free,) = await proposed("zero-shot-cot", answer=AnswerContract())
    assert not free.chain
    assert "one step at a time" in instruction_text(free.main)


async def test_a_prompt_of_a_larger_program_gets_only_what_fits_in_one_prompt() -> None:
    for fields in ({"slot": "region-1"}, {"chat": False}):
        made = await proposed(**fields)
        assert made
        assert all(len(program.prompts) == 1 for program in made)


async def test_mistakes_are_read_from_failures_and_without_any_nothing_is_made_up() -> None:
    author = Author()
    (made,) = await proposed("self-rethinking", author=author)
    assert author.asked[0].failures == WRONG
    assert made.main.sections[0].name == "Mistakes made before"
    assert await proposed("self-rethinking", failures=()) == []
    await proposed("role", author=author)
    assert author.asked[-1].failures == ()


async def test_diverse_approaches_vote_and_each_author_knows_what_was_named() -> None:
    author = Author()
    (made,) = await proposed("diverse-by-vote", author=author)
    assert made.router is not None
    assert made.router.kind == "vote"
    assert len(made.prompts) == 3
    assert [len(ask.written) for ask in author.asked] == [0, 1, 2]


async def test_as_many_are_drawn_as_the_order_counts_and_an_unread_author_costs_one_technique() -> None:
    assert len(await proposed(count=3)) == 3

    class Mute:
        async def act(self, ask: Any) -> None:
            return None

    silent = await PublishedTechniques(names=("role", "script")).propose(request(), Mute())  # type: ignore[arg-type]
    assert [one.rationale.split()[0] for one in silent] == ["script"]


def test_what_an_author_writes_asks_for_no_field() -> None:
    made = apply_technique(technique_catalog()["role"], START, {"expert": "You know {all}."}, apart=False)
    assert made.main.system.startswith("You know (all).")
    assert made.main.placeholders == ()
