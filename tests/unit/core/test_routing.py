"""Routers: which prompt answers which input, from the router's own texts alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.program import Program
from maieutic.core.prompt import Prompt
from maieutic.core.routing import Router, majority_index
from maieutic.core.tfidf import TfidfSpace, cosine

ANCHORS = {
    "b-money": ("how much does the ticket cost in total", "what price did they pay for both books in the shop"),
    "a-time": ("when does the train leave the station today", "at what hour does the long meeting begin again"),
}


@pytest.mark.parametrize("kind", ["centroid", "nearest"])
def test_an_input_goes_to_the_prompt_whose_texts_it_is_like(kind: str) -> None:
    router = Router.model_validate({"kind": kind, "anchors": ANCHORS})
    assert router.route("what is the price of a train ticket in the shop", sorted(ANCHORS)) == "b-money"
    assert router.route("when does it begin, at what hour", sorted(ANCHORS)) == "a-time"


def test_what_is_like_nothing_goes_to_the_first_prompt() -> None:
    assert Router(anchors=ANCHORS).route("zzz", ["b-money", "a-time"]) == "b-money"
    assert Router().route("anything", ["x", "y"]) == "x"


def test_nearest_looks_at_single_texts_and_centroid_at_their_centre() -> None:
    anchors = {"a": ("red green blue cyan", "white black grey"), "b": ("red apple pie", "red apple cake")}
    asked = "red green blue cyan apple"
    assert Router(kind="nearest", anchors=anchors).route(asked, ["a", "b"]) == "a"
    mixed = {"a": ("red green", "x1 x2 x3 x4 x5 x6", "y1 y2 y3 y4 y5 y6"), "b": ("red apple", "red pear", "red plum")}
    assert Router(kind="nearest", anchors=mixed).route("green red", ["a", "b"]) == "a"
    assert Router(kind="centroid", anchors=mixed).route("red", ["a", "b"]) == "b"


def test_single_words_are_alike_by_their_letters() -> None:
    router = Router(anchors={"ing": ("running", "walking", "singing"), "ed": ("jumped", "landed", "parked")})
    assert [router.route(word, ["ed", "ing"]) for word in ("talking", "barked")] == ["ing", "ed"]


@given(st.dictionaries(st.sampled_from("abc"), st.lists(st.text(max_size=30), max_size=4).map(tuple)), st.text())
def test_a_router_does_the_same_after_a_way_through_json(anchors: dict[str, tuple[str, ...]], text: str) -> None:
    router = Router(kind="nearest", anchors=anchors)
    again = Router.model_validate(json.loads(json.dumps(router.model_dump(mode="json"), sort_keys=True)))
    assert again.route(text, ["a", "b", "c"]) == router.route(text, ["a", "b", "c"])


def test_the_order_in_which_prompts_were_written_does_not_matter() -> None:
    prompts = {name: Prompt(instruction=name) for name in ("b-money", "a-time")}
    one = Program(prompts=prompts, router=Router(anchors=ANCHORS))
    other = Program(prompts=dict(reversed(prompts.items())), router=Router(anchors=ANCHORS))
    assert one.id == other.id
    assert one.prompts_for("zzz") == other.prompts_for("zzz") == ("a-time",)


def test_a_plain_program_uses_its_main_prompt_and_a_vote_all() -> None:
    plain = Program(prompts={"other": Prompt(instruction="o"), "prompt": Prompt(instruction="p")})
    assert plain.prompts_for("x") == ("prompt",)
    voting = Program(prompts=plain.prompts, router=Router(kind="vote"))
    assert voting.prompts_for("x") == ("other", "prompt")


@pytest.mark.parametrize(
    ("answers", "won"),
    [
        (["a", "b", "B "], 1),
        (["a", "b"], 0),
        ([None, "b", "a"], 1),
        ([None, "b", None], 1),
        ([None, None], 0),
        (["a", "b", "c", "c", "b"], 1),
    ],
)
def test_the_majority_of_read_answers_wins_and_the_earlier_on_ties(answers: list[str | None], won: int) -> None:
    assert majority_index(answers) == won


def test_likeness_is_a_cosine() -> None:
    space = TfidfSpace(["the cat sat on the mat all day", "a dog ran over the hill at night"])
    cat = space.vector("the cat sat")
    assert cosine(cat, cat) == pytest.approx(1)
    assert cosine(cat, space.vector("dog hill")) == 0
    assert space.vector("unknown") == {}
