"""Plum: phrase edits of one prompt, five searches that differ in where they go on from."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.agents.asks.replies import TextReply
from maieutic.core.answer import AnswerContract
from maieutic.core.budget import Budget
from maieutic.core.candidate import Candidate
from maieutic.core.program import Program
from maieutic.core.search_types import Request, TaskBrief, WorkOrder
from maieutic.plugins.algorithms.phrases import join_phrases, split_phrases
from maieutic.plugins.operators.phrase_operators import PhraseCrossover, PhraseEdits, RewordPhrase

LONG = "Read the word with care, and say whether it is red or blue, in a single word, without a full stop."
BRIEF = TaskBrief(name="x", description="x", answer=AnswerContract(type="label", labels=("red", "blue")))


def hears(messages: Any) -> str:
    """Right on more rows the fewer commas the prompt has: deleting phrases pays."""
    text = messages[-1]["content"]
    row = int(text.rsplit(" ", 1)[1])
    right = row % 6 >= min(5, text.count(","))
    return "even" if (row % 2 == 0) == right else "odd"


def rewords(question: str) -> str:
    return "<phrase>in other words</phrase>"


def candidate(name: str, text: str) -> Candidate:
    return Candidate(id=name, program=Program.of(text), operator="start")


def request(*texts: str, count: int = 6, seed: int = 0, options: Any = None, **fields: Any) -> Request:
    parents = tuple(candidate(f"c{place}", text) for place, text in enumerate(texts))
    order = WorkOrder(operator="x", parents=tuple(one.id for one in parents), count=count, options=options or {})
    return Request(order=order, task=BRIEF, parents=parents, train=(), rng=Random(seed), **fields)


class Author:
    def __init__(self, said: str | None = "in other words") -> None:
        self.said, self.asks = said, list[RewordPhrase]()

    async def act(self, ask: Any) -> Any:
        self.asks.append(ask)
        return TextReply(text=self.said) if self.said is not None else None


@given(st.text(alphabet="ab ,.{}\n", max_size=80))
def test_phrases_give_back_their_text(text: str) -> None:
    phrases = split_phrases(text)
    assert join_phrases(phrases) == text.strip()
    assert all(one.text.strip() == one.text and one.text for one in phrases)


def test_phrases_end_where_parts_of_a_sentence_do() -> None:
    texts = [one.text for one in split_phrases("Determine whether a movie review is positive or negative. {input}")]
    assert texts == ["Determine whether a movie review", "is positive", "or negative.", "{input}"]


@pytest.mark.parametrize("edit", ["delete", "swap", "substitute", "add"])
async def test_each_edit_does_what_it_says(edit: Any) -> None:
    author = Author()
    gone = (candidate("old", f"{LONG} Never guess here."),)
    made = await PhraseEdits(edits=(edit,)).propose(request(LONG, ancestors=gone), author)
    texts = [one.program.main.instruction for one in made if not one.refusal]
    assert texts
    for text in texts:
        before, after = LONG.split(), text.split()
        match edit:
            case "delete":
                assert len(after) < len(before)
            case "swap":
                assert sorted(after) == sorted(before)
                assert after != before
            case "substitute":
                assert after != before
            case "add":
                assert "Never guess here." in text
    assert len(author.asks) == (2 if edit == "substitute" else 0)
    assert all(ask.phrase in LONG for ask in author.asks)


async def test_synonyms_help_out_where_the_author_cannot_be_read_and_leave_labels_alone() -> None:
    operator = PhraseEdits(edits=("substitute",))
    made = await operator.propose(request("Determine if it is red or blue.", count=8), Author(None))
    assert {one.program.main.instruction.split()[0] for one in made} <= {"Determine", "Decide", "Judge", "Tell"}
    assert all("red or blue." in one.program.main.instruction for one in made)
    assert PhraseEdits(substitute="synonyms").calls == 0


@pytest.mark.parametrize("said", ["<b>x</b>", "one\ntwo", "word " * 60, "say {nothing}"])
async def test_what_cannot_stand_in_the_place_of_a_phrase_does_not(said: str) -> None:
    made = await PhraseEdits(edits=("substitute",)).propose(request(LONG), Author(said))
    assert all(said.strip() not in one.program.main.instruction for one in made)


async def test_placeholders_stay_through_every_edit() -> None:
    made = await PhraseEdits().propose(request("Read {input} and say, in one word, the colour.", count=30), Author())
    assert made
    assert all(one.program.main.instruction.count("{input}") == 1 for one in made)


async def test_crossover_takes_the_beginning_of_one_and_the_end_of_the_other() -> None:
    made = await PhraseCrossover().propose(request("a, b, c, d.", "w, x, y, z."), Author())
    assert made
    for one in made:
        letters = [word.strip(".,") for word in one.program.main.instruction.split()]
        cut = sum(letter in "abcd" for letter in letters)
        assert letters == list("abcd")[:cut] + list("wxyz")[cut:]
    assert await PhraseCrossover().propose(request("a, b."), Author()) == []


async def test_improvising_takes_places_from_the_memory_and_edits_as_told() -> None:
    memory = ("a, b, c.", "w, x, y.")
    only = {"considering": 1.0, "adjusting": 0.0}
    for one in await PhraseEdits().propose(request(*memory, options=only), Author()):
        letters = [word.strip(".,") for word in one.program.main.instruction.split()]
        assert all(letter in pair for letter, pair in zip(letters, ("aw", "bx", "cy"), strict=True))


async def test_hill_climbing_goes_up_and_stops_when_nothing_is_better(play: Any) -> None:
    played = await play("plum", rewords, target=hears, prompt=LONG, rows=24, budget=Budget(target_calls=250))
    start = next(iter(played.candidates))
    assert played.mean(played.best) > played.mean(start)
    now = start
    for [order] in played.orders:
        [parent] = order["parents"]
        assert order["operator"] == "phrase"
        assert parent == now or played.mean(parent) > played.mean(now)
        now = parent
    assert 7 <= len(played.orders) <= 50
    assert set(played.skills) == {"reword-phrase"}
    assert all(count <= 5 for count in Counter(one.round for one in played.made_by("phrase")).values())
    assert {len(played.rows(one.id)) for one in played.made_by("phrase")} == {10}


SEARCHES: dict[str, dict[str, str]] = {
    "annealing": {"strategy": "annealing"},
    "tabu": {"strategy": "tabu"},
    "harmony": {"strategy": "harmony"},
    "genetic": {"strategy": "genetic"},
    "with crossover": {"strategy": "genetic", "operators": "phrase,phrase-crossover"},
}


@pytest.mark.slow
@pytest.mark.parametrize("search", SEARCHES)
async def test_all_searches_share_one_mutation_set(play: Any, search: str) -> None:
    budget = Budget(target_calls=100)
    played = await play("plum", rewords, target=hears, prompt=LONG, rows=12, settings=SEARCHES[search], budget=budget)
    made = list(played.candidates.values())[1:]
    assert {one.operator for one in made} <= {"phrase", "phrase-crossover"}
    assert played.mean(played.best) >= played.mean(next(iter(played.candidates)))
    assert sum(one.split == "val" for one in played.evaluations) <= 100
    assert len(played.orders) >= 3
    if search == "with crossover":
        assert any(len(one.parents) == 2 for one in played.made_by("phrase-crossover"))
    if search == "harmony":
        assert any(one.rationale.startswith("improvised") for one in made)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["hill-climbing", "annealing", "tabu", "harmony"])
async def test_a_small_budget_measures_the_start_and_some_children(play: Any, strategy: str) -> None:
    settings = {"strategy": strategy}
    played = await play("plum", rewords, target=hears, prompt=LONG, rows=24, settings=settings, budget=Budget(calls=60))
    measured = {one.candidate for one in played.evaluations if one.split == "val"}
    assert next(iter(played.candidates)) in measured
    assert len(measured) >= 3
    assert played.target_calls + played.author_calls <= 60
