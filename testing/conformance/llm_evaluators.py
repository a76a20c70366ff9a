"""Evaluators that ask a model: their calls, how they parse replies, and which errors they pass on."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, ClassVar

from ...agents.team import ModelTeam
from ...core.dataset import Example
from ...core.errors import BudgetSpent, ModelError
from ...core.evaluator_protocols import EvaluatorContext
from ...core.models import Call, ModelRef, Output
from ...core.score import Score
from ...core.task import Models
from ...plugins.system.hookspecs import Kind
from ...runtime.models.transports.embeddings import similarity_call
from ..gateway import ScriptedGateway
from ..models import ScriptedModel
from .base import Conformance, run_with_timeout
from .evaluators import TASK, output_of

UNREADABLE_ANSWERS = ("", "I would rather not say.", "<rating></rating>", "<" * 500, "null", "Infinity")


class _FailingGateway(ScriptedGateway):
    """Raises the same error for every call, and records the calls."""

    def __init__(self, error: Exception) -> None:
        super().__init__(ScriptedModel({}))
        self._error = error

    async def complete(self, call: Call, payer: Any) -> Any:
        self.calls.append((call, payer))
        raise self._error

    async def similarities(self, call: Call, payer: Any = "optimizer") -> Any:
        return await self.complete(call, payer)


class AskingEvaluatorConformance(Conformance):
    """Override `answers`: replies that your evaluator can parse; the kit adds replies that nobody can. `rows` are
    (example, output, answer) as your evaluator gets them."""

    kind: ClassVar[Kind] = "evaluator"

    def answers(self) -> Sequence[str]:
        return ("<rating>0.7</rating>", "1: yes\n2: no", "7", "yes", "<claim>It is red. | yes</claim>")

    def rows(self) -> Sequence[tuple[Example, Output, str | None]]:
        row = Example(
            input="What did he say of her flower?",
            outputs=("It is red.",),
            metadata={"context": "The flower is red.", "questions": ["Is it a colour?"]},
        )
        return [(row, output_of(text), text) for text in ("It is red.", "It is blue. He said so.", "ünï 漢字")]

    def _context(self, gateway: ScriptedGateway) -> tuple[EvaluatorContext, list[Example]]:
        reruns: list[Example] = []

        async def rerun(row: Example) -> Output:
            reruns.append(row)
            return output_of("It is red.")

        async def similarities(model: ModelRef, text: str, others: Sequence[str]) -> Sequence[float]:
            return await gateway.similarities(similarity_call(model, text, others))

        team = ModelTeam(models=Models(), gateway=gateway, path=("kit",))
        return EvaluatorContext(task=TASK, team=team, rerun=rerun, similarities=similarities), reruns

    def _rate(self, evaluator: Any, row: Any, answer: str) -> tuple[Score, ScriptedGateway, list[Example]]:
        gateway = ScriptedGateway(ScriptedModel({}, otherwise=answer))
        context, reruns = self._context(gateway)
        return run_with_timeout(evaluator.rate(*row, bench=context)), gateway, reruns

    def test_whatever_is_said_gives_a_score_in_range_and_a_failure_is_worth_nothing(self) -> None:
        for answer in (*self.answers(), *UNREADABLE_ANSWERS):
            for example, output, read in [*self.rows(), (self.rows()[0][0], output_of(""), None)]:
                score, _, _ = self._rate(self.make(), (example, output, read), answer)
                assert isinstance(score, Score)
                assert 0 <= score.value <= 1
                assert not score.failure or score.value == 0
                assert Score.model_validate_json(score.model_dump_json()) == score

    def test_a_run_can_use_every_score(self) -> None:
        for answer in (*self.answers(), *UNREADABLE_ANSWERS):
            self._rate(self.make_guarded(), self.rows()[0], answer)

    def test_it_asks_no_more_than_it_declares_and_never_the_target(self) -> None:
        for answer in (*self.answers(), *UNREADABLE_ANSWERS):
            for row in self.rows():
                evaluator = self.make()
                _, gateway, reruns = self._rate(evaluator, row, answer)
                assert len(gateway.calls) <= evaluator.calls
                assert len(reruns) <= evaluator.runs
                assert {payer for _, payer in gateway.calls} <= {"optimizer"}

    def test_the_same_output_on_the_same_row_asks_the_same_and_is_worth_the_same(self) -> None:
        evaluator = self.make()
        for answer in self.answers():
            for row in self.rows():
                (first, first_gateway, _), (second, second_gateway, _) = (
                    self._rate(evaluator, row, answer) for _ in range(2)
                )
                assert first == second
                assert [call.key for call, _ in first_gateway.calls] == [call.key for call, _ in second_gateway.calls]

    def test_it_changes_nothing_that_it_is_given(self) -> None:
        for row in self.rows():
            before = copy.deepcopy(row)
            self._rate(self.make(), row, self.answers()[0])
            assert row == before

    def test_a_spent_budget_and_a_dead_endpoint_are_no_scores(self) -> None:
        for error in (BudgetSpent("nothing is left"), ModelError("nobody answers")):
            for row in self.rows():
                gateway = _FailingGateway(error)
                try:
                    run_with_timeout(self.make().rate(*row, bench=self._context(gateway)[0]))
                except type(error):
                    continue
                assert not gateway.calls, "it was not let through, and gave a score all the same"
