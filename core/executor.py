"""Measurements as plain data, so that another process or machine can make them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from .answer import AnswerContract
from .dataset import Example
from .models import ModelRef, Output
from .program import Program
from .protocols import Gateway, Need
from .recipe import PluginRef
from .score import Score


class MeasureSpec(BaseModel):
    """One program on one row, and who runs and scores it: by name and options, made anew where it is carried out.

    plugins, folder: what the task names beside installed plugins, and where its files are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: Program
    example: Example
    model: ModelRef
    answer: AnswerContract
    target: PluginRef
    evaluators: Mapping[str, PluginRef] = Field(default_factory=dict)
    plugins: tuple[str, ...] = ()
    folder: str = "."


class MeasureResult(BaseModel):
    """What came out, and the scores of the evaluators that ask nobody, by their names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    output: Output
    scores: Mapping[str, Score] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MeasureJob:
    """`here` does the same work in this process, with the parts that the run already made."""

    work: MeasureSpec
    here: Callable[[], Awaitable[MeasureResult]]


class Executor(Protocol):
    """Where measurements are run. The run keeps store and ledger: a model is asked through the `gateway` alone, which
    reserves, charges and caches, so that work that is done twice, after a worker died, is paid for once.

    Many jobs are under way at once. The result does not depend on where a job ran.
    """

    name: str
    needs: frozenset[Need]

    async def run(self, job: MeasureJob, gateway: Gateway) -> MeasureResult:
        """Raises what the gateway raises, unchanged, and what target and evaluators raise as PluginError. A worker
        that dies is no error as long as another can do its work."""
        ...

    async def aclose(self) -> None:
        """Let go of all workers. May be called more than once, and when nothing ran."""
        ...
