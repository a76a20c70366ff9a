"""The examples of a claim with what both prompts answered."""

from __future__ import annotations

from ...core.report import ExampleScores, Report
from ...core.score import Evaluation, Response
from .document import ExampleResult, Flip
from .run_facts import RunFacts


def example_results(report: Report, facts: RunFacts | None) -> tuple[ExampleResult, ...]:
    """In the report's order; without the store's facts, scores alone. Unscored ones have outputs alone."""
    if facts is None:
        return tuple(_scored(row, None, report.best.candidate) for row in report.rows)
    if report.rows:
        return tuple(_scored(row, facts, report.best.candidate) for row in report.rows)
    baseline, best = facts.candidates[0].id if facts.candidates else "", report.best.candidate
    both = [
        example
        for example in facts.examples[report.split]
        if (baseline, example.id) in facts.results and (best, example.id) in facts.results
    ]
    return tuple(_with_texts(example.id, facts, best, None, None) for example in both)


def _scored(row: ExampleScores, facts: RunFacts | None, best: str) -> ExampleResult:
    return _with_texts(row.id, facts, best, row.start, row.best)


def _with_texts(
    name: str, facts: RunFacts | None, best: str, start_score: float | None, best_score: float | None
) -> ExampleResult:
    example = start = after = None
    if facts is not None:
        example = facts.by_id.get(name)
        baseline = facts.candidates[0].id if facts.candidates else ""
        start, after = facts.results.get((baseline, name)), facts.results.get((best, name))
    return ExampleResult(
        id=name,
        input=example.text if example else "",
        references=example.outputs if example else (),
        start_output=start.output if start else None,
        best_output=after.output if after else None,
        start_score=start_score,
        best_score=best_score,
        start_failure=_failure(start),
        best_failure=_failure(after),
        flip=_flip(start_score, best_score),
    )


def _failure(result: Evaluation | Response | None) -> str:
    """Why an output has no score of its own: `unreadable`, `no answer`, or what failed; empty for any other."""
    if not isinstance(result, Evaluation) or result.failure is None:
        return ""
    return {"format": "unreadable", "no_answer": "no answer"}.get(result.failure, result.failure_reason)


def _flip(start: float | None, best: float | None) -> Flip:
    if start is None or best is None:
        return "not scored"
    return "better" if best > start else "worse" if best < start else "same"
