"""feedback-control: the error is measured, the controller's terms are computed, an author words one correction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.asks import Case
from maieutic.core.budget import Budget
from maieutic.core.errors import UsageError
from maieutic.plugins.algorithms.error_signals import AnswerComparison, ControlTerms, control_terms, error_signals
from maieutic.plugins.operators.feedback_controller import FeedbackController, describe_correction

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def wordy(messages: Sequence[Any]) -> str:
    """Always right; says so at length until the prompt names a level above 5."""
    text = messages[-1]["content"]
    row, found = int(re.findall(r"number (\d+)", text)[-1]), re.findall(r"level (\d+)", text)
    right = "even" if row % 2 == 0 else "odd"
    return right if found and int(found[-1]) > row % 10 + 1 else f"I would say that it is {right} my friend"


def corrector(*levels: int) -> Any:
    number = count()

    def say(text: str) -> str:
        turn = next(number)
        return f"<prompt>Even or odd, correction {turn}, level {levels[min(turn, len(levels) - 1)]}</prompt>"

    return say


async def test_the_loop_measures_corrects_and_stops_when_nothing_is_off(play: Any) -> None:
    run = await play("feedback-control", corrector(4, 4, 2, 7, 20), target=wordy, budget=Budget(target_calls=900))
    asked = run.asked("correct")
    assert run.author_calls == len(asked) == len(run.orders), "one question a step"
    assert len(run.orders) == 5, "it ends when the criteria are met"
    first, second, third, fourth = asked[:4]
    assert "too long" in first, "what is off was computed"
    assert "100% of the answers are wrong" in first
    assert "since the last step" not in first, "nothing is known of a change yet"
    assert "has shrunk" in second
    steps = [int(re.findall(r"Change or add up to (\d+) words\.", text)[0]) for text in asked]
    assert steps[0] == 40, "a push of one or more has the full reach"
    assert "Correct it strongly." in first
    made = run.made_by("controller")
    assert made[2].status == "dropped", "a step that made it worse is taken back"
    assert made[3].parents == made[2].parents
    assert "push" in made[0].rationale
    assert third != fourth
    assert "try something else" in fourth, "the sum grows while nothing moves"
    assert run.mean(run.best) == 1.0
    options = [orders[0] for orders in run.orders]
    assert options[0]["operator"] == "controller"


async def test_kinds_of_controllers_and_small_budgets(play: Any) -> None:
    settings = {"controller.kind": "P"}
    run = await play(
        "feedback-control", corrector(2, 4, 5), target=wordy, budget=Budget(target_calls=60), settings=settings
    )
    assert "push +1.00" in run.made_by("controller")[0].rationale, "the error and nothing else"
    assert sum(bool(run.rows(one.id)) for one in run.made_by("controller")) >= 3
    assert sum(one.split != "test" for one in run.evaluations) <= 60
    with pytest.raises(UsageError, match="unknown kind of controller 'D'"):
        FeedbackController(kind="D")  # type: ignore[arg-type]


def test_errors_are_output_minus_desired() -> None:
    contract = AnswerContract(type="label", labels=("yes", "no"))
    cases = [("yes", "yes"), ("yes", "no"), ("yes", "no"), ("no", "no"), ("well", "yes")]
    seen = [
        AnswerComparison.from_case(Case(input="", expected=wanted, output=said), float(said == wanted), contract)
        for said, wanted in cases
    ]
    assert error_signals(seen) == {
        "wrong": 0.6,
        "unreadable": 0.2,
        "length": 0.0,
        "label no": -0.4,
        "label yes": 0.2,
    }
    long = AnswerComparison(answer="it is yes I think", reference="yes", score=0.0, readable=True)
    assert error_signals([long])["length"] == 0.8
    assert error_signals([]) == {}


def test_terms_are_proportional_integral_and_differential() -> None:
    errors = [{"wrong": 0.6, "length": 0.1}, {"wrong": 0.4, "length": -0.9}]
    pushed = control_terms(errors, proportional=1.0, integral=0.5, differential=2.0)
    assert list(pushed) == ["length", "wrong"], "the strongest push first"
    wrong = pushed["wrong"]
    assert (wrong.error, wrong.total, wrong.change) == pytest.approx((0.4, 1.0, -0.2))
    assert wrong.push == pytest.approx(0.4 + 0.5 - 0.4)
    assert control_terms([{"wrong": 1.0}] * 9, proportional=0, integral=1, differential=0)["wrong"].push == 2.0
    assert control_terms([], proportional=1, integral=1, differential=1) == {}


@pytest.mark.parametrize(
    ("signal", "error", "change", "said"),
    [
        ("unreadable", 0.3, 0.1, "30% of the answers do not have the wanted form. Correct it. It has grown"),
        ("length", -0.5, 0.2, "The answers are too short, by 50%. Correct it. It has shrunk"),
        ("label yes", 0.25, 0.0, 'The answer "yes" is given too often, by 25% of all answers. Correct it.'),
    ],
)
def test_what_is_off_is_said_in_words(signal: str, error: float, change: float, said: str) -> None:
    push = 0.4 if error > 0 else -0.4
    assert describe_correction(signal, ControlTerms(error=error, total=error, change=change, push=push)).startswith(
        said
    )


def test_a_controller_that_holds_back_is_told_last_and_softly() -> None:
    errors = [{"wrong": 0.9, "unreadable": 0.2}, {"wrong": 0.1, "unreadable": 0.2}]
    pushed = control_terms(errors, proportional=1.0, integral=0.0, differential=0.5)
    assert pushed["wrong"].push == pytest.approx(-0.3)
    assert pushed["wrong"].size == 0
    assert list(pushed) == ["unreadable", "wrong"], "a falling error is not the most urgent"
    assert "Correct it slightly. It has shrunk" in describe_correction("wrong", pushed["wrong"])
    down = control_terms([{"length": -0.3}], proportional=1.0, integral=0.0, differential=0.0)
    assert down["length"].size == pytest.approx(0.3), "too short is pushed against as too long is"


@pytest.mark.parametrize(
    ("errors", "stuck"),
    [((0.5, 0.5, 0.51), True), ((0.9, 0.5, 0.5), False), ((0.5, 0.5), False), ((0.9, 0.5, 0.5, 0.49), True)],
)
def test_only_an_error_that_stood_for_three_steps_has_not_moved(errors: tuple[float, ...], stuck: bool) -> None:
    steps = [{"wrong": error} for error in errors]
    told = describe_correction("wrong", control_terms(steps, proportional=1.0, integral=0.2, differential=0.5)["wrong"])
    assert ("It has not moved for several steps" in told) is stuck
