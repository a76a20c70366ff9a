"""auto: a pool of seeds, then children of the leaders by operators that paid off, raced on pooled evidence."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from maieutic.benchmarks.authors import run_author
from maieutic.core.budget import Budget
from maieutic.testing.simulation import FAMILIES

AUTHORS = {"rewrite", "induce"}
SHOWS = {"demos", "demo-swap", "demo-order", "demo-count"}


def writer(level: int = 3) -> Any:
    number = itertools.count(1)
    return lambda text: f"<prompt>Say even or odd, wording {next(number)}, at level {level}.</prompt>"


def follower(messages: Sequence[Any]) -> str:
    """Right on as many rows of ten as the prompt shows worked examples, from 2 on and up to 9."""
    shown = len(re.findall(r"number 10\d\d", "\n".join(message["content"] for message in messages)))
    row = int(re.findall(r"number (\d+)", messages[-1]["content"])[-1])
    right = row % 10 < max(2, min(9, shown))
    return "even" if (row % 2 == 0) == right else "odd"


async def test_the_first_round_is_demo_sets_an_answer_hint_and_one_guess(play: Any) -> None:
    run = await play("auto", writer())
    seeds = {order["operator"] for order in run.orders[0]}
    assert seeds == {"demos", "answer-hint", "induce"}
    first = [one for one in run.candidates.values() if one.round == 1]
    made = Counter(one.operator for one in first)
    assert made["demos"] == 8
    assert made["induce"] == 1
    sizes = Counter(len(one.program.main.demos) for one in first if one.operator == "demos")
    assert set(sizes) <= {4, 8, 12}, "shown in sizes that the recipe names"


@pytest.mark.slow
async def test_later_rounds_ask_six_and_at_most_one_of_them_an_author(play: Any) -> None:
    run = await play("auto", writer(), budget=Budget(target_calls=500))
    assert len(run.orders) > 2
    for orders in run.orders[1:]:
        assert len(orders) <= 6
        assert sum(order["operator"] in AUTHORS for order in orders) <= 1
    assert run.author_calls <= len(run.orders), "one order a round, one question an order"


@pytest.mark.slow
async def test_parents_are_leaders_and_newcomers_are_seen_on_few_rows(play: Any) -> None:
    run = await play("auto", writer(), target=follower, budget=Budget(target_calls=500))
    rows = {one: len(run.rows(one)) for one in run.candidates if run.rows(one)}
    assert max(rows.values()) > 3 * min(rows.values()), "the promising are seen again, the others are not"
    assert rows[run.best] * 2 >= max(rows.values()), "nobody wins on a lucky handful"
    parents = Counter(one.parents[0] for one in run.candidates.values() if one.round > 1)
    assert len(parents) < len(run.candidates) / 2


@pytest.mark.slow
async def test_what_worked_examples_gain_is_found(play: Any) -> None:
    run = await play("auto", writer(), target=follower, budget=Budget(target_calls=400))
    best = run.candidates[run.best].program.main
    assert len(best.demos) >= 8
    lineage = [run.candidates[run.best]]
    while lineage[-1].parents:
        lineage.append(run.candidates[lineage[-1].parents[0]])
    assert {one.operator for one in lineage} & SHOWS
    assert run.report.verdict == "improved"


@pytest.mark.slow
async def test_what_a_better_wording_gains_is_found(play: Any) -> None:
    run = await play("auto", writer(level=9), budget=Budget(target_calls=400))
    assert "level 9" in run.candidates[run.best].program.main.instruction
    assert run.report.best.score > run.report.start.score + 0.3


@pytest.mark.slow
async def test_no_author_that_can_be_read_is_no_obstacle(play: Any) -> None:
    run = await play("auto", lambda text: "", target=follower, budget=Budget(target_calls=300))
    assert run.report.verdict == "improved"


def copier(messages: Sequence[Any]) -> str:
    """Names the larger of two in four rows of ten; in the others the later one, the more of the examples do so."""
    pairs = re.findall(r"cat(\d+), dog(\d+)", "\n".join(message["content"] for message in messages))
    named = [message["content"] for message in messages if message["role"] == "assistant"]
    late = sum(one.startswith("dog") for one in named) / max(1, len(named))
    first, second = pairs[-1]
    knows = int(first) % 10 < 4
    last = int(second) > int(first) if knows else int(first) % 10 / 10 < 0.25 + late
    return f"dog{second}" if last else f"cat{first}"


@pytest.mark.slow
async def test_where_answers_are_copied_a_shift_towards_a_place_is_taken_out(play: Any) -> None:
    def row(n: int) -> tuple[str, str]:
        other = n + 500 if n * 7919 % 10 < 5 else n - 500
        return f"cat{n}, dog{other}", f"dog{other}" if other > n else f"cat{n}"

    run = await play("auto", writer(), target=copier, row=row, rows=60, budget=Budget(target_calls=500))
    moved = run.made_by("label-balance")
    assert moved
    assert {one.rationale for one in moved} <= {
        "shifts answers from 'late' towards 'early'",
        "shifts answers from 'early' towards 'late'",
    }


@pytest.mark.parametrize(
    ("family", "author"),
    [
        ("routing", "terse"),
        *(pytest.param(family, "long", marks=pytest.mark.slow) for family in ("policy", "format", "steps")),
    ],
)
async def test_a_capable_author_is_used_from_the_first_round(family: str, author: str, tmp_path: Path) -> None:
    """With worked examples alone these ended at 0.68, 0.35, 0.58 and 0.75."""
    row = await run_author("auto", author, FAMILIES[family], calls=150, folder=tmp_path)
    assert row["best"] >= 0.88
    assert row["verdict"] == "improved"
