"""What recipes without labels are made of: a policy gradient, what prompts agree on, words, a check of the shift."""

from __future__ import annotations

import json
from random import Random

import pytest
from maieutic.core.candidate import Archive
from maieutic.core.score import Evaluation
from maieutic.plugins.algorithms.domain_shift import separation_test
from maieutic.plugins.algorithms.pseudo_labels import Consensus
from maieutic.plugins.strategies.categorical_policy import CategoricalPolicy, typical_words


def seen(candidate: str, row: str, answer: str | None, **likelihoods: float) -> Evaluation:
    return Evaluation(
        candidate=candidate,
        example=row,
        split="val",
        output=answer or "",
        answer=answer,
        score=0.0,
        likelihoods=likelihoods,
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_gradient_finds_the_best_choice_of_each_slot_from_noisy_losses(seed: int) -> None:
    rng, policy, best = Random(seed), CategoricalPolicy.uniform(3, 6), (4, 0, 2)
    for _ in range(80):
        drawn = policy.sample(6, rng)
        losses = [sum(a != b for a, b in zip(one, best, strict=True)) + rng.gauss(0, 0.3) for one in drawn]
        policy = policy.gradient_step(drawn, losses, 1.0)
        policy = CategoricalPolicy(json.loads(json.dumps(policy.logits)))
    assert policy.mode == best
    assert policy.mode_probability > 0.9


def test_one_draw_or_equal_losses_teach_nothing() -> None:
    policy = CategoricalPolicy.uniform(2, 3)
    assert policy.gradient_step([(0, 1)], [5.0], 1.0) == policy
    assert policy.gradient_step([(0, 1), (2, 2)], [0.5, 0.5], 1.0).mode == policy.mode
    assert policy.sample(4, Random(1)) == policy.sample(4, Random(1))


def test_likelihoods_that_lean_one_way_for_all_rows_are_evened() -> None:
    leaning = {"a": (-0.1, -2.0), "b": (-0.1, -2.2), "c": (-0.3, -1.2), "d": (-0.4, -1.1)}
    archive = Archive(evaluations=[seen("x", row, "yes", yes=y, no=n) for row, (y, n) in leaning.items()])
    told = Consensus(archive, ["x"], list(leaning))
    assert {row: told.vote_on(row).label for row in leaning} == {"a": "yes", "b": "yes", "c": "no", "d": "no"}  # type: ignore[union-attr]
    assert Consensus(archive, ["x"], list(leaning), votes=True).vote_on("d").label == "yes"  # type: ignore[union-attr]


def test_votes_count_answers_that_could_be_read_and_nobody_is_held_to_its_own_word() -> None:
    said = {"x": "Red", "y": "red", "z": "blue", "u": None}
    archive = Archive(evaluations=[seen(name, "row", answer) for name, answer in said.items()])
    told = Consensus(archive, list(said), ["row", "never met"])
    belief = told.vote_on("row")
    assert belief is not None
    assert (belief.label, round(belief.confidence, 3)) == ("Red", 0.667)
    assert told.vote_on("row", without="x").confidence == 0.5  # type: ignore[union-attr]
    assert told.vote_on("never met") is None
    assert Consensus(archive, ["u"], ["row"]).vote_on("row") is None


def test_the_surest_rows_of_each_answer_are_trusted() -> None:
    votes = {"a": "rrr", "b": "rrb", "c": "bbb", "d": "bbr"}
    archive = Archive(
        evaluations=[
            seen(f"v{n}", row, "red" if vote == "r" else "blue")
            for row, all_ in votes.items()
            for n, vote in enumerate(all_)
        ]
    )
    assert set(Consensus(archive, ["v0", "v1", "v2"], list(votes)).most_confident(0.5)) == {"a", "c"}


def test_groups_of_texts_are_told_apart_or_not() -> None:
    films = [
        f"the film about {word} was {how}" for word in ("war", "love", "ships") for how in ("dull", "fine", "long")
    ]
    bills = [
        f"your invoice for {word} is {how}" for word in ("gas", "water", "rent") for how in ("due", "paid", "late")
    ]
    apart, p = separation_test(films, bills, Random(0))
    assert apart > 0.1
    assert p == 0.01
    assert separation_test(films[::2], films[1::2], Random(0))[1] > 0.05
    assert separation_test(films, [], Random(0)) == (0.0, 1.0)


def test_words_are_those_of_several_inputs_and_not_of_all() -> None:
    texts = ["the plot drags", "a plot with charm", "this charm fades", "some plot indeed"]
    assert typical_words(texts, 2) == ["charm", "plot"]
    assert typical_words(texts, 0) == []
