"""MoP and ConstitutionalExperts (METHODS card 19): regions, experts of their own, a router, and the gate at the end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from maieutic.core.budget import Budget
from maieutic.core.errors import UsageError

WORDS = {"film": "with its actor, camera and scene", "soup": "with its salt, spoon and bowl"}
TOPICS = tuple(WORDS)


def row(number: int) -> tuple[str, str]:
    """Two kinds of inputs in turn, two answers that the kinds do not decide."""
    topic = TOPICS[number % 2]
    return f"number {number}: the {topic} {WORDS[topic]}", "good" if number // 2 % 2 else "bad"


def topic_of(text: str) -> str:
    return next(topic for topic in TOPICS if f"the {topic} " in text)


def target(messages: Sequence[Any]) -> str:
    """Right where the prompt has the one rule of the input's topic; else 6 times of 10 with examples, 2 without."""
    asked = messages[-1]["content"]
    number = int(re.findall(r"number (\d+)", asked)[-1])
    rules = set(re.findall(r"rule for (\w+)", "\n".join(message["content"] for message in messages)))
    right = rules == {topic_of(asked.rsplit("number", 1)[-1])} or number % 10 < (6 if len(messages) > 1 else 2)
    said = row(number)[1]
    return said if right else "bad" if said == "good" else "good"


def induced(question: str) -> str:
    """The other topic's rule is what the rows outside a region teach in this world."""
    seen = {topic_of(line) for line in question.splitlines() if "Input: number" in line}
    return f"<prompt>Use the rule for {(set(TOPICS) - seen).pop()}, please.</prompt>" if len(seen) == 1 else ""


async def test_mop_searches_each_region_with_instructions_from_outside_it_and_routes(play: Any) -> None:
    done = await play("mop", induced, target=target, row=row, settings={"regions.most": "2"})
    best = done.candidates[done.best].program

    # Regions are the topics, and the router sends every input to its own.
    assert best.router.kind == "centroid"
    homes = {name: {topic_of(text) for text in texts} for name, texts in best.router.anchors.items()}
    assert sorted(map(tuple, homes.values())) == [("film",), ("soup",)]
    assert all({topic_of(row(n)[0])} == homes[best.chosen(row(n)[0])[0]] for n in range(3000, 3020))

    # Compose, examples for each region, compose, instructions for each region, compose, experts alone.
    named = [[order["operator"] for order in orders] for orders in done.orders]
    assert named == [
        ["mixture"],
        ["demos", "demos"],
        ["mixture"],
        ["induce", "induce"],
        ["mixture"],
        ["mixture"],
    ]

    # Each region's author sees rows of the other region alone, three times each, and nothing else is asked.
    assert done.skills == {"induce": 6}
    seen = [{topic_of(line) for line in text.splitlines() if "Input: number" in line} for text in done.asked("induce")]
    assert sorted(map(tuple, seen)) == [("film",)] * 3 + [("soup",)] * 3

    # Experts show examples of their own region.
    for name, prompt in best.prompts.items():
        (topic,) = homes[name]
        assert f"rule for {topic}" in prompt.instruction
        assert {topic_of(demo.input) for demo in prompt.demos} <= {topic}

    # A child changes one region: all other answers are known and free.
    measured = sum(len(done.rows(name)) for name in done.candidates)
    assert done.target_calls < measured

    # The mixture passed the gate: every expert alone was measured on the same rows and is worse.
    alone = [one for one in done.candidates.values() if one.rationale == "one expert for all inputs"]
    assert len(alone) == 2
    assert all(done.mean(one.id) < done.mean(done.best) for one in alone)
    assert done.report.best.score == 1.0
    assert "=== which prompt ===" in done.report.prompt.best


@pytest.mark.slow
async def test_a_mixture_that_is_no_better_than_a_single_prompt_does_not_win(play: Any) -> None:
    def one_for_all(messages: Sequence[Any]) -> str:
        number = int(re.findall(r"number (\d+)", messages[-1]["content"])[-1])
        told = "rule" in "\n".join(message["content"] for message in messages)
        said = row(number)[1]
        return said if told or number % 10 < 3 else "neither"

    done = await play("mop", induced, target=one_for_all, row=row, settings={"regions.most": "2"})
    best = done.candidates[done.best]
    assert best.program.router is None
    assert best.rationale == "one expert for all inputs"
    routed = [one for one in done.candidates.values() if one.program.router is not None]
    assert max(done.mean(one.id) for one in routed) <= done.mean(done.best)


async def test_small_budgets_measure_the_start_and_some_children(play: Any) -> None:
    done = await play("mop", induced, target=target, row=row, budget=Budget(target_calls=40))
    start = next(iter(done.candidates))
    measured = [name for name in done.candidates if done.rows(name)]
    assert start in measured
    assert len(measured) >= 4
    searched = sum(len({(one.candidate, one.example)}) for one in done.evaluations if one.split != "test")
    assert searched > 12


def principled(question: str) -> str:
    """Adds what is missing for the one topic of the failures; then says the same again, which changes nothing."""
    seen = {topic_of(line) for line in question.splitlines() if "Input: number" in line}
    if len(seen) != 1:
        return "no tags"
    return f"<edit>Add</edit>\n<number>0</number>\n<principle>- Use the rule for {seen.pop()} here.</principle>"


async def test_constitutional_edits_one_principle_at_a_time_in_each_region(play: Any) -> None:
    done = await play("constitutional", principled, target=target, row=row, settings={"regions.most": "2"})
    best = done.candidates[done.best].program
    assert best.router.kind == "centroid"
    assert {prompt.principles for prompt in best.prompts.values()} == {
        ("Use the rule for film here.",),
        ("Use the rule for soup here.",),
    }
    assert {prompt.instruction for prompt in best.prompts.values()} == {"Say even or odd."}

    # Wrong predictions of the region alone are shown, with what was expected and what came.
    assert set(done.skills) == {"principle"}
    for text in done.asked("principle"):
        assert len({topic_of(line) for line in text.splitlines() if "Input: number" in line}) == 1
        assert "Expected:" in text
        assert "Got:" in text

    # Each edit is one principle more, less or changed in one region of its parent.
    for one in done.made_by("principle"):
        parent = done.candidates[one.parents[0]].program
        changed = [name for name, prompt in one.program.prompts.items() if prompt != parent.prompts[name]]
        assert len(changed) == 1
        before, after = parent.prompts[changed[0]].principles, one.program.prompts[changed[0]].principles
        assert len(set(before) ^ set(after)) == 1
    assert done.report.best.score == 1.0


async def test_regions_without_the_operator_that_composes_say_so(play: Any) -> None:
    with pytest.raises(UsageError, match="mixture"):
        await play("mop", induced, target=target, row=row, settings={"operators": "demos,induce"})
