"""textgrad against its card: a gradient a failed row, carried back, summed; a step that hurts is undone."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

import pytest
from maieutic.core.budget import Budget

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def stepper(*levels: int) -> Any:
    number, step = count(), count()

    def say(text: str) -> str:
        if "Here it went wrong" in text:
            return f"<feedback>The answer has the wrong parity, case {next(number)}.</feedback>"
        if "Feedback on that answer:" in text:
            case = re.findall(r"case (\d+)", text)[-1]
            return f"<feedback>The prompt should name digit {case}.</feedback>"
        turn = next(step)
        return f"<prompt>Say even or odd, step {turn}, level {levels[min(turn, len(levels) - 1)]}</prompt>"

    return say


async def test_textgrad_sums_gradients_of_rows_and_undoes_what_falls_on_val(play: Any) -> None:
    run = await play("textgrad", stepper(5, 2, 5, 7), budget=Budget(target_calls=900))
    start = next(iter(run.candidates))
    made = run.made_by("backprop")
    first, worse, tied, better = made[:4]
    assert run.mean(worse.id) < run.mean(first.id) == run.mean(tied.id) < run.mean(better.id)
    assert first.parents == (start,)
    assert worse.parents == (first.id,)
    assert tied.parents == (first.id,), "the step before it was taken back"
    assert better.parents == (tied.id,), "a tie stands"
    assert worse.status == "dropped"
    assert run.candidates[run.best].operator == "backprop"
    assert len(run.orders) == 12, "three epochs of four steps"
    assert run.skills["answer-feedback"] == run.skills["prompt-feedback"], "the chain rule, row by row"
    assert run.author_calls == 2 * run.skills["answer-feedback"] + run.skills["apply-feedback"]
    assert max(text.count("] Input:") for text in run.asked("answer-feedback")) == 1, "a row at a time"
    assert '"""' not in run.asked("answer-feedback")[0], "the loss is about the answer, not about the prompt"
    failed = [one for one in run.rows(start, "train") if one.score < 1]
    shown = run.asked("apply-feedback")[0]
    assert len(failed) == len(re.findall(r"The prompt should name digit", shown)), "all gradients in one step"
    assert "before the last steps" not in shown
    assert "bigger change" not in shown, "without momentum no earlier step is spoken of"


@pytest.mark.slow
async def test_momentum_shows_earlier_prompts_of_the_line(play: Any) -> None:
    settings = {"backprop.momentum": "2"}
    run = await play("textgrad", stepper(4, 5, 6, 7), budget=Budget(target_calls=600), settings=settings)
    asked = run.asked("apply-feedback")
    assert "before the last steps" not in asked[0]
    assert "bigger change" in asked[3]
    past = asked[3].split("before the last steps")[1]
    assert past.index("step 0") < past.index("step 1")
    assert "Say even or odd.\n" not in past, "two steps back, not three"


async def test_a_chain_without_an_acceptance_test_goes_on_from_the_newest(play: Any) -> None:
    run = await play("textgrad", stepper(5, 2, 7), settings={"greedy.accept": "always", "rounds": "3"})
    first, second, third = run.made_by("backprop")
    assert (second.parents, third.parents) == ((first.id,), (second.id,))
    assert run.best == third.id


async def test_sixty_calls_take_steps(play: Any) -> None:
    run = await play("textgrad", stepper(4, 5, 6), budget=Budget(target_calls=60))
    assert sum(bool(run.rows(one.id)) for one in run.made_by("backprop")) >= 3
    assert sum(one.split != "test" for one in run.evaluations) <= 60


async def test_feedback_that_cannot_be_read_is_no_step(play: Any) -> None:
    run = await play("textgrad", lambda text: "" if "went wrong" in text else "<feedback>no</feedback>")
    assert not run.made_by("backprop")
    assert run.candidates[run.best].operator == "start"
    assert not run.skills["apply-feedback"]
