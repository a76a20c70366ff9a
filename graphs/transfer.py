"""A run's prompt on another task or model, compared with that task's own prompt."""

from __future__ import annotations

from typing import Unpack

from pydantic import BaseModel, ConfigDict

from ..core.dataset import Split
from ..core.errors import UsageError
from ..core.program import Program
from ..core.render import instruction_text
from ..core.report import FailedExamples
from ..core.stats.tests import Difference, Verdict
from ..core.task import Task
from ..plugins.system.registry import Registry
from .compare import compare_programs
from .run_options import MeasureKeywords


class TransferResult(BaseModel):
    """Means of the task's own prompt and of the transferred one, on the same `n` examples of the split's `of`; verdict
    and failed examples as in a report."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    model: str
    split: Split
    own: float
    brought: float
    difference: Difference
    verdict: Verdict
    n: int
    of: int = 0
    failed: FailedExamples = FailedExamples()


def transplant(program: Program, task: Task) -> Program:
    """The program as it would be used on the task.

    A system prompt learned for several tasks goes before the task's own prompt; any other program replaces it. Raises
    TaskError where it needs fields that the task's examples do not have.
    """
    own = task.program
    if program.shared:
        shared = program.prompts[program.shared]
        if own.shared:
            return own.replace(shared, own.shared)
        system = "\n\n".join(part for part in (shared.system, instruction_text(shared), own.main.system) if part)
        return own.replace(own.main.with_(system=system))
    task.model_copy(update={"program": program}).check()
    return program


async def transfer_program(
    program: Program,
    task: Task,
    *,
    split: Split = "test",
    registry: Registry | None = None,
    **options: Unpack[MeasureKeywords],
) -> TransferResult:
    """Score both prompts on the split's examples with the task's target, in pairs.

    Args:
        **options: as `compare_programs` takes them.

    Raises:
        UsageError: an empty split, or the same program twice; and as `evaluate_program` does.
    """
    transferred = transplant(program, task)
    if transferred.id == task.program.id:
        raise UsageError(
            "the task already has this prompt: there is nothing to compare",
            where=task.name,
            remedy="choose another candidate, or another run's",
        )
    comparison = await compare_programs(task, task.program, transferred, split=split, registry=registry, **options)
    return TransferResult(
        task=comparison.task,
        model=comparison.model,
        split=comparison.split,
        own=comparison.a.value,
        brought=comparison.b.value,
        difference=comparison.difference,
        verdict=comparison.verdict,
        n=comparison.n,
        of=comparison.of,
        failed=comparison.failed,
    )
