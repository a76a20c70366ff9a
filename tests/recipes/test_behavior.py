"""behavior: a claimed cause is one rule, run on the rows it came from; only what holds is put together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from maieutic.core.budget import Budget

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
CLAIMS = ("dislikes threes", "dislikes fours", "is tired")


def obedient(messages: Sequence[Any]) -> str:
    """Numbers that end in 3 to 9 go wrong, unless a rule names their last digit."""
    text = messages[-1]["content"]
    row = int(re.findall(r"number (\d+)", text)[-1])
    right = row % 10 < 3 or f"digit {row % 10}" in text
    return "even" if (row % 2 == 0) == right else "odd"


def watcher(text: str) -> str:
    """Claims two causes of which each holds for one digit that was seen, and one that is made up."""
    if "You watch what" in text:
        digits = sorted({int(one) % 10 for one in re.findall(r"Input: number (\d+)\n\s+Expected", text)} - {0, 1, 2})
        held = "".join(f"<reason>The model mistakes numbers that end in {digit}.</reason>" for digit in digits[:2])
        return f"{held}<reason>The model is tired and gives up too early.</reason>"
    found = re.findall(r"numbers that end in (\d)", text)
    return f"<rule>Look at the last digit {found[0]} with care.</rule>" if found else "<rule>Stay awake always.</rule>"


async def test_claims_are_run_on_their_rows_before_they_count(play: Any) -> None:
    run = await play("behavior", watcher, target=obedient, budget=Budget(target_calls=400))
    claims = run.made_by("claims")
    tired = [one for one in claims if "tired" in one.rationale]
    held = [one for one in claims if "end in" in one.rationale]
    for one in claims:
        (parent,) = one.parents
        before, after = run.candidates[parent].program.main, one.program.main
        assert after.principles[:-1] == before.principles, "the smallest edit: one rule more, and nothing else"
        assert after.instruction == before.instruction
    gains = {}
    for one in claims:
        tested = {seen.example: seen.score for seen in run.rows(one.id, "train")}
        known = {seen.example: seen.score for seen in run.rows(one.parents[0], "train")}
        if len(tested) < 12:
            assert one in claims[-3:], "only the end of the budget cuts a test short"
            continue
        gains[one.id] = sum(score - known[row] for row, score in tested.items())
    assert all(gains.get(one.id, 0) == 0 and not run.rows(one.id) for one in tired), (
        "refuted: no val row was spent on it"
    )
    assert all(one.status == "dropped" for one in tired if one.id in gains)
    assert all(gains[one.id] > 0 for one in held[:2])
    assert all(run.rows(one.id) for one in held[:2])
    joined = run.made_by("unite")[0]
    assert joined.parents == (run.orders[0][0]["parents"][0], *(one.id for one in held[:2]))
    assert len(joined.program.main.principles) == 2
    assert len(run.orders[1]) == 1
    assert run.orders[1][0]["operator"] == "unite", "what holds is put together in a round of its own"
    assert run.skills["behaviour"] == sum(orders[0]["operator"] == "claims" for orders in run.orders)
    assert run.skills["rule"] == 3 * run.skills["behaviour"]
    later = run.asked("behaviour")[1]
    assert "The model is tired" in later.split("turned out not to be the cause")[1], "refuted claims are told"
    assert "end in" not in later.split("turned out not to be the cause")[1].split("Name at most")[0]
    assert run.report.best.score > run.report.start.score + 0.2


async def test_a_critic_that_only_believes_is_refuted_until_the_search_ends(play: Any) -> None:
    def believer(text: str) -> str:
        if "You watch what" in text:
            return "<reason>The model is tired and gives up too early.</reason>"
        return f"<rule>Stay awake, try number {len(text)}.</rule>"

    run = await play("behavior", believer, target=obedient, settings={"verified.patience": "3"})
    assert run.candidates[run.best].operator == "start"
    assert len(run.orders) == 3
    assert not any(run.rows(one.id) for one in run.made_by("claims"))


async def test_sixty_calls_measure_the_start_and_test_claims(play: Any) -> None:
    run = await play("behavior", watcher, target=obedient, budget=Budget(target_calls=60))
    assert len(run.rows(next(iter(run.candidates)))) >= 5
    assert all(run.rows(one.id, "train") for one in run.made_by("claims")[:3])
    assert run.report.best.score >= run.report.start.score
    assert sum(one.split != "test" for one in run.evaluations) <= 60
