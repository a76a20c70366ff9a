"""Carries out measurements: in the run's own process (`local`), or on a worker from data alone."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ...core.answer import AnswerContract
from ...core.evaluator_protocols import Evaluator
from ...core.executor import MeasureJob, MeasureResult, MeasureSpec
from ...core.models import Output
from ...core.protocols import NEEDS_NOTHING, Gateway, Target
from ...core.recipe import PluginRef
from ..system.registry import Registry


async def execute_work(work: MeasureSpec, gateway: Gateway) -> MeasureResult:
    """Run and score one measurement. Raises what the gateway and the plugins raise."""
    parts = work.model_dump_json(include={"target", "answer", "evaluators", "plugins", "folder"})
    target, evaluators = _build_parts(parts)
    output = await target.run(work.program, work.example, work.model, gateway)
    return MeasureResult(output=output, scores=await _score_output(evaluators, work, output))


async def _score_output(evaluators: dict[str, Evaluator], work: MeasureSpec, output: Output) -> dict[str, Any]:
    answer = work.answer.read_answer(output.text)
    return {name: await evaluator.evaluate(work.example, output, answer) for name, evaluator in evaluators.items()}


class _WorkerParts(BaseModel):
    target: PluginRef
    answer: AnswerContract
    evaluators: dict[str, PluginRef]
    plugins: tuple[str, ...]
    folder: str


@lru_cache(maxsize=16)
def _build_parts(parts: str) -> tuple[Target, dict[str, Evaluator]]:
    work = _WorkerParts.model_validate_json(parts)
    registry = Registry.load(folder=Path(work.folder))
    if work.plugins:
        registry.require(work.plugins, folder=Path(work.folder))
    evaluators = {name: registry.create("evaluator", use.use, **use.options) for name, use in work.evaluators.items()}
    reads = {"answer": work.answer} if "answer" in registry.options("target", work.target.use) else {}
    return registry.create("target", work.target.use, **reads, **work.target.options), evaluators


class LocalExecutor:
    name = "local"
    needs = NEEDS_NOTHING

    async def run(self, job: MeasureJob, gateway: Gateway) -> MeasureResult:
        return await job.here()

    async def aclose(self) -> None:
        """Nothing to close."""
