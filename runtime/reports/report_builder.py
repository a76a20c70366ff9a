"""Builds a run's report from what it measured. Pure: the same facts give the same report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from ...core.budget import Cost, LedgerView
from ...core.candidate import Archive
from ...core.deployment import program_words, size_front
from ...core.render import program_text
from ...core.report import (
    CallCounts,
    ContentShare,
    ExampleScores,
    FailedExamples,
    Flips,
    FormatShare,
    NoAnswers,
    PaidUsage,
    PromptScore,
    PromptTexts,
    Report,
    TaskResult,
    ValScores,
    Winner,
    WordCounts,
)
from ...core.score import Evaluation
from ...core.stats.intervals import count_flips, mean_interval
from ...core.stats.shrinkage import detectable_gain, shrunk_means
from ...core.stats.tests import Difference, NoiseFloor, compare_paired, noise_floor, verdict
from ...core.stats.win_rate import margins_in_order, win_rate
from ...core.task import TASK_FIELD, Task

# Below that, the report tells which gains are likely to be missed.
_FEW_ROWS = 30
_UNREAD = ("format", "no_answer")
_REASONS_SHOWN = 3
# Fewer examples measured twice say nothing of chance.
_LEAST_NOISE_EXAMPLES = 5
_NO_GAIN = "no gain can be proved"


@dataclass(frozen=True, kw_only=True)
class ReportMeasurements:
    """What was measured for the report: the baseline and the best prompt on the held-out test.

    Attributes:
        start: The baseline's evaluations.
        best: The best prompt's evaluations. May be empty if it is the baseline.
        again: A second measurement of the baseline, if the model is stochastic or the noise was to be measured.
        margins: For a task that nothing scores, example id → how far `judge` preferred the best prompt's output to the
            baseline's, in [-1, 1].
        judge: The pair evaluator.
    """

    start: Sequence[Evaluation] = ()
    best: Sequence[Evaluation] = ()
    again: Sequence[Evaluation] = ()
    margins: Mapping[str, float] | None = None
    judge: str = ""


@dataclass(frozen=True, kw_only=True)
class _PairedEvaluations:
    """The examples that both prompts were measured on, in the task's order; `of` is how many there are in all."""

    ids: tuple[str, ...]
    start: tuple[Evaluation, ...]
    best: tuple[Evaluation, ...]
    of: int

    @property
    def before(self) -> list[float]:
        return [evaluation.score for evaluation in self.start]

    @property
    def after(self) -> list[float]:
        return [evaluation.score for evaluation in self.best]

    @property
    def unread(self) -> list[bool]:
        """Whether an answer of the two is unreadable or missing."""
        pairs = zip(self.start, self.best, strict=True)
        return [a.failure in _UNREAD or b.failure in _UNREAD for a, b in pairs]

    @property
    def no_answer(self) -> NoAnswers:
        start, best = (sum(e.failure == "no_answer" for e in column) for column in (self.start, self.best))
        return NoAnswers(start=start, best=best)

    @property
    def failed(self) -> FailedExamples:
        pairs = zip(self.start, self.best, strict=True)
        failures = [next((e for e in pair if e.failure == "example"), None) for pair in pairs]
        reasons = Counter(evaluation.failure_reason for evaluation in failures if evaluation is not None)
        return FailedExamples(count=reasons.total(), of=len(self.ids), reasons=dict(reasons.most_common()))


def build_report(
    *,
    run: str,
    task: Task,
    recipe: str,
    seed: int,
    archive: Archive,
    best: str,
    measured: ReportMeasurements,
    ledger: LedgerView,
) -> Report:
    """Build the report of one run.

    Args:
        run: The run's id.
        task: The task with its test examples.
        recipe: The recipe's name.
        seed: The run's seed.
        archive: All candidates with their evaluations.
        best: The id of the chosen candidate.
        measured: Evaluations on the held-out test; on val if the task has none, and then nothing is claimed. Examples
            that only one prompt was measured on are left out.
        ledger: What the run used and paid.
    """
    baseline = archive.baseline
    rows = _pair_evaluations(task, measured, same=best == baseline.id)
    before, after, preferred = rows.before, rows.after, None
    if measured.margins is not None:
        margins = margins_in_order(measured.margins, [example.id for example in task.data.test or task.data.val])
        preferred, difference = win_rate(margins, judge=measured.judge, seed=seed)
        before, after = [(1 - margin) / 2 for margin in margins], [(1 + margin) / 2 for margin in margins]
    else:
        difference = compare_paired(before, after, seed=seed)
    noise = _noise(measured)
    used, paid = ledger.used, ledger.paid
    total, total_paid = ledger.total, ledger.total_paid
    claim = verdict(difference, difference.p) if task.data.test else "no evidence of improvement"
    gained, lost = count_flips(before, after)
    first, last = baseline.program, archive[best].program
    return Report(
        run=run,
        task=task.name,
        recipe=recipe,
        seed=seed,
        split="test" if task.data.test else "val",
        verdict=claim,
        start=_prompt_score(rows.before),
        best=Winner(**_prompt_score(rows.after).model_dump(), candidate=best),
        difference=difference,
        flips=Flips(gained=gained, lost=lost),
        format=_format_share(rows),
        content=_content_share(rows),
        noise_floor=noise,
        preference=preferred,
        tried=len(_measured_candidates(archive, task)),
        val=_val_scores(archive, task, best),
        calls=CallCounts(target=used.get("target", Cost()).calls, optimizer=used.get("optimizer", Cost()).calls),
        paid=PaidUsage(
            target=paid.get("target", Cost()).calls,
            optimizer=paid.get("optimizer", Cost()).calls,
            tokens=total_paid.tokens,
            usd=total_paid.usd,
        ),
        cached=max(0, total.calls - total_paid.calls),
        lost=ledger.lost,
        tokens=total.tokens,
        usd=total.usd,
        seconds=ledger.seconds,
        words=WordCounts(start=program_words(first), best=program_words(last)),
        prompt=PromptTexts(start=program_text(first), best=program_text(last)),
        rows=tuple(
            ExampleScores(id=example, start=a, best=b)
            for example, a, b in zip(rows.ids, rows.before, rows.after, strict=True)
        ),
        tasks=tuple(_task_results(task, rows, seed)),
        failed=rows.failed,
        no_answer=rows.no_answer,
        data=task.data_notes,
        front=tuple(size_front(archive, best, [example.id for example in task.data.val])),
        warnings=tuple(_warnings(task, rows, (before, after), difference, noise, ledger, best == baseline.id)),
    )


def _pair_evaluations(task: Task, measured: ReportMeasurements, *, same: bool) -> _PairedEvaluations:
    start = {evaluation.example: evaluation for evaluation in measured.start}
    best = {evaluation.example: evaluation for evaluation in measured.best} or (start if same else {})
    examples = task.data.test or task.data.val
    ids = tuple(example.id for example in examples if example.id in start and example.id in best)
    return _PairedEvaluations(
        ids=ids, start=tuple(start[name] for name in ids), best=tuple(best[name] for name in ids), of=len(examples)
    )


def _prompt_score(scores: Sequence[float]) -> PromptScore:
    if not scores:
        return PromptScore(score=None, n=0)
    interval = mean_interval(scores)
    return PromptScore(score=interval.value, n=len(scores), low=interval.low, high=interval.high)


def _format_share(rows: _PairedEvaluations) -> FormatShare:
    gain = sum(b - a for a, b, unread in zip(rows.before, rows.after, rows.unread, strict=True) if unread)
    return FormatShare(
        start_failures=sum(evaluation.failure == "format" for evaluation in rows.start),
        best_failures=sum(evaluation.failure == "format" for evaluation in rows.best),
        gain=gain / len(rows.ids) if rows.ids else 0.0,
    )


def _content_share(rows: _PairedEvaluations) -> ContentShare:
    read = [b - a for a, b, unread in zip(rows.before, rows.after, rows.unread, strict=True) if not unread]
    mean = sum(read) / len(read) if read else None
    return ContentShare(gain=sum(read) / len(rows.ids) if rows.ids else 0.0, n=len(read), mean=mean)


def _task_results(task: Task, rows: _PairedEvaluations, seed: int) -> list[TaskResult]:
    """The claim's examples by task, if there are several. These intervals are informative: the claim is of the mean."""
    task_of = {example.id: str(example.metadata.get(TASK_FIELD, "")) for example in task.data.examples()}
    results = []
    for name in task.subtasks:
        pairs = [
            (a, b) for example, a, b in zip(rows.ids, rows.before, rows.after, strict=True) if task_of[example] == name
        ]
        if pairs:
            before, after = [a for a, _ in pairs], [b for _, b in pairs]
            results.append(
                TaskResult(
                    task=name,
                    start=fmean(before),
                    best=fmean(after),
                    difference=compare_paired(before, after, seed=seed),
                    n=len(pairs),
                )
            )
    return results


def _noise(measured: ReportMeasurements) -> NoiseFloor | None:
    first = {evaluation.example: evaluation.score for evaluation in measured.start}
    pairs = [
        (first[evaluation.example], evaluation.score) for evaluation in measured.again if evaluation.example in first
    ]
    return noise_floor([a for a, _ in pairs], [b for _, b in pairs]) if len(pairs) >= _LEAST_NOISE_EXAMPLES else None


def _measured_candidates(archive: Archive, task: Task) -> list[str]:
    """All candidates beside the baseline that were run on some val example."""
    val = [example.id for example in task.data.val]
    return [
        candidate
        for candidate in archive.candidates
        if candidate != archive.baseline.id and any(archive.result_of(candidate, row) is not None for row in val)
    ]


def _val_scores(archive: Archive, task: Task, best: str) -> ValScores | None:
    ids = [example.id for example in task.data.val]
    baseline = archive.baseline.id
    both = list(archive.scores.row(best, list(archive.scores.row(baseline, ids))))
    start, chosen = archive.scores.mean(baseline, both), archive.scores.mean(best, both)
    if start is None or chosen is None:
        return None
    candidates = list(dict.fromkeys([baseline, *_measured_candidates(archive, task)]))
    counts = [archive.scores.count(candidate, ids) for candidate in candidates]
    sums = [
        sum(evaluation.score for evaluation in archive.scores.row(candidate, ids).values()) for candidate in candidates
    ]
    shrunk = shrunk_means(counts, sums)[candidates.index(best)]
    return ValScores(start=start, best=chosen, n=len(both), shrunk=shrunk)


def _warnings(
    task: Task,
    rows: _PairedEvaluations,
    shares: tuple[Sequence[float], Sequence[float]],
    difference: Difference,
    noise: NoiseFloor | None,
    ledger: LedgerView,
    unchanged: bool,
) -> list[str]:
    before, after = shares
    n, split = len(before), "test" if task.data.test else "val"
    warnings: list[str] = []
    if unchanged:
        warnings.append("no candidate was chosen over the baseline: start and best are the same prompt")
    claimed = task.data.test or task.data.val
    if generated := sum(example.metadata.get("by") == "synthesizer" for example in claimed):
        share = f"{generated} of {len(claimed)} {split} examples were made up by a model and labelled by the judge"
        warnings.append(f"{share}: the claim holds for such examples only")
    if pseudo_labelled := sum(example.metadata.get("by") == "agreement" for example in claimed):
        share = f"{pseudo_labelled} of {len(claimed)} {split} examples"
        warnings.append(f"{share} have a label that prompts agreed on: it may be wrong")
    if not task.data.test:
        warnings.append(
            "the task has no test examples: these are the val examples that chose the winner, so nothing is claimed"
        )
    if not task.evaluators and not n and not unchanged:
        warnings.append("nothing scores an output and no judge compared any: nothing is claimed")
    if n < rows.of and (n or task.evaluators):
        warnings.append(f"the {split} split was scored on {n} of {rows.of} examples to stay within the budget")
    if 0 < n < _FEW_ROWS:
        smallest = detectable_gain(n, base=min(0.99, sum(before) / n))
        limit = (
            f"gains below {100 * smallest:.0f} points are likely to be missed" if smallest else "no gain can be proved"
        )
        warnings.append(f"only {n} {split} example{'s' if n > 1 else ''}: {limit}")
    if (failed := rows.failed).count:
        reasons = "; ".join(f"{count} × {reason}" for reason, count in list(failed.reasons.items())[:_REASONS_SHOWN])
        warnings.append(f"{failed.count} of {n} examples could not be scored for a prompt and count as 0 there")
        warnings.append(f"why examples failed: {reasons}")
    if missing := max(rows.no_answer.start, rows.no_answer.best):
        warnings.append(f"the model returned no text for {missing} of {n} examples, which count as 0")
    if n and not unchanged and before == after:
        warnings.append("no example changed its score: the interval is the point itself, which is no proof of equality")
    if difference.excludes_zero and difference.p >= 0.05:
        warnings.append(
            f"the interval excludes zero, but the {difference.test} test does not reject: nothing is claimed"
        )
    if noise and difference.value and abs(difference.value) <= noise.floor:
        warnings.append(
            f"the baseline measured twice differs by up to {100 * noise.floor:.1f} points by chance alone, "
            "as much as the gain"
        )
    if ledger.lost:
        warnings.append(f"{ledger.lost} call{'s' if ledger.lost > 1 else ''} may have been paid for without a reply")
    return warnings
