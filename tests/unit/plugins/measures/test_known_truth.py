"""Measures on scores that the test plants: an effect is found, and none is claimed where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from maieutic.agents.asks.replies import PromptReply, TextReply
from maieutic.core.answer import AnswerContract
from maieutic.core.dataset import Example
from maieutic.core.identity import digest
from maieutic.core.measures import MeasureSubject, Reading
from maieutic.core.models import ModelRef
from maieutic.core.program import Program
from maieutic.core.prompt import Prompt
from maieutic.core.search_types import TaskBrief
from maieutic.plugins.measures.cbod import Chameleon
from maieutic.plugins.measures.format_spread import FormatSpread
from maieutic.plugins.measures.negative_flips import NegativeFlips
from maieutic.plugins.measures.option_order import OptionOrder
from maieutic.plugins.measures.prompt_suite import PromptSuite
from maieutic.plugins.measures.shapley import PartAttribution
from maieutic.testing import SimulatedBench
from maieutic.testing.conformance.operators import SilentTeam

PROMPT = Prompt(instruction="Name the colour of the thing. Answer with one short word. Never guess the colour.")
START, WINNER = Program.of("Say a colour."), Program.of(PROMPT)
OPTIONS = "\nA. red\nB. blue\nC. green\nD. white"
Score = Callable[[Program, Example], float]


def coin(*parts: str, share: float = 0.5) -> float:
    """1 with this probability, fixed by the parts."""
    return float(int(digest(list(parts))[:8], 16) % 1000 < 1000 * share)


def subject(count: int = 40, seed: int = 0) -> MeasureSubject:
    rows = tuple(Example(input=f"thing {seed}-{n}{OPTIONS}", outputs=("ABCD"[n % 4],)) for n in range(count))
    brief = TaskBrief(name="t", description="", answer=AnswerContract(type="label", labels=("A", "B", "C", "D")))
    model = ModelRef.parse("openai/x")
    return MeasureSubject(task=brief, program=WINNER, baseline=START, examples=rows, model=model, seed=seed)


def say(ask: Any) -> Any:
    if ask.reply is TextReply:
        return TextReply(text=f"reworded {ask.degree[:12]} {ask.text}")
    return PromptReply(prompt=f"Other words {digest(ask.prompt)[:4]}: {ask.prompt}")


def read(measure: Any, score: Score, **options: Any) -> Reading:
    answer = options.pop("answer", lambda program, row: "A")
    bench = SimulatedBench(score=score, team=SilentTeam(say), answer=answer)
    reading: Reading = asyncio.run(measure.measure(subject(**options), bench.open()))
    return reading


def value(reading: Reading, name: str) -> float:
    figure = reading.figure(name)
    assert figure is not None
    return figure.value


def test_equal_formats_give_a_spread_of_zero() -> None:
    reading = read(FormatSpread(), lambda program, row: coin(row.text))
    spread = reading.figures[0]
    assert (spread.value, spread.low, spread.high, value(reading, "p")) == (0, 0, 0, 1)


def test_a_format_that_costs_half_of_the_answers_is_measured_and_placed() -> None:
    reading = read(
        FormatSpread(formats=4), lambda program, row: 1.0 if program.id == WINNER.id else coin(program.id, row.text)
    )
    spread = reading.figures[0]
    assert spread.low is not None
    assert 0.3 < spread.value < 0.8
    assert (spread.low > 0, value(reading, "place"), value(reading, "p") < 0.01) == (True, 1, True)
    assert "the format alone moves the score" in reading.verdict


def test_the_part_that_moves_the_score_has_the_share() -> None:
    reading = read(
        PromptSuite(), lambda program, row: coin(row.text, share=0.9 if "Other words" in str(program.main) else 0.2)
    )
    assert value(reading, "share of instruction") == pytest.approx(1, abs=0.01)
    assert reading.verdict.startswith("the score depends on instruction")


def test_a_drop_on_rephrased_inputs_is_overfitting_and_a_steady_score_is_none() -> None:
    reading = read(Chameleon(), lambda program, row: 0.0 if "reworded" in row.text and coin(row.text) else 1.0)
    assert reading.verdict.startswith("overfit")
    assert [figure.name for figure in reading.figures] == ["change at 0.5", "change at 1", "change at 1.5"]
    assert all(figure.high is not None and figure.high < 0 for figure in reading.figures)
    steady = read(Chameleon(), lambda program, row: 1.0)
    assert (steady.figures[0].value, steady.verdict[:11]) == (0, "no evidence")


def test_flips_are_counted_against_the_start() -> None:
    def score(program: Program, row: Example) -> float:
        number = int(row.text.split("-")[1].split("\n")[0])
        return float(number >= 10) if program.id == START.id else float(number < 35)

    reading = read(NegativeFlips(), score)
    assert value(reading, "flips") == pytest.approx(5 / 40)
    assert value(reading, "positive flips") == pytest.approx(10 / 40)
    assert len(reading.rows) == 5
    # 30 of 40 right before, 5 of 40 wrong after: independent prompts would flip 0.75 · 0.125 of the examples.
    assert value(reading, "relative to chance") == pytest.approx((5 / 40) / (0.75 * 0.125))


def test_a_model_that_always_picks_the_first_option_is_biased() -> None:
    reading = read(OptionOrder(), lambda program, row: float(row.outputs[0] == "A"))
    assert value(reading, "changed") == 1
    assert value(reading, "spread") == 1
    assert value(reading, "RStd") == pytest.approx(0.433, abs=0.001)
    assert [row[1] for row in reading.rows] == [1, 0, 0, 0]
    fair = read(OptionOrder(), lambda program, row: coin(row.text[:9]))
    assert (value(fair, "changed"), value(fair, "RStd")) == (0, 0)


def test_shapley_values_are_those_of_the_planted_parts_and_sum_to_the_gain() -> None:
    def score(program: Program, row: Example) -> float:
        text = program.main.instruction
        return 0.2 + 0.5 * ("one short word" in text) - 0.2 * ("Never guess" in text)

    reading = read(PartAttribution(), score)
    shapley = {str(row[1]): row[2] for row in reading.rows}
    assert shapley["Name the colour of the thing."] == pytest.approx(0)
    assert shapley["Answer with one short word."] == pytest.approx(0.5)
    assert shapley["Never guess the colour."] == pytest.approx(-0.2)
    assert value(reading, "all parts") == pytest.approx(0.3)
    assert reading.verdict == "part 2 helps, part 3 harms; of the other 1 nothing can be said"


def test_two_examples_that_agree_prove_nothing_of_a_part() -> None:
    reading = read(PartAttribution(), lambda program, row: float("short" in program.main.instruction), count=2)
    assert [row[2] for row in reading.rows] == [0, 1, 0, 0][: len(reading.rows)]
    assert reading.verdict.startswith("no evidence")


MEASURES = {
    "format-spread": FormatSpread(formats=4),
    "c-bod": Chameleon(strengths=(1.0,)),
    "option-order": OptionOrder(),
    "prompt-suite": PromptSuite(variants=2, perturbers=("format", "typos")),
    "shapley": PartAttribution(),
}


def luck(program: Program, row: Example) -> float:
    """A coin for each call, that no part of the prompt and no place can turn."""
    return coin(program.id, row.text, share=0.6)


def quiet(name: str, runs: int) -> Iterator[bool]:
    for seed in range(runs):
        yield read(MEASURES[name], luck, count=24, seed=seed).verdict.startswith("no evidence")


@pytest.mark.parametrize("name", MEASURES)
def test_luck_alone_is_no_finding(name: str) -> None:
    assert sum(quiet(name, 3)) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("name", MEASURES)
def test_false_alarms_are_rare(name: str) -> None:
    """60 nulls at 5 %: more than 7 alarms have a probability below 2 %."""
    assert sum(quiet(name, 60)) >= 53
