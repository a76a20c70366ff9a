"""A measurement as a job: plain data for an executor elsewhere, and the same to be done here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from ...core.dataset import Example
from ...core.executor import MeasureJob, MeasureResult, MeasureSpec
from ...core.models import Output
from ...core.program import Program
from ...core.protocols import AskingEvaluator
from ...core.recipe import PluginRef
from ...plugins.evaluators.aggregate import evaluator_names
from ..run_config import RunConfig


def measure_job(
    setup: RunConfig,
    program: Program,
    example: Example,
    *,
    scored: bool,
    run: Callable[[Example], Awaitable[Output]],
    again: bool = False,
) -> MeasureJob:
    """scored: whether the task's evaluators score it; those that ask a model do so with the run, not elsewhere.
    again: whether it is the second draw of a stochastic target."""
    task = setup.task
    specs = task.evaluators_of(example) if scored and setup.evaluators else ()
    plain = {name: one for name, one in setup.evaluators_for(specs).items() if not isinstance(one, AskingEvaluator)}
    # The answer contract is no plain data; whoever carries the work out has it from the work itself.
    plainly = {name: value for name, value in setup.target_options.items() if name != "answer"}
    options = {**plainly, **({"sample": 1} if again else {})}
    uses = zip(evaluator_names(task.evaluators), task.evaluators, strict=True)

    async def here() -> MeasureResult:
        output = await run(example)
        answer = work.answer.read_answer(output.text)
        return MeasureResult(
            output=output,
            scores={name: await one.evaluate(example, output, answer) for name, one in plain.items()},
        )

    work = MeasureSpec(
        program=program,
        example=example,
        model=task.models.target,
        answer=task.answer_of(example),
        target=PluginRef(use=task.target.use, options=options),
        evaluators={name: PluginRef(use=one.use, options=one.options) for name, one in uses if name in plain},
        plugins=task.plugins,
        folder=str(Path(task.source).parent.resolve() if task.source else Path.cwd()),
    )
    return MeasureJob(work=work, here=here)
