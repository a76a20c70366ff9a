"""The protocol of executors, and measurements as plain data, so that another process or machine can make them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from .answer import AnswerContract
from .dataset import Example
from .frozen import FrozenDict, FrozenMapping
from .models import ModelRef, Output
from .program import Program
from .protocols import Gateway, Need
from .recipe import PluginRef
from .score import Score


class MeasureSpec(BaseModel):
    """One program on one example, with target and evaluators by name and options. The worker builds them anew.

    Attributes:
        program: The candidate's program.
        example: The input.
        model: The target model.
        answer: What counts as an answer.
        target: What runs the program.
        evaluators: Name → what scores the output without asking a model.
        plugins: What the task names beside installed plugins.
        folder: Where the task's files are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: Program
    example: Example
    model: ModelRef
    answer: AnswerContract
    target: PluginRef
    evaluators: FrozenMapping[str, PluginRef] = Field(default_factory=FrozenDict)
    plugins: tuple[str, ...] = ()
    folder: str = "."


class MeasureResult(BaseModel):
    """The output, and evaluator name → score, for the evaluators that ask no model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    output: Output
    scores: FrozenMapping[str, Score] = Field(default_factory=FrozenDict)


@dataclass(frozen=True, kw_only=True)
class MeasureJob:
    """One measurement to make.

    Attributes:
        work: What to measure.
        here: Measures it in this process, with the target and evaluators that the run has already built.
    """

    work: MeasureSpec
    here: Callable[[], Awaitable[MeasureResult]]


class Executor(Protocol):
    """Decides where measurements run.

    The run keeps store and ledger. Models are called through the `gateway` only, which reserves, charges and caches, so
    that a measurement that is made twice, after a worker died, is paid for once. Many jobs run at once; where a job ran
    does not change its result.

    Attributes:
        name: The name that `--executor` takes.
        needs: What the run must have.
    """

    name: str
    needs: frozenset[Need]

    async def run(self, job: MeasureJob, gateway: Gateway) -> MeasureResult:
        """Make one measurement.

        Args:
            job: What to measure.
            gateway: The only way to call a model.

        Returns:
            The output with its scores.

        Raises:
            PluginError: The target or an evaluator raised. What the gateway raises passes unchanged. A worker that dies
                is no error as long as another one can do its work.
        """
        ...

    async def aclose(self) -> None:
        """Release all workers. May be called more than once, and if nothing ran."""
        ...
