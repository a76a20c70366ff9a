"""What stands for an example that failed: its evaluation, its score with the reason, and its event."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from ...core.candidate import Candidate
from ...core.dataset import Example, Split
from ...core.errors import ModelError
from ...core.models import Output
from ...core.score import Evaluation, Response, Score
from ..run_config import RunConfig
from ..run_context import RunContext
from .failures import failed_score, is_example_failure


def failed_result(
    config: RunConfig, candidate: Candidate, example: Example, split: Split, step: int, score: Score
) -> Evaluation | Response:
    """What stands for an example that has no output."""
    scorer = config.loss or config.scorer if split != "test" else None
    names = [scorer.name] if scorer else list(config.evaluators_for(config.task.evaluators_of(example)))
    if not names:
        return Response(candidate=candidate.id, example=example.id, split=split, output="", answer=None, step=step)
    return Evaluation(
        candidate=candidate.id,
        example=example.id,
        split=split,
        output="",
        answer=None,
        score=0.0,
        scores=dict.fromkeys(names, score),
        step=step,
    )


async def score_or_fail(scoring: Awaitable[Score]) -> Score:
    """The evaluator's score; where it raises, a failure with the reason. The output is kept: it was paid for."""
    try:
        return await scoring
    except ModelError:
        raise
    except Exception as error:
        if not is_example_failure(error):
            raise
        return failed_score(error)


def without_answer(score: Score, output: Output) -> Score:
    """An output without any text is no unreadable answer: the model gave none. The reason is why it stopped."""
    if score.failure != "format" or output.text.strip():
        return score
    finish = output.replies[0].finish if output.replies else ""
    reason = f"the model gave no text ({finish})" if finish else "the target gave no text"
    return score.model_copy(update={"failure": "no_answer", "reason": reason})


async def emit_failures(context: RunContext, evaluations: Sequence[Evaluation], step: int) -> None:
    """An event for each example that failed."""
    for evaluation in evaluations:
        if evaluation.failure == "example":
            await context.emit(
                "example_failed",
                step,
                f"{evaluation.candidate}/{evaluation.example}",
                candidate=evaluation.candidate,
                example=evaluation.example,
                split=evaluation.split,
                reason=evaluation.failure_reason,
            )
