"""Running candidates on examples: concurrent, cached, budgeted, and durable before anything acts on it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ..core.candidate import Candidate
from ..core.contracts import Pair, Target
from ..core.errors import BudgetSpent
from ..core.example import Example, Split
from ..core.labels import label_likelihoods
from ..core.models import Output
from ..core.score import Evaluation
from ..plugins.evaluators.weighing import combine
from .session import Session


async def measure(
    session: Session,
    candidates: Sequence[tuple[Candidate, Example]],
    *,
    split: Split,
    step: int,
    target: Target | None = None,
    keep: bool = True,
) -> list[Evaluation]:
    """Evaluations in the order of the pairs; a pair that no longer fits into the budget is left out.

    Raises ModelError when the endpoint is unusable; what was answered until then is in the cache.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_one(session, *pair, split, step, target)) for pair in candidates]
    done = [result for task in tasks if (result := task.result()) is not None]
    if keep:
        await session.store.save_evaluations(session.run, done)
    return done


async def measure_pairs(session: Session, pairs: Sequence[Pair], *, split: Split, step: int) -> list[Evaluation]:
    archive, examples = session.archive(step), session.examples
    wanted = [(archive[pair.candidate], examples[pair.example]) for pair in pairs]
    return await measure(session, wanted, split=split, step=step)


async def _one(
    session: Session, candidate: Candidate, example: Example, split: Split, step: int, target: Target | None
) -> Evaluation | None:
    setup = session.setup
    runner = target or setup.target
    try:
        output = await runner.run(candidate.program, example, setup.task.models.target, session.gateway)
    except BudgetSpent:
        return None
    return await judge(session, candidate.id, example, output, split=split, step=step)


async def judge(
    session: Session, candidate: str, example: Example, output: Output, *, split: Split, step: int
) -> Evaluation:
    """Read the answer by the contract and score it by every evaluator."""
    setup = session.setup
    answer = setup.task.answer.read_answer(output.text)
    scores = {name: await one.evaluate(example, output, answer) for name, one in setup.evaluators.items()}
    shown = output.replies[0].top_logprobs if output.replies and setup.labels else ()
    return Evaluation(
        candidate=candidate,
        example=example.id,
        split=split,
        output=output.text,
        answer=answer,
        score=combine(setup.task.evaluators, list(scores.values())),
        scores=scores,
        likelihoods=label_likelihoods(setup.labels, shown),
        step=step,
    )
