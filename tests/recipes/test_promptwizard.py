"""PromptWizard against its card: stages in order, same rows for all, every step measured before it stands."""

from __future__ import annotations

import itertools
from random import Random
from typing import Any

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.budget import Budget
from maieutic.core.candidate import Candidate
from maieutic.core.program import Program
from maieutic.core.prompt import Demo, Prompt
from maieutic.core.search_types import Request, TaskBrief, WorkOrder
from maieutic.plugins.operators.demo_generation import DemoRationale
from maieutic.plugins.operators.thinking_styles import thinking_styles

STAGES = [
    *[["thinking-styles"], ["critique"]] * 3,
    ["demo-mine"],
    *[["critique", "demo-synthesis"]] * 3,
    ["demo-rationale"],
    ["expert"],
    ["intent"],
]


def wizard() -> Any:
    """An author whose versions get better by two rows of ten each time it reads a critique; a style makes it worse."""
    number = itertools.count(1)

    def say(text: str) -> str:
        if "<critique>" in text and "somebody else" in text:
            return "<critique>The prompt does not say which digit counts.</critique>"
        if "The critique:" in text:
            now = text.split('"""')[1]
            level = int(now.split("level ")[1].split()[0]) if "level" in now else 3
            return f"<prompt>Say even or odd, at level {min(9, level + 2)} now.</prompt>"
        if "Think about the task in this way" in text:
            return f"<prompt>Say even or odd, at level 2 in way {next(number)}.</prompt>"
        if "<expert>" in text:
            return "<expert>You are an expert; level 0 is what you deserve.</expert>"
        if "<keywords>" in text:
            return "<keywords>parity, digits, evenness</keywords>"
        if "make up examples" in text:
            rows = "".join(f"<input>number {n}</input><output>{'odd' if n % 2 else 'even'}</output>" for n in (71, 72))
            return rows + "<input>number 73</input><output>purple</output>"
        return "<reasoning>The last digit decides.</reasoning>"

    return say


async def test_the_stages_of_the_card_in_order(play: Any) -> None:
    played = await play("promptwizard", wizard(), budget=Budget(target_calls=600))
    assert [[order["operator"] for order in orders] for orders in played.orders] == STAGES
    assert played.skills["style"] == 15
    assert len(thinking_styles()) >= 20
    asked = [style for text in played.asked("style") for style in thinking_styles() if style in text]
    assert len(asked) == 15
    assert len(set(asked[:5])) == 5


@pytest.mark.slow
async def test_everything_is_measured_on_the_same_rows_and_only_what_is_better_stands(play: Any) -> None:
    played = await play("promptwizard", wizard(), budget=Budget(target_calls=600))
    start = next(iter(played.candidates))
    rows = [row.example for row in played.rows(start)]
    for one in played.candidates.values():
        if one.status != "rejected":
            assert [row.example for row in played.rows(one.id)] == rows, one.operator
    # A style or a persona that lowers the score never stands; each critique that raises it does.
    for one in (*played.made_by("thinking-styles"), *played.made_by("expert")):
        assert one.status == "dropped"
        assert played.mean(one.id) <= played.mean(one.parents[0])
    assert played.mean(played.best) > played.mean(start) + 0.4


@pytest.mark.slow
async def test_the_critic_sees_what_the_target_answered_from_train_rows(play: Any) -> None:
    played = await play("promptwizard", wizard(), budget=Budget(target_calls=600))
    first = played.asked("critique")[0]
    assert "Got: " in first
    assert "number 10" in first
    assert "number 20" not in first
    assert "does not say which digit" in played.asked("synthesize")[0]


@pytest.mark.slow
async def test_demos_are_mined_from_failures_and_made_up_ones_keep_the_contract(play: Any) -> None:
    played = await play("promptwizard", wizard(), budget=Budget(target_calls=600))
    (mined,) = played.made_by("demo-mine")
    assert len(mined.program.main.demos) == 5
    assert "mined from failures" in mined.rationale
    for one in played.made_by("demo-synthesis"):
        said = {demo.output for demo in one.program.main.demos}
        assert said <= {"even", "odd"}
        assert any(demo.input == "number 71" for demo in one.program.main.demos)
    for one in played.made_by("intent"):
        assert one.program.main.sections[-1].text == "parity, digits, evenness"


@pytest.mark.slow
async def test_persona_and_keywords_can_both_stand(play: Any) -> None:
    def generous(text: str) -> str:
        """Persona and keywords help both."""
        if "<expert>" in text:
            return "<expert>You are an expert of level 8.</expert>"
        return "<keywords>level 9</keywords>" if "<keywords>" in text else "I am not sure."

    played = await play("promptwizard", generous, budget=Budget(target_calls=600), prompt="Even or odd?")
    best = played.candidates[played.best].program.main
    assert "expert" in best.system
    assert best.sections[-1].text == "level 9"


@pytest.mark.parametrize(
    ("contract", "output", "asked"),
    [
        (AnswerContract(type="text"), "even", 0),
        (AnswerContract(type="label", labels=("even", "odd"), read="whole"), "even", 0),
        (AnswerContract(type="label", labels=("even", "odd")), "even", 1),
        (AnswerContract(type="choice"), "B", 1),
        (AnswerContract(type="json"), '{"parity": "even"}', 1),
    ],
)
async def test_no_reason_is_asked_for_that_could_not_be_read(contract: AnswerContract, output: str, asked: int) -> None:
    asks = []

    class Mute:
        async def act(self, ask: Any) -> None:
            asks.append(ask)

    program = Program.of(Prompt(instruction="Say it.", demos=(Demo(input="number 4", output=output),)))
    request = Request(
        order=WorkOrder(operator="demo-rationale", parents=("p",)),
        task=TaskBrief(name="parity", description="", answer=contract),
        parents=(Candidate(id="p", program=program, operator="start"),),
        train=(),
        rng=Random(0),
    )
    assert list(await DemoRationale().propose(request, Mute())) == []  # type: ignore[arg-type]
    assert len(asks) == asked


async def test_a_small_budget_measures_the_start_and_some_children(play: Any) -> None:
    played = await play("promptwizard", wizard(), budget=Budget(target_calls=60))
    measured = [one for one in played.candidates if played.rows(one)]
    assert len(measured) >= 6
    assert sum(len(played.rows(one, split)) for one in played.candidates for split in ("train", "val")) <= 60
