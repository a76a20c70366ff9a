"""Running candidates on examples: concurrent, cached, budgeted, and durable before anything acts on it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence

from ...core.candidate import Candidate
from ...core.dataset import Example, Split
from ...core.errors import BudgetSpent
from ...core.models import Output
from ...core.protocols import AskingEvaluator, Evaluator, EvaluatorContext, LossEvaluator, Target
from ...core.score import Evaluation, Response, Score
from ...core.search_types import Measurement
from ...core.stats.labels import label_likelihoods
from ...plugins.evaluators.aggregate import aggregate_scores
from ..inputs.multitask import reuse_parent_evaluation
from ..run_context import RunContext
from .jobs import measure_job

_NO_SCORES: Mapping[str, Score] = {}


async def measure(
    session: RunContext,
    candidates: Sequence[tuple[Candidate, Example]],
    *,
    split: Split,
    step: int,
    target: Target | None = None,
    keep: bool = True,
) -> list[Evaluation | Response]:
    """What was seen, in the order of the pairs; a pair that no longer fits into the budget is left out.

    Where the task has no evaluator, that is responses. Raises ModelError when the endpoint is unusable; what was
    answered until then is in the cache.
    """
    return await _measure_all(session, [(*pair, split) for pair in candidates], step=step, target=target, keep=keep)


async def _measure_all(
    session: RunContext,
    wanted: Sequence[tuple[Candidate, Example, Split]],
    *,
    step: int,
    target: Target | None = None,
    keep: bool = True,
) -> list[Evaluation | Response]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_measure_one(session, *one, step, target)) for one in wanted]
    done = [result for task in tasks if (result := task.result()) is not None]
    if keep:
        await session.store.save_evaluations(session.run, only_evaluations(done))
        await session.store.save_responses(session.run, [one for one in done if isinstance(one, Response)])
    return done


def only_evaluations(facts: Sequence[Evaluation | Response]) -> list[Evaluation]:
    """Those that have a score."""
    return [one for one in facts if isinstance(one, Evaluation)]


def affordable_pairs(session: RunContext, pairs: Sequence[Measurement], room: int, step: int) -> list[Measurement]:
    """As many pairs, from the first on, as `room` runs of the start program can pay: a vote takes several."""
    archive, kept = session.archive(step), []
    room *= session.config.calls_per_run(session.config.task.program)[0]
    for pair in pairs:
        row = session.examples.get(pair.example)  # a row that is about to join is not there yet
        if row is not None and reuse_parent_evaluation(archive, archive[pair.candidate], row) is not None:
            kept.append(pair)
            continue
        room -= session.config.calls_per_run(archive[pair.candidate].program)[0]
        if room < 0:
            break
        kept.append(pair)
    return kept


async def measure_pairs(session: RunContext, pairs: Sequence[Measurement], *, step: int) -> list[Evaluation | Response]:
    """Pairs on rows of train, val or target; the row tells which. In the order of the pairs, in whatever slices."""
    archive, data = session.archive(step), session.config.task.data
    searched: tuple[Split, ...] = ("train", "val", "target")
    rows = {example.id: (example, split) for split in searched for example in data[split]}
    return await _measure_all(session, [(archive[pair.candidate], *rows[pair.example]) for pair in pairs], step=step)


async def _measure_one(
    session: RunContext, candidate: Candidate, example: Example, split: Split, step: int, target: Target | None
) -> Evaluation | Response | None:
    setup = session.config
    runner = target or setup.target
    searching = split != "test"
    if searching and (known := reuse_parent_evaluation(session.archive(step), candidate, example)) is not None:
        return known.model_copy(update={"step": step})

    async def run(row: Example) -> Output:
        return await runner.run(candidate.program, row, setup.task.models.target, session.gateway)

    try:
        if searching and setup.loss is not None:
            return await _score_by_loss(session, setup.loss, candidate, example, split, step)
        scorer = setup.scorer if searching else None
        job = measure_job(setup, candidate.program, example, scored=scorer is None, run=run, again=target is not None)
        done = await setup.executor.run(job, session.gateway)
        return await score_output(
            session, candidate.id, example, done.output, run, split=split, step=step, scorer=scorer, ready=done.scores
        )
    except BudgetSpent:
        return None


async def _score_by_loss(
    session: RunContext, scorer: LossEvaluator, candidate: Candidate, example: Example, split: Split, step: int
) -> Evaluation:
    """No answer is sampled: the score is the mean probability per token that the reference has as the answer."""
    model = session.config.task.models.target
    loss = await scorer.loss(candidate.program, example, model, session.gateway)
    value = math.exp(-loss)
    return Evaluation(
        candidate=candidate.id,
        example=example.id,
        split=split,
        output="",
        answer=None,
        score=value,
        scores={
            scorer.name: Score(
                value=value, values={"loss": loss}, feedback=f"the expected answer was found {value:.0%} likely"
            )
        },
        step=step,
    )


def named_steps(output: Output) -> tuple[dict[str, str], ...]:
    """The steps of a run by named prompts; what a target tells beside them is its own matter."""
    steps = [{key: step.get(key) for key in ("prompt", "input", "output")} for step in output.trajectory]
    return tuple(step for step in steps if all(isinstance(value, str) for value in step.values()))  # type: ignore[misc]


async def score_output(
    session: RunContext,
    candidate: str,
    example: Example,
    output: Output,
    rerun: Callable[[Example], Awaitable[Output]],
    *,
    split: Split,
    step: int,
    scorer: Evaluator | AskingEvaluator | None = None,
    ready: Mapping[str, Score] = _NO_SCORES,
) -> Evaluation | Response:
    """Read the answer by the contract and score it by every evaluator of the task, or by `scorer` alone; what is
    `ready` was scored where the program ran. Where there is neither, nothing is made up: it is a response. Raises
    BudgetSpent where a judge can no longer be paid."""
    setup = session.config
    answer = setup.task.answer_of(example).read_answer(output.text)
    specs = setup.task.evaluators_of(example)
    if scorer is None and not setup.evaluators:
        return Response(
            candidate=candidate, example=example.id, split=split, output=output.text, answer=answer, step=step
        )
    judges = setup.evaluators_for(specs) if scorer is None else {scorer.name: scorer}
    scores = {}
    for name, one in judges.items():
        if isinstance(one, AskingEvaluator):
            # No step in the place: the same output on the same row asks the same, so it is paid for once.
            team = session.team(0, f"rate/{name}/{example.id}")
            bench = EvaluatorContext(task=session.task_brief(), team=team, rerun=rerun, similarities=session.similarity)
            scores[name] = await one.rate(example, output, answer, bench=bench)
        else:
            scores[name] = ready.get(name) or await one.evaluate(example, output, answer)
    rated = list(scores.values())
    shown = output.replies[0].top_logprobs if output.replies and setup.labels else ()
    return Evaluation(
        candidate=candidate,
        example=example.id,
        split=split,
        output=output.text,
        answer=answer,
        score=aggregate_scores(specs, rated) if scorer is None else rated[0].value,
        scores=scores,
        likelihoods=label_likelihoods(setup.labels, shown),
        trajectory=named_steps(output),
        step=step,
    )
