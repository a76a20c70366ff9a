"""Operators that compose: mixtures, votes, and prompts in segments."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maieutic.core.answer import AnswerContract
from maieutic.core.candidate import Candidate
from maieutic.core.dataset import Example
from maieutic.core.program import Program
from maieutic.core.prompt import Prompt, Section
from maieutic.core.routing import Router
from maieutic.core.search_types import Request, TaskBrief, WorkOrder
from maieutic.plugins.algorithms.clustering import cluster_regions, cluster_texts
from maieutic.plugins.algorithms.segments import replace_segment, split_segments, without_segment
from maieutic.plugins.operators.mixture import MixtureOfPrompts, PromptEnsemble
from maieutic.plugins.operators.principle_edit import PrincipleReply
from pydantic import ValidationError

FILMS = [f"the film has an actor and a camera {n}" for n in range(6)]
SOUPS = [f"a soup needs salt or spoon {n}" for n in range(5)]
TRAIN = tuple(Example(input=text, outputs=("x",)) for text in (*FILMS, *SOUPS))


def candidate(name: str, instruction: str) -> Candidate:
    return Candidate(id=name, program=Program.of(instruction), operator="start")


def request(*parents: Candidate, order: dict | None = None, **fields: object) -> Request:
    return Request(
        order=WorkOrder(operator="any", parents=tuple(one.id for one in parents), **(order or {})),
        task=TaskBrief(name="t", description="d", answer=AnswerContract()),
        parents=parents,
        train=TRAIN,
        examples={row.id: row for row in TRAIN},
        rng=Random(0),
        **fields,
    )


def test_inputs_of_two_kinds_become_two_regions_the_larger_first() -> None:
    regions = cluster_regions(TRAIN, most=4, least=3, rng=Random(1))
    texts = {row.id: row.text for row in TRAIN}
    assert [sorted(texts[row] for row in rows) for rows in regions.values()] == [FILMS, SOUPS]
    assert list(regions) == ["region-01", "region-02"]


@given(st.lists(st.text(max_size=20), max_size=14), st.integers(1, 4), st.integers(0, 9))
def test_every_text_is_in_one_group_and_no_group_is_too_small(texts: list[str], least: int, seed: int) -> None:
    groups = cluster_texts(texts, most=4, least=least, rng=Random(seed))
    assert sorted(place for group in groups for place in group) == list(range(len(texts)))
    assert len(groups) == 1 or min(map(len, groups)) >= least
    assert groups == cluster_texts(texts, most=4, least=least, rng=Random(seed))


async def test_a_mixture_by_itself_shows_each_region_its_own_examples() -> None:
    (made,) = await MixtureOfPrompts(shots=2, least=3).propose(request(candidate("c-1", "Judge.")), None)
    assert made.program.router.kind == "centroid"
    for name, prompt in made.program.prompts.items():
        assert len(prompt.demos) == 2
        assert {demo.input for demo in prompt.demos} <= set(made.program.router.anchors[name])


async def test_a_mixture_composes_what_the_order_names_and_takes_it_apart_again() -> None:
    one, other = candidate("c-1", "Films."), candidate("c-2", "Soups.")
    regions = {"region-01": [TRAIN[0].id], "region-02": [TRAIN[-1].id]}
    options = {"regions": regions, "experts": {"region-02": "c-2"}, "kind": "nearest"}
    (made,) = await MixtureOfPrompts().propose(request(one, other, order={"options": options}), None)
    assert {name: prompt.instruction for name, prompt in made.program.prompts.items()} == {
        "region-01": "Films.",
        "region-02": "Soups.",
    }
    assert made.program.prompts_for("salt and spoon") == ("region-02",)
    whole = one.model_copy(update={"program": made.program})
    apart = await MixtureOfPrompts().propose(request(whole, order={"options": {"alone": True}}), None)
    assert [one.program for one in apart] == [Program.of("Films."), Program.of("Soups.")]


async def test_steps_of_a_pipeline_are_no_experts() -> None:
    steps = Program(prompts={"a": Prompt(instruction="A."), "b": Prompt(instruction="B.")})
    assert not await MixtureOfPrompts().propose(request(Candidate(id="c-1", program=steps, operator="start")), None)


async def test_an_ensemble_takes_the_best_and_then_the_good_that_differ() -> None:
    texts = ["Judge the film now.", "Judge the film now!", "Weigh praise against blame.", "Count bad words first."]
    peers = tuple(candidate(f"c-{n}", text) for n, text in enumerate(texts))
    scores = {"c-0": 0.8, "c-1": 0.79, "c-2": 0.7, "c-3": 0.68}
    (made,) = await PromptEnsemble().propose(request(peers[0], peers=peers, scores=scores), None)
    assert made.program.router == Router(kind="vote")
    assert [prompt.instruction for prompt in made.program.prompts.values()] == [texts[0], texts[2], texts[3]]
    assert made.parents == ("c-0", "c-2", "c-3")


@pytest.mark.parametrize("count", [1, 2])
async def test_too_few_measured_prompts_do_not_vote(count: int) -> None:
    peers = tuple(candidate(f"c-{n}", f"Prompt {n}.") for n in range(count))
    scores = {one.id: 0.5 for one in peers}
    assert not await PromptEnsemble().propose(request(peers[0], peers=peers, scores=scores), None)


def test_segments_are_sentences_or_clauses_or_words_and_never_hold_a_placeholder() -> None:
    def texts(instruction: str, most: int = 8) -> list[str]:
        return [one.text for one in split_segments(Prompt(instruction=instruction), most)]

    assert texts("One thing. Two things!\nThree things") == ["One thing.", "Two things!", "Three things"]
    assert texts("Tell whether it is good or bad, in short.") == ["Tell", "whether it is good", "or bad,", "in short."]
    assert texts("Read it. Judge {input} well. Stop now.") == ["Read it.", "Stop now."]
    assert texts("One. Two. Three. Four. Five.", 2) == ["One. Two.", "Three. Four. Five."]
    whole = Prompt(instruction="One.", sections=(Section(name="s", text="two"),), principles=("three",))
    assert [one.part for one in split_segments(whole, 8)] == ["instruction", "section", "principle"]
    assert [without_segment(whole, one).words for one in split_segments(whole, 8)] == [2, 2, 2]


@given(st.text(alphabet="ab .,\n!", max_size=40), st.integers(1, 6))
def test_a_segment_put_back_gives_the_same_words(instruction: str, most: int) -> None:
    prompt = Prompt(instruction=instruction)
    segments = split_segments(prompt, most)
    assert len(segments) <= most
    for one in segments:
        assert replace_segment(prompt, one, one.text).instruction.split() == instruction.split()


@pytest.mark.parametrize(
    ("edit", "number", "principle", "read"),
    [
        ("Add.", "0", "- Words of praise count twice.", ("add", 0, "Words of praise count twice.")),
        ("replace", "No. 2", '"Irony turns a verdict around."', ("change", 2, "Irony turns a verdict around.")),
        ("delete", "1", "", ("remove", 1, "")),
    ],
)
def test_edits_of_principles_are_read_as_models_write_them(
    edit: str, number: str, principle: str, read: tuple[str, int, str]
) -> None:
    reply = PrincipleReply.model_validate({"edit": edit, "number": number, "principle": principle})
    assert (reply.edit, reply.number, reply.principle) == read


@pytest.mark.parametrize("fields", [{"edit": "remove"}, {"edit": "add", "principle": "..."}, {"edit": "sing"}, {}])
def test_an_edit_that_says_nothing_is_none(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        PrincipleReply.model_validate(fields)
