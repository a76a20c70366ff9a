"""Runs against endpoints that refuse parameters, reason, or say nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.errors import ModelError
from maieutic.core.task import Constraints
from maieutic.testing import Answer, Fault, Refusal
from maieutic.testing.models import Messages
from maieutic.testing.run_harness import RunHarness, RunSummary, TunableServer, events_of
from maieutic.testing.simulated_models import SimulatedOptimizer, SimulatedTarget

REFUSALS = (
    Refusal(parameter="max_tokens", text="Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
    Refusal(parameter="temperature", text="'temperature' does not support 0.0 with this model. Only the default (1)"),
    Refusal(parameter="seed", status=422, text="body.seed: Extra inputs are not permitted"),
    Refusal(parameter="logprobs", status=403, text="You are not allowed to request logprobs from this model"),
    Refusal(parameter="system", text="System role not supported"),
)


class Altered:
    """Another model's answers, changed."""

    def __init__(self, model: Any, change: Callable[[Answer], Answer]) -> None:
        self._model, self._change = model, change

    def answer(self, messages: Messages, draw: int = 0) -> Answer:
        return self._change(self._model.answer(messages, draw))


async def run(base: Path, target: TunableServer, optimizer: TunableServer, **options: Any) -> tuple[RunHarness, Path]:
    with target, optimizer:
        harness = RunHarness(target=target, optimizer=optimizer, base=base)
        folder = base
        await harness.run(folder=folder, recipe="protegi", **options)
    return harness, folder


async def test_refused_parameters_change_neither_the_result_nor_the_calls(tmp_path: Path) -> None:
    # One sample at a time at each concurrency: what was learned first, and by whom, makes no difference.
    summaries = []
    for name, concurrency in (("a", 1), ("b", 8)):
        _, folder = await run(
            tmp_path / name,
            TunableServer(SimulatedTarget(), refuses=REFUSALS),
            TunableServer(SimulatedOptimizer(), refuses=[REFUSALS[0], REFUSALS[4]]),
            concurrency=concurrency,
        )
        summaries.append(RunSummary.of(folder))
        assert summaries[-1].report["calls"]["target"] + summaries[-1].report["calls"]["optimizer"] <= 90
    assert summaries[0] == summaries[1]
    assert len(summaries[0].candidates) > 1


async def test_reasoning_does_not_reach_answers_or_prompts(tmp_path: Path) -> None:
    def think(answer: Answer) -> Answer:
        return Answer(text=f"<think>red or blue? blue, red</think>\n{answer.text}", logprobs={}, finish=answer.finish)

    _, plain = await run(tmp_path / "a", TunableServer(SimulatedTarget()), TunableServer(SimulatedOptimizer()))
    _, thoughtful = await run(
        tmp_path / "b",
        TunableServer(Altered(SimulatedTarget(), think)),
        TunableServer(Altered(SimulatedOptimizer(), think)),
    )
    first, second = RunSummary.of(plain), RunSummary.of(thoughtful)
    assert [one["program"] for one in first.candidates] == [one["program"] for one in second.candidates]
    assert not any("think" in str(one) for one in second.candidates)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(text="", reasoning="hmm, so", finish="length"), "cut at 1,024 tokens while it was still thinking"),
        (Answer(text="<think>hmm, so", finish="length"), "cut at 1,024 tokens while it was still thinking"),
        (Answer(text=""), "was empty"),
    ],
)
async def test_a_target_that_says_nothing_is_refused_after_three_calls(
    tmp_path: Path, answer: Answer, words: str
) -> None:
    target = TunableServer(Altered(SimulatedTarget(), lambda _: answer))
    with pytest.raises(ModelError, match=words) as raised:
        await run(tmp_path / "a", target, TunableServer(SimulatedOptimizer()))
    assert target.count == 3
    assert "maieutic models test" in str(raised.value)


async def test_cut_answers_and_refused_examples_are_in_the_report(tmp_path: Path) -> None:
    def every_third(answer: Answer) -> Answer:
        return Answer(text=answer.text, finish="length")

    target = TunableServer(Altered(SimulatedTarget(), every_third))
    target.fault = lambda number: Fault(status=403, text="Your input was flagged") if number == 5 else None
    _, folder = await run(
        tmp_path / "a",
        target,
        TunableServer(SimulatedOptimizer()),
    )
    warnings = RunSummary.of(folder).report["warnings"]
    assert [line for line in warnings if "answers were cut at 1,024 tokens: set max_answer_tokens" in line]
    assert [line for line in warnings if line.startswith("1 of ") and "content filter" in line]
    assert events_of(folder)[-1].kind == "run_finished"


async def test_a_limit_of_the_task_is_sent(tmp_path: Path) -> None:
    target = TunableServer(SimulatedTarget())
    with target, TunableServer(SimulatedOptimizer()) as optimizer:
        harness = RunHarness(target=target, optimizer=optimizer, base=tmp_path)
        task = harness.task(constraints=Constraints(max_answer_tokens=33))
        await harness.run("random-demos", task=task)
        assert {body["max_tokens"] for body in harness.target_bodies} == {33}
