"""Targets and executors: what gives an output, and what runs the measurements."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from ...core.answer import AnswerContract
from ...core.dataset import Example
from ...core.errors import ModelError
from ...core.executor import MeasureJob, MeasureResult, MeasureSpec
from ...core.models import ModelRef, Output
from ...core.program import Program
from ...core.recipe import PluginRef
from ...plugins.system.hookspecs import Kind
from ..gateway import ScriptedGateway
from ..models import ScriptedModel
from .base import Conformance, run_with_timeout

MODEL = ModelRef.parse("openai/kit")


class TargetConformance(Conformance):
    """Override `program` and `example` where your target needs others."""

    kind: ClassVar[Kind] = "target"

    def program(self) -> Program:
        return Program.of("Say the colour.")

    def example(self) -> Example:
        return Example(input="rose", outputs=("red",))

    def _run(self, gateway: Any, target: Any = None) -> Output:
        target = target or self.make()
        output: Output = run_with_timeout(target.run(self.program(), self.example(), MODEL, gateway))
        return output

    def test_a_run_can_use_its_output_and_its_number_of_calls(self) -> None:
        target = self.make_guarded()
        self._run(ScriptedGateway(ScriptedModel({}, otherwise="red")), target)
        assert target.calls(self.program()) >= 1

    def test_it_gives_an_output_within_its_declared_calls_and_charges_the_target(self) -> None:
        gateway = ScriptedGateway(ScriptedModel({}, otherwise="red"))
        assert isinstance(self._run(gateway), Output)
        assert len(gateway.calls) <= self.make().calls(self.program())
        assert {payer for _, payer in gateway.calls} <= {"target"}
        assert self.make().calls(self.program()) >= 1

    def test_an_empty_answer_is_an_output(self) -> None:
        assert isinstance(self._run(ScriptedGateway(ScriptedModel({}, otherwise=""))), Output)

    def test_the_same_input_asks_the_same(self) -> None:
        first, second = (ScriptedGateway(ScriptedModel({}, otherwise="red")) for _ in range(2))
        assert self._run(first) == self._run(second)
        assert first.calls == second.calls

    def test_a_dead_endpoint_is_an_error_and_never_an_answer(self) -> None:
        class Dead(ScriptedGateway):
            async def complete(self, call: Any, payer: Any) -> Any:
                self.calls.append((call, payer))
                raise ModelError("nobody answers")

        gateway = Dead(ScriptedModel({}))
        try:
            self._run(gateway)
        except ModelError:
            return
        assert not gateway.calls, "it asked a dead endpoint and gave an output"


class ExecutorConformance(Conformance):
    """The executor may start workers; the kit closes it."""

    kind: ClassVar[Kind] = "executor"

    def _execute(self, count: int) -> tuple[list[MeasureResult], ScriptedGateway]:
        from ...plugins.executors.worker import execute_work

        gateway = ScriptedGateway(ScriptedModel({"rose": "red"}, otherwise="blue"))

        def job(n: int) -> MeasureJob:
            work = MeasureSpec(
                program=Program.of("Say red or blue."),
                example=Example(input=("rose", "sky")[n % 2] + f" {n}", outputs=("red",)),
                model=MODEL,
                answer=AnswerContract(),
                target=PluginRef(use="chat"),
                evaluators={"exact": PluginRef(use="exact")},
            )
            return MeasureJob(work=work, here=lambda: execute_work(work, gateway))

        async def run_all() -> list[MeasureResult]:
            executor = self.make()
            try:
                return list(await asyncio.gather(*(executor.run(job(n), gateway) for n in range(count))))
            finally:
                await executor.aclose()
                await executor.aclose()

        return run_with_timeout(run_all()), gateway

    def test_many_jobs_at_once_give_each_its_own_result_through_the_gateway(self) -> None:
        results, gateway = self._execute(6)
        assert [result.output.text for result in results] == ["red", "blue"] * 3
        assert [result.scores["exact"].value for result in results] == [1.0, 0.0] * 3
        assert len(gateway.calls) == 6
