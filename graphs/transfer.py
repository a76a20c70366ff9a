"""A prompt somewhere else: what a run learned, on another task or model, against that task's own prompt."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from ..core.budget import Budget
from ..core.dataset import Split
from ..core.errors import UsageError
from ..core.program import Program
from ..core.render import instruction_text
from ..core.stats.tests import Difference, Verdict
from ..core.task import Task
from ..plugins.system.registry import Registry
from .compare import compare_programs


class TransferResult(BaseModel):
    """Means of the task's own prompt and of what was brought, on the same rows; the verdict as in a report."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    model: str
    split: Split
    own: float
    brought: float
    difference: Difference
    verdict: Verdict
    n: int


def transplant(program: Program, task: Task) -> Program:
    """A system prompt that was learned for several tasks goes in front of the task's own prompt; any other program
    takes its place. Raises TaskError where it asks for fields that the task's rows do not bring."""
    own = task.program
    if program.shared:
        shared = program.prompts[program.shared]
        if own.shared:
            return own.replace(shared, own.shared)
        said = "\n\n".join(part for part in (shared.system, instruction_text(shared), own.main.system) if part)
        return own.replace(own.main.with_(system=said))
    task.model_copy(update={"program": program}).check()
    return program


async def transfer_program(
    program: Program,
    task: Task,
    *,
    split: Split = "test",
    concurrency: int = 4,
    folder: Path | str = ".maieutic",
    registry: Registry | None = None,
    budget: Budget | None = None,
) -> TransferResult:
    """Both on the split's rows with the task's target; paired. budget: of each of the two, else what the rows take.
    Raises UsageError for a split without rows, or where the two are the same program, and as `score` does."""
    moved = transplant(program, task)
    if moved.id == task.program.id:
        raise UsageError(
            "the task has this very prompt already: there is nothing to compare",
            where=task.name,
            remedy="bring another candidate, or another run's",
        )
    found = await compare_programs(
        task,
        task.program,
        moved,
        split=split,
        concurrency=concurrency,
        folder=folder,
        registry=registry,
        budget=budget,
    )
    return TransferResult(
        task=found.task,
        model=found.model,
        split=found.split,
        own=found.a.value,
        brought=found.b.value,
        difference=found.difference,
        verdict=found.verdict,
        n=found.n,
    )
