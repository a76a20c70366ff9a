"""Evaluators: ranges, failure as data, purity, order, cancellation."""

from __future__ import annotations

import asyncio
import copy
import math
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar

from ...core.answer import AnswerContract
from ...core.dataset import Example
from ...core.errors import NeedsError
from ...core.models import ModelRef, Output, Reply
from ...core.program import Program
from ...core.score import Preference, Score
from ...core.search_types import TaskBrief
from ...plugins.system.hookspecs import Kind
from ..gateway import ScriptedGateway
from ..models import ScriptedModel
from .base import Conformance, run_with_timeout

_TEXTS = ("positive", "The answer is 42.", '{"a": 1}', "", " ", "ünïcödé 漢字 🙂", "no " * 2000, "a\x00b", "-1e400")
TASK = TaskBrief(name="kit", description="Answer.", answer=AnswerContract())


def output_of(text: str) -> Output:
    return Output(text=text, replies=(Reply(text=text),))


class EvaluatorConformance(Conformance):
    """Override `rows`: (example, output, answer) as your evaluator gets them, some right and some wrong. The kit adds
    odd ones: no reference, an empty or very long text, no answer."""

    kind: ClassVar[Kind] = "evaluator"

    def rows(self) -> Sequence[tuple[Example, Output, str | None]]:
        return [(Example(input="in", outputs=(text or "x",)), output_of(text), text or None) for text in _TEXTS]

    def strange(self) -> Sequence[tuple[Example, Output, str | None]]:
        needs_references = "references" in self.make().needs
        rows: list[tuple[Example, Output, str | None]] = [
            (Example(input="in", outputs=("positive",)), output_of(text), None) for text in _TEXTS
        ]
        rows += [(Example(input="in", outputs=("7",)), output_of(text), text) for text in _TEXTS]
        if not needs_references:
            rows += [(Example(input="in"), output_of(text), text) for text in _TEXTS]
        return rows

    def test_every_score_is_in_range_and_a_failure_is_worth_nothing(self) -> None:
        evaluator = self.make()
        for row in [*self.rows(), *self.strange()]:
            score = run_with_timeout(evaluator.evaluate(*row))
            assert isinstance(score, Score)
            assert 0 <= score.value <= 1
            assert not score.failure or score.value == 0

    def test_a_run_can_use_every_score(self) -> None:
        evaluator = self.make_guarded()
        for row in [*self.rows(), *self.strange()]:
            run_with_timeout(evaluator.evaluate(*row))

    def test_an_answer_that_could_not_be_read_is_a_score_and_no_error(self) -> None:
        for example, output, _ in self.rows():
            assert isinstance(run_with_timeout(self.make().evaluate(example, output, None)), Score)

    def test_the_same_row_gets_the_same_score_in_any_order_and_at_once(self) -> None:
        evaluator, rows = self.make(), list(self.rows())
        alone = [run_with_timeout(evaluator.evaluate(*row)) for row in rows]
        assert [run_with_timeout(evaluator.evaluate(*row)) for row in reversed(rows)] == alone[::-1]

        async def evaluate_all(evaluator: Any) -> list[Score]:
            return list(await asyncio.gather(*(evaluator.evaluate(*row) for row in rows)))

        assert run_with_timeout(evaluate_all(self.make())) == alone

    def test_it_changes_nothing_that_it_is_given(self) -> None:
        for row in self.rows():
            before = copy.deepcopy(row)
            run_with_timeout(self.make().evaluate(*row))
            assert row == before

    def test_scores_survive_json(self) -> None:
        for row in self.rows():
            score = run_with_timeout(self.make().evaluate(*row))
            assert Score.model_validate_json(score.model_dump_json()) == score

    def test_it_can_be_cancelled_and_used_again(self) -> None:
        evaluator, row = self.make(), next(iter(self.rows()))

        async def cancelled() -> None:
            task = asyncio.ensure_future(evaluator.evaluate(*row))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        run_with_timeout(cancelled())
        assert isinstance(run_with_timeout(evaluator.evaluate(*row)), Score)


class PairEvaluatorConformance(Conformance):
    """Override `team` where your judge asks what the shipped roles do not answer."""

    kind: ClassVar[Kind] = "evaluator"

    def team(self) -> Any:
        from .operators import SilentTeam

        return SilentTeam()

    def test_a_preference_is_in_range_and_what_cannot_be_told_apart_is_a_tie(self) -> None:
        evaluator, row = self.make(), Example(input="in")
        same = run_with_timeout(evaluator.prefer(row, output_of("a"), output_of("a"), task=TASK, team=self.team()))
        assert isinstance(same, Preference)
        assert same.margin == 0
        try:
            unanswered = run_with_timeout(
                evaluator.prefer(row, output_of("a"), output_of("b"), task=TASK, team=self.team())
            )
        except NeedsError:
            assert "human" in evaluator.needs, "only an evaluator that waits for a person may refuse to answer at once"
        else:
            assert -1 <= unanswered.margin <= 1

    def test_a_run_can_use_every_preference(self) -> None:
        evaluator, row = self.make_guarded(), Example(input="in")
        for other in ("a", "b"):
            with suppress(NeedsError):
                run_with_timeout(evaluator.prefer(row, output_of("a"), output_of(other), task=TASK, team=self.team()))


class LossEvaluatorConformance(Conformance):
    kind: ClassVar[Kind] = "evaluator"

    def test_a_run_can_use_every_loss(self) -> None:
        for loss in (0.0, 0.25, 40.0):

            def losses(messages: Any, reference: str, loss: float = loss) -> float:
                return loss

            gateway = ScriptedGateway(ScriptedModel({}, otherwise="red"), losses=losses)
            row = Example(input="in", outputs=("red",))
            program, model = Program.of("Say a colour."), ModelRef.parse("openai/kit")
            run_with_timeout(self.make_guarded().loss(program, row, model, gateway))

    def test_a_loss_is_a_number_not_below_zero_and_declares_its_need(self) -> None:
        evaluator, row = self.make(), Example(input="in", outputs=("red",))
        gateway = ScriptedGateway(ScriptedModel({}, otherwise="red"), losses=lambda messages, reference: 0.25)
        loss = run_with_timeout(evaluator.loss(Program.of("Say a colour."), row, ModelRef.parse("openai/kit"), gateway))
        assert loss >= 0
        assert math.isfinite(loss)
        assert "logprobs" in evaluator.needs
