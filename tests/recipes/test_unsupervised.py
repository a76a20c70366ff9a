"""Unsupervised prompt learning (arXiv 2410.03124): no label is seen; labels and phrases are learned in turn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.budget import Budget
from maieutic.core.errors import UsageError
from maieutic.core.identity import digest
from maieutic.plugins.operators.components import components_of
from maieutic.testing import Answer

LABELS = ("even", "odd")
ANSWER = {"type": "label", "labels": LABELS}
GOOD = "Answer directly, without explanation."


def nobody(question: str) -> str:
    raise AssertionError(f"no author may be asked: {question[:80]}")


def number(text: str) -> int:
    return int(re.findall(r"number (\d+)", text)[-1])


def target(messages: Sequence[Any]) -> Answer:
    """Leans towards even, less so with the good phrase; says how likely it finds both."""
    text, row = "\n".join(message["content"] for message in messages), number(messages[-1]["content"])
    lean = 0.2 if GOOD in text else 1.5
    evidence = 0.3 + (int(digest([row])[:4], 16) % 100) / 100
    odds = lean + (evidence if row % 2 == 0 else -evidence)
    said = LABELS[odds < 0]
    return Answer(text=said, logprobs={said: -0.2, LABELS[odds >= 0]: -0.2 - abs(odds)})


async def learned(play: Any, **fields: Any) -> Any:
    """A run without an author; the target shows how likely it finds the labels."""
    return await play("unsupervised", nobody, **{"target": target, "provider": "llamacpp", "answer": ANSWER, **fields})


async def test_labels_are_agreed_on_and_a_phrase_is_learned_without_any_reference(play: Any) -> None:
    ran = await learned(
        play,
        rows=24,
        budget=Budget(target_calls=800),
        settings={"categorical.categories": '["advice"]', "rounds": "6", "categorical.draws": "6"},
    )
    # Round 1 draws prompts, from round 2 on rows are labelled anew first, and the likeliest prompt joins.
    named = [[order["operator"] for order in orders] for orders in ran.orders]
    assert named[:2] == [["prefix"], ["relabel", "prefix"]]
    assert ran.author_calls == 0
    first = [one for one in ran.made_by("prefix") if one.round == 1]
    assert 1 < len(first) <= 6
    assert all(not one.program.main.demos for one in first)
    known = components_of(["advice"])
    assert all(any(one.program.main.instruction.startswith(phrase) for phrase in known) for one in first)

    # From then on demos show train rows with agreed labels, both in turn; their references were never seen.
    later = [one for one in ran.made_by("prefix") if one.round > 1]
    assert {demo.output for one in later for demo in one.program.main.demos} == set(LABELS)
    assert all(len(one.program.main.demos) == 4 for one in later)

    # Nobody met a val row that the start did not; the good phrase wins by what the others agree on.
    rows = [{row.example for row in ran.rows(name)} for name in ran.candidates]
    assert all(some <= rows[0] for some in rows)
    assert GOOD in ran.candidates[ran.best].program.main.instruction
    assert ran.report.best.score > ran.report.start.score


@pytest.mark.slow
async def test_the_run_is_the_same_whatever_the_references_say(play: Any, tmp_path: Path) -> None:
    """No decision depends on an output of train or val."""

    def row(n: int, flipped: bool = False) -> tuple[str, str, str]:
        return f"number {n}", LABELS[(n + (flipped and n < 3000)) % 2], f"row-{n}"

    ended = []
    for flipped in (False, True):
        ran = await learned(
            play,
            rows=16,
            budget=Budget(target_calls=300),
            row=lambda n, flipped=flipped: row(n, flipped),
            folder=tmp_path / str(flipped),
        )
        seen = [one.model_dump() for one in ran.evaluations if one.split != "test"]
        ended.append((list(ran.candidates.values()), seen, ran.best, ran.grown, ran.report.best.score))
    assert ended[0] == ended[1]
    assert len(ended[0][0]) > 3


@pytest.mark.slow
async def test_without_likelihoods_prompts_vote(play: Any) -> None:
    def says(messages: Sequence[Any]) -> str:
        """Prompts differ in the rows that they get wrong."""
        text, row = "\n".join(message["content"] for message in messages[:-1]), number(messages[-1]["content"])
        wrong = int(digest([text, row])[:4], 16) % 4 == 0
        return LABELS[(row + wrong) % 2]

    ran = await learned(play, target=says, provider="openai", rows=20, budget=Budget(target_calls=400))
    latest = {one["row"]["input"]: one["row"]["outputs"] for one in ran.grown}
    right = [outputs == [LABELS[number(text) % 2]] for text, outputs in latest.items()]
    assert len(right) > 10
    assert sum(right) >= 0.8 * len(right)
    assert {one["row"]["metadata"]["by"] for one in ran.grown} == {"agreement"}


@pytest.mark.slow
async def test_one_label_for_all_rows_teaches_nothing_and_the_start_stands(play: Any) -> None:
    ran = await learned(play, target=lambda _: "even", provider="openai", rows=12)
    assert ran.candidates[ran.best].operator == "start"
    assert not any(one.program.main.demos for one in ran.candidates.values())


async def test_rows_without_outputs_and_a_small_budget_do(play: Any) -> None:
    ran = await learned(play, rows=12, budget=Budget(target_calls=60))
    assert len([one for one in ran.evaluations if one.split != "test"]) <= 60
    assert len([one for one in ran.candidates if ran.rows(one)]) >= 3


async def test_the_strategy_says_which_operator_it_lacks(play: Any) -> None:
    with pytest.raises(UsageError, match="'prefix'"):
        await play("random-demos", nobody, settings={"strategy": "categorical"})
