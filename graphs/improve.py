"""Rewrite a prompt at once, without a run: one to three calls, and nothing is measured."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ..core.budget import Budget
from ..core.candidate import Archive, Candidate
from ..core.dataset import Dataset, Example
from ..core.errors import BudgetSpent, MaieuticError, RunFailed, UsageError
from ..core.identity import seeded_random
from ..core.models import EMBEDDED, ModelRef
from ..core.program import Program
from ..core.prompt import placeholders_in
from ..core.recipe import PluginRef, Recipe
from ..core.render import template_values
from ..core.search_types import Proposal, Request, TaskBrief, WorkOrder
from ..core.task import Models, Task
from ..plugins.algorithms.llm_helpers import UNCHANGED
from ..plugins.loaders.files import dataset_reader
from ..plugins.operators.improvement import PromptRevision
from ..plugins.system.registry import Registry
from ..runtime.models.profile import profile_of
from ..runtime.tasks.example_source import read_examples
from .blocking import run_blocking
from .candidate_guards import candidate_id, rejection_reason
from .evaluate import unanswered_error
from .run_config import RunConfig
from .run_context import RunContext
from .run_lifecycle import RunContexts, mark_ended, new_run_id, run_record
from .run_options import RunOptions
from .run_team import run_team

IMPROVE_RECIPE = Recipe(
    name="improve",
    summary="Rewrite one prompt; nothing is searched and nothing measured.",
    strategy=PluginRef(use="pool"),
    allocator=PluginRef(use="full"),
    operators=(PluginRef(use="improve"),),
)
# A question, a repair of an unreadable reply, and a second try where a guard refuses the rewrite.
MAX_CALLS = 3
# Enough for the rules of most tasks to show; of a small context they take a third at most.
_EXAMPLES, _EXAMPLES_OF_SMALL_MODELS = 40, 8

Examples = str | Path | Sequence[Mapping[str, Any] | Example]


class Improvement(BaseModel):
    """A rewritten prompt that nothing has measured.

    Attributes:
        prompt: The rewritten prompt; the given one where the model left it as it is.
        original: The given prompt.
        changes: What was changed and why, in the model's words.
        changed: Whether the two differ.
        measured: Always false: no example was run.
        model: Who rewrote it.
        calls: Model calls that were paid now; 0 where the answer was cached.
        tokens: Their tokens.
        usd: Their price.
        examples: How many examples the model saw.
        run: The record in the store, for `maieutic dialogue`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str
    original: str
    changes: tuple[str, ...] = ()
    changed: bool
    measured: bool = False
    model: str
    calls: int
    tokens: int
    usd: float
    examples: int
    run: str


async def aimprove(
    prompt: str,
    *,
    data: Examples = (),
    description: str = "",
    hints: Sequence[str] = (),
    optimizer: ModelRef | str = EMBEDDED,
    seed: int = 0,
    folder: Path | str = ".maieutic",
    registry: Registry | None = None,
) -> Improvement:
    """Rewrite a prompt at once, in one to three model calls. Nothing is measured; `aoptimize` does that.

    Args:
        prompt: the prompt to rewrite; names in braces stay as they are.
        data: examples to learn the task from: a file, or `{"input": …, "output": …}` each; outputs may be missing.
        description: what the prompt is for.
        hints: wishes for the rewrite.
        optimizer: the model that rewrites it.
        seed: another seed gives another rewrite.
        folder: where the store lives; the same question again costs nothing.
        registry: the plugins to choose from; all installed ones if None.

    Returns:
        The rewritten prompt, with what was changed and what it cost.

    Raises:
        UsageError: an empty prompt, or a name that is not a model; nothing was spent.
        TaskError: examples that cannot be read; nothing was spent.
        ModelError: an unusable endpoint.
        RunFailed: no reply of the model is a usable prompt.
    """
    if not prompt.strip():
        raise UsageError("there is no prompt to improve: it is empty", where="prompt")
    model = ModelRef.parse(optimizer) if isinstance(optimizer, str) else optimizer
    registry = registry or Registry.load()
    examples = _examples(data, prompt, registry)
    task = Task(
        name="improve",
        description=description,
        program=Program.of(prompt.strip("\n")),
        models=Models(target=model, optimizer=model),
    )
    options = RunOptions(recipe=IMPROVE_RECIPE, budget=Budget(calls=MAX_CALLS), seed=seed, folder=folder)
    config = RunConfig.resolve(task, options, registry)
    run = new_run_id()
    async with RunContexts(config=config) as contexts:
        assert contexts.store is not None
        assert contexts.model_client is not None
        await contexts.model_client.check(model)
        await contexts.store.create_run(run_record(config, run))
        context = await contexts.context_for({"run": run})
        start = Candidate(id=candidate_id(task.program), program=task.program, operator="given", step=1)
        await contexts.store.save_candidates(run, [start])
        try:
            proposal = await _revise(context, start, examples, tuple(hints))
        except asyncio.CancelledError:
            await mark_ended(context, "stopped", "interrupted")
            raise
        except MaieuticError as error:
            await mark_ended(context, "failed", f"{error.code}: {error}")
            raise
        best = start
        if proposal is not None:
            best = start.model_copy(
                update={
                    "id": candidate_id(proposal.program),
                    "program": proposal.program,
                    "parents": (start.id,),
                    "operator": "improve",
                    "rationale": proposal.rationale,
                }
            )
            await contexts.store.save_candidates(run, [best])
        finished = datetime.now(UTC).isoformat()
        await contexts.store.update_run(run, state="finished", best=best.id, finished=finished)
        paid = context.ledger.view().total_paid
    return Improvement(
        prompt=best.program.main.instruction,
        original=prompt,
        changes=tuple(line.strip("-*• \t") for line in best.rationale.splitlines() if line.strip("-*• \t")),
        changed=proposal is not None,
        model=str(model),
        calls=paid.calls,
        tokens=paid.tokens,
        usd=paid.usd,
        examples=min(len(examples), _shown_examples(model)),
        run=run,
    )


def improve(prompt: str, **options: Any) -> Improvement:
    """Rewrite a prompt at once, in one to three model calls. Nothing is measured; `optimize` does that.

    For callers without an event loop; arguments, result and errors are those of `aimprove`.
    """
    return run_blocking(aimprove(prompt, **options))


async def _revise(
    context: RunContext, start: Candidate, examples: Sequence[Example], hints: tuple[str, ...]
) -> Proposal | None:
    """The first usable revision; None where the model leaves the prompt as it is. Raises RunFailed for neither."""
    task, model = context.config.task, context.config.task.models.optimizer
    guarded_task = task.model_copy(update={"data": Dataset(train=tuple(examples))})
    operator = PromptRevision(cases=_shown_examples(model))
    refusal = unreadable = "the model's reply holds no prompt"
    team = run_team(context, 1, "improve")
    with suppress(BudgetSpent):
        for attempt in range(MAX_CALLS):
            order = WorkOrder(
                operator="improve",
                parents=(start.id,),
                options={"refusal": refusal if refusal != unreadable else ""},
                stream=attempt,
            )
            request = Request(
                order=order,
                task=TaskBrief(name=task.name, description=task.description, answer=task.answer),
                parents=(start,),
                train=tuple(examples),
                hints=hints,
                # The same examples again: the second question differs by its reason alone.
                rng=seeded_random(context.config.seed, "improve"),
            )
            proposals = await operator.propose(request, team)
            proposal = next(iter(proposals), None)
            refusal = unreadable
            if proposal is not None:
                refusal = proposal.refusal or _new_fields(proposal, start, examples)
                refusal = refusal or rejection_reason(proposal.program, guarded_task, Archive([start]))
                if not refusal:
                    return proposal
    if refusal == UNCHANGED:
        return None
    remedy = "see whether the endpoint answers at all: maieutic models test"
    raise unanswered_error(context, model, remedy=remedy) or RunFailed(
        f"no usable rewrite came of {context.ledger.view().total_paid.calls} calls of {model.id}: {refusal}",
        where=f"run {context.run}",
        remedy="choose a larger model with --optimizer, or another --seed; maieutic dialogue shows what it wrote",
    )


def _new_fields(proposal: Proposal, start: Candidate, examples: Sequence[Example]) -> str:
    """Why the new prompt's names in braces would fail where it is used; empty if they are the old ones or columns."""
    known = {*start.program.main.placeholders, *(template_values(examples[0]) if examples else ())}
    known |= set(placeholders_in(start.program.main.instruction))
    new = [name for name in placeholders_in(proposal.program.main.instruction) if name not in known]
    return f"nothing fills {', '.join(f'{{{name}}}' for name in new)}, which the prompt did not have" if new else ""


def _shown_examples(model: ModelRef) -> int:
    return _EXAMPLES_OF_SMALL_MODELS if profile_of(model).small else _EXAMPLES


def _examples(data: Examples, prompt: str, registry: Registry) -> tuple[Example, ...]:
    if isinstance(data, str | Path):
        return read_examples(str(data), placeholders=placeholders_in(prompt), read=dataset_reader(registry))
    return tuple(row if isinstance(row, Example) else _example(row, number) for number, row in enumerate(data, 1))


def _example(row: Mapping[str, Any], number: int) -> Example:
    if "input" not in row:
        raise UsageError("an example needs an input", where=f"data, example {number}", possible=sorted(map(str, row)))
    output = row.get("output", ())
    return Example(input=row["input"], outputs=(output,) if isinstance(output, str) else tuple(map(str, output)))
