"""Operators that ask no model: demos, balance, layout, components."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maieutic.core.answer import AnswerContract
from maieutic.core.candidate import Candidate
from maieutic.core.dataset import Example
from maieutic.core.errors import UsageError
from maieutic.core.label_reader import normalize_answer
from maieutic.core.program import Program
from maieutic.core.prompt import Demo, Format, Prompt
from maieutic.core.search_types import Request, TaskBrief, WorkOrder
from maieutic.plugins.algorithms.demo_sets import balanced_sample
from maieutic.plugins.operators.components import ComponentMutation, component_corpus
from maieutic.plugins.operators.demos import DemoCount, DemoOrder, DemoSwap, RandomDemos
from maieutic.plugins.operators.generic_instruction import GenericInstruction
from maieutic.plugins.operators.label_balance import LabelBalance
from maieutic.plugins.operators.layout import AnswerHint, LayoutMutation

TRAIN = tuple(Example(id=f"t{n}", input=f"row {n}", outputs=("yes" if n % 4 else "no",)) for n in range(20))
BRIEF = TaskBrief(name="x", description="x", answer=AnswerContract(type="label", labels=("yes", "no")))
MAKERS: dict[str, Any] = {
    "demos": lambda: RandomDemos(shots=(3, 6), balanced=True, placements=("user", "system")),
    "swap": DemoSwap,
    "order": DemoOrder,
    "count": lambda: DemoCount(most=8),
    "balance": LabelBalance,
    "layout": LayoutMutation,
    "hint": AnswerHint,
    "components": ComponentMutation,
    "generic": GenericInstruction,
}


def request(demos: int = 4, *, rows: Sequence[Example] = TRAIN, seed: int = 0, count: int = 3, **parts: Any) -> Request:
    shown = tuple(Demo(input=row.text, output=row.output or "", source=row.id) for row in rows[:demos])
    prompt = Prompt(instruction="Yes or no?", demos=shown, **parts)
    parent = Candidate(id="c", program=Program.of(prompt), operator="start")
    return Request(
        order=WorkOrder(operator="x", parents=("c",), count=count),
        task=BRIEF,
        parents=(parent,),
        train=tuple(rows),
        answers={"yes": (0.9, 0.5), "no": (0.1, 0.5)},
        rng=Random(seed),
    )


async def proposed(name: str, asked: Request) -> list[Prompt]:
    operator = MAKERS[name]()
    assert operator.calls == 0
    return [one.program.main for one in await operator.propose(asked, team=None)]


@pytest.mark.parametrize("name", [name for name in MAKERS if name != "generic"])
@settings(max_examples=30)
@given(demos=st.integers(0, 8), seed=st.integers(0, 10_000), count=st.integers(1, 4))
async def test_proposals_follow_from_the_draws_and_keep_the_question(
    name: str, demos: int, seed: int, count: int
) -> None:
    made = await proposed(name, request(demos, seed=seed, count=count))
    assert made == await proposed(name, request(demos, seed=seed, count=count))
    assert len(made) <= count
    known = {row.id: row for row in TRAIN}
    for prompt in made:
        assert prompt.instruction == "Yes or no?"
        assert len({demo.source for demo in prompt.demos}) == len(prompt.demos)
        assert all(demo.output == known[demo.source or ""].output for demo in prompt.demos)


async def test_balanced_demos_show_each_label_alike() -> None:
    for prompt in await proposed("demos", request(seed=5, count=8)):
        counts = Counter(demo.output for demo in prompt.demos)
        assert len(prompt.demos) in (3, 6)
        assert abs(counts["yes"] - counts["no"]) <= 1
        assert prompt.format.placement in ("user", "system")


@pytest.mark.parametrize("size", [0, 1, 7, 20])
def test_a_balanced_sample_has_its_size_and_no_row_twice(size: int) -> None:
    drawn = balanced_sample(TRAIN, size, Random(1))
    assert len(drawn) == len({row.id for row in drawn}) == size


async def test_a_swap_changes_at_most_half_and_an_order_changes_no_demo() -> None:
    before = {demo.source for demo in request().parents[0].program.main.demos}
    for prompt in await proposed("swap", request(seed=2)):
        assert 1 <= len({demo.source for demo in prompt.demos} - before) <= 2
        assert len(prompt.demos) == 4
    for prompt in await proposed("order", request(seed=2)):
        assert {demo.source for demo in prompt.demos} == before


async def test_where_there_is_nothing_to_do_nothing_is_proposed() -> None:
    assert await proposed("swap", request(0)) == []
    assert await proposed("order", request(1)) == []
    assert await proposed("balance", request(0)) == []


async def test_a_count_stays_within_its_bounds() -> None:
    for seed in range(20):
        for prompt in await proposed("count", request(8, seed=seed)):
            assert 2 <= len(prompt.demos) <= 8


async def test_balance_moves_answers_towards_the_label_given_too_seldom() -> None:
    seen = Counter[str]()
    for seed in range(30):
        before = request(6, seed=seed).parents[0].program.main.demos
        for prompt in await proposed("balance", request(6, seed=seed)):
            wanted = sum(normalize_answer(demo.output) == "no" for demo in prompt.demos)
            had = sum(normalize_answer(demo.output) == "no" for demo in before)
            assert wanted >= had
            seen["more" if wanted > had else "moved"] += 1
            assert wanted > had or prompt.demos[-1].output == "no"
    assert set(seen) == {"more", "moved"}


async def test_balance_moves_copied_answers_towards_the_half_named_too_seldom() -> None:
    rows = tuple(
        Example(id=f"a{n}", input=f"x{n}, y{n}", outputs=(f"x{n}" if n in (3, 7, 8, 9) else f"y{n}",))
        for n in range(12)
    )
    seen = Counter[str]()
    for seed in range(30):
        asked = request(6, rows=rows, seed=seed)
        copying = replace(asked, answers={}, places={"early": (0.1, 0.5), "late": (0.9, 0.5)})
        for prompt in await proposed("balance", copying):
            early = sum(demo.output.startswith("x") for demo in prompt.demos)
            assert early >= 1
            seen["more" if early > 1 else "moved"] += 1
            assert early > 1 or prompt.demos[-1].output == "x3"
            assert len({demo.source for demo in prompt.demos}) == len(prompt.demos)
    assert set(seen) == {"more", "moved"}
    assert await proposed("balance", replace(copying, places={})) == []


async def test_a_layout_changes_only_the_layout() -> None:
    for seed in range(20):
        for prompt in await proposed("layout", request(seed=seed)):
            assert prompt.with_(format=Format()) == request().parents[0].program.main.with_(format=Format())
            assert prompt.format != Format()


async def test_casing_and_digits_change_only_where_they_are_wanted_and_can_be_seen() -> None:
    wanted = LayoutMutation(changes=("casing", "numbers"))
    plain, long = request(), replace(request(), train=(Example(input="add 12345", outputs=("1",)),))
    made = [one.program.main.format for asked in (plain, long) for one in await wanted.propose(asked, team=None)]  # type: ignore[arg-type]
    assert any(style.casing != "as-is" for style in made)
    assert [style.numbers for style in made[:3]] == ["as-is"] * 3
    assert "grouped" in [style.numbers for style in made[3:]]
    bare = await LayoutMutation(changes=("numbers",)).propose(plain, team=None)  # type: ignore[arg-type]
    assert list(bare) == []
    with pytest.raises(UsageError, match="layout"):
        LayoutMutation(changes=("colour",))  # type: ignore[arg-type]


async def test_hints_are_distinct_and_name_the_labels() -> None:
    made = await proposed("hint", request(count=20))
    hints = [prompt.format.answer_hint for prompt in made]
    assert len(hints) == len(set(hints))
    assert "" not in hints
    assert any("yes" in hint and "no" in hint for hint in hints)
    assert "" in [
        p.format.answer_hint for p in await proposed("hint", request(count=20, format=Format(answer_hint="x")))
    ]


async def test_components_come_from_the_corpus_and_stay_few() -> None:
    full = component_corpus()["advice"][:2]
    for seed in range(20):
        for prompt in await proposed("components", request(seed=seed, principles=("Mine.", *full))):
            assert "Mine." in prompt.principles
            assert sum(one in component_corpus()["advice"] for one in prompt.principles) <= 2


async def test_a_generic_instruction_needs_examples_and_keeps_frames() -> None:
    made = await proposed("generic", request(count=3))
    assert len({one.instruction for one in made}) == 3
    assert all(one.demos and one.instruction != "Yes or no?" for one in made)
    assert await proposed("generic", request(demos=0)) == []
    framed = request().parents[0].program.main.with_(instruction="Is {input} so?")
    asked = request()
    parent = asked.parents[0].model_copy(update={"program": Program.of(framed)})
    assert await proposed("generic", replace(asked, parents=(parent,))) == []
